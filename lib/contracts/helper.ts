import { z } from 'zod';
import { InterruptedPolicy } from './config.ts';
import { PausedDag } from './control.ts';
import { Instant, PairId, Side } from './ids.ts';
import { ManifestDag } from './manifest.ts';

const common = {
  pair: PairId,
  site: Side,
  op: z.string(),
  epoch: z.int().positive(),
  bucket: z.string(),
  region: z.string(),
  requestedAt: Instant,
};

/** What the controller asks a helper DAG for: an object in the site's bucket; the run's conf holds only its key. */
export const HelperRequest = z.discriminatedUnion('kind', [
  z.object({
    ...common,
    kind: z.literal('export'),
    snapshotId: z.string(),
    environment: z.object({ name: z.string(), arn: z.string(), region: z.string(), airflowVersion: z.string() }),
    historyDays: z.int().positive(),
    keyAlias: z.string(),
    bundle: z.record(z.string(), z.unknown()).nullable(),
  }),
  z.object({
    ...common,
    kind: z.literal('import'),
    stage: z.enum(['terminal', 'unfinished', 'history']),
    snapshotId: z.string(),
    manifestSha256: z.string(),
    manifestVersionId: z.string().nullable(),
    keyAlias: z.string(),
    interruptedDefault: InterruptedPolicy,
  }),
  z.object({
    ...common,
    kind: z.literal('promote'),
    pauseMap: z.array(PausedDag),
    expected: z.array(ManifestDag),
    snapshotId: z.string(),
    manifestSha256: z.string(),
    manifestVersionId: z.string().nullable(),
    keyAlias: z.string(),
    catchUpBudget: z.int().nonnegative(),
    exportedSiteEpoch: z.int().positive(),
  }),
]);
export type HelperRequest = z.infer<typeof HelperRequest>;

/** A run that the loss interrupted and what the import did about it. */
export const InterruptedRun = z.object({
  dagId: z.string(),
  runId: z.string(),
  runType: z.string(),
  logicalDate: z.string().nullable(),
  action: z.string(),
  tasks: z.array(
    z.object({
      taskId: z.string(),
      mapIndex: z.int(),
      state: z.string().nullable(),
      tryNumber: z.int(),
      action: z.string(),
    }),
  ),
});
export type InterruptedRun = z.infer<typeof InterruptedRun>;

export const HelperRefusal = z.object({
  outcome: z.literal('refused'),
  error: z.object({ name: z.string(), message: z.string() }),
});

/** An error that no rule foresaw; named by its class only, because its text may hold a row. */
export const HelperFailure = z.object({
  outcome: z.literal('failed'),
  error: z.object({ name: z.string(), message: z.string() }),
});

export const ExportResult = z.looseObject({
  outcome: z.literal('done'),
  snapshotId: z.string(),
  manifestKey: z.string(),
  manifestSha256: z.string(),
  snapshotAt: Instant,
  sealedAt: Instant,
  rows: z.record(z.string(), z.int()),
  seconds: z.number(),
});
export type ExportResult = z.infer<typeof ExportResult>;

export const ImportResult = z.looseObject({
  outcome: z.literal('done'),
  stage: z.string(),
  rows: z.record(z.string(), z.int()),
  alreadyDone: z.boolean(),
  interrupted: z.array(InterruptedRun).default([]),
  seconds: z.number(),
});
export type ImportResult = z.infer<typeof ImportResult>;

export const PromoteResult = z.looseObject({
  outcome: z.literal('done'),
  dags: z.array(z.looseObject({ dagId: z.string(), unpaused: z.boolean() })),
  nextRuns: z.array(z.object({ dagId: z.string(), logicalDate: z.string().nullable() })),
  leftPaused: z.array(z.object({ dagId: z.string(), why: z.string() })),
  seconds: z.number(),
});
export type PromoteResult = z.infer<typeof PromoteResult>;

/** Reserved row of a site: Airflow Variable `lifeboat__state`. Never part of a snapshot. */
export const ReservedRow = z.object({
  site: Side,
  epoch: z.int().nonnegative(),
  op: z.string().nullable(),
  mode: z.enum(['standby', 'active', 'drill', 'fenced']),
  lastImport: z.looseObject({ epoch: z.int(), snapshotAt: Instant }).nullable(),
});
export type ReservedRow = z.infer<typeof ReservedRow>;

/** Stamp of the canary in its site's own bucket. */
export const CanaryStamp = z.object({
  site: Side,
  epoch: z.int().nonnegative(),
  mode: z.string(),
  at: Instant,
  runId: z.string(),
  paused: z.boolean(),
  /** The standby gate that Airflow has loaded; null when it has none, absent in the stamps of older helper DAGs. */
  gate: z.object({ installed: z.boolean(), version: z.string() }).nullable().optional(),
  /** Version of the helper DAGs that the site runs; absent in the stamps of older ones. */
  helperVersion: z.string().optional(),
});

/** Marker in the losing site's own bucket, by which a site that returns fences itself. */
export const FenceMarker = z.object({ epoch: z.int().positive(), op: z.string(), writtenAt: Instant });
