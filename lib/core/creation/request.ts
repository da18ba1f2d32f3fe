import type { SiteConfig, SiteCreation } from '../../contracts/config.ts';
import type { CapturedEnvironment, CreateEnvironmentRequest } from '../../contracts/environment.ts';

/** One object of the DAG bucket that the environment needs at its creation. */
export type NeededObject = { readonly what: ObjectKind; readonly key: string; readonly versionId: string | null };
export type ObjectKind = 'Plugins' | 'Requirements' | 'StartupScript';
/** The same, with what the target's bucket has of it; `newest` is null when it has no such object. */
export type FoundObject = NeededObject & { readonly hasVersion: boolean; readonly newest: string | null };

/** What to ask of CreateEnvironment, and what a person should know of it; or why it cannot be asked. */
export type CreationPlan =
  | { readonly ok: true; readonly request: CreateEnvironmentRequest; readonly notes: readonly string[] }
  | { readonly ok: false; readonly objections: readonly string[] };

const kinds: readonly ObjectKind[] = ['Plugins', 'Requirements', 'StartupScript'];
/** Every DAG of a created environment waits for the promotion, whatever the lost one said. */
const pausedAtCreation = 'core.dags_are_paused_at_creation';
/** Tags of AWS and of an earlier op mean nothing over there. */
const foreignTags = /^(aws:|lifeboat:)/;
/** MWAA takes 50, four of them are the controller's. */
const mostTags = 46;
const ownTagsOf = ({ Tags = {} }: CapturedEnvironment) =>
  Object.entries(Tags).filter(([key]) => !foreignTags.test(key));

/** The objects beside the DAGs that a captured configuration names. */
export const neededObjects = (captured: CapturedEnvironment): NeededObject[] =>
  kinds.flatMap((what) => {
    const key = captured[`${what}S3Path`];
    return key ? [{ what, key, versionId: captured[`${what}S3ObjectVersion`] || null }] : [];
  });

/**
 * Maps a captured configuration to what is asked for at the other site. Copied: all that means the same in every
 * Region. Translated: name, role, bucket, network, key, object versions, options. Dropped: what the service puts in.
 *
 * @param captured configuration of the site that is lost; it stood in `fromRegion`
 * @param site the site to create, with its `create` block
 * @param objects what the target's DAG bucket has of `neededObjects`
 */
export function planCreation(input: {
  readonly captured: CapturedEnvironment;
  readonly fromRegion: string;
  readonly site: SiteConfig & { readonly create: SiteCreation };
  readonly name: string;
  readonly objects: readonly FoundObject[];
}): CreationPlan {
  const { captured, fromRegion, site, objects } = input;
  const objections = objectionsTo(captured, site, objects);
  if (objections.length > 0) return { ok: false, objections };
  const { create } = site;
  const { KmsKey: _, Tags: __, ...copied } = captured;
  const options = {
    ...captured.AirflowConfigurationOptions,
    ...create.airflowConfigurationOptions,
    [pausedAtCreation]: 'True',
  };
  const request: CreateEnvironmentRequest = {
    ...copied,
    Name: input.name,
    ExecutionRoleArn: site.executionRoleArn,
    SourceBucketArn: `arn:aws:s3:::${site.dagBucket}`,
    EnvironmentClass: create.environmentClass ?? captured.EnvironmentClass,
    NetworkConfiguration: { SubnetIds: create.subnetIds, SecurityGroupIds: create.securityGroupIds },
    AirflowConfigurationOptions: options,
    ...(captured.KmsKey !== undefined && create.kmsKeyArn ? { KmsKey: create.kmsKeyArn } : {}),
    ...Object.fromEntries(objects.map((one) => [`${one.what}S3ObjectVersion`, versionOf(one)])),
    Tags: Object.fromEntries(ownTagsOf(captured)),
  };
  return { ok: true, request, notes: [...notesOnObjects(objects), ...notesOnOptions(options, fromRegion)] };
}

const versionOf = ({ hasVersion, versionId, newest }: FoundObject): string | null => (hasVersion ? versionId : newest);

function objectionsTo(
  captured: CapturedEnvironment,
  { create, dagBucket, region }: SiteConfig & { readonly create: SiteCreation },
  objects: readonly FoundObject[],
): string[] {
  const missing = objects.filter(({ newest, hasVersion }) => newest === null && !hasVersion);
  return [
    ...(captured.KmsKey !== undefined && create.kmsKeyArn === undefined
      ? [`KmsKey: the environment has a key of its own, and create.kmsKeyArn names none of ${region}`]
      : []),
    ...(captured.WebserverAccessMode === 'PRIVATE_ONLY'
      ? [
          'WebserverAccessMode: PRIVATE_ONLY cannot be reached by the controller, which would have to import and promote',
        ]
      : []),
    ...(ownTagsOf(captured).length > mostTags
      ? [`Tags: ${ownTagsOf(captured).length} of the environment and four of the controller are more than 50`]
      : []),
    ...missing.map(({ what, key }) => `${what}S3Path: ${key} does not exist in bucket ${dagBucket}`),
  ];
}

const notesOnObjects = (objects: readonly FoundObject[]): string[] =>
  objects
    .filter(({ hasVersion, versionId }) => !hasVersion && versionId !== null)
    .map(({ key, versionId, newest }) => `${key}: version ${versionId} is not there, the newest one ${newest} is used`);

/** By name only: the values are the customer's secret. */
function notesOnOptions(options: Readonly<Record<string, string>>, fromRegion: string): string[] {
  const naming = Object.keys(options).filter((key) => options[key]?.includes(fromRegion));
  return naming.length > 0 ? [`options that name ${fromRegion} are copied as they are: ${naming.join(', ')}`] : [];
}
