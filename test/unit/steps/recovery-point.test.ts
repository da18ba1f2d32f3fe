import { describe, expect, it } from 'vitest';
import { records } from '../../../lib/contracts/records.ts';
import { acceptCommand } from '../../../lib/steps/accept-command.ts';
import { snapshot } from '../../support/core-fixtures.ts';
import { type Begun, lostSite, person } from '../../support/simulation-scenarios.ts';
import type { Simulation, WalkHooks } from '../../support/simulation-world.ts';

const limited = { mode: 'prepare', timing: { maxRecoveryPointSeconds: 1500 } };
const secondsAgo = (simulation: Simulation, seconds: number) =>
  new Date(simulation.clock.now().getTime() - seconds * 1000).toISOString();

/** Approves the op after it has waited for so long that the snapshot it imported is older than its plan accepts. */
function approvedLate({ simulation, op }: Begun, meanwhile: () => void = () => {}): WalkHooks {
  let waited = false;
  return {
    entering: async (state) => {
      if (state !== 'Wait for a person' || waited) return;
      waited = true;
      await simulation.advance(1500);
      meanwhile();
      const { planHash, epoch } = op;
      await acceptCommand(simulation.world, { command: 'approve', op: op.op, planHash, epoch }, person);
    },
  };
}

describe('a snapshot that has become too old while the op waited for its approval', () => {
  it('stands the op down before anything is withdrawn, and says why', async () => {
    const begun = await lostSite(limited);
    const walked = await begun.simulation.execute(approvedLate(begun));
    if (walked !== 'stopped')
      expect(walked.states.slice(-3)).toEqual(['Is it still right', 'Stand down', 'Stood down']);
    expect(await begun.simulation.op(begun.op.op)).toMatchObject({ outcome: 'stood-down', failure: null });
    expect(await begun.simulation.grant()).toBe('a@1');
    expect(begun.simulation.pager.pages.at(-1)?.text).toMatch(
      /the newest snapshot that can be restored, of .* has become \d+ min old; the plan accepts at most 25 min/,
    );
  });

  it('is restored all the same when a newer one let the op withdraw and turns out to be bad', async () => {
    const begun = await lostSite(limited);
    const { simulation } = begun;
    const snapshotId = '000001-01JNQ0000000000000000ZZZZZ';
    const walked = await simulation.execute(
      approvedLate(begun, () => {
        const snapshotAt = secondsAgo(simulation, 60);
        simulation.table.seed(records.snapshot(snapshotId), snapshot({ snapshotId, snapshotAt }));
      }),
    );
    expect(walked).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
    const newer = await simulation.table.get(records.snapshot(snapshotId));
    expect(newer?.value.invalid).toContain('ManifestInvalidError');
    const op = await simulation.op(begun.op.op);
    expect(op).toMatchObject({ outcome: 'recovered' });
    const imported = await simulation.table.get(records.step(op.op, 'Import the snapshot'));
    expect(op.snapshotId).toBe(imported?.value.output?.snapshotId);
  });
});

describe('the record of a choice', () => {
  it('names the newest twenty that were passed over, and how many they were', async () => {
    const { simulation, op } = await lostSite();
    for (let n = 0; n < 900; n += 1) {
      const snapshotId = `000001-bad-${n}`;
      const snapshotAt = secondsAgo(simulation, 100 - n / 10);
      const invalid = `object ${'x'.repeat(1000)}`;
      simulation.table.seed(records.snapshot(snapshotId), snapshot({ snapshotId, snapshotAt, invalid }));
    }
    const chosen = await simulation.invoke('chooseSnapshot', op, 'Choose the snapshot');
    expect(chosen).toMatchObject({ outcome: 'done', because: expect.stringContaining('880 older ones') });
    const record = await simulation.table.get(records.step(op.op, 'Choose the snapshot'));
    expect(record?.value.output?.passedOver).toHaveLength(20);
    expect(record?.value.output).toMatchObject({ passedOverCount: 900 });
    expect(JSON.stringify(record).length).toBeLessThan(30_000);
  });
});
