import type { Approval, FenceRecord, OpRecord, PausedDag, StoppedTask } from '../contracts/control.ts';
import { isHelperDag } from '../contracts/names.ts';
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

/** Stopped tasks that a record names; the bucket of the target has room for the others. */
export const mostStoppedInRecord = 500;
/** DAGs of a pause map from which on it is kept beside the record, too. */
export const mostPausedInRecord = 1500;

/** What was read of the losing site: all its DAGs, and its task instances that have not ended, each in full. */
export type FenceReading = {
  readonly dags: readonly PausedDag[];
  readonly tasks: readonly StoppedTask[];
  /** When the reading began: what ends while it goes on may have been read as it was before. */
  readonly began: Date;
  /** False while the site's reserved row could not be set: its helpers would still take it for the active site. */
  readonly rowFenced: boolean;
};

/**
 * The next thing to do. `record` is committed before it is done: a repeat must know what was stopped in which state.
 * `pause` these DAGs and `stop` (set failed) these tasks (`stopped` are all so far), then read again; `wait` so many seconds, then read again.
 */
export type FenceAction = { readonly because: string; readonly record: FenceRecord } & (
  | { readonly action: 'pause'; readonly dagIds: readonly string[] }
  | { readonly action: 'stop'; readonly tasks: readonly StoppedTask[]; readonly stopped: readonly StoppedTask[] }
  | { readonly action: 'wait'; readonly waitSeconds: number }
  | { readonly action: 'acknowledge' }
);

const isProduction = ({ dagId }: { readonly dagId: string }) => !isHelperDag(dagId);
const taskKey = ({ dagId, runId, taskId, mapIndex }: StoppedTask) => JSON.stringify([dagId, runId, taskId, mapIndex]);

/** DAGs and tasks of production that are open or active behind a fence. */
export const productionAtWork = ({ dags, tasks }: Pick<FenceReading, 'dags' | 'tasks'>) => ({
  dags: dags.filter((dag) => isProduction(dag) && !dag.isPaused),
  tasks: tasks.filter((task) => isProduction(task) && activeStates.includes(task.state)),
});

/**
 * Brings the losing site to R2: pause, stop, and two readings of nothing active, the second one no sooner than a
 * worker needs to kill a task after the first, which no change has followed. The helper DAGs are exempt.
 *
 * @param stopped all tasks that were stopped so far, when the record names only the first of them
 */
export function nextFenceAction(input: {
  readonly record: FenceRecord;
  readonly stopped?: readonly StoppedTask[];
  readonly reading: FenceReading;
  readonly timing: Pick<Timing, 'killedTaskCleanupSeconds'>;
  readonly now: Date;
}): FenceAction {
  const { record, reading, timing, now } = input;
  const at = now.toISOString();
  const { dags, tasks } = productionAtWork(reading);
  if (dags.length > 0) {
    return {
      action: 'pause',
      because: `${dags.length} production DAGs are not paused`,
      dagIds: dags.map(({ dagId }) => dagId),
      record: { ...record, rung: 'R0', lastChangeAt: at, zeroReadAt: null, acknowledgedAt: null },
    };
  }
  if (tasks.length > 0) {
    const stopped = merged(input.stopped ?? record.stopped, tasks);
    return {
      action: 'stop',
      because: `${tasks.length} task instances are active: pausing stops no running task`,
      tasks,
      stopped,
      record: {
        ...record,
        rung: 'R1',
        stopped: stopped.slice(0, mostStoppedInRecord),
        stoppedCount: Math.max(record.stoppedCount, stopped.length),
        lastChangeAt: at,
        zeroReadAt: null,
        acknowledgedAt: null,
      },
    };
  }
  return afterZeroReading({ ...record, rung: 'R1' }, reading, timing.killedTaskCleanupSeconds, now);
}

/** The earlier state of a task is the one in which the fence first met it. */
function merged(before: readonly StoppedTask[], now: readonly StoppedTask[]): StoppedTask[] {
  const known = new Set(before.map(taskKey));
  return [...before, ...now.filter((task) => !known.has(taskKey(task)))];
}

/**
 * The change itself may have taken minutes, one call for each task, so the wait for the workers begins at the first
 * reading that found nothing: whatever was stopped had been stopped by then.
 */
function afterZeroReading(record: FenceRecord, reading: FenceReading, cleanupSeconds: number, now: Date): FenceAction {
  const zeroReadAt = record.zeroReadAt ?? now.toISOString();
  const lastly = Math.max(Date.parse(zeroReadAt), Date.parse(record.lastChangeAt ?? zeroReadAt));
  const settledAt = plusSeconds(new Date(lastly), workerNoticesSeconds + cleanupSeconds);
  const remaining = -ageSeconds(settledAt, reading.began);
  if (remaining <= 0 && reading.rowFenced) {
    return {
      action: 'acknowledge',
      because: `nothing active at ${zeroReadAt} and at ${now.toISOString()}, all workers have had time to kill`,
      record: { ...record, rung: 'R2', acknowledgedAt: now.toISOString(), lastError: null },
    };
  }
  return {
    action: 'wait',
    because:
      remaining > 0
        ? `nothing is active; read again, no sooner than ${settledAt}, when a changed task is surely killed`
        : 'nothing is active, but the reserved row is not fenced yet',
    waitSeconds: remaining > 0 ? Math.max(1, Math.ceil(remaining)) : workerNoticesSeconds,
    record: { ...record, zeroReadAt },
  };
}

/**
 * Records the waiver by which an op goes on although the losing site cannot be fenced. An approval whose least rung is
 * R0 is a person's waiver; without a person it is the configuration's `preAuthorisedUnfenced`, valid when the policy
 * approved. Each pass of the fence must have found the site unreachable for as long as timing.fenceReachSeconds.
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
  const tried = record.unreachedSince === null ? 0 : ageSeconds(record.unreachedSince, now);
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
      record.unreachedSince === null || tried < fenceReachSeconds,
      'fence-still-tries',
      `site ${record.side} has been unreachable for the fence for ${spoken(tried)} of ${spoken(fenceReachSeconds)}`,
    ],
  ]);
  if (refusal !== null) return refusal;
  const waiver =
    automatic && word !== null ? { by: word.by, reason: word.reason } : { by: approval.by, reason: op.reason };
  return { ok: true, record: { ...record, waiver } };
}
