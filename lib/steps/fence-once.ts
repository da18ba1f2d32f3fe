import type { FenceRecord, GrantPeriod } from '../contracts/control.ts';
import { FenceMarker, type ReservedRow } from '../contracts/helper.ts';
import type { Side } from '../contracts/ids.ts';
import { isHelperDag, keysOf } from '../contracts/names.ts';
import { type FenceAction, nextFenceAction } from '../core/fence.ts';
import { ageSeconds } from '../core/time.ts';
import type { World } from '../ports/world.ts';
import { type Fence, type FenceAsk, FenceJournal } from './fence-journal.ts';
import { stoppedSoFar, writeStopped } from './fence-stopped.ts';
import { tryToOpenPausedHelpers } from './open-helpers.ts';
import { readReservedRow, writeReservedRow } from './reserved-row.ts';

/**
 * What one pass of the fence reached. `worked`: the site was read and worked on; `error` is then why its reserved row
 * could not be fenced, or null. `unreachable`: the site did not answer. `failed`: anything else, a refusal or our own
 * fault, which says nothing about the site.
 */
export type FencePass =
  | { readonly end: 'worked'; readonly action: FenceAction; readonly error: unknown; readonly fence: Fence }
  | ({ readonly end: 'unreachable' } & Stopped)
  | ({ readonly end: 'failed' } & Stopped);
type Stopped = { readonly because: string; readonly error: unknown; readonly fence: Fence };

/** Readings and changes of one pass; more of them belong to the next poll, a function has an end. */
const mostActions = 4;
/** Seconds after which a pass changes nothing more, for the same reason. */
const longestPassSeconds = 60;

/**
 * One pass of the fence of a losing site, in the order of the protocol: marker in its own bucket, pause map journaled,
 * reserved row, pause, stop, readings. What it is about to do is recorded before it is done. A row that cannot be
 * fenced is tried again by each pass and keeps no task running. Used by the op's own step and by Reconcile.
 *
 * @throws CommitConflictError when another pass was faster; any other error of the control table
 */
export async function fenceOnce(world: World, ask: FenceAsk): Promise<FencePass> {
  const journal = await FenceJournal.open(world, ask);
  await writeMarker(world, ask, journal);
  try {
    const row = await ofRow(() => readReservedRow(world, ask.side));
    await recordPauseMap(world, row.value, journal);
    const error = row.error ?? (await ofRow(() => fenceRow(world, ask, row.value))).error;
    if (error !== null) await journal.write({ lastError: `reserved row not fenced: ${spokenError(error)}` });
    const action = await workOn(world, journal, error === null);
    return { end: 'worked', action, error, fence: journal.fence };
  } catch (error) {
    // What our own table says is nothing about the site.
    if (journal.isLost) throw error;
    const because = spokenError(error);
    const away = world.isUnreachable(error);
    const since = away ? (journal.value.unreachedSince ?? world.now().toISOString()) : null;
    await journal.write({ lastError: because, unreachedSince: since });
    return { end: away ? 'unreachable' : 'failed', because, error, fence: journal.fence };
  }
}

const spokenError = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** The marker is how a site fences itself that cannot be reached from here; its bucket may answer when it does not. */
async function writeMarker(world: World, ask: FenceAsk, journal: FenceJournal): Promise<void> {
  if (journal.value.markerWritten) return;
  const marker = FenceMarker.parse({ epoch: ask.epoch, op: ask.op, writtenAt: world.now().toISOString() });
  const key = keysOf(world.config.pair).fenceMarker(ask.side);
  try {
    // A higher one was written by hand while the controller was away, and its word is the newer one.
    const before = await world.bucket(ask.side).read(key);
    const isNewer = before !== null && FenceMarker.parse(JSON.parse(before.body.toString('utf8'))).epoch > ask.epoch;
    if (!isNewer) await world.bucket(ask.side).write(key, JSON.stringify(marker));
  } catch (error) {
    return await journal.write({ lastError: `marker not written: ${String(error)}` });
  }
  await journal.write({ markerWritten: true });
}

type OfRow<T> = { readonly value: T; readonly error: null } | { readonly value: null; readonly error: unknown };

/** A failure of the reserved row is no failure of the fence, whose other work goes on without it. */
const ofRow = <T>(ask: () => Promise<T>): Promise<OfRow<T>> =>
  ask().then(
    (value) => ({ value, error: null }),
    (error: unknown) => ({ value: null, error }),
  );

/**
 * What was open before the fence paused it; promotion and give back use this and never a later reading. Nothing is
 * recorded once the fence has changed something, nor of a site that obeyed the marker before it was read and has paused
 * itself: what is read then is not what was open.
 */
async function recordPauseMap(world: World, row: ReservedRow | null, journal: FenceJournal): Promise<void> {
  const { pauseMap, lastChangeAt, side, epoch, stopped } = journal.value;
  if (pauseMap !== null || lastChangeAt !== null) return;
  const dags = (await world.airflow(side).listDags()).filter((dag) => dag.isActive);
  // A site obeys in one transaction: one that has an open DAG has not, whatever its row would say.
  const obeyed =
    row === null
      ? dags.every(({ dagId, isPaused }) => isPaused || isHelperDag(dagId))
      : row.mode === 'fenced' && row.epoch >= epoch;
  if (obeyed) return;
  await journal.write({ pauseMap: dags.map(({ dagId, isPaused }) => ({ dagId, isPaused })) });
  await writeStopped(world, journal.value, stopped);
}

async function fenceRow(world: World, { side, epoch }: FenceAsk, row: ReservedRow | null): Promise<void> {
  if (row === null || (row.epoch >= epoch && row.mode === 'fenced')) return;
  await writeReservedRow(world, side, { ...row, epoch, mode: 'fenced', op: null });
}

/** All DAGs of a site that are active, and the tasks of production that may be running code. */
export async function readProduction(world: World, side: Side) {
  const airflow = world.airflow(side);
  const [dags, tasks] = await Promise.all([
    airflow.listDags(),
    airflow.activeTaskInstances(['running', 'queued', 'deferred', 'scheduled', 'restarting']),
  ]);
  return { dags: dags.filter((dag) => dag.isActive), tasks };
}

async function workOn(world: World, journal: FenceJournal, rowFenced: boolean): Promise<FenceAction> {
  const since = world.now().toISOString();
  const isLate = () => ageSeconds(since, world.now()) > longestPassSeconds;
  for (let n = 1; ; n += 1) {
    const began = world.now();
    const { dags, tasks } = await readProduction(world, journal.value.side);
    if (n === 1) await tryToOpenPausedHelpers(world, journal.value.side, dags);
    const stopped = await stoppedSoFar(world, journal.value);
    const action = nextFenceAction({
      record: { ...journal.value, unreachedSince: null },
      reading: { dags, tasks, began, rowFenced },
      timing: world.config.timing,
      now: world.now(),
      ...(stopped ? { stopped } : {}),
    });
    await journal.write(action.record);
    if (action.action === 'wait' || action.action === 'acknowledge') return action;
    // A list that could not be read is not replaced by a shorter one.
    if (action.action === 'stop' && stopped !== null) await writeStopped(world, journal.value, action.stopped);
    await act(world, journal.value.side, action, isLate);
    await journal.write({ lastChangeAt: world.now().toISOString() });
    if (n === mostActions || isLate()) return action;
  }
}

/** Does it. A task that cannot be stopped does not keep the others running; its error is thrown when all were tried. */
async function act(world: World, side: Side, action: FenceAction, isLate: () => boolean): Promise<void> {
  if (action.action === 'pause') await world.airflow(side).pauseAll();
  if (action.action !== 'stop') return;
  const failures: unknown[] = [];
  for (const task of action.tasks) {
    // What is left is read again, and stopped, by the next pass.
    if (isLate()) break;
    try {
      await world.airflow(side).failTask(task);
    } catch (error) {
      if (world.isUnreachable(error)) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** The fences that still matter: the newest one of each site that has not got the grant (back) since. */
export function fencesToFinish(periods: readonly GrantPeriod[], fences: readonly FenceRecord[]): FenceRecord[] {
  return fences.filter(
    ({ side, epoch }) =>
      !periods.some((period) => period.holder === side && period.epoch >= epoch) &&
      !fences.some((other) => other.side === side && other.epoch > epoch),
  );
}
