import type { FenceRecord, GrantPeriod } from '../contracts/control.ts';
import { FenceMarker } from '../contracts/helper.ts';
import type { Side } from '../contracts/ids.ts';
import { keysOf } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import { type FenceAction, nextFenceAction } from '../core/fence.ts';
import type { Versioned } from '../ports/control-table.ts';
import type { World } from '../ports/world.ts';
import { readReservedRow, writeReservedRow } from './reserved-row.ts';

/** What one pass of the fence reached. `unreached` carries why the site could not be worked on. */
export type FencePass =
  | { readonly reached: true; readonly action: FenceAction; readonly fence: Versioned<FenceRecord> }
  | { readonly reached: false; readonly because: string; readonly fence: Versioned<FenceRecord> };

/** Readings and changes of one pass; more of them belong to the next poll, a function has an end. */
const mostActions = 4;

/**
 * One pass of the fence of a losing site, in the order of the protocol: marker in its own bucket, pause map journaled,
 * reserved row, pause, stop, readings. What it is about to do is recorded before it is done. Used by the op's own
 * step and by Reconcile for a site that answers again.
 */
export async function fenceOnce(world: World, ask: { side: Side; epoch: number; op: string }): Promise<FencePass> {
  let fence = await openFence(world, ask);
  fence = await writeMarker(world, ask, fence);
  try {
    fence = await recordPauseMap(world, ask.side, fence);
    await fenceRow(world, ask);
    for (let n = 1; ; n += 1) {
      const action = nextFenceAction({
        record: fence.value,
        reading: await read(world, ask.side),
        timing: world.config.timing,
        now: world.now(),
      });
      fence = await save(world, fence, action.record);
      await act(world, ask.side, action);
      if (action.action === 'wait' || action.action === 'acknowledge' || n === mostActions) {
        return { reached: true, action, fence };
      }
    }
  } catch (error) {
    if (error instanceof Error && error.name === 'CommitConflictError') throw error;
    const because = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { reached: false, because, fence: await save(world, fence, { ...fence.value, lastError: because }) };
  }
}

async function openFence(world: World, { side, epoch, op }: { side: Side; epoch: number; op: string }) {
  const key = records.fence(epoch, side);
  const known = await world.table.get(key);
  if (known) return known;
  const value: FenceRecord = {
    op,
    side,
    epoch,
    rung: 'R0',
    markerWritten: false,
    pauseMap: null,
    stopped: [],
    zeroReadAt: null,
    lastChangeAt: null,
    acknowledgedAt: null,
    waiver: null,
    lastError: null,
    startedAt: world.now().toISOString(),
  };
  await world.table.commit([{ key, expect: 'absent', value }]);
  return { value, version: 1 };
}

async function save(world: World, fence: Versioned<FenceRecord>, value: FenceRecord): Promise<Versioned<FenceRecord>> {
  await world.table.commit([{ key: records.fence(value.epoch, value.side), expect: fence.version, value }]);
  return { value, version: fence.version + 1 };
}

/** The marker is how a site fences itself that cannot be reached from here; its bucket may answer when it does not. */
async function writeMarker(
  world: World,
  ask: { side: Side; epoch: number; op: string },
  fence: Versioned<FenceRecord>,
) {
  if (fence.value.markerWritten) return fence;
  const marker = FenceMarker.parse({ epoch: ask.epoch, op: ask.op, writtenAt: world.now().toISOString() });
  try {
    await world.bucket(ask.side).write(keysOf(world.config.pair).fenceMarker(ask.side), JSON.stringify(marker));
  } catch (error) {
    return await save(world, fence, { ...fence.value, lastError: `marker not written: ${String(error)}` });
  }
  return await save(world, fence, { ...fence.value, markerWritten: true });
}

/** What was open before the fence paused it; promotion and give back use this and never a later reading. */
async function recordPauseMap(world: World, side: Side, fence: Versioned<FenceRecord>) {
  if (fence.value.pauseMap) return fence;
  const dags = await world.airflow(side).listDags();
  // A site that obeyed the marker before it was read has paused itself: what is read then is not what was open.
  const row = await readReservedRow(world, side);
  if (row.mode === 'fenced' && row.epoch >= fence.value.epoch) return fence;
  const pauseMap = dags.filter((dag) => dag.isActive).map(({ dagId, isPaused }) => ({ dagId, isPaused }));
  return await save(world, fence, { ...fence.value, pauseMap });
}

async function fenceRow(world: World, { side, epoch }: { side: Side; epoch: number }): Promise<void> {
  const row = await readReservedRow(world, side);
  if (row.epoch >= epoch && row.mode === 'fenced') return;
  await writeReservedRow(world, side, { ...row, epoch, mode: 'fenced', op: null });
}

async function read(world: World, side: Side) {
  const airflow = world.airflow(side);
  const [dags, tasks] = await Promise.all([
    airflow.listDags(),
    airflow.activeTaskInstances(['running', 'queued', 'deferred', 'scheduled', 'restarting']),
  ]);
  return { dags: dags.filter((dag) => dag.isActive), tasks };
}

async function act(world: World, side: Side, action: FenceAction): Promise<void> {
  if (action.action === 'pause') await world.airflow(side).pauseAll();
  if (action.action === 'stop') {
    for (const task of action.tasks) await world.airflow(side).failTask(task);
  }
}

/** The fences that still matter: the newest one of each site that has not got the grant (back) since. */
export function fencesToFinish(periods: readonly GrantPeriod[], fences: readonly FenceRecord[]): FenceRecord[] {
  return fences.filter(
    ({ side, epoch }) =>
      !periods.some((period) => period.holder === side && period.epoch >= epoch) &&
      !fences.some((other) => other.side === side && other.epoch > epoch),
  );
}
