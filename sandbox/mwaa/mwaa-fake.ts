import type { S3Client } from '@aws-sdk/client-s3';
import type { EnvironmentStatus } from '../../lib/ports/mwaa.ts';
import type { MwaaHandler, MwaaReply, MwaaRequest } from '../cloud/mwaa-handler.ts';
import type { AirflowBackend, RunningAirflow } from './backend.ts';
import { type Clock, realClock } from './clock.ts';
import { checkCreation, checkSources, DEFAULT_QUOTA } from './creation-rules.ts';
import { type Copied, syncDags } from './dag-sync.ts';
import { type Durations, SandboxEnvironment, type Script } from './environment.ts';
import { INVOKE_LIMITS, type InvokeLimits } from './invoke-rest-api.ts';
import { apiOperation } from './operations.ts';
import { readPlugins } from './plugins-source.ts';
import { errorReply, invalid, MwaaServiceError } from './replies.ts';
import { TokenDesk } from './tokens.ts';
import type { CreateInput } from './validation.ts';
import { serveWeb, type WebDesks } from './web-server.ts';

export type MwaaFakeOptions = {
  readonly account: string;
  /** Address of the front that this handler stands behind, `http://127.0.0.1:<port>`. */
  readonly front: string;
  readonly backend: AirflowBackend;
  readonly s3: (region: string) => S3Client;
  readonly durations: Durations;
  /** Versions that can be created, the default first. */
  readonly airflowVersions: readonly string[];
  /** Subnets by Region; a Region that is not named has every subnet. */
  readonly subnets?: Readonly<Record<string, readonly string[]>>;
  readonly dagSyncSeconds?: number;
  readonly invokeLimits?: InvokeLimits;
  readonly clock?: Clock;
  /** Told of each DAG synchronisation that failed; the next one tries again. */
  readonly onSyncError?: (region: string, name: string, error: unknown) => void;
};

const TOKEN_LIFE_MS = 60_000;
const SESSION_LIFE_MS = 12 * 3600_000;

/** Our control plane of Amazon MWAA in front of real Airflow: environments of all Regions of one account. */
export class MwaaFake {
  readonly #options: MwaaFakeOptions;
  readonly #clock: Clock;
  readonly #environments = new Map<string, SandboxEnvironment>();
  readonly #scripts = new Map<string, Script>();
  readonly #quotas = new Map<string, number>();
  readonly #desks: WebDesks;
  #closed = false;

  constructor(options: MwaaFakeOptions) {
    this.#options = options;
    this.#clock = options.clock ?? realClock;
    this.#desks = {
      cli: new TokenDesk(this.#clock, TOKEN_LIFE_MS),
      login: new TokenDesk(this.#clock, TOKEN_LIFE_MS),
      session: new TokenDesk(this.#clock, SESSION_LIFE_MS),
    };
  }

  /** What the front calls. Never throws. */
  readonly handle: MwaaHandler = async (request) => {
    try {
      return request.kind === 'web' ? await this.#web(request) : await apiOperation(this, request);
    } catch (error) {
      return errorReply(error);
    }
  };

  get invokeLimits(): InvokeLimits {
    return this.#options.invokeLimits ?? INVOKE_LIMITS;
  }

  get desks(): WebDesks {
    return this.#desks;
  }

  /** How the next changes of an environment end; it need not exist yet. */
  setScript(region: string, name: string, script: Script): void {
    this.#scripts.set(keyOf(region, name), script);
  }

  /** How many environments a Region may have at once. */
  setQuota(region: string, environments: number): void {
    this.#quotas.set(region, environments);
  }

  quota(region: string): number {
    return this.#quotas.get(region) ?? DEFAULT_QUOTA;
  }

  /** Lets a creation go on that is PENDING or stuck. @throws MwaaServiceError when there is no such environment. */
  proceed(region: string, name: string): void {
    this.find(region, name).proceed();
  }

  /** Shows a status whatever happens below; null lifts it. @throws MwaaServiceError when there is no such environment. */
  forceStatus(region: string, name: string, status: EnvironmentStatus | null): void {
    this.find(region, name).force(status);
  }

  /** Shows members of GetEnvironment otherwise, for who looks at misconfigurations. @throws MwaaServiceError when there is none. */
  show(region: string, name: string, members: Readonly<Record<string, unknown>>): void {
    this.find(region, name).show(members);
  }

  /** Plays a maintenance window. Resolves at its end. */
  maintain(region: string, name: string): Promise<void> {
    return this.find(region, name).maintain();
  }

  /** The Airflow behind an environment, for those who break things; undefined before it is up. */
  airflow(region: string, name: string): RunningAirflow | undefined {
    return this.#environments.get(keyOf(region, name))?.airflow;
  }

  names(region: string): string[] {
    const ofRegion = [...this.#environments.values()].filter((each) => each.region === region);
    return ofRegion.map((each) => each.name).sort();
  }

  /** @throws MwaaServiceError ResourceNotFoundException. */
  find(region: string, name: string): SandboxEnvironment {
    const found = this.#environments.get(keyOf(region, name));
    if (found) return found;
    throw new MwaaServiceError('ResourceNotFoundException', `Environment ${name} not found`);
  }

  /** Begins a creation. @throws MwaaServiceError for a name that is taken, and for what the service refuses. */
  async create(region: string, name: string, input: CreateInput): Promise<SandboxEnvironment> {
    this.#checkCreation(region, name, input);
    await checkSources(input, region, this.#options.s3(region));
    // Another request may have been as far as this one.
    this.#checkCreation(region, name, input);
    const environment = this.#newEnvironment(region, name, input);
    this.#environments.set(keyOf(region, name), environment);
    void environment.create().then(() => this.#keepDagsInSync(environment));
    return environment;
  }

  #checkCreation(region: string, name: string, input: CreateInput): void {
    const { airflowVersions, subnets = {} } = this.#options;
    if (this.#environments.has(keyOf(region, name))) throw invalid(`Environment with name ${name} already exists`);
    if (input.AirflowVersion !== undefined && !airflowVersions.includes(input.AirflowVersion)) {
      throw invalid(`Unsupported Airflow version ${input.AirflowVersion}`);
    }
    const environments = this.names(region).length;
    checkCreation(input, { region, subnets: subnets[region], environments, quota: this.quota(region) });
  }

  #newEnvironment(region: string, name: string, input: CreateInput): SandboxEnvironment {
    const key = keyOf(region, name);
    const { airflowVersions, account, front, backend, durations } = this.#options;
    const newestVersion = airflowVersions[0] ?? '';
    const copied: Copied = new Map();
    return new SandboxEnvironment(
      {
        ...{ account, region, name, front, newestVersion, durations, backend, clock: this.#clock },
        script: () => this.#scripts.get(key) ?? {},
        readPlugins: (members) => readPlugins(this.#options.s3(region), members),
        syncDags: (bucketArn, dagPath) =>
          syncDags(
            {
              s3: this.#options.s3(region),
              bucket: bucketArn.split(':').at(-1) ?? '',
              dagPath,
              folder: backend.dagsFolder(region, name),
            },
            copied,
          ),
      },
      input,
    );
  }

  /** Begins a deletion. @throws MwaaServiceError while another change is under way. */
  delete(region: string, name: string): void {
    void this.find(region, name).delete(() => this.#environments.delete(keyOf(region, name)));
  }

  /** Ends every Airflow; nothing is synchronised any more. Data stay. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#environments.values()].map((environment) => environment.airflow?.stop()));
  }

  async #keepDagsInSync(environment: SandboxEnvironment): Promise<void> {
    const { dagSyncSeconds = 3, onSyncError } = this.#options;
    const isThere = () =>
      !this.#closed && this.#environments.get(keyOf(environment.region, environment.name)) === environment;
    while (isThere()) {
      await this.#clock.wait(dagSyncSeconds * 1000);
      if (!isThere() || environment.airflow === undefined) continue;
      await environment.syncDags().catch((error) => onSyncError?.(environment.region, environment.name, error));
    }
  }

  #web(request: MwaaRequest): Promise<MwaaReply> {
    const [, region = '', name = '', path = ''] = /^\/web\/([^/]+)\/([^/]+)(\/.*)?$/.exec(request.path) ?? [];
    return serveWeb(this.find(region, name), this.#desks, request, path === '' ? '/' : path);
  }
}

function keyOf(region: string, name: string): string {
  return `${region}/${name}`;
}
