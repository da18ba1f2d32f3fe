import type { OpReport, ReportStep } from './op-report.ts';
import { clock, spoken } from './time-text.ts';

/** The report as lines of plain text. Times in UTC. */
export function reportLines(report: OpReport): string[] {
  const { op } = report;
  return [
    `REPORT    ${op.kind} ${op.id} of pair ${report.pair}: site ${op.from} -> site ${op.target}, epoch ${op.epoch}`,
    `  ${op.outcome ?? op.phase}${op.needs ? `; needs: ${op.needs}` : ''}`,
    `  began ${clock(op.beganAt)} by ${op.by}: ${op.reason}`,
    ...(op.detectedAt ? [`  detected ${clock(op.detectedAt)}`] : []),
    ...(op.approvedBy ? [`  approved by ${op.approvedBy}`] : []),
    ...(op.endedAt ? [`  ended ${clock(op.endedAt)}`] : []),
    ...timeLines(report),
    'STEPS',
    ...orNone(op.steps.map(stepText)),
    'VERDICT',
    ...orNone(verdictLines(report)),
    'RECOVERY POINT',
    ...orNone(recoveryPointLines(report)),
    'FENCE',
    ...orNone(fenceLines(report)),
    'INTERRUPTED RUNS',
    ...orNone(report.interrupted.flatMap(interruptedLines)),
    'NEXT RUNS',
    ...orNone(
      report.nextRuns.map((run) => `${run.dagId}  ${run.logicalDate ?? 'when its datasets or a person start it'}`),
    ),
    'LEFT PAUSED',
    ...orNone(report.leftPaused.map((dag) => `${dag.dagId}: ${dag.why}`)),
    'MAY STILL BE RUNNING',
    ...orNone(report.mayStillRun),
    'WARNINGS',
    ...orNone(report.warnings),
  ];
}

const orNone = (lines: readonly string[]): string[] =>
  lines.length > 0 ? lines.map((line) => `  ${line}`) : ['  none'];

function timeLines({ recoveryTimeSeconds, recoveryPointSeconds, controllerSeconds }: OpReport): string[] {
  const times: ReadonlyArray<readonly [string, number | null]> = [
    ['recovery time (detection to promotion)', recoveryTimeSeconds],
    ['recovery point (snapshot to detection)', recoveryPointSeconds],
    ['controller at work (without the wait for approval)', controllerSeconds],
  ];
  return times.flatMap(([name, seconds]) => (seconds === null ? [] : [`  ${name}: ${spoken(seconds)}`]));
}

function stepText(step: ReportStep): string {
  const took = step.seconds === null ? '' : `  ${spoken(step.seconds)}`;
  const attempt = step.attempt > 1 ? `  attempt ${step.attempt}` : '';
  return `${clock(step.startedAt)}  ${step.outcome}  ${step.name}${took}${attempt}${step.because ? `  ${step.because}` : ''}`;
}

const verdictLines = (report: OpReport): string[] =>
  report.verdicts.flatMap((verdict) => [
    `site ${verdict.site}: ${verdict.diagnosis} (${verdict.health})${verdict.judgedAt ? ` judged ${clock(verdict.judgedAt)}` : ''}`,
    ...verdict.because.map((reason) => `  ${reason}`),
    ...verdict.observations.map((seen) => `  ${seen.signal} from ${seen.vantage}: ${seen.outcome}: ${seen.cause}`),
  ]);

function recoveryPointLines({ recoveryPoint }: OpReport): string[] {
  if (!recoveryPoint) return [];
  return [
    `snapshot ${recoveryPoint.snapshotId} of ${clock(recoveryPoint.snapshotAt)}`,
    ...recoveryPoint.passedOver.map(({ snapshotId, why }) => `refused: ${snapshotId}: ${why}`),
  ];
}

function fenceLines({ fence }: OpReport): string[] {
  if (!fence) return [];
  const stopped = fence.stopped.map(
    (task) => `stopped: ${task.dagId} ${task.runId} ${task.taskId} (was ${task.state ?? 'without state'})`,
  );
  return [
    `${fence.rung}, ${fence.acknowledgedAt ? `acknowledged ${clock(fence.acknowledgedAt)}` : 'not acknowledged'}`,
    ...(fence.waiver ? [`waived by ${fence.waiver.by}: ${fence.waiver.reason}`] : []),
    ...(fence.lastError ? [`last error: ${fence.lastError}`] : []),
    ...stopped,
  ];
}

const interruptedLines = (run: OpReport['interrupted'][number]): string[] => [
  `${run.dagId} ${run.runId}: ${run.action}`,
  ...run.tasks.map(
    (task) =>
      `  ${task.taskId}${task.mapIndex >= 0 ? `[${task.mapIndex}]` : ''} was ${task.state ?? 'without state'}: ${task.action}`,
  ),
];
