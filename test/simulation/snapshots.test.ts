import { describe, expect, it } from 'vitest';
import { records } from '../../lib/contracts/records.ts';
import { acceptCommand } from '../../lib/steps/accept-command.ts';
import { killAtEachCommit, lostSite, person, quiet } from '../support/simulation-scenarios.ts';
import type { Simulation } from '../support/simulation-world.ts';

const corrupt = (stage: string) =>
  ({ dagId: 'lifeboat_import', stage, does: 'refuse', error: 'ObjectCorruptError' }) as const;
const failing = { dagId: 'lifeboat_import', stage: 'terminal', does: 'fail' } as const;
const snapshotsOf = async (simulation: Simulation) =>
  (await simulation.table.list(records.snapshots())).map(({ value }) => value);

/** A lost site whose newest snapshot was flipped in the bucket of the standby after it had been verified. */
async function flipped() {
  const begun = await lostSite();
  const [, newest] = await snapshotsOf(begun.simulation);
  const { bucket } = begun.simulation.sites.b;
  await bucket.write(`demo/snapshots/${newest?.snapshotId}/dag_run.copy.gz`, 'flipped');
  return begun;
}

describe('a snapshot that turns out to be corrupted', () => {
  it('is marked, and the next older one is taken', async () => {
    const { simulation, op } = await flipped();
    const [older, newest] = await snapshotsOf(simulation);
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'recovered', snapshotId: older?.snapshotId });
    const [good, bad] = await snapshotsOf(simulation);
    expect(bad?.invalid).toContain('ObjectCorruptError');
    expect(good?.invalid).toBeNull();
    const choice = await simulation.table.get(records.step(op.op, 'Choose the snapshot'));
    expect(choice?.value.output?.because).toContain(`passed over ${newest?.snapshotId} (invalid: ObjectCorruptError`);
  });

  it.each(['before', 'after'] as const)('never takes a good one with it, killed %s any commit', async (when) => {
    const { commits, broken } = await killAtEachCommit(
      flipped,
      { when, how: 'execution', from: 4, to: 26 },
      async ({ simulation, op }) => {
        await simulation.rules.assertKept();
        expect(await simulation.op(op.op)).toMatchObject({ outcome: 'recovered' });
        const [good, bad] = await snapshotsOf(simulation);
        expect(good?.invalid).toBeNull();
        expect(bad?.invalid).toContain('ObjectCorruptError');
      },
    );
    expect(broken).toEqual([]);
    expect(commits).toBe(26);
  });

  it('is found by a second delivery, too', async () => {
    const { simulation, op } = await flipped();
    expect(await simulation.execute({ deliveries: 'twice' })).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'recovered' });
  });

  it('stands the op down when no other is left, and production is untouched', async () => {
    const { simulation, op } = await lostSite();
    simulation.sites.b.faults.push(corrupt('terminal'), corrupt('terminal'));
    const walked = await simulation.execute();
    expect(walked).toMatchObject({ status: 'FAILED', error: 'NoSnapshotError' });
    if (walked !== 'stopped') expect(walked.states.at(-1)).toBe('Stood down after an error');
    await simulation.rules.assertKept();
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'stood-down' });
    expect(await simulation.grant()).toBe('a@1');
    expect(simulation.sites.a.open()).toEqual(['sales', 'billing']);
    expect((await snapshotsOf(simulation)).every(({ invalid }) => invalid !== null)).toBe(true);
    expect(simulation.pager.pages.at(-1)?.text).toContain('NoSnapshotError');
  });

  it('may have grown too old only before the withdrawal, never after it', async () => {
    const { simulation, op } = await lostSite({ timing: { maxRecoveryPointSeconds: 1000 } });
    let waited = false;
    const walked = await simulation.execute({
      entering: async (state) => {
        if (state !== 'Choose the last snapshot' || waited) return;
        waited = true;
        await simulation.advance(1000);
      },
    });
    expect(walked).toMatchObject({ status: 'SUCCEEDED' });
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'recovered' });
  });
});

describe('a helper whose run fails without a result', () => {
  it('is asked once more, under the next number, which is journaled before', async () => {
    const { simulation, op } = await lostSite();
    simulation.sites.b.faults.push(failing);
    const seen: unknown[] = [];
    simulation.sites.b.airflow.beforeCall = async (call) => {
      if (call !== 'triggerRun') return;
      const step = await simulation.table.get(records.step(op.op, 'Import the snapshot'));
      seen.push(step?.value.progress.run);
    };
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    const runs = simulation.sites.b.airflow.runs.filter(({ runId }) => runId.includes('-2-'));
    expect(runs.map(({ runId, state }) => `${runId.slice(-3)} ${state}`)).toEqual(['2-1 failed', '2-2 success']);
    expect(seen.slice(0, 4)).toEqual([1, 1, 2, 2]);
    await simulation.rules.assertKept();
  });

  it('twice stands the op down before the withdrawal', async () => {
    const { simulation, op } = await lostSite();
    simulation.sites.b.faults.push(failing, failing);
    expect(await simulation.execute()).toMatchObject({ status: 'FAILED', error: 'HelperFailedError' });
    await simulation.rules.assertKept();
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'stood-down' });
    expect(simulation.sites.b.row().op).toBeNull();
  });

  it('is held after the gift, and a resume asks anew under the next number', async () => {
    const { simulation, op } = await lostSite();
    simulation.sites.b.faults.push(
      { dagId: 'lifeboat_promote', does: 'fail' },
      { dagId: 'lifeboat_promote', does: 'fail' },
    );
    expect(await simulation.execute()).toMatchObject({ status: 'FAILED', error: 'HelperFailedError' });
    expect(await simulation.op(op.op)).toMatchObject({
      phase: 'given',
      needs: expect.stringContaining('site b holds'),
    });
    expect(await simulation.grant()).toBe('b@2');
    await quiet(simulation);
    await acceptCommand(simulation.world, { command: 'resume', op: op.op }, person);
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
    expect(simulation.sites.b.worked.map((id) => id.slice(12))).toEqual(['2-1', '3-1', '4-3', '5-1']);
  });

  it('that never ends is held after its time, and a resume finds it when it has ended', async () => {
    const { simulation, op } = await lostSite();
    simulation.sites.b.faults.push({ dagId: 'lifeboat_promote', does: 'hang' });
    expect(await simulation.execute()).toMatchObject({ status: 'FAILED', error: 'HelperTimeoutError' });
    simulation.sites.b.unhang();
    await quiet(simulation);
    await acceptCommand(simulation.world, { command: 'resume', op: op.op }, person);
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'recovered' });
  });

  it('whose site does not answer for a while is waited for', async () => {
    const { simulation, op } = await lostSite();
    const { airflow } = simulation.sites.b;
    let waits = 0;
    const walked = await simulation.execute({
      entering: (state) => {
        if (state !== 'Wait for the rest') return;
        waits += 1;
        airflow.outage = waits < 4 ? new Error('socket hang up') : null;
      },
    });
    expect(walked).toMatchObject({ status: 'SUCCEEDED' });
    expect(waits).toBeGreaterThan(3);
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'recovered' });
  });

  it('of the history is a warning: the op recovers and says what is pending', async () => {
    const { simulation, op } = await lostSite();
    const history = { ...failing, stage: 'history' };
    simulation.sites.b.faults.push(history, history);
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'recovered' });
    expect(simulation.pager.pages.at(-1)?.text).toContain('HISTORY_PENDING');
  });
});

describe('people who cannot be paged', () => {
  it('do not stop a failover', async () => {
    const { simulation, op } = await lostSite();
    simulation.pager.outage = new Error('the topic is gone');
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'recovered' });
  });
});
