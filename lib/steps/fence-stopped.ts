import { otherSide } from '../contracts/config.ts';
import { type FenceRecord, FenceStopped, type StoppedTask } from '../contracts/control.ts';
import { keysOf } from '../contracts/names.ts';
import { mostPausedInRecord, mostStoppedInRecord } from '../core/fence.ts';
import type { World } from '../ports/world.ts';

/**
 * All tasks that a fence has stopped so far. Null when its record does not name them all and the target's bucket, which
 * does, cannot be read now.
 */
export async function stoppedSoFar(world: World, fence: FenceRecord): Promise<readonly StoppedTask[] | null> {
  if (fence.stoppedCount <= fence.stopped.length) return fence.stopped;
  try {
    const stored = await world.bucket(otherSide(fence.side)).read(keysOf(world.config.pair).fenceStopped(fence.op));
    return stored === null ? null : FenceStopped.parse(JSON.parse(stored.body.toString('utf8'))).stopped;
  } catch (error) {
    world.log.warn({ op: fence.op, error: String(error) }, 'list of stopped tasks could not be read');
    return null;
  }
}

/**
 * Writes what is too much for the record of a fence into the target's bucket. A fence does not wait for it: the bucket
 * may be away, and the record still counts what it cannot name.
 */
export async function writeStopped(world: World, fence: FenceRecord, stopped: readonly StoppedTask[]): Promise<void> {
  const fits = stopped.length <= mostStoppedInRecord && (fence.pauseMap?.length ?? 0) <= mostPausedInRecord;
  if (fits) return;
  const { op, side, epoch, pauseMap } = fence;
  const all: FenceStopped = { op, side, epoch, pauseMap, stopped: [...stopped] };
  try {
    await world.bucket(otherSide(side)).write(keysOf(world.config.pair).fenceStopped(op), JSON.stringify(all));
  } catch (error) {
    world.log.warn({ op, error: String(error) }, 'list of stopped tasks could not be written');
  }
}
