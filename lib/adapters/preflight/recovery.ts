import { GetBucketVersioningCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import type { PairConfig } from '../../contracts/config.ts';
import { otherSide } from '../../contracts/config.ts';
import { type CapturedEnvironment, CreateEnvironmentRequest } from '../../contracts/environment.ts';
import type { Side } from '../../contracts/ids.ts';
import { Manifest } from '../../contracts/manifest.ts';
import { keysOf } from '../../contracts/names.ts';
import { records } from '../../contracts/records.ts';
import { type FoundObject, neededObjects, planCreation } from '../../core/creation/request.ts';
import { newestVerified } from '../../core/preflight/environments.ts';
import type {
  CapturedFacts,
  ControlFacts,
  DagBucketFacts,
  ManifestFacts,
  ObjectReference,
} from '../../core/preflight/facts.ts';
import { type ControlTable, ControlTableMissingError } from '../../ports/control-table.ts';
import type { DagBucket } from '../../ports/dag-bucket.ts';
import type { SiteBucket } from '../../ports/site-bucket.ts';
import { orNull, type PreflightClients } from './clients.ts';

/** The control records; null when the pair was never adopted or has no table. */
export async function readControl(table: ControlTable): Promise<ControlFacts | null> {
  try {
    return await readRecords(table);
  } catch (error) {
    if (error instanceof ControlTableMissingError) return null;
    throw error;
  }
}

async function readRecords(table: ControlTable): Promise<ControlFacts | null> {
  const [control, grant] = await Promise.all([table.get(records.control()), table.get(records.grant())]);
  if (!control || !grant) return null;
  const { op } = control.value;
  const [fences, snapshots, sites, a, b, watch, protect, open] = await Promise.all([
    table.list(records.fences()),
    table.list(records.snapshots()),
    table.list(records.sites()),
    table.get(records.captured('a')),
    table.get(records.captured('b')),
    table.get(records.tick('watch')),
    table.get(records.tick('protect')),
    op === null ? null : table.get(records.op(op)),
  ]);
  return {
    control: control.value,
    grant: grant.value,
    fences: fences.map(({ value }) => value),
    snapshots: snapshots.map(({ value }) => value),
    sites: sites.map(({ value }) => value),
    captured: { a: a?.value ?? null, b: b?.value ?? null },
    ticks: { watch: watch?.value ?? null, protect: protect?.value ?? null },
    needs: open?.value.needs ?? null,
  };
}

const OpenedDag = z.looseObject({ dagId: z.string(), pausedUponCreation: z.boolean().nullish() });

/** The newest snapshot that was verified in the bucket of `side`; null when there is none. */
export async function readManifest(
  bucket: SiteBucket,
  control: ControlFacts | null,
  side: Side,
): Promise<ManifestFacts> {
  const verified = control?.snapshots.filter((one) => one.verified?.side === side) ?? [];
  const newest = newestVerified(verified);
  if (!newest) return null;
  const stored = await bucket.read(newest.manifestKey, newest.versionId ?? undefined);
  if (stored === null) return null;
  const { snapshotId, dags } = Manifest.parse(jsonOf(stored.body));
  const opened = dags.filter((dag) => dag.isActive && OpenedDag.parse(dag).pausedUponCreation === false);
  return { snapshotId, openedUponCreation: opened.map(({ dagId }) => dagId) };
}

/** What the copy of a captured configuration names; no value of a configuration option is among it. */
export type CapturedCopy = {
  readonly facts: NonNullable<CapturedFacts>;
  readonly objects: readonly ObjectReference[];
  readonly dagPath: string;
};

type CapturedAsk = {
  readonly config: PairConfig;
  /** The site whose bucket has the copy, and which would be made from it. */
  readonly target: Side;
  readonly bucket: SiteBucket;
  readonly dagBucket: DagBucket;
};

/** The copy in the target's bucket of the other site's configuration; null when there is none. */
export async function readCaptured({ config, target, bucket, dagBucket }: CapturedAsk): Promise<CapturedCopy | null> {
  const of = otherSide(target);
  const key = keysOf(config.pair).environment(of);
  const stored = await bucket.read(key);
  if (stored === null) return null;
  const found = CreateEnvironmentRequest.parse(jsonOf(stored.body));
  return {
    facts: {
      of,
      sha256: stored.sha256,
      airflowVersion: found.AirflowVersion,
      objections: await objectionsTo(found, config, target, dagBucket),
    },
    objects: objectsOf(found),
    dagPath: found.DagS3Path,
  };
}

/** What an op would object to, judged as the op does; nothing for a site that no op creates. */
async function objectionsTo(
  captured: CapturedEnvironment,
  config: PairConfig,
  target: Side,
  bucket: DagBucket,
): Promise<readonly string[]> {
  const { create, ...site } = config.sites[target];
  if (create === undefined) return [];
  const objects: FoundObject[] = await Promise.all(
    neededObjects(captured).map(async (one) => ({
      ...one,
      hasVersion: one.versionId !== null && (await bucket.hasVersion(one.key, one.versionId)),
      newest: await bucket.newestVersion(one.key),
    })),
  );
  const fromRegion = config.sites[otherSide(target)].region;
  const input = { captured, fromRegion, site: { ...site, create }, name: site.environment, objects };
  const plan = planCreation(input);
  return plan.ok ? [] : plan.objections;
}

const Sources = CreateEnvironmentRequest.pick({
  PluginsS3Path: true,
  PluginsS3ObjectVersion: true,
  RequirementsS3Path: true,
  RequirementsS3ObjectVersion: true,
  StartupScriptS3Path: true,
  StartupScriptS3ObjectVersion: true,
});

/** Plugins, requirements and startup script of an environment, with the versions that it pins. */
export function objectsOf(environment: unknown): ObjectReference[] {
  const found = Sources.parse(environment);
  const named: [string, string | undefined, string | undefined][] = [
    ['plugins', found.PluginsS3Path, found.PluginsS3ObjectVersion],
    ['requirements', found.RequirementsS3Path, found.RequirementsS3ObjectVersion],
    ['startup script', found.StartupScriptS3Path, found.StartupScriptS3ObjectVersion],
  ];
  return named.flatMap(([kind, key, version]) => (key ? [{ kind, key, version: version || null }] : []));
}

type DagBucketAsk = {
  readonly clients: PreflightClients;
  readonly bucket: DagBucket;
  readonly dagPath: string;
  readonly objects: readonly ObjectReference[];
};

/** A DAG bucket, and what of `objects` is missing in it; null when there is no such bucket. */
export async function readDagBucket({ clients, bucket, dagPath, objects }: DagBucketAsk): Promise<DagBucketFacts> {
  const asked = clients.s3().send(new GetBucketVersioningCommand({ Bucket: bucket.name }));
  const versioning = await orNull(asked, 'NoSuchBucket');
  if (versioning === null) return null;
  const looked = await Promise.all(objects.map(async (one) => ({ ...one, what: await whatIsMissing(bucket, one) })));
  return {
    isVersioned: versioning.Status === 'Enabled',
    helperVersion: await helperVersionIn(
      clients,
      bucket.name,
      `${dagPath.replace(/\/$/, '')}/mwaa_lifeboat/engine/export.py`,
    ),
    missing: looked.flatMap(({ what, ...one }) => (what === null ? [] : [{ ...one, what }])),
  };
}

async function whatIsMissing(
  bucket: DagBucket,
  { key, version }: ObjectReference,
): Promise<'object' | 'version' | null> {
  if ((await bucket.newestVersion(key)) === null) return 'object';
  return version === null || (await bucket.hasVersion(key, version)) ? null : 'version';
}

/** Version of the helper DAGs by their own file. */
async function helperVersionIn(clients: PreflightClients, Bucket: string, Key: string): Promise<string | null> {
  const found = await orNull(clients.s3().send(new GetObjectCommand({ Bucket, Key })), 'NoSuchKey');
  return found === null ? null : helperVersionOf((await found.Body?.transformToString()) ?? '');
}

/** The version that the text of `engine/export.py` says; null when it says none. */
export const helperVersionOf = (source: string): string | null =>
  /^HELPER_VERSION = "([^"]+)"$/m.exec(source)?.[1] ?? null;

/** What is no JSON is told by the schema that reads it: the parser's own error would quote the text. */
function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}
