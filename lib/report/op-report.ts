import { z } from 'zod';
import { InterruptedPolicy } from '../contracts/config.ts';
import { FenceRecord, Holder, OpKind, OpOutcome, OpPhase, OpPlan } from '../contracts/control.ts';
import { InterruptedRun } from '../contracts/helper.ts';
import { Instant, PairId, Side } from '../contracts/ids.ts';
import { Observation } from '../contracts/observation.ts';

const Seconds = z.number().nullable();
const Count = z.int().nonnegative();

/** One step of the op as the journal knows it. */
export const ReportStep = z.object({
  name: z.string(),
  iteration: z.int().nonnegative(),
  outcome: z.string().describe('Outcome of the step; `running`, `waiting` or `failed` while it has none.'),
  because: z.string(),
  startedAt: Instant,
  endedAt: Instant.nullable(),
  seconds: Seconds,
  attempt: z.int().positive(),
  waited: z
    .object({
      from: Instant,
      to: Instant.nullable().describe('When the last look began; null while it still waits.'),
      seconds: z.number(),
      forWhat: z.string(),
    })
    .nullable()
    .describe('The part in which it only looked again and again at something else’s work.'),
});
export type ReportStep = z.infer<typeof ReportStep>;

/** The verdict on which the grant was withdrawn, or not. */
export const ReportVerdict = z.object({
  site: Side,
  diagnosis: z.string(),
  health: z.string(),
  because: z.array(z.string()),
  since: Instant.nullable().describe('When this diagnosis was first given without a break.'),
  judgedAt: Instant.nullable(),
  observations: z.array(Observation),
});
export type ReportVerdict = z.infer<typeof ReportVerdict>;

export const NextRun = z.object({ dagId: z.string(), logicalDate: z.string().nullable() });
export const LeftPaused = z.object({ dagId: z.string(), why: z.string() });

const span = { from: Instant, to: Instant.nullable().describe('Null while it has not ended.') };

/**
 * `silent`: no sign of life, not judged yet; `down`: judged to be lost; `suspected`: the same of an op that never
 * touched production; `returning`: the grant is given, the site has not proved itself; `running`: it has.
 */
const ProductionSpan = z.object({
  state: z.enum(['silent', 'down', 'suspected', 'returning', 'running']),
  site: Side,
  ...span,
});

/** When things happened, as far as the records know. */
export const Timeline = z.object({
  moments: z.array(z.object({ what: z.string(), at: Instant })).describe('In the order of time.'),
  production: z.array(ProductionSpan),
  grant: z.array(z.object({ holder: Holder, from: Instant.nullable(), to: Instant.nullable() })),
  held: z.array(z.object(span)).describe('When the op stood still until a person acted.'),
  downSeconds: Seconds.describe('From the detection until production was proved to run again.'),
  withoutGrantSeconds: Seconds.describe('From the withdrawal until a site had the grant.'),
});
export type Timeline = z.infer<typeof Timeline>;

/** Report of one op, made of its records alone. Times in seconds; null where something did not happen (yet). */
export const OpReport = z.object({
  formatVersion: z.literal(1),
  pair: PairId,
  sites: z
    .record(Side, z.object({ environment: z.string(), region: z.string() }))
    .describe('By the configuration when the report was made, and by the environment that the op created.'),
  op: z.object({
    id: z.string(),
    kind: OpKind,
    strategy: OpPlan.shape.strategy,
    epoch: z.int().positive(),
    from: Side,
    target: Side,
    phase: OpPhase,
    outcome: OpOutcome.nullable(),
    automatic: z.boolean(),
    by: z.string(),
    reason: z.string(),
    approvedBy: z.string().nullable(),
    attempt: z.int().positive(),
    detectedAt: Instant.nullable(),
    beganAt: Instant,
    endedAt: Instant.nullable(),
    failure: z.string().nullable().describe('The error after which it ended without moving production.'),
    needs: z.string().nullable().describe('The human action that a held op waits for.'),
    interruptedPolicy: InterruptedPolicy,
    steps: z.array(ReportStep),
  }),
  timeline: Timeline,
  verdicts: z.array(ReportVerdict),
  recoveryPoint: z
    .object({
      snapshotId: z.string(),
      snapshotAt: Instant,
      passedOver: z.array(z.object({ snapshotId: z.string(), why: z.string() })),
    })
    .nullable(),
  recoveryPointSeconds: Seconds.describe('From the snapshot to the detection: what a person has to assume as lost.'),
  recoveryTimeSeconds: Seconds.describe('From the detection to the end of Promote the site.'),
  controllerSeconds: Seconds.describe('From Begin to the end of Promote the site, without the wait for approval.'),
  targets: z.object({
    worstRecoveryPointSeconds: z.number().describe('The worst recovery point that this op’s plan was approved with.'),
    maxRecoveryPointSeconds: z.number().describe('Configured: the oldest snapshot without a person saying so.'),
    exportSeconds: z.number().describe('Configured: the interval of the export, the best that can be expected.'),
    recoveryTimeSeconds: Seconds.describe('Configured: recoveryTimeTargetSeconds; null when there is none.'),
  }),
  fence: FenceRecord.pick({
    rung: true,
    waiver: true,
    markerWritten: true,
    startedAt: true,
    acknowledgedAt: true,
    reopenedAt: true,
    unreachedSince: true,
    stopped: true,
    stoppedCount: true,
    lastError: true,
  }).nullable(),
  created: z
    .object({
      environment: z.string().nullable(),
      state: z.string().nullable().describe('Of the site’s record, while that is still this op’s.'),
      askedAt: Instant.nullable(),
      passedOver: z.array(z.object({ environment: z.string(), why: z.string() })),
      notes: z.array(z.string()).describe('What differs from the configuration that was captured, one sentence each.'),
      because: z.string(),
    })
    .nullable()
    .describe('Strategy backup-restore: the environment that was created, or taken over, for the target.'),
  interrupted: z.array(InterruptedRun),
  interruptedCount: Count.describe('All of them: the journal names at most 300.'),
  nextRuns: z.array(NextRun),
  nextRunsCount: Count,
  leftPaused: z.array(LeftPaused),
  leftPausedCount: Count,
  mayStillRun: z.array(z.string()).describe('What may still be running on the losing site, one sentence each.'),
  warnings: z.array(z.string()),
  madeAt: Instant,
});
export type OpReport = z.infer<typeof OpReport>;
