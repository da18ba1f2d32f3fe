import { records } from '../contracts/records.ts';
import type { World } from '../ports/world.ts';
import type { StepResult } from './step.ts';
import { type TickContext, tickIdOf } from './tick.ts';
import { troubleMetrics } from './trouble-metrics.ts';

/** Age in seconds of the newest verified snapshot, or null when there is none. */
function newestVerifiedAge(
  snapshots: readonly { snapshotAt: string; verified: unknown; invalid: string | null }[],
  now: Date,
) {
  const ages = snapshots
    .filter((snapshot) => snapshot.verified !== null && snapshot.invalid === null)
    .map((snapshot) => (now.getTime() - Date.parse(snapshot.snapshotAt)) / 1000);
  return ages.length === 0 ? null : Math.min(...ages);
}

/** State "Publish the ages": the metrics that the alarms of snapshots and ops read; ends the tick. */
export async function publishAges(world: TickContext): Promise<StepResult> {
  const now = world.now();
  const key = records.tick('protect');
  const tick = await world.table.get(key);
  // A tick that was overtaken must not end the one that is at work.
  if (tick && tick.value.finishedAt === null && tickIdOf(tick.value.tickAt) === world.tickId) {
    const value = { ...tick.value, finishedAt: now.toISOString() };
    await world.table.commit([{ key, expect: tick.version, value }]);
  }
  // Last, so that metrics which cannot be published do not keep the next tick from its snapshot.
  const { age, held, unacknowledged } = await publishMetrics(world);
  return {
    outcome: 'done',
    because: age === null ? 'no verified snapshot exists' : `newest verified snapshot is ${Math.round(age)} s old`,
    data: { ageSeconds: age, held, unacknowledged },
  };
}

/** Reads the control records and publishes what the alarms of snapshots, ops and fences watch. */
export async function publishMetrics(world: World) {
  const [trouble, snapshots] = await Promise.all([troubleMetrics(world), world.table.list(records.snapshots())]);
  const age = newestVerifiedAge(
    snapshots.map(({ value }) => value),
    world.now(),
  );
  await world.metrics.publish({
    ...(age === null ? {} : { SnapshotAgeSeconds: { value: age, unit: 'Seconds' as const } }),
    ...trouble,
  });
  return { age, held: trouble.HeldOps.value, unacknowledged: trouble.UnacknowledgedFences.value };
}
