import { records } from '../contracts/records.ts';
import type { MetricValues } from '../ports/metrics.ts';
import type { World } from '../ports/world.ts';
import { fencesToFinish } from './fence-once.ts';

/**
 * What waits for a person, from the control records: ops that are held, and fences of sites without the grant that are
 * not acknowledged.
 */
export async function troubleMetrics(world: World) {
  const [periods, ops, fences] = await Promise.all([
    world.table.list(records.grantPeriods()),
    world.table.list(records.ops()),
    world.table.list(records.fences()),
  ]);
  const held = ops.filter(({ value }) => value.needs !== null && value.endedAt === null).length;
  const unacknowledged = fencesToFinish(
    periods.map(({ value }) => value),
    fences.map(({ value }) => value),
  ).filter((fence) => fence.acknowledgedAt === null).length;
  return {
    HeldOps: { value: held, unit: 'Count' },
    UnacknowledgedFences: { value: unacknowledged, unit: 'Count' },
  } satisfies MetricValues;
}
