import { afterAll, describe, expect, it } from 'vitest';
import type { OpRecord } from '../../lib/contracts/control.ts';
import { records } from '../../lib/contracts/records.ts';
import { takeOverOp } from '../../lib/steps/take-over-op.ts';
import { tasksOfRecovery } from '../support/failover-tasks.ts';
import { killAtEachCommit, lostSite, person, quiet, resume, stopAt } from '../support/simulation-scenarios.ts';
import type { Simulation } from '../support/simulation-world.ts';

const cases: string[] = [];
const note = (where: string, stop: string, end: string) => cases.push(`${where.padEnd(34)} ${stop.padEnd(34)} ${end}`);

/** Production runs on b alone, every rule held, and every helper did its work once. */
async function expectRecovered(simulation: Simulation, op: OpRecord): Promise<void> {
  await simulation.rules.assertKept();
  expect(op).toMatchObject({ phase: 'closed', outcome: 'recovered', needs: null });
  expect(simulation.rules.moves.at(-1)).toBe('b@2');
  expect(simulation.sites.b.worked.map((id) => id.slice(12))).toEqual(['2-1', '3-1', '4-1', '5-1']);
  expect(simulation.sites.b.open()).toEqual(['sales', 'billing']);
  expect(simulation.sites.a.open()).toEqual([]);
  expect(simulation.sites.a.row()).toMatchObject({ mode: 'fenced', epoch: 2 });
  expect(simulation.sites.b.row()).toMatchObject({ mode: 'active', epoch: 2, op: null });
}

describe('an execution that is stopped', () => {
  for (const when of ['before', 'after'] as const) {
    it.each(tasksOfRecovery)(`right ${when} "%s" is taken over, and the op recovers`, async (state) => {
      const { simulation, op } = await lostSite();
      expect(await simulation.execute(stopAt(state, when))).toBe('stopped');
      const isOver = state === 'Close the op' && when === 'after';
      if (!isOver) await resume(simulation, op);
      const ended = await simulation.op(op.op);
      expect(ended.attempt).toBe(isOver ? 1 : 2);
      await expectRecovered(simulation, ended);
      note(state, `execution stopped ${when}`, `${ended.outcome}, attempt ${ended.attempt}`);
    });
  }

  it('five times, each time somewhere else, still recovers', async () => {
    const { simulation, op } = await lostSite();
    expect(await simulation.execute(stopAt('Import the snapshot', 'after'))).toBe('stopped');
    for (const state of ['Withdraw the grant', 'Fence the losing site', 'Give the grant', 'Verify the site']) {
      expect(await resume(simulation, op, stopAt(state, 'after')), state).toBe('stopped');
    }
    await resume(simulation, op);
    const ended = await simulation.op(op.op);
    await expectRecovered(simulation, ended);
    note('five of them', 'execution stopped after', `${ended.outcome}, attempt ${ended.attempt}`);
  });
});

describe('a function that is killed', () => {
  it.each([
    ['before', 'and tried again', 'function'],
    ['after', 'and tried again', 'function'],
    ['before', 'with its execution', 'execution'],
    ['after', 'with its execution', 'execution'],
  ] as const)('%s any commit, %s, repeats no effect', async (when, _, how) => {
    const { commits, broken } = await killAtEachCommit(lostSite, { when, how }, async ({ simulation, op }, walked) => {
      if (how === 'function') expect(walked).toMatchObject({ status: 'SUCCEEDED' });
      await expectRecovered(simulation, await simulation.op(op.op));
    });
    note(`each of ${commits} commits`, `${how} killed ${when} it`, broken.length === 0 ? 'recovered' : 'BROKEN');
    expect(broken).toEqual([]);
    expect(commits).toBeGreaterThan(40);
  });
});

describe('a function that is delivered twice', () => {
  it.each(['twice', 'at-once'] as const)('(%s) changes nothing', async (deliveries) => {
    const { simulation, op } = await lostSite();
    expect(await simulation.execute({ deliveries })).toMatchObject({ status: 'SUCCEEDED' });
    await expectRecovered(simulation, await simulation.op(op.op));
    note('every Task', `delivered ${deliveries}`, 'recovered, attempt 1');
  });
});

describe('the execution of an old attempt', () => {
  it('touches nothing after the op was taken over, and ends as superseded', async () => {
    const { simulation, op } = await lostSite();
    await simulation.execute(stopAt('Fence the losing site', 'after'));
    await quiet(simulation);
    await takeOverOp(simulation.world, op.op, person);
    const before = simulation.table.dump();
    const calls = simulation.sites.a.airflow.calls.length + simulation.sites.b.airflow.calls.length;
    const ghost = simulation.executions.find('failover', `${op.op}-1`);
    if (!ghost) throw new Error('the first execution is gone');
    const newer = simulation.executions.find('failover', `${op.op}-2`);
    if (newer) newer.status = 'LATER';
    ghost.status = 'RUNNING';
    const walked = await simulation.execute();
    expect(walked).toMatchObject({ status: 'FAILED', error: 'StaleAttemptError' });
    if (walked !== 'stopped') expect(walked.states).toEqual(['Prepare the site', 'Superseded']);
    expect(simulation.table.dump()).toEqual(before);
    expect(simulation.sites.a.airflow.calls.length + simulation.sites.b.airflow.calls.length).toBe(calls);
    note('attempt 1 after attempt 2 began', 'old execution goes on', 'Superseded, nothing touched');
  });

  it('cannot commit what it was doing when it was overtaken', async () => {
    const { simulation, op } = await lostSite();
    await simulation.execute(stopAt('Withdraw the grant', 'before'));
    const commit = simulation.table.commit.bind(simulation.table);
    let overtaken = false;
    simulation.table.commit = async (writes) => {
      if (!overtaken && writes.some(({ key }) => key.sk === 'grant')) {
        overtaken = true;
        const record = await simulation.op(op.op);
        simulation.table.seed(records.op(op.op), { ...record, attempt: 2 });
      }
      await commit(writes);
    };
    await expect(simulation.invoke('withdrawGrant', op, 'Withdraw the grant')).rejects.toThrow(/changed since/);
    await expect(simulation.invoke('withdrawGrant', op, 'Withdraw the grant')).rejects.toThrow(/has taken over/);
    expect(await simulation.grant()).toBe('a@1');
  });
});

afterAll(() => {
  process.stdout.write(`\nInterruption cases (${cases.length})\n${cases.join('\n')}\n`);
});
