import type { Approval, FenceRecord, OpRecord, PausedDag, StoppedTask } from '../contracts/control.ts';
import { helperDagPrefix } from '../contracts/names.ts';
import type { Timing } from '../contracts/timing.ts';
import { isAutomatic } from './approval.ts';
import { mayGoUnfenced, type UnfencedWord } from './limits.ts';
import { firstRefusal, type Ruled } from './refusal.ts';
import { ageSeconds, plusSeconds, spoken } from './time.ts';

/**
 * A worker looks about every 10 s whether the state of its task was changed from outside, and then waits
 * core.killed_task_cleanup_time before it kills: 15 s covers the look with a margin.
 */
const workerNoticesSeconds = 15;

/** Task states that may be running code, or will without anybody's doing although their DAG is paused. */
const activeStates: readonly (string | null)[] = ['running', 'queued', 'deferred', 'scheduled', 'restarting'];

/** What was read of the losing site: all its DAGs, and its task instances that have not ended, each in full. */
export type FenceReading = { readonly dags: readonly PausedDag[]; readonly tasks: readonly StoppedTask[] };

/**
 * The next thing to do. `record` is committed before it is done: a repeat must know what was stopped in which state.
 * `pause` these DAGs and `stop` (set failed) these tasks, then read again; `wait` so many seconds, then read again.
 */
export type FenceAction = { readonly because: string; readonly record: FenceRecord } & (
  | { readonly action: 'pause'; readonly dagIds: readonly string[] }
  | { readonly action: 'stop'; readonly tasks: readonly StoppedTask[] }
  | { readonly action: 'wait'; readonly waitSeconds: number }
  | { readonly action: 'acknowledge' }
);

const isProduction = ({ dagId }: { readonly dagId: string }) => !dagId.startsWith(helperDagPrefix);
const taskKey = ({ dagId, runId, taskId, mapIndex }: StoppedTask) => JSON.stringify([dagId, runId, taskId, mapIndex]);

/**
 * Brings the losing site to R2: pause, stop, and two readings of nothing active, the second one no sooner than a
 * worker needs to kill a task after the last change. The helper DAGs are exempt.
 */
export function nextFenceAction(input: {
  readonly record: FenceRecord;
  readonly reading: FenceReading;
  readonly timing: Pick<Timing, 'killedTaskCleanupSeconds'>;
  readonly now: Date;
}): FenceAction {
  const { record, reading, timing, now } = input;
  const at = now.toISOString();
  const running = reading.dags.filter((dag) => isProduction(dag) && !dag.isPaused);
  if (running.length > 0) {
    return {
      action: 'pause',
      because: `${running.length} production DAGs are not paused`,
      dagIds: running.map(({ dagId }) => dagId),
      record: { ...record, rung: 'R0', lastChangeAt: at, zeroReadAt: null },
    };
  }
  const active = reading.tasks.filter((task) => isProduction(task) && activeStates.includes(task.state));
  if (active.length > 0) {
    return {
      action: 'stop',
      because: `${active.length} task instances are active: pausing stops no running task`,
      tasks: active,
      record: { ...record, rung: 'R1', stopped: merged(record.stopped, active), lastChangeAt: at, zeroReadAt: null },
    };
  }
  return afterZeroReading({ ...record, rung: 'R1' }, timing.killedTaskCleanupSeconds, now);
}

/** The earlier state of a task is the one in which the fence first met it. */
function merged(before: readonly StoppedTask[], now: readonly StoppedTask[]): StoppedTask[] {
  const known = new Set(before.map(taskKey));
  return [...before, ...now.filter((task) => !known.has(taskKey(task)))];
}

function afterZeroReading(record: FenceRecord, cleanupSeconds: number, now: Date): FenceAction {
  const settledAt = plusSeconds(record.lastChangeAt ?? record.startedAt, workerNoticesSeconds + cleanupSeconds);
  const remaining = -ageSeconds(settledAt, now);
  const isSecond = record.zeroReadAt !== null && ageSeconds(record.zeroReadAt, now) > 0;
  if (isSecond && remaining <= 0) {
    return {
      action: 'acknowledge',
      because: `nothing active at ${record.zeroReadAt} and at ${now.toISOString()}, all workers have had time to kill`,
      record: { ...record, rung: 'R2', acknowledgedAt: now.toISOString(), lastError: null },
    };
  }
  return {
    action: 'wait',
    because: `nothing is active; read again, no sooner than ${settledAt}, when a changed task is surely killed`,
    waitSeconds: Math.max(1, Math.ceil(remaining)),
    record: { ...record, zeroReadAt: record.zeroReadAt ?? now.toISOString() },
  };
}

/**
 * Records the waiver by which an op goes on although the losing site cannot be fenced. An approval whose least rung is
 * R0 is a person's waiver; without a person it is the configuration's `preAuthorisedUnfenced`, valid when the policy
 * approved. The fence must have tried for as long as timing.fenceReachSeconds.
 */
export function waiveFence(input: {
  readonly record: FenceRecord;
  readonly op: OpRecord;
  readonly approval: Approval;
  readonly preAuthorised: UnfencedWord | undefined;
  readonly fenceReachSeconds: number;
  readonly now: Date;
}): Ruled<{ readonly record: FenceRecord }> {
  const { record, op, approval, preAuthorised, fenceReachSeconds, now } = input;
  const tried = ageSeconds(record.startedAt, now);
  const automatic = isAutomatic(op, approval);
  const word = mayGoUnfenced(preAuthorised, new Date(approval.at)) ? preAuthorised : null;
  const refusal = firstRefusal([
    [
      record.op !== op.op || approval.op !== op.op || approval.planHash !== op.planHash,
      'S26',
      `the approval of ${approval.op} waives nothing for ${op.op} at epoch ${op.epoch}`,
    ],
    [op.plan.leastRung !== 'R0', 'S5', `the approved plan of ${op.op} needs R2; it does not allow to go on unfenced`],
    [automatic && word === null, 'unfenced', 'no preAuthorisedUnfenced was valid when the policy approved'],
    [
      tried < fenceReachSeconds,
      'fence-still-tries',
      `the fence has tried site ${record.side} for ${spoken(tried)} of ${spoken(fenceReachSeconds)}`,
    ],
  ]);
  if (refusal !== null) return refusal;
  const waiver =
    automatic && word !== null ? { by: word.by, reason: word.reason } : { by: approval.by, reason: op.reason };
  return { ok: true, record: { ...record, waiver } };
}
