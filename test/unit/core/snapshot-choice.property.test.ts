import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { GrantPeriod, SnapshotRecord } from '../../../lib/contracts/control.ts';
import { selectSnapshot } from '../../../lib/core/snapshot-choice.ts';
import { at, now, snapshot } from '../../support/core-fixtures.ts';

const side = fc.constantFrom('a' as const, 'b' as const);
const maxAgeSeconds = 800;

const records: fc.Arbitrary<SnapshotRecord[]> = fc
  .array(
    fc.record({
      site: side,
      epoch: fc.integer({ min: 1, max: 4 }),
      snapshotAt: fc.integer({ min: -1000, max: 0 }).map(at),
      verified: fc.option(fc.record({ side, at: fc.constant(at(-1)) }), { nil: null }),
      invalid: fc.constantFrom(null, null, 'torn'),
      kind: fc.constantFrom('snapshot' as const, 'snapshot' as const, 'delta' as const),
    }),
    { maxLength: 12 },
  )
  .map((all) => all.map((one, index) => snapshot({ ...one, snapshotId: `snapshot ${index}` })));

/** Three grants in a row, the last of them withdrawn 50 s ago. */
const periods: fc.Arbitrary<GrantPeriod[]> = fc.tuple(side, side, side).map((holders) =>
  holders.map((holder, index) => ({
    epoch: index + 1,
    holder,
    since: at(-1000 + index * 320),
    until: at(-1000 + index * 320 + 310),
  })),
);

it('the chosen snapshot is verified, legal, valid and young, and none of those is newer', () => {
  let chosenOnes = 0;
  fc.assert(
    fc.property(records, periods, (snapshots, grants) => {
      const usable = snapshots.filter((one) => {
        const period = grants.find(({ epoch }) => epoch === one.epoch);
        const isLegal =
          period?.holder === one.site && one.snapshotAt >= period.since && one.snapshotAt < String(period.until);
        const isWhole = one.verified?.side === 'b' && one.invalid === null && one.kind === 'snapshot';
        return isLegal && isWhole && one.snapshotAt >= at(-maxAgeSeconds);
      });
      const rules = { target: 'b', opEpoch: 4, maxAgeSeconds, now } as const;
      const { chosen, passedOver } = selectSnapshot(snapshots, grants, rules);
      if (chosen === null) {
        expect(usable).toEqual([]);
        expect(passedOver).toHaveLength(snapshots.length);
        return;
      }
      chosenOnes += 1;
      expect(usable).toContain(chosen);
      const isNewer = (one: SnapshotRecord) =>
        one.epoch > chosen.epoch || (one.epoch === chosen.epoch && one.snapshotAt > chosen.snapshotAt);
      expect(usable.filter(isNewer)).toEqual([]);
    }),
    { numRuns: 500 },
  );
  expect(chosenOnes).toBeGreaterThan(10);
});
