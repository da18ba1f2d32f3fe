import { type Environment, EnvironmentNotFoundError, type MwaaControlPlane } from '../../../lib/ports/mwaa.ts';

const nameOf = (region: string, name: string) => `${region}/${name}`;

/** MWAA control plane whose environments a test sets; any it has not set does not exist. */
export class FakeMwaa implements MwaaControlPlane {
  /** Thrown by every call while it is set. */
  outage: Error | null = null;
  readonly #environments = new Map<string, Environment>();

  async getEnvironment(region: string, name: string): Promise<Environment> {
    if (this.outage !== null) throw this.outage;
    const found = this.#environments.get(nameOf(region, name));
    if (found === undefined) throw new EnvironmentNotFoundError(region, name);
    return structuredClone(found);
  }

  /** Adds an environment (AVAILABLE, Airflow 2.10.3) or changes members of one. */
  set(region: string, name: string, members: Partial<Environment> = {}): void {
    const key = nameOf(region, name);
    const present = this.#environments.get(key) ?? newEnvironment(region, name);
    this.#environments.set(key, { ...present, ...members });
  }

  delete(region: string, name: string): void {
    this.#environments.delete(nameOf(region, name));
  }
}

function newEnvironment(region: string, name: string): Environment {
  return {
    Name: name,
    Status: 'AVAILABLE',
    Arn: `arn:aws:airflow:${region}:123456789012:environment/${name}`,
    AirflowVersion: '2.10.3',
    EnvironmentClass: 'mw1.small',
    WebserverAccessMode: 'PUBLIC_ONLY',
    WebserverUrl: `${name}.${region}.airflow.amazonaws.com`,
    AirflowConfigurationOptions: {},
  };
}
