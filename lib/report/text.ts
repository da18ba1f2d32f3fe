import type { OpReport, ReportStep } from './op-report.ts';
import { clock, spoken } from './time-text.ts';

/** The report as lines of plain text. Times in UTC. */
export function reportLines(report: OpReport): string[] {
  const { op } = report;
  return [
    `REPORT    ${op.kind} ${op.id} of pair ${report.pair}: site ${op.from} -> site ${op.target}, epoch ${op.epoch}`,
    `  ${op.outcome ?? op.phase}${op.needs ? `; needs: ${op.needs}` : ''}`,
    ...(op.failure ? [`  ended after an error: ${op.failure}`] : []),
    `  began ${clock(op.beganAt)} by ${op.by}: ${op.reason}`,
    ...(op.detectedAt ? [`  detected ${clock(op.detectedAt)}`] : []),
    ...(op.approvedBy ? [`  approved by ${op.approvedBy}`] : []),
    ...(op.endedAt ? [`  ended ${clock(op.endedAt)}`] : []),
    ...timeLines(report),
    'MOMENTS',
    ...orNone(report.timeline.moments.map(({ what, at }) => `${clock(at)}  ${what}`)),
    'STEPS',
    ...orNone(op.steps.map(stepText)),
    'VERDICT',
    ...orNone(verdictLines(report)),
    'RECOVERY POINT',
    ...orNone(recoveryPointLines(report)),
    ...createdLines(report),
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

const targetText = (seconds: number | null): string => (seconds === null ? 'no target' : `target ${spoken(seconds)}`);

function timeLines(report: OpReport): string[] {
  const { recoveryTimeSeconds, recoveryPointSeconds, controllerSeconds, timeline, targets } = report;
  const times: ReadonlyArray<readonly [string, number | null]> = [
    [`recovery time (detection to promotion; ${targetText(targets.recoveryTimeSeconds)})`, recoveryTimeSeconds],
    [
      `recovery point (snapshot to detection; limit ${spoken(targets.worstRecoveryPointSeconds)})`,
      recoveryPointSeconds,
    ],
    ['production down (detection to the first proof)', timeline.downSeconds],
    ['no site had the grant', timeline.withoutGrantSeconds],
    ['controller at work (without the wait for approval)', controllerSeconds],
  ];
  return times.flatMap(([name, seconds]) => (seconds === null ? [] : [`  ${name}: ${spoken(seconds)}`]));
}

function createdLines({ created }: OpReport): string[] {
  if (!created) return [];
  return [
    'ENVIRONMENT CREATED',
    ...orNone([
      `${created.environment ?? 'no name yet'}${created.state ? `, ${created.state}` : ''}: ${created.because}`,
      ...created.passedOver.map(({ environment, why }) => `passed over: ${environment}: ${why}`),
      ...created.notes,
    ]),
  ];
}

function stepText(step: ReportStep): string {
  const took = step.seconds === null ? '' : `  ${spoken(step.seconds)}`;
  const attempt = step.attempt > 1 ? `  attempt ${step.attempt}` : '';
  const { waited } = step;
  const wait = waited && waited.seconds >= 1 ? `  (${spoken(waited.seconds)} waiting for ${waited.forWhat})` : '';
  const because = step.because ? `  ${step.because}` : '';
  return `${clock(step.startedAt)}  ${step.outcome}  ${step.name}${took}${wait}${attempt}${because}`;
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
    ...(fence.reopenedAt ? [`production was found at work behind it ${clock(fence.reopenedAt)}`] : []),
    ...(fence.waiver ? [`waived by ${fence.waiver.by}: ${fence.waiver.reason}`] : []),
    ...(fence.lastError ? [`last error: ${fence.lastError}`] : []),
    `tasks stopped: ${fence.stoppedCount}`,
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
