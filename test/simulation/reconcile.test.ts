import { describe, expect, it } from 'vitest';
import { records } from '../../lib/contracts/records.ts';
import { lostSite, stopAt } from '../support/simulation-scenarios.ts';
import { Simulation } from '../support/simulation-world.ts';

const word = { by: 'Ada', reason: 'the jobs can run twice', until: '2027-01-01T00:00:00.000Z' };
const subjects = (simulation: Simulation, from = 0) => simulation.pager.pages.slice(from).map(({ subject }) => subject);

/** Site a was lost with its Region; b runs production, and a was never fenced. */
async function failedOverUnfenced() {
  const simulation = await Simulation.started({ preAuthorisedUnfenced: word });
  simulation.sites.a.airflow.addTask({ dagId: 'sales', runId: 'scheduled__1', taskId: 'load' });
  simulation.sites.a.become('unreachable');
  await simulation.untilBegun();
  await simulation.execute();
  return simulation;
}

describe('a lost site that comes back', () => {
  it('is fenced to R2 over the ticks, marker first, and people are told once', async () => {
    const simulation = await failedOverUnfenced();
    const { a } = simulation.sites;
    await simulation.advance(600);
    expect((await simulation.table.get(records.fence(2, 'a')))?.value).toMatchObject({
      rung: 'R0',
      markerWritten: false,
    });
    const pages = simulation.pager.pages.length;
    a.become('well');
    expect(a.open()).toEqual(['sales', 'billing']);
    await simulation.advance(400);
    const fence = await simulation.table.get(records.fence(2, 'a'));
    expect(fence?.value).toMatchObject({ rung: 'R2', markerWritten: true, acknowledgedAt: expect.any(String) });
    expect(await a.bucket.read('demo/sites/a/fence.json')).not.toBeNull();
    expect(a.open()).toEqual([]);
    expect(a.row()).toMatchObject({ mode: 'fenced', epoch: 2 });
    expect(a.airflow.tasks.map(({ state }) => state)).toEqual(['failed']);
    expect(subjects(simulation, pages).filter((subject) => subject.includes('is back and fenced'))).toHaveLength(1);
    expect(simulation.sites.b.open()).toEqual(['sales', 'billing']);
    await simulation.rules.assertKept();
  });

  it('that is fenced has a DAG paused again that somebody opened by hand, and people are told', async () => {
    const simulation = await failedOverUnfenced();
    const { a } = simulation.sites;
    a.become('well');
    await simulation.advance(400);
    const pages = simulation.pager.pages.length;
    simulation.rules.openedByHand('a', 'billing');
    await a.airflow.setPaused('billing', false);
    // The site's own canary would pause it, too; here only the controller does.
    a.stamp = async () => {};
    await simulation.advance(61);
    expect(a.open()).toEqual([]);
    expect(
      subjects(simulation, pages).filter((subject) => subject.includes('opened on the fenced site a')),
    ).toHaveLength(1);
    expect(simulation.pager.pages.find(({ subject }) => subject.includes('opened on'))?.text).toContain('billing');
  });
});

describe('an op whose execution has died', () => {
  it('is taken up once, as soon as no function of it can be at work', async () => {
    const { simulation, op } = await lostSite();
    await simulation.execute(stopAt('Import the rest', 'after'));
    await simulation.advance(180);
    expect((await simulation.op(op.op)).attempt).toBe(2);
    await simulation.advance(1800);
    expect((await simulation.op(op.op)).attempt).toBe(2);
    expect(simulation.executions.started.map(({ name }) => name)).toEqual([`${op.op}-1`, `${op.op}-2`]);
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
  });

  it('while a function may be at work is left alone', async () => {
    const { simulation, op } = await lostSite();
    simulation.kill = { commit: 2, when: 'before', how: 'execution' };
    await simulation.execute();
    await simulation.advance(800);
    expect((await simulation.op(op.op)).attempt).toBe(1);
    await simulation.advance(200);
    expect((await simulation.op(op.op)).attempt).toBe(2);
  });

  it('is held after five of them, and people are told once', async () => {
    const { simulation, op } = await lostSite();
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      expect((await simulation.op(op.op)).attempt).toBe(attempt);
      await simulation.execute(stopAt('Choose the snapshot', 'after'));
      await simulation.advance(1000);
    }
    const held = await simulation.op(op.op);
    expect(held).toMatchObject({ attempt: 5, endedAt: null, needs: expect.stringContaining('5 executions have died') });
    await simulation.advance(1000);
    expect(simulation.executions.started).toHaveLength(5);
    expect(subjects(simulation).filter((subject) => subject.includes('is held'))).toHaveLength(1);
  });
});
