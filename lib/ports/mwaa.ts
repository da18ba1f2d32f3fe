import type { CreateEnvironmentRequest } from '../contracts/environment.ts';

/** The MWAA control plane as the steps see it; failures pass through for the caller to classify. */

/** Status values of an environment in the service model 2020-07-01; a newer service may answer another word. */
export const ENVIRONMENT_STATUSES = [
  'CREATING',
  'CREATE_FAILED',
  'AVAILABLE',
  'UPDATING',
  'DELETING',
  'DELETED',
  'UNAVAILABLE',
  'UPDATE_FAILED',
  'ROLLING_BACK',
  'CREATING_SNAPSHOT',
  'PENDING',
  'MAINTENANCE',
] as const;

export type EnvironmentStatus = (typeof ENVIRONMENT_STATUSES)[number];

export type LoggingModule = {
  readonly Enabled?: boolean | undefined;
  readonly LogLevel?: string | undefined;
  readonly CloudWatchLogGroupArn?: string | undefined;
};

/** What GetEnvironment returned: the members the product reads, and every other member exactly as it came. */
export type Environment = {
  readonly Name: string;
  /** One of `EnvironmentStatus`, or a word this version does not know. */
  readonly Status: string;
  readonly Arn?: string | undefined;
  readonly AirflowVersion?: string | undefined;
  readonly EnvironmentClass?: string | undefined;
  /** A bare host name on AWS, an http address in the sandbox. */
  readonly WebserverUrl?: string | undefined;
  readonly WebserverAccessMode?: string | undefined;
  readonly SourceBucketArn?: string | undefined;
  readonly DagS3Path?: string | undefined;
  readonly ExecutionRoleArn?: string | undefined;
  readonly KmsKey?: string | undefined;
  readonly AirflowConfigurationOptions?: Readonly<Record<string, string>> | undefined;
  readonly LoggingConfiguration?: Readonly<Record<string, LoggingModule>> | undefined;
  readonly Tags?: Readonly<Record<string, string>> | undefined;
  readonly MinWorkers?: number | undefined;
  readonly MaxWorkers?: number | undefined;
  readonly Schedulers?: number | undefined;
  /** Seconds since 1970. */
  readonly CreatedAt?: number | undefined;
  readonly LastUpdate?:
    | {
        readonly Status?: string | undefined;
        /** Seconds since 1970. */
        readonly CreatedAt?: number | undefined;
        readonly Source?: string | undefined;
        readonly Error?:
          | {
              readonly ErrorCode?: string | undefined;
              readonly ErrorMessage?: string | undefined;
            }
          | undefined;
      }
    | undefined;
  readonly [member: string]: unknown;
};

/** The service answered that no environment of this name exists in the Region. */
export class EnvironmentNotFoundError extends Error {
  override readonly name = 'EnvironmentNotFoundError';
  readonly region: string;
  readonly environment: string;

  constructor(region: string, environment: string, cause?: unknown) {
    super(`environment ${environment} does not exist in ${region}`, { cause });
    this.region = region;
    this.environment = environment;
  }
}

/** The service refused a request as it stands (ValidationException): asking again changes nothing. */
export class EnvironmentRequestRefusedError extends Error {
  override readonly name = 'EnvironmentRequestRefusedError';
}

export interface MwaaControlPlane {
  /**
   * Reads one environment.
   * @throws EnvironmentNotFoundError when the service says so; any other failure as it came from the SDK.
   */
  getEnvironment(region: string, name: string): Promise<Environment>;
  /**
   * Asks for a new environment; it takes 20 to 30 minutes after this has returned.
   * @throws EnvironmentRequestRefusedError with the service's words, also when the name is taken; any other failure as
   * it came from the SDK, and then the environment may have been created all the same.
   */
  createEnvironment(region: string, request: CreateEnvironmentRequest): Promise<void>;
  /** Asks for the deletion of an environment. One that does not exist is no error. */
  deleteEnvironment(region: string, name: string): Promise<void>;
}
