import { HeadBucketCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { invalid } from './replies.ts';
import type { CreateInput } from './validation.ts';

/** What the account has in the Region of a creation. */
export type RegionFacts = {
  readonly region: string;
  /** Its subnets; undefined means that any is there. */
  readonly subnets: readonly string[] | undefined;
  readonly environments: number;
  /** Environments that it may have at once. */
  readonly quota: number;
};

/** The service's own quota, before anybody asks for more. */
export const DEFAULT_QUOTA = 10;

const CLASSES = ['mw1.micro', 'mw1.small', 'mw1.medium', 'mw1.large', 'mw1.xlarge', 'mw1.2xlarge'] as const;
const MICRO = 'mw1.micro';
/** Largest numbers of workers and web servers that the service's quotas allow. */
const MOST = { workers: 25, webServers: 5 } as const;

/** What the service gives an environment that does not say; a micro one is a single container of each kind. */
export function defaultsOf(environmentClass: string | undefined) {
  const isMicro = environmentClass === MICRO;
  return {
    EnvironmentClass: 'mw1.small',
    MinWorkers: 1,
    MaxWorkers: isMicro ? 1 : 10,
    Schedulers: isMicro ? 1 : 2,
    MinWebservers: isMicro ? 1 : 2,
    MaxWebservers: isMicro ? 1 : 2,
    WebserverAccessMode: 'PUBLIC_ONLY',
    EndpointManagement: 'SERVICE',
    WeeklyMaintenanceWindowStart: 'SUN:03:30',
  } as const;
}

type Size = Pick<
  CreateInput,
  'EnvironmentClass' | 'Schedulers' | 'MinWorkers' | 'MaxWorkers' | 'MinWebservers' | 'MaxWebservers'
>;

/** How large an environment is, with what the service adds to the request. */
export function sizeOf(asked: Size) {
  const given = defaultsOf(asked.EnvironmentClass);
  return {
    EnvironmentClass: asked.EnvironmentClass ?? given.EnvironmentClass,
    Schedulers: asked.Schedulers ?? given.Schedulers,
    MinWorkers: asked.MinWorkers ?? given.MinWorkers,
    MaxWorkers: asked.MaxWorkers ?? given.MaxWorkers,
    MinWebservers: asked.MinWebservers ?? given.MinWebservers,
    MaxWebservers: asked.MaxWebservers ?? given.MaxWebservers,
  };
}

/**
 * Refuses what the request itself, or the account, forbids. The model of the service has no error of its own for any of
 * these, a full quota included, so each is a ValidationException.
 * @throws MwaaServiceError
 */
export function checkCreation(input: CreateInput, { region, subnets, environments, quota }: RegionFacts): void {
  checkSize(input);
  checkKey(input.KmsKey, region);
  const unknown = input.NetworkConfiguration.SubnetIds.filter((subnet) => subnets?.includes(subnet) === false);
  if (unknown.length > 0) throw invalid(`The subnet ID '${unknown.join(', ')}' does not exist`);
  if (environments >= quota) throw invalid(`Maximum number of environments (${quota}) reached in ${region}`);
}

function checkSize(input: CreateInput): void {
  const { EnvironmentClass, Schedulers, MinWorkers, MaxWorkers, MinWebservers, MaxWebservers } = sizeOf(input);
  if (!CLASSES.some((one) => one === EnvironmentClass)) {
    throw invalid(`Environment class ${EnvironmentClass} is not supported. Valid classes: ${CLASSES.join(', ')}`);
  }
  if (EnvironmentClass === MICRO) {
    const several = Object.entries({ Schedulers, MinWorkers, MaxWorkers, MinWebservers, MaxWebservers });
    for (const [what, count] of several)
      if (count !== 1) throw invalid(`${what} of ${MICRO} must be 1, found ${count}`);
    return;
  }
  if (Schedulers < 2) throw invalid(`Schedulers must be 2 to 5, found ${Schedulers}`);
  checkRange('workers', MinWorkers, MaxWorkers, { least: 1, most: MOST.workers });
  checkRange('web servers', MinWebservers, MaxWebservers, { least: 2, most: MOST.webServers });
}

function checkRange(what: string, min: number, max: number, { least, most }: { least: number; most: number }): void {
  if (min >= least && min <= max && max <= most) return;
  throw invalid(`The number of ${what} must be ${least} to ${most}, found ${min} to ${max}`);
}

function checkKey(key: string | undefined, region: string): void {
  if (key === undefined) return;
  if (/(^|:)alias\//.test(key)) throw invalid(`Aliases of KMS keys are not supported: ${key}`);
  const [, , , keyRegion] = key.split(':');
  if (keyRegion !== undefined && keyRegion !== region) throw invalid(`KMS key ${key} is not in ${region}`);
}

const KINDS = ['Plugins', 'Requirements', 'StartupScript'] as const;

/**
 * Refuses a source bucket of another Region, and objects or versions that it does not have.
 * @throws MwaaServiceError; it also stands for a bucket that does not answer
 */
export async function checkSources(input: CreateInput, region: string, s3: S3Client): Promise<void> {
  const bucket = input.SourceBucketArn.split(':').at(-1) ?? '';
  const found = await s3.send(new HeadBucketCommand({ Bucket: bucket })).catch(() => null);
  if (found === null) throw invalid(`Unable to access bucket ${bucket}`);
  if (found.BucketRegion !== undefined && found.BucketRegion !== region) {
    throw invalid(`Bucket ${bucket} is in ${found.BucketRegion}, not in ${region}`);
  }
  for (const kind of KINDS) {
    const path = input[`${kind}S3Path`];
    const version = input[`${kind}S3ObjectVersion`];
    if (path === undefined && version !== undefined) throw invalid(`${kind}S3ObjectVersion needs ${kind}S3Path`);
    if (path === undefined) continue;
    const object = { Bucket: bucket, Key: path, ...(version !== undefined && { VersionId: version }) };
    await s3.send(new HeadObjectCommand(object)).catch(() => {
      throw invalid(`Unable to access version ${version ?? 'latest'} of ${path}`);
    });
  }
}
