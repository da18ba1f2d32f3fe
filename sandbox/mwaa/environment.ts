import type { EnvironmentStatus as Status } from '../../lib/ports/mwaa.ts';
import type { AirflowBackend, AirflowSpec, RunningAirflow } from './backend.ts';
import type { Clock } from './clock.ts';
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
  /** `stuck`: CREATING for ever. `pending`: waits for endpoints that nobody makes. */
  readonly create?: 'fail' | 'stuck' | 'pending';
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
  #lastUpdate: LastUpdate | undefined;

  constructor(options: EnvironmentOptions, { Tags = {}, ...members }: CreateInput) {
    this.#options = options;
    this.#createdAt = epochSeconds(options.clock);
    this.#members = { AirflowVersion: options.newestVersion, ...DEFAULTS, ...members };
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

  /** Shows a status whatever happens below, until it is lifted with null. */
  force(status: Status | null): void {
    this.#forced = status ?? undefined;
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
      ...(this.airflow && { WebserverUrl: `${front}/web/${region}/${name}` }),
      ...(this.#lastUpdate && { LastUpdate: this.#lastUpdate }),
    };
  }

  /** Brings the environment up; ends in AVAILABLE, CREATE_FAILED, or what the script says. Never throws. */
  async create(): Promise<void> {
    const { script, durations, backend } = this.#options;
    const scripted = script().create;
    if (scripted === 'stuck') return;
    if (scripted === 'pending') {
      this.#status = 'PENDING';
      return;
    }
    await this.#attempt('CREATE_FAILED', async () => {
      await this.#wait(durations.create);
      if (scripted === 'fail') throw new Error('The scripted creation failed.');
      await this.syncDags();
      this.airflow = await backend.create(this.#spec(this.#members));
      this.#status = 'AVAILABLE';
    });
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
      await this.airflow?.restart(this.#spec(after));
      this.#status = 'AVAILABLE';
      if (this.#lastUpdate) this.#lastUpdate.Status = 'SUCCESS';
    });
    if (done) return;
    this.#members = before;
    await this.#attempt('UNAVAILABLE', async () => {
      await this.#wait(durations.rollBack);
      await this.airflow?.restart(this.#spec(before));
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

  #spec(members: CreateInput): AirflowSpec {
    return {
      region: this.region,
      environment: this.name,
      airflowVersion: members.AirflowVersion ?? this.#options.newestVersion,
      configurationOptions: members.AirflowConfigurationOptions ?? {},
      environmentClass: members.EnvironmentClass ?? DEFAULTS.EnvironmentClass,
      minWorkers: members.MinWorkers ?? DEFAULTS.MinWorkers,
      maxWorkers: members.MaxWorkers ?? DEFAULTS.MaxWorkers,
      schedulers: members.Schedulers ?? DEFAULTS.Schedulers,
    };
  }
}

const DEFAULTS = {
  EnvironmentClass: 'mw1.small',
  MinWorkers: 1,
  MaxWorkers: 10,
  Schedulers: 2,
  MinWebservers: 2,
  MaxWebservers: 2,
  WebserverAccessMode: 'PUBLIC_ONLY',
  EndpointManagement: 'SERVICE',
  WeeklyMaintenanceWindowStart: 'SUN:03:30',
} as const;

function epochSeconds(clock: Clock): number {
  return clock.now().getTime() / MILLISECONDS;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
