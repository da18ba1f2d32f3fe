import { z } from 'zod';
import { Instant, PairId, Side } from './ids.ts';

/** One object of a snapshot; `sha256` is of the stored bytes. */
export const SnapshotObject = z.object({
  key: z.string().min(1),
  table: z.string(),
  stage: z.enum(['essential', 'history']),
  columns: z.array(z.tuple([z.string(), z.string()])),
  rows: z.int().nonnegative(),
  rawBytes: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits'),
  encrypted: z.boolean(),
});
export type SnapshotObject = z.infer<typeof SnapshotObject>;

/** A DAG as the exporting site knew it: the pause map, and the oracle of the schedule check. */
export const ManifestDag = z.looseObject({
  dagId: z.string(),
  isPaused: z.boolean(),
  isActive: z.boolean(),
});
export type ManifestDag = z.infer<typeof ManifestDag>;

/** A run that had not ended at the recovery point. */
export const InFlightRun = z.looseObject({
  dagId: z.string(),
  runId: z.string(),
  tasks: z.array(z.looseObject({ taskId: z.string(), state: z.string().nullable() })),
});

/**
 * The seal of a snapshot: what the controller needs to verify and to choose it. The helper DAGs write more than this
 * (snapshot format 1); what only they read is passed through.
 */
export const Manifest = z.looseObject({
  formatVersion: z.literal(1),
  kind: z.enum(['snapshot', 'delta']),
  snapshotId: z.string(),
  pair: PairId,
  site: Side,
  epoch: z.int().positive(),
  environment: z.looseObject({ name: z.string(), airflowVersion: z.string(), alembicHeads: z.array(z.string()) }),
  snapshotAt: Instant,
  sealedAt: Instant,
  objects: z.array(SnapshotObject),
  dags: z.array(ManifestDag),
  inFlight: z.array(InFlightRun),
});
export type Manifest = z.infer<typeof Manifest>;
