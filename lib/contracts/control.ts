import { z } from 'zod';
import { InterruptedPolicy, Mode, Strategy } from './config.ts';
import { Instant, OpId, PairId, Side } from './ids.ts';
import { Diagnosis } from './observation.ts';

/** `control`: who may begin an op, and the op that has the lease. */
export const ControlRecord = z.object({
  pair: PairId,
  rev: z.int().nonnegative(),
  mode: Mode,
  op: OpId.nullable().describe('The op that holds the lease; there is no clock in it.'),
  pausedUntil: Instant.nullable(),
  pauseReason: z.string().nullable(),
  cooldownUntil: Instant.nullable(),
  acknowledgementOwed: OpId.nullable().describe('An automatic op that withdrew the grant and nobody has acknowledged.'),
  automaticCommits: z.array(Instant).describe('Times of automatic ops that withdrew the grant, for the monthly limit.'),
});
export type ControlRecord = z.infer<typeof ControlRecord>;

export const Holder = z.enum(['a', 'b', 'none']);
export type Holder = z.infer<typeof Holder>;

/** `grant`: which site may run production DAGs. */
export const Grant = z.object({ holder: Holder, epoch: z.int().positive(), since: Instant });
export type Grant = z.infer<typeof Grant>;

/** `grant#<epoch>`: who held the grant, from when to when; decides which snapshots are legal. */
export const GrantPeriod = z.object({
  epoch: z.int().positive(),
  holder: Side,
  since: Instant,
  until: Instant.nullable(),
});
export type GrantPeriod = z.infer<typeof GrantPeriod>;

export const OpKind = z.enum(['failover']);
export type OpKind = z.infer<typeof OpKind>;
export const OpPhase = z.enum(['open', 'withdrawn', 'given', 'promoted', 'closed', 'stood-down', 'given-back']);
export type OpPhase = z.infer<typeof OpPhase>;
export const OpOutcome = z.enum(['recovered', 'stood-down', 'given-back']);
export type OpOutcome = z.infer<typeof OpOutcome>;

/** What an approval is bound to. Not the snapshot: each newer one would void it. */
export const OpPlan = z.object({
  from: Side,
  target: Side,
  strategy: Strategy,
  leastRung: z.enum(['R0', 'R2']).describe('R0 means: go on although the losing site cannot be fenced.'),
  worstRecoveryPointSeconds: z.number().positive(),
  diagnoses: z.array(Diagnosis).describe('Diagnoses on which this op may withdraw the grant.'),
});
export type OpPlan = z.infer<typeof OpPlan>;

/** `op#<id>`. */
export const OpRecord = z.object({
  op: OpId,
  kind: OpKind,
  pair: PairId,
  epoch: z.int().positive().describe('Grant epoch at Begin plus one; read from here, never from an input.'),
  plan: OpPlan,
  planHash: z.string(),
  automatic: z.boolean(),
  by: z.string().describe('ARN of the caller, or the policy that began it.'),
  reason: z.string(),
  attempt: z.int().positive(),
  phase: OpPhase,
  beganAt: Instant,
  detectedAt: Instant.nullable().describe('When the verdict that led to it was first given.'),
  endedAt: Instant.nullable(),
  outcome: OpOutcome.nullable(),
  failure: z
    .string()
    .nullable()
    .default(null)
    .describe('The error after which it ended without moving production; null when it ended for another reason.'),
  snapshotId: z.string().nullable(),
  needs: z.string().nullable().describe('The human action a held op waits for.'),
  interruptedPolicy: InterruptedPolicy,
  bound: z
    .record(z.string(), z.string())
    .default({})
    .describe('Fields of the configuration that the op was begun with and must not lose half way, by their path.'),
});
export type OpRecord = z.infer<typeof OpRecord>;

/** `step#<op>#<state>#<iteration>`. */
export const StepRecord = z.object({
  op: z.string(),
  state: z.string(),
  iteration: z.int().nonnegative(),
  attempt: z.int().positive(),
  owner: z.string(),
  status: z
    .enum(['claimed', 'waiting', 'done', 'failed'])
    .describe('claimed: a function may be at work; waiting: a poll has looked and returned, nobody is at work.'),
  inputHash: z.string(),
  progress: z.record(z.string(), z.unknown()).describe('What a poll needs to remember before it has ended.'),
  output: z.record(z.string(), z.unknown()).nullable(),
  error: z.object({ name: z.string(), message: z.string() }).nullable(),
  startedAt: Instant,
  claimedAt: Instant,
  endedAt: Instant.nullable(),
});
export type StepRecord = z.infer<typeof StepRecord>;

/** `approval#<op>`. */
export const Approval = z.object({
  op: OpId,
  epoch: z.int().positive(),
  planHash: z.string(),
  by: z.string(),
  at: Instant,
  expiresAt: Instant,
});
export type Approval = z.infer<typeof Approval>;

export const PausedDag = z.object({ dagId: z.string(), isPaused: z.boolean() });
export type PausedDag = z.infer<typeof PausedDag>;
export const StoppedTask = z.object({
  dagId: z.string(),
  runId: z.string(),
  taskId: z.string(),
  mapIndex: z.int(),
  state: z.string().nullable(),
});
export type StoppedTask = z.infer<typeof StoppedTask>;
export const Waiver = z.object({ by: z.string(), reason: z.string() });
export type Waiver = z.infer<typeof Waiver>;

/**
 * `fence#<epoch>#<side>`: how far the losing site was stopped, and the proof. An item of the table holds 400 KB: the
 * record names at most 500 stopped tasks and has room for the pause map of 2000 DAGs. When more tasks were stopped, or
 * the pause map has more than 1500 DAGs, `<pair>/ops/<op>/fence-stopped.json` in the target's bucket holds all of it
 * (FenceStopped), if that bucket could be written.
 */
export const FenceRecord = z.object({
  op: OpId,
  side: Side,
  epoch: z.int().positive(),
  rung: z.enum(['R0', 'R1', 'R2']),
  markerWritten: z.boolean(),
  pauseMap: z.array(PausedDag).nullable(),
  stopped: z.array(StoppedTask).describe('The first 500 tasks that the fence stopped, in their earlier state.'),
  stoppedCount: z.int().nonnegative().default(0).describe('All tasks that it stopped, those not named here included.'),
  zeroReadAt: Instant.nullable().describe('First reading of nothing since the last change; the second waits from it.'),
  lastChangeAt: Instant.nullable().describe('When the fence last changed a DAG or a task, after the change had ended.'),
  acknowledgedAt: Instant.nullable(),
  waiver: Waiver.nullable(),
  lastError: z.string().nullable(),
  unreachedSince: Instant.nullable()
    .default(null)
    .describe('Since when each pass found the site unreachable; only this may lead to a waiver.'),
  reopenedAt: Instant.nullable()
    .default(null)
    .describe('When production was found at work behind an acknowledged fence, which took the acknowledgement back.'),
  startedAt: Instant,
});
export type FenceRecord = z.infer<typeof FenceRecord>;

/** `<pair>/ops/<op>/fence-stopped.json` in the target's bucket: what is too much for a fence's record. */
export const FenceStopped = z.object({
  op: OpId,
  side: Side,
  epoch: z.int().positive(),
  pauseMap: z.array(PausedDag).nullable(),
  stopped: z.array(StoppedTask).describe('All tasks that the fence stopped, in their earlier state.'),
});
export type FenceStopped = z.infer<typeof FenceStopped>;

/**
 * `site#<side>`: the environment that an op of strategy backup-restore created for a site. Absent: the site has the
 * environment that the configuration names.
 */
export const SiteRecord = z.object({
  side: Side,
  environment: z.string().describe('Name of the environment; may have a suffix that the configuration has not.'),
  region: z.string().describe('Region in which it was asked for: that of the configuration may be changed later.'),
  state: z
    .enum(['creating', 'prepared', 'in-use', 'deleting', 'gone'])
    .describe('prepared: it is up and its op has not withdrawn; in-use: its op has given it the grant once.'),
  op: OpId.describe('The op it was created for, or the newest one that adopted it.'),
  requestSha256: z.string().describe('Digest of what was asked of CreateEnvironment.'),
  passedOver: z.array(z.object({ environment: z.string(), why: z.string() })),
  keptBecause: z.string().nullable().describe('Why a deletion that was due was not made; people were told this once.'),
  failedAt: Instant.nullable().describe(
    'When a creation for this op ended CREATE_FAILED; the second failure is final.',
  ),
  askedAt: Instant.describe('When the creation under this name was asked for, or the environment was adopted.'),
});
export type SiteRecord = z.infer<typeof SiteRecord>;

/** `captured#<side>`: digest of the captured configuration of a site; a copy with another one is not used. */
export const CapturedRecord = z.object({
  side: Side,
  at: Instant,
  sha256: z.string(),
  previousSha256: z.string().nullable().describe('The capture before it, which may still be the copy over there.'),
});
export type CapturedRecord = z.infer<typeof CapturedRecord>;

/** `snapshot#<id>`: what the controller knows of a snapshot by its own reading. */
export const SnapshotRecord = z.object({
  snapshotId: z.string(),
  kind: z.enum(['snapshot', 'delta']),
  site: Side,
  epoch: z.int().positive(),
  snapshotAt: Instant,
  sealedAt: Instant,
  manifestKey: z.string(),
  manifestSha256: z.string(),
  versionId: z.string().nullable().describe('S3 version id of the manifest in the bucket where it was verified.'),
  alembicHeads: z.array(z.string()),
  airflowVersion: z.string(),
  bytes: z.int().nonnegative(),
  verified: z.object({ side: Side, at: Instant }).nullable(),
  invalid: z.string().nullable().describe('First reason why it must not be imported.'),
});
export type SnapshotRecord = z.infer<typeof SnapshotRecord>;

/** `audit#<ulid>`: append-only. */
export const AuditRecord = z.object({
  id: z.string(),
  at: Instant,
  actor: z.string(),
  what: z.string(),
  op: z.string().nullable(),
  epoch: z.int().nullable(),
  detail: z.record(z.string(), z.unknown()),
});
export type AuditRecord = z.infer<typeof AuditRecord>;

/** `tick#watch`, `tick#protect`: the newest tick, so that late, double and burst ticks are ignored. */
export const TickRecord = z.object({ tickAt: Instant, finishedAt: Instant.nullable() });
export type TickRecord = z.infer<typeof TickRecord>;

/** `page`: what people were paged about by ticks of watch lately, and how often mode observe would have acted. */
export const PageRecord = z.object({
  paged: z
    .array(z.object({ key: z.string().describe('Decision and diagnosis of both sites.'), at: Instant }))
    .default([]),
  because: z.string(),
  counted: z.int().nonnegative().describe('Losses on which mode observe would have acted; one however long it lasted.'),
  lastCounted: z
    .object({ since: Instant, at: Instant.describe('The newest tick of it.'), because: z.string() })
    .nullable()
    .default(null)
    .describe('The newest of these losses.'),
});
export type PageRecord = z.infer<typeof PageRecord>;

/** `gap#<side>`: how long the heartbeat of a site was away at most, by UTC days. Of constant size. */
export const HeartbeatGaps = z.object({
  side: Side,
  since: Instant.describe('First look that is in it.'),
  days: z
    .array(z.object({ day: z.iso.date(), seconds: z.number().positive(), from: Instant }))
    .describe('Longest run of periods without a heartbeat of each of the last 30 days that had one.'),
  run: z
    .object({ from: Instant, until: Instant, seconds: z.number().positive() })
    .nullable()
    .describe('The run that leads up to the window.'),
  window: z
    .array(z.object({ start: Instant, silent: z.boolean() }))
    .describe('The newest periods: data that comes late may still fill one.'),
  after: Instant.nullable().describe('Periods that began before it do not count: the environment was changing.'),
});
export type HeartbeatGaps = z.infer<typeof HeartbeatGaps>;

export const DecisionKind = z.enum(['hold', 'count', 'page', 'prepare', 'fail-over']);
export type DecisionKind = z.infer<typeof DecisionKind>;
export const Decision = z.object({ kind: DecisionKind, because: z.array(z.string()).min(1) });
export type Decision = z.infer<typeof Decision>;
