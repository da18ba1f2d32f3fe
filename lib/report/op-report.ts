import { z } from 'zod';
import { FenceRecord, OpKind, OpOutcome, OpPhase, OpPlan } from '../contracts/control.ts';
import { InterruptedRun } from '../contracts/helper.ts';
import { Instant, PairId, Side } from '../contracts/ids.ts';
import { Observation } from '../contracts/observation.ts';

const Seconds = z.number().nullable();

/** One step of the op as the journal knows it. */
export const ReportStep = z.object({
  name: z.string(),
  iteration: z.int().nonnegative(),
  outcome: z.string().describe('Outcome of the step; `running` or `failed` while it has none.'),
  because: z.string(),
  startedAt: Instant,
  endedAt: Instant.nullable(),
  seconds: Seconds,
  attempt: z.int().positive(),
});
export type ReportStep = z.infer<typeof ReportStep>;

/** The verdict on which the grant was withdrawn, or not. */
export const ReportVerdict = z.object({
  site: Side,
  diagnosis: z.string(),
  health: z.string(),
  because: z.array(z.string()),
  judgedAt: Instant.nullable(),
  observations: z.array(Observation),
});
export type ReportVerdict = z.infer<typeof ReportVerdict>;

export const NextRun = z.object({ dagId: z.string(), logicalDate: z.string().nullable() });
export const LeftPaused = z.object({ dagId: z.string(), why: z.string() });

/** Report of one op, made of its records alone. Times in seconds; null where something did not happen (yet). */
export const OpReport = z.object({
  formatVersion: z.literal(1),
  pair: PairId,
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
    needs: z.string().nullable(),
    steps: z.array(ReportStep),
  }),
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
  fence: FenceRecord.pick({
    rung: true,
    waiver: true,
    acknowledgedAt: true,
    stopped: true,
    lastError: true,
  }).nullable(),
  interrupted: z.array(InterruptedRun),
  nextRuns: z.array(NextRun),
  leftPaused: z.array(LeftPaused),
  mayStillRun: z.array(z.string()).describe('What may still be running on the losing site, one sentence each.'),
  warnings: z.array(z.string()),
  madeAt: Instant,
});
export type OpReport = z.infer<typeof OpReport>;
