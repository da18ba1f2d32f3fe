import { z } from 'zod';
import type { FenceRecord, OpRecord, StepRecord } from '../contracts/control.ts';
import { InterruptedRun } from '../contracts/helper.ts';
import { Verdict } from '../contracts/observation.ts';
import { createdOf } from './created.ts';
import { endOf, outputCount, outputList, stepNamed } from './journal-output.ts';
import { LeftPaused, NextRun, type OpReport, type ReportVerdict } from './op-report.ts';
import { recoveryPointOf } from './recovery-point.ts';
import type { ReportRecords } from './report-records.ts';
import { reportStep } from './report-steps.ts';
import { secondsBetween } from './time-text.ts';
import { timelineOf } from './timeline.ts';

/** Makes the report of an op from its records. Pure; also of an op that is still running. */
export function createReport(found: ReportRecords, now: Date): OpReport {
  const { op, steps, fence } = found;
  const recoveryPoint = recoveryPointOf(found);
  const verdicts = verdictsOf(op, steps);
  const interrupted = outputList(steps, 'Import the rest', 'interrupted', InterruptedRun);
  const nextRuns = outputList(steps, 'Promote the site', 'nextRuns', NextRun);
  const leftPaused = outputList(steps, 'Promote the site', 'leftPaused', LeftPaused);
  return {
    formatVersion: 1,
    pair: op.pair,
    sites: sitesOf(found),
    op: opOf(found, now),
    timeline: timelineOf(found, verdicts),
    verdicts,
    recoveryPoint,
    ...lengthsOf(found, recoveryPoint),
    targets: {
      worstRecoveryPointSeconds: op.plan.worstRecoveryPointSeconds,
      maxRecoveryPointSeconds: found.config.timing.maxRecoveryPointSeconds,
      exportSeconds: found.config.timing.recoveryPointSeconds,
      recoveryTimeSeconds: found.config.timing.recoveryTimeTargetSeconds ?? null,
    },
    fence: fence && fenceOf(fence),
    created: createdOf(found),
    interrupted,
    interruptedCount: outputCount(steps, 'Import the rest', 'interruptedCount', interrupted.length),
    nextRuns,
    nextRunsCount: outputCount(steps, 'Promote the site', 'nextRunsCount', nextRuns.length),
    leftPaused,
    leftPausedCount: outputCount(steps, 'Promote the site', 'leftPausedCount', leftPaused.length),
    mayStillRun: mayStillRunOf(op, fence, interrupted),
    warnings: warningsOf(found, leftPaused, recoveryPoint),
    madeAt: now.toISOString(),
  };
}

function opOf({ op, steps, approval }: ReportRecords, now: Date): OpReport['op'] {
  return {
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
    approvedBy: approval?.by ?? null,
    attempt: op.attempt,
    detectedAt: op.detectedAt,
    beganAt: op.beganAt,
    endedAt: op.endedAt,
    failure: op.failure,
    needs: op.needs,
    interruptedPolicy: op.interruptedPolicy,
    steps: steps.map((step) => reportStep(step, op, now)),
  };
}

function lengthsOf({ op, steps }: ReportRecords, recoveryPoint: OpReport['recoveryPoint']) {
  const promotedAt = endOf(steps, 'Promote the site');
  const detectedAt = op.detectedAt ?? op.beganAt;
  const untilPromotion = promotedAt ? secondsBetween(op.beganAt, promotedAt) : null;
  return {
    recoveryPointSeconds: recoveryPoint && Math.max(0, secondsBetween(recoveryPoint.snapshotAt, detectedAt)),
    recoveryTimeSeconds: promotedAt ? secondsBetween(detectedAt, promotedAt) : null,
    controllerSeconds: untilPromotion === null ? null : Math.max(0, untilPromotion - approvalSeconds(steps)),
  };
}

/** People's time is not the controller's. */
function approvalSeconds(steps: readonly StepRecord[]): number {
  const step = stepNamed(steps, 'Wait for approval');
  return step?.endedAt ? secondsBetween(step.startedAt, step.endedAt) : 0;
}

function sitesOf({ op, config, site }: ReportRecords): OpReport['sites'] {
  const place = (side: 'a' | 'b') => {
    const { environment, region } = config.sites[side];
    return { environment: site?.side === side && site.op === op.op ? site.environment : environment, region };
  };
  return { a: place('a'), b: place('b') };
}

const fenceOf = (fence: FenceRecord): OpReport['fence'] => ({
  rung: fence.rung,
  waiver: fence.waiver,
  markerWritten: fence.markerWritten,
  startedAt: fence.startedAt,
  acknowledgedAt: fence.acknowledgedAt,
  reopenedAt: fence.reopenedAt,
  unreachedSince: fence.unreachedSince,
  stopped: fence.stopped,
  // Records of before there was a count name all that was stopped.
  stoppedCount: Math.max(fence.stoppedCount, fence.stopped.length),
  lastError: fence.lastError,
});

const JudgedAgain = Verdict.partial().extend({ diagnosis: z.string(), health: z.string().default('unknown') });

function verdictsOf(op: OpRecord, steps: readonly StepRecord[]): ReportVerdict[] {
  const judged = JudgedAgain.safeParse(stepNamed(steps, 'Judge again')?.output?.verdict);
  if (!judged.success) return [];
  const { site, diagnosis, health, because, since, judgedAt, observations } = judged.data;
  return [
    {
      site: site ?? op.plan.from,
      diagnosis,
      health,
      because: because ?? [],
      since: since ?? null,
      judgedAt: judgedAt ?? null,
      observations: observations ?? [],
    },
  ];
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
