import type { CreateEnvironmentRequest } from '../../../lib/contracts/environment.ts';
import {
  type Environment,
  EnvironmentNotFoundError,
  EnvironmentRequestRefusedError,
  type MwaaControlPlane,
} from '../../../lib/ports/mwaa.ts';

const nameOf = (region: string, name: string) => `${region}/${name}`;

/** MWAA control plane whose environments a test sets; any it has not set does not exist. */
export class FakeMwaa implements MwaaControlPlane {
  /** Thrown by every call while it is set. */
  outage: Error | null = null;
  /** Called before a creation or a deletion: throw here to fail it. */
  beforeChange: ((call: 'create' | 'delete', name: string) => void | Promise<void>) | null = null;
  /** Called with each environment that was asked for, or is to go; by default it is CREATING, or gone at once. */
  onCreate: ((region: string, name: string) => void) | null = null;
  onDelete: ((region: string, name: string) => void) | null = null;
  /** Every creation that was asked for and every deletion, in order. */
  readonly changes: string[] = [];
  readonly #environments = new Map<string, Environment>();

  async getEnvironment(region: string, name: string): Promise<Environment> {
    if (this.outage !== null) throw this.outage;
    const found = this.#environments.get(nameOf(region, name));
    if (found === undefined) throw new EnvironmentNotFoundError(region, name);
    return structuredClone(found);
  }

  async createEnvironment(region: string, request: CreateEnvironmentRequest): Promise<void> {
    await this.beforeChange?.('create', request.Name);
    if (this.outage !== null) throw this.outage;
    const key = nameOf(region, request.Name);
    if (this.#environments.has(key)) throw new EnvironmentRequestRefusedError(`${request.Name} already exists`);
    this.changes.push(`create ${request.Name}`);
    const created: Environment = { ...newEnvironment(region, request.Name), Status: 'CREATING' };
    this.#environments.set(key, Object.assign(created, request));
    this.onCreate?.(region, request.Name);
  }

  async deleteEnvironment(region: string, name: string): Promise<void> {
    await this.beforeChange?.('delete', name);
    if (this.outage !== null) throw this.outage;
    this.changes.push(`delete ${name}`);
    if (this.onDelete) this.onDelete(region, name);
    else this.#environments.delete(nameOf(region, name));
  }

  /** All environments, for those who look at the end. */
  all(): Environment[] {
    return [...this.#environments.values()];
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
    ExecutionRoleArn: `arn:aws:iam::123456789012:role/${name}`,
    SourceBucketArn: `arn:aws:s3:::${name}-dags`,
    DagS3Path: 'dags',
    NetworkConfiguration: { SubnetIds: ['subnet-1', 'subnet-2'], SecurityGroupIds: ['sg-1'] },
    WebserverAccessMode: 'PUBLIC_ONLY',
    WebserverUrl: `${name}.${region}.airflow.amazonaws.com`,
    AirflowConfigurationOptions: {},
  };
}
