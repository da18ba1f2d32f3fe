import { describe, expect, it } from 'vitest';
import type { SnapshotRecord } from '../../../lib/contracts/control.ts';
import { type ChoiceRules, selectSnapshot } from '../../../lib/core/snapshot-choice.ts';
import { at, now, snapshot } from '../../support/core-fixtures.ts';

const periods = [{ epoch: 1, holder: 'a', since: at(-86_400), until: at(-60) }] as const;
const rules: ChoiceRules = { target: 'b', opEpoch: 2, maxAgeSeconds: 3600, now };
const good = snapshot({ snapshotId: 'good', snapshotAt: at(-1800) });
const select = (other: Partial<SnapshotRecord>, changes: Partial<ChoiceRules> = {}) =>
  selectSnapshot([good, snapshot({ snapshotId: 'other', ...other })], periods, { ...rules, ...changes });

describe('the chosen snapshot', () => {
  it('is the newest of the greatest epoch', () => {
    const twoEpochs = [
      { epoch: 1, holder: 'b', since: at(-9000), until: at(-100) },
      { ...periods[0], epoch: 2 },
    ] as const;
    const newerOfOldEpoch = snapshot({ snapshotId: 'old epoch', site: 'b', snapshotAt: at(-200) });
    const newEpoch = snapshot({ snapshotId: 'new epoch', epoch: 2, snapshotAt: at(-500) });
    const choice = selectSnapshot([newerOfOldEpoch, newEpoch], twoEpochs, { ...rules, opEpoch: 3 });
    expect(choice.chosen?.snapshotId).toBe('new epoch');
    expect(select({ snapshotAt: at(-900) }).chosen?.snapshotId).toBe('other');
  });

  it.each<[string, Partial<SnapshotRecord>, string]>([
    ['invalid', { invalid: 'object dag_run.gz has another sha256' }, 'invalid: object dag_run.gz has another sha256'],
    ['not verified', { verified: null }, 'not verified in the bucket of site b'],
    ['verified elsewhere', { verified: { side: 'a', at: at(-9) } }, 'not verified in the bucket of site b'],
    ['a delta', { kind: 'delta' }, 'is a delta, which is imported only behind its base'],
    ['of a site without the grant', { site: 'b' }, 'site b did not hold the grant at epoch 1'],
    ["of the op's own epoch", { epoch: 2 }, "of epoch 2, which is not before the op's epoch 2"],
    ['taken after the grant was withdrawn', { snapshotAt: at(-59) }, 'when site a did not hold the grant'],
  ])('is not one that is %s', (_, change, why) => {
    const { chosen, passedOver } = select({ snapshotAt: at(-900), ...change });
    expect(chosen?.snapshotId).toBe('good');
    expect(passedOver).toEqual([{ snapshotId: 'other', why: expect.stringContaining(why) }]);
  });

  it('is missing, with every reason, when none will do', () => {
    const choice = select({ invalid: 'torn' }, { maxAgeSeconds: 60 });
    expect(choice).toEqual({
      chosen: null,
      passedOver: [
        { snapshotId: 'other', why: 'invalid: torn' },
        { snapshotId: 'good', why: '30 min old, the plan accepts at most 60 s' },
      ],
    });
  });

  it('may be the one that was imported before the withdrawal at any age, and a newer one is preferred', () => {
    const imported = { importedId: 'good', maxAgeSeconds: 1000 };
    expect(select({ invalid: 'torn' }, { maxAgeSeconds: 1000 }).chosen).toBeNull();
    expect(select({ invalid: 'torn' }, imported).chosen?.snapshotId).toBe('good');
    expect(select({ snapshotAt: at(-900) }, imported).chosen?.snapshotId).toBe('other');
  });

  it('is no imported one that has turned out to be bad', () => {
    const torn = select({ snapshotAt: at(-5000), invalid: 'torn' }, { importedId: 'other', maxAgeSeconds: 1000 });
    expect(torn.chosen).toBeNull();
  });
});
