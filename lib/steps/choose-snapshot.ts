import { records } from '../contracts/records.ts';
import { NoSnapshotError } from '../core/errors.ts';
import { selectSnapshot } from '../core/snapshot-choice.ts';
import { readControlAndGrant } from './ruled.ts';
import type { StepDefinition } from './step.ts';

/**
 * States "Choose the snapshot" and "Choose the last snapshot": the newest one that is verified where it will be used,
 * legal by the grant's periods and young enough for the plan. What was passed over is named.
 */
export const chooseSnapshot: StepDefinition = {
  async run(world) {
    const op = world.op.value;
    const [{ grant }, snapshots, periods] = await Promise.all([
      readControlAndGrant(world),
      world.table.list(records.snapshots()),
      world.table.list(records.grantPeriods()),
    ]);
    const choice = selectSnapshot(
      snapshots.map(({ value }) => value),
      periods.map(({ value }) => value),
      {
        target: op.plan.target,
        opEpoch: op.epoch,
        maxAgeSeconds: op.plan.worstRecoveryPointSeconds,
        // A site that has stopped loses no more data: what was young enough to withdraw for stays so.
        now: op.phase === 'open' ? world.now() : new Date(grant.value.since),
      },
    );
    const passedOver = choice.passedOver.map(({ snapshotId, why }) => `${snapshotId} (${why})`);
    if (!choice.chosen) {
      const why = passedOver.length > 0 ? passedOver.join('; ') : 'none was ever sealed and verified';
      throw new NoSnapshotError(`no snapshot can be imported on site ${op.plan.target}: ${why}`);
    }
    const { snapshotId, snapshotAt } = choice.chosen;
    return {
      outcome: 'done',
      because: `snapshot ${snapshotId} of ${snapshotAt}${passedOver.length > 0 ? `; passed over ${passedOver.join('; ')}` : ''}`,
      data: { snapshotId, snapshotAt, passedOver: choice.passedOver },
      writes: [{ key: records.op(op.op), expect: world.op.version, value: { ...op, snapshotId } }],
    };
  },
};
