import { z } from 'zod';
import type { Approval, FenceRecord, OpRecord, SnapshotRecord, StepRecord } from '../contracts/control.ts';
import { InterruptedRun } from '../contracts/helper.ts';
import { Verdict } from '../contracts/observation.ts';
import { LeftPaused, NextRun, type OpReport, type ReportStep, type ReportVerdict } from './op-report.ts';

/** The records that a report is made of. */
export type ReportRecords = {
  readonly op: OpRecord;
  /** In the order in which they began. */
  readonly steps: readonly StepRecord[];
  readonly approval: Approval | null;
  readonly fence: FenceRecord | null;
  readonly snapshots: readonly SnapshotRecord[];
};

/** Makes the report of an op from its records. Pure; also of an op that is still running. */
export function createReport(found: ReportRecords, now: Date): OpReport {
  const { op, steps, fence } = found;
  const recoveryPoint = recoveryPointOf(found);
  const promotedAt = endOf(steps, 'Promote the site');
  const detectedAt = op.detectedAt ?? op.beganAt;
  const interrupted = outputList(steps, 'Import the rest', 'interrupted', InterruptedRun);
  const leftPaused = outputList(steps, 'Promote the site', 'leftPaused', LeftPaused);
  const mayStillRun = mayStillRunOf(op, fence, interrupted);
  const atPromotion = (from: string) => (promotedAt ? secondsBetween(from, promotedAt) : null);
  const untilPromotion = atPromotion(op.beganAt);
  return {
    formatVersion: 1,
    pair: op.pair,
    op: {
      id: op.op,
      kind: op.kind,
      strategy: op.plan.strategy,
      epoch: op.epoch,
      from: op.plan.from,
      target: op.plan.target,
      phase: op.phase,
      outcome: op.outcome,
      automatic: op.automatic,
      by: op.by,
      reason: op.reason,
      approvedBy: found.approval?.by ?? null,
      attempt: op.attempt,
      detectedAt: op.detectedAt,
      beganAt: op.beganAt,
      endedAt: op.endedAt,
      needs: op.needs,
      steps: steps.map(reportStep),
    },
    verdicts: verdictsOf(op, steps),
    recoveryPoint,
    recoveryPointSeconds: recoveryPoint && Math.max(0, secondsBetween(recoveryPoint.snapshotAt, detectedAt)),
    recoveryTimeSeconds: atPromotion(detectedAt),
    controllerSeconds: untilPromotion === null ? null : Math.max(0, untilPromotion - approvalSeconds(steps)),
    fence: fence && {
      rung: fence.rung,
      waiver: fence.waiver,
      acknowledgedAt: fence.acknowledgedAt,
      stopped: fence.stopped,
      lastError: fence.lastError,
    },
    interrupted,
    nextRuns: outputList(steps, 'Promote the site', 'nextRuns', NextRun),
    leftPaused,
    mayStillRun,
    warnings: warningsOf(found, leftPaused, recoveryPoint),
    madeAt: now.toISOString(),
  };
}

const secondsBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;
const stepNamed = (steps: readonly StepRecord[], state: string) => steps.findLast((step) => step.state === state);

function endOf(steps: readonly StepRecord[], state: string): string | null {
  const step = stepNamed(steps, state);
  return step?.status === 'done' ? step.endedAt : null;
}

function reportStep(step: StepRecord): ReportStep {
  const outcome = step.status === 'done' ? String(step.output?.outcome ?? 'done') : null;
  return {
    name: step.state,
    iteration: step.iteration,
    outcome: outcome ?? (step.status === 'failed' ? 'failed' : 'running'),
    because: step.error ? `${step.error.name}: ${step.error.message}` : String(step.output?.because ?? ''),
    startedAt: step.startedAt,
    endedAt: step.endedAt,
    seconds: step.endedAt ? secondsBetween(step.startedAt, step.endedAt) : null,
    attempt: step.attempt,
  };
}

/** A list that a step left in its output. Entries of a shape this version does not know are left out, never the report. */
function outputList<T>(steps: readonly StepRecord[], state: string, field: string, entry: z.ZodType<T>): T[] {
  const list = z.array(z.unknown()).catch([]).parse(stepNamed(steps, state)?.output?.[field]);
  return list.flatMap((item) => {
    const parsed = entry.safeParse(item);
    return parsed.success ? [parsed.data] : [];
  });
}

const JudgedAgain = Verdict.partial().extend({ diagnosis: z.string(), health: z.string().default('unknown') });

function verdictsOf(op: OpRecord, steps: readonly StepRecord[]): ReportVerdict[] {
  const judged = JudgedAgain.safeParse(stepNamed(steps, 'Judge again')?.output?.verdict);
  if (!judged.success) return [];
  const { site, diagnosis, health, because, judgedAt, observations } = judged.data;
  return [
    {
      site: site ?? op.plan.from,
      diagnosis,
      health,
      because: because ?? [],
      judgedAt: judgedAt ?? null,
      observations: observations ?? [],
    },
  ];
}

const Chosen = z.object({ snapshotId: z.string(), snapshotAt: z.string() });

function recoveryPointOf({ op, steps, snapshots }: ReportRecords): OpReport['recoveryPoint'] {
  const record = snapshots.find((snapshot) => snapshot.snapshotId === op.snapshotId);
  const outputs = ['Import the rest', 'Choose the last snapshot', 'Choose the snapshot'];
  const parsed = outputs
    .map((state) => Chosen.safeParse(stepNamed(steps, state)?.output))
    .find(({ success }) => success);
  const chosen = record ?? parsed?.data;
  if (!chosen) return null;
  const passedOver = snapshots
    .filter(
      (snapshot) =>
        snapshot.invalid !== null &&
        snapshot.snapshotAt > chosen.snapshotAt &&
        snapshot.snapshotAt <= (op.endedAt ?? '9999'),
    )
    .map((snapshot) => ({ snapshotId: snapshot.snapshotId, why: snapshot.invalid ?? '' }));
  return { snapshotId: chosen.snapshotId, snapshotAt: chosen.snapshotAt, passedOver };
}

/** People's time is not the controller's. */
function approvalSeconds(steps: readonly StepRecord[]): number {
  const step = stepNamed(steps, 'Wait for approval');
  return step?.endedAt ? secondsBetween(step.startedAt, step.endedAt) : 0;
}

const withdrew = (op: OpRecord): boolean =>
  ['withdrawn', 'given', 'promoted', 'closed'].includes(op.phase) || op.outcome === 'recovered';

function mayStillRunOf(op: OpRecord, fence: FenceRecord | null, interrupted: readonly InterruptedRun[]): string[] {
  if (!withdrew(op)) return [];
  const external =
    `Jobs that tasks of site ${op.plan.from} had started outside Airflow (EMR, Glue, Batch, queries) are not stopped by ` +
    'the fence: look for them by hand.';
  if (fence?.acknowledgedAt) return [external];
  const tasks = interrupted.flatMap((run) =>
    run.tasks
      .filter((task) => task.state === 'running' || task.state === 'queued')
      .map((task) => `${run.dagId} ${run.runId} ${task.taskId} was ${task.state} at the recovery point.`),
  );
  return [
    `Site ${op.plan.from} is not proved to be stopped (rung ${fence?.rung ?? 'R0'}): anything that ran there may still run.`,
    ...tasks,
    external,
  ];
}

function warningsOf(
  { op, steps, fence }: ReportRecords,
  leftPaused: readonly z.infer<typeof LeftPaused>[],
  recoveryPoint: OpReport['recoveryPoint'],
): string[] {
  if (!withdrew(op)) return [];
  const unfenced = fence?.waiver
    ? [`site ${op.plan.from} was not fenced; waived by ${fence.waiver.by}: ${fence.waiver.reason}`]
    : [`site ${op.plan.from} is not fenced: production may still run there`];
  const historyMissing = op.phase === 'closed' && endOf(steps, 'Import the history') === null;
  return [
    ...(fence?.acknowledgedAt ? [] : unfenced),
    ...leftPaused.map((dag) => `${dag.dagId} was left paused: ${dag.why}`),
    ...(recoveryPoint?.passedOver ?? []).map(({ snapshotId, why }) => `snapshot ${snapshotId} was refused: ${why}`),
    ...(historyMissing ? ['the history is not imported'] : []),
  ];
}
