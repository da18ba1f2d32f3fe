import type { EnvironmentStatus as Status } from '../../lib/ports/mwaa.ts';
import type { AirflowBackend, AirflowSpec, RunningAirflow } from './backend.ts';
import type { Clock } from './clock.ts';
import { defaultsOf, sizeOf } from './creation-rules.ts';
import type { PluginsMembers } from './plugins-source.ts';
import { invalid } from './replies.ts';
import { CreateInput, type UpdateInput } from './validation.ts';

/** How long each change takes at least, in seconds; MWAA needs 20 to 30 minutes for most of them. */
export type Durations = {
  readonly create: number;
  readonly update: number;
  /** In CREATING_SNAPSHOT, during a change of the version. */
  readonly snapshot: number;
  readonly rollBack: number;
  readonly maintenance: number;
  readonly delete: number;
};

/** How the next changes of an environment end; what is not named ends well. Holds until it is replaced. */
export type Script = {
  /** `stuck`: CREATING, and `pending`: PENDING, as if endpoints were missing, until the environment is told to go on. */
  readonly create?: 'fail' | 'stuck' | 'pending';
  /** Seconds in CREATING, instead of those of the fake. */
  readonly createSeconds?: number;
  readonly update?: 'fail';
  readonly delete?: 'stuck';
};

export type EnvironmentOptions = {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  /** Address of the front, `http://127.0.0.1:<port>`. */
  readonly front: string;
  readonly newestVersion: string;
  readonly durations: Durations;
  readonly backend: AirflowBackend;
  readonly clock: Clock;
  /** Copies the DAGs of a bucket path to the environment's folder. */
  readonly syncDags: (sourceBucketArn: string, dagPath: string) => Promise<void>;
  /** Reads the plugins.zip that the members name. */
  readonly readPlugins: (members: PluginsMembers) => Promise<Uint8Array | null>;
  readonly script: () => Script;
};

type LastUpdate = {
  Status: 'SUCCESS' | 'PENDING' | 'FAILED';
  CreatedAt: number;
  Source?: string;
  WorkerReplacementStrategy?: string;
  Error?: { ErrorCode: string; ErrorMessage: string };
};

const UPDATABLE: readonly Status[] = ['AVAILABLE', 'UPDATE_FAILED'];
const DELETABLE: readonly Status[] = [...UPDATABLE, 'CREATE_FAILED', 'UNAVAILABLE', 'PENDING'];
const MILLISECONDS = 1000;
/** A creation whose VPC endpoints nobody makes fails after three days. */
const PENDING_SECONDS = 72 * 3600;

/** One environment from its creation to its end: its members, its status and the Airflow behind it. */
export class SandboxEnvironment {
  readonly arn: string;
  airflow: RunningAirflow | undefined;
  tags: Record<string, string>;
  readonly #options: EnvironmentOptions;
  readonly #createdAt: number;
  #members: CreateInput;
  #status: Status = 'CREATING';
  #forced: Status | undefined;
  #shown: Readonly<Record<string, unknown>> = {};
  #lastUpdate: LastUpdate | undefined;
  #creationSeconds: number | null = null;
  readonly #goOn = Promise.withResolvers<true>();

  constructor(options: EnvironmentOptions, { Tags = {}, ...members }: CreateInput) {
    this.#options = options;
    this.#createdAt = epochSeconds(options.clock);
    this.#members = { AirflowVersion: options.newestVersion, ...defaultsOf(members.EnvironmentClass), ...members };
    this.tags = Tags;
    this.arn = `arn:aws:airflow:${options.region}:${options.account}:environment/${options.name}`;
  }

  get region(): string {
    return this.#options.region;
  }

  get name(): string {
    return this.#options.name;
  }

  get status(): Status {
    return this.#forced ?? this.#status;
  }

  get accessMode(): string | undefined {
    return this.#members.WebserverAccessMode;
  }

  /** Seconds from the request to AVAILABLE; null until then. */
  get creationSeconds(): number | null {
    return this.#creationSeconds;
  }

  /** Lets a creation go on that is PENDING or scripted as stuck: its endpoints are there now. */
  proceed(): void {
    this.#goOn.resolve(true);
  }

  /** Shows a status whatever happens below, until it is lifted with null. */
  force(status: Status | null): void {
    this.#forced = status ?? undefined;
  }

  /** Shows other members than those it was made with, and runs on as it is; an empty record shows them again. */
  show(members: Readonly<Record<string, unknown>>): void {
    this.#shown = members;
  }

  /** What GetEnvironment returns: all members as they were sent, and those of the service. */
  describe(): Record<string, unknown> {
    const { account, region, name, front } = this.#options;
    const logging = Object.entries(this.#members.LoggingConfiguration ?? {}).map(([module, setting]) => {
      const group = `arn:aws:logs:${region}:${account}:log-group:airflow-${name}-${module.replace(/Logs$/, '')}`;
      return [module, { ...setting, CloudWatchLogGroupArn: group }];
    });
    return {
      ...this.#members,
      LoggingConfiguration: Object.fromEntries(logging),
      Tags: this.tags,
      Name: name,
      Arn: this.arn,
      Status: this.status,
      CreatedAt: this.#createdAt,
      ServiceRoleArn: `arn:aws:iam::${account}:role/aws-service-role/airflow.amazonaws.com/AWSServiceRoleForAmazonMWAA`,
      CeleryExecutorQueue: `arn:aws:sqs:${region}:${account}:airflow-celery-${name}`,
      DatabaseVpcEndpointService: `com.amazonaws.vpce.${region}.vpce-svc-${name}-database`,
      WebserverVpcEndpointService: `com.amazonaws.vpce.${region}.vpce-svc-${name}-webserver`,
      ...(this.airflow && { WebserverUrl: `${front}/web/${region}/${name}` }),
      ...(this.#lastUpdate && { LastUpdate: this.#lastUpdate }),
      ...this.#shown,
    };
  }

  /** Brings the environment up; ends in AVAILABLE, CREATE_FAILED, or what the script says. Never throws. */
  async create(): Promise<void> {
    const { script, durations, backend, clock } = this.#options;
    const { create: scripted, createSeconds = durations.create } = script();
    await this.#attempt('CREATE_FAILED', async () => {
      if (scripted === 'pending' || this.#members.EndpointManagement === 'CUSTOMER') await this.#waitForEndpoints();
      if (scripted === 'stuck') await this.#goOn.promise;
      await this.#wait(createSeconds);
      if (scripted === 'fail') throw new Error('The scripted creation failed.');
      await this.syncDags();
      this.airflow = await backend.create(await this.#spec(this.#members));
      this.#status = 'AVAILABLE';
      this.#creationSeconds = epochSeconds(clock) - this.#createdAt;
    });
  }

  async #waitForEndpoints(): Promise<void> {
    this.#status = 'PENDING';
    const inTime = await Promise.race([this.#goOn.promise, this.#wait(PENDING_SECONDS).then(() => false)]);
    if (!inTime) throw new Error('The VPC endpoints were not created in time.');
    this.#status = 'CREATING';
  }

  /** @throws MwaaServiceError while another change is under way. Returns the work that goes on; it never throws. */
  update({ WorkerReplacementStrategy: strategy = 'FORCED', ...changes }: UpdateInput): Promise<void> {
    this.#refuseUnless(UPDATABLE);
    const before = this.#members;
    const network = { ...before.NetworkConfiguration, ...changes.NetworkConfiguration };
    const after = CreateInput.parse({ ...before, ...changes, NetworkConfiguration: network });
    this.#status = 'UPDATING';
    this.#lastUpdate = {
      Status: 'PENDING',
      CreatedAt: epochSeconds(this.#options.clock),
      WorkerReplacementStrategy: strategy,
    };
    return this.#update(before, after);
  }

  async #update(before: CreateInput, after: CreateInput): Promise<void> {
    const { durations, script } = this.#options;
    const done = await this.#attempt('ROLLING_BACK', async () => {
      if (after.AirflowVersion !== before.AirflowVersion) {
        this.#status = 'CREATING_SNAPSHOT';
        await this.#wait(durations.snapshot);
        this.#status = 'UPDATING';
      }
      await this.#wait(durations.update);
      if (script().update === 'fail') throw new Error('The scripted update failed.');
      this.#members = after;
      await this.syncDags();
      await this.airflow?.restart(await this.#spec(after));
      this.#status = 'AVAILABLE';
      if (this.#lastUpdate) this.#lastUpdate.Status = 'SUCCESS';
    });
    if (done) return;
    this.#members = before;
    await this.#attempt('UNAVAILABLE', async () => {
      await this.#wait(durations.rollBack);
      await this.airflow?.restart(await this.#spec(before));
      this.#status = 'UPDATE_FAILED';
    });
  }

  /** A maintenance window: MAINTENANCE, then AVAILABLE again. Airflow goes on. */
  async maintain(): Promise<void> {
    this.#refuseUnless(UPDATABLE);
    this.#status = 'MAINTENANCE';
    await this.#wait(this.#options.durations.maintenance);
    this.#status = 'AVAILABLE';
    const CreatedAt = epochSeconds(this.#options.clock);
    this.#lastUpdate = { Status: 'SUCCESS', CreatedAt, Source: 'MAINTENANCE' };
  }

  /** Drops Airflow with its data. @throws MwaaServiceError while another change is under way. */
  delete(gone: () => void): Promise<void> {
    this.#refuseUnless(DELETABLE);
    this.#forced = undefined;
    this.#status = 'DELETING';
    return this.#delete(gone);
  }

  async #delete(gone: () => void): Promise<void> {
    if (this.#options.script().delete === 'stuck') return;
    await this.#attempt('UNAVAILABLE', async () => {
      const airflow = this.airflow;
      this.airflow = undefined;
      await airflow?.destroy();
      await this.#wait(this.#options.durations.delete);
      gone();
    });
  }

  /** Copies the DAGs now. */
  syncDags(): Promise<void> {
    return this.#options.syncDags(this.#members.SourceBucketArn, this.#members.DagS3Path);
  }

  #refuseUnless(allowed: readonly Status[]): void {
    if (allowed.includes(this.status)) return;
    throw invalid(
      `Environments with ${this.status} status must complete previous operation before initiating a new operation`,
    );
  }

  /** Runs one change; a failure of it becomes `failed` with its message, as the service tells it. */
  async #attempt(failed: Status, change: () => Promise<void>): Promise<boolean> {
    try {
      await change();
      return true;
    } catch (error) {
      this.#status = failed;
      this.#lastUpdate = {
        ...this.#lastUpdate,
        Status: 'FAILED',
        CreatedAt: this.#lastUpdate?.CreatedAt ?? this.#createdAt,
        Error: { ErrorCode: 'INCORRECT_CONFIGURATION', ErrorMessage: messageOf(error).slice(0, 1024) },
      };
      return false;
    }
  }

  #wait(seconds: number): Promise<void> {
    return this.#options.clock.wait(seconds * MILLISECONDS);
  }

  async #spec(members: CreateInput): Promise<AirflowSpec> {
    const { EnvironmentClass, MinWorkers, MaxWorkers, Schedulers } = sizeOf(members);
    return {
      region: this.region,
      environment: this.name,
      airflowVersion: members.AirflowVersion ?? this.#options.newestVersion,
      configurationOptions: members.AirflowConfigurationOptions ?? {},
      plugins: await this.#options.readPlugins(members),
      environmentClass: EnvironmentClass,
      minWorkers: MinWorkers,
      maxWorkers: MaxWorkers,
      schedulers: Schedulers,
    };
  }
}

function epochSeconds(clock: Clock): number {
  return clock.now().getTime() / MILLISECONDS;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
