import { records } from '../contracts/records.ts';
import { NoSnapshotError } from '../core/errors.ts';
import { type PassedOver, type SnapshotChoice, selectSnapshot } from '../core/snapshot-choice.ts';
import { readControlAndGrant } from './ruled.ts';
import { finishedData, type StepContext, type StepDefinition } from './step.ts';

/** Snapshots that a record names beside the chosen one: a record has an end, and the newest say enough. */
const mostNamed = 20;
/** Characters of a reason in a record. */
const longestReason = 300;

/**
 * States "Choose the snapshot" and "Choose the last snapshot": the newest one that is verified where it will be used,
 * legal by the grant's periods and young enough for the plan. After the withdrawal the one that was imported before it
 * will do at any age, unless it is found to be bad. What was passed over is named.
 */
export const chooseSnapshot: StepDefinition = {
  async run(world) {
    const op = world.op.value;
    const choice = await restorable(world);
    const named = namedOf(choice.passedOver);
    const spoken = spokenOf(named, choice.passedOver.length);
    if (!choice.chosen) {
      const why = spoken || 'none was ever sealed and verified';
      throw new NoSnapshotError(`no snapshot can be imported on site ${op.plan.target}: ${why}`);
    }
    const { snapshotId, snapshotAt } = choice.chosen;
    return {
      outcome: 'done',
      because: `snapshot ${snapshotId} of ${snapshotAt}${spoken && `; passed over ${spoken}`}`,
      data: { snapshotId, snapshotAt, passedOver: named, passedOverCount: choice.passedOver.length },
      writes: [{ key: records.op(op.op), expect: world.op.version, value: { ...op, snapshotId } }],
    };
  },
};

/** What this op would restore now, and what it would pass over. */
export async function restorable(world: StepContext): Promise<SnapshotChoice> {
  const op = world.op.value;
  const [{ grant }, snapshots, periods, imported] = await Promise.all([
    readControlAndGrant(world),
    world.table.list(records.snapshots()),
    world.table.list(records.grantPeriods()),
    op.phase === 'open' ? null : finishedData(world, op.op, 'Import the snapshot'),
  ]);
  return selectSnapshot(
    snapshots.map(({ value }) => value),
    periods.map(({ value }) => value),
    {
      target: op.plan.target,
      opEpoch: op.epoch,
      maxAgeSeconds: op.plan.worstRecoveryPointSeconds,
      importedId: imported ? String(imported.snapshotId) : null,
      // A site that has stopped loses no more data: what was young enough to withdraw for stays so.
      now: op.phase === 'open' ? world.now() : new Date(grant.value.since),
    },
  );
}

const namedOf = (passedOver: readonly PassedOver[]): PassedOver[] =>
  passedOver.slice(0, mostNamed).map(({ snapshotId, why }) => ({ snapshotId, why: why.slice(0, longestReason) }));

function spokenOf(named: readonly PassedOver[], count: number): string {
  const more = count > named.length ? [`${count - named.length} older ones`] : [];
  return [...named.map(({ snapshotId, why }) => `${snapshotId} (${why})`), ...more].join('; ');
}
