import { describe, expect, it } from 'vitest';
import { records } from '../../../lib/contracts/records.ts';
import { reconcilePair } from '../../../lib/steps/reconcile-pair.ts';
import { lostSite, stopAt } from '../../support/simulation-scenarios.ts';

/** A pair that failed over with site a fenced. Nothing but what the test calls happens. */
async function fenced() {
  const { simulation } = await lostSite();
  await simulation.execute();
  simulation.ticking = false;
  const { a } = simulation.sites;
  a.stamp = async () => {};
  const pages = simulation.pager.pages.length;
  return {
    simulation,
    a,
    fence: async () => (await simulation.table.get(records.fence(2, 'a')))?.value,
    reconcile: () => reconcilePair(simulation.world),
    pages: () => simulation.pager.pages.slice(pages),
    audits: async () =>
      (await simulation.table.list(records.audits())).filter(({ value }) => value.what === 'fence-reopened'),
  };
}

describe('production that is opened by hand on a fenced site', () => {
  it.each(['open', 'at work'])('(%s) is fenced to R2 once more, recorded, and paged once', async (how) => {
    const { simulation, a, fence, reconcile, pages, audits } = await fenced();
    if (how === 'open') {
      simulation.rules.openedByHand('a', 'billing');
      await a.airflow.setPaused('billing', false);
    }
    a.airflow.addTask({ dagId: 'billing', runId: 'manual__1', taskId: 'pay' });
    const said = await reconcile();
    expect(said.because).toContain('billing manual__1 pay');
    expect(await fence()).toMatchObject({ acknowledgedAt: null, reopenedAt: simulation.clock.iso });
    expect(a.open()).toEqual([]);
    expect(a.airflow.tasks.every(({ state }) => state === 'failed')).toBe(true);
    expect(await audits()).toMatchObject([{ value: { actor: 'policy:reconcile', epoch: 2, detail: { side: 'a' } } }]);
    simulation.clock.advance(74);
    await reconcile();
    expect((await fence())?.acknowledgedAt).toBeNull();
    simulation.clock.advance(1);
    await reconcile();
    expect(await fence()).toMatchObject({ rung: 'R2', acknowledgedAt: simulation.clock.iso });
    expect((await fence())?.stopped).toContainEqual(expect.objectContaining({ runId: 'manual__1', state: 'running' }));
    await reconcile();
    expect(pages().map(({ subject }) => subject)).toEqual(['demo: production was opened on the fenced site a']);
    expect(pages()[0]?.text).toContain('billing');
  });

  it('does not make a DAG production because its name begins like that of a helper, or the other way round', async () => {
    const { simulation, a, fence, reconcile } = await fenced();
    expect((await reconcile()).because).toBe('nothing to reconcile');
    simulation.rules.openedByHand('a', 'lifeboat_sales');
    a.airflow.addDag('lifeboat_sales');
    await reconcile();
    expect((await fence())?.acknowledgedAt).toBeNull();
    expect(a.open()).toEqual([]);
  });

  it('and helpers that were left paused are opened', async () => {
    const { a, fence, reconcile, pages } = await fenced();
    await a.airflow.setPaused('lifeboat_canary', true);
    await reconcile();
    expect(a.airflow.dags.find(({ dagId }) => dagId === 'lifeboat_canary')?.isPaused).toBe(false);
    expect((await fence())?.acknowledgedAt).not.toBeNull();
    expect(pages()).toEqual([]);
  });
});

it('a helper that cannot be opened does not hide production on a fenced site', async () => {
  const { simulation, a, fence, reconcile } = await fenced();
  await a.airflow.setPaused('lifeboat_canary', true);
  simulation.rules.openedByHand('a', 'billing');
  await a.airflow.setPaused('billing', false);
  a.airflow.beforeCall = (call) => {
    if (call === 'setPaused') throw new Error('not allowed');
  };
  await reconcile();
  expect((await fence())?.acknowledgedAt).toBeNull();
  expect(a.open()).toEqual([]);
});

describe('an op whose execution could not be started', () => {
  /** An op of this attempt; its execution was never started. */
  async function absent(attempt: number) {
    const { simulation, op } = await lostSite();
    await simulation.execute(stopAt('Choose the snapshot', 'after'));
    simulation.ticking = false;
    const found = await simulation.table.get(records.op(op.op));
    const value = { ...(found?.value ?? op), attempt };
    await simulation.table.commit([{ key: records.op(op.op), expect: found?.version ?? 'absent', value }]);
    return { simulation, op: op.op, reconcile: () => reconcilePair(simulation.world) };
  }

  it.each([2, 5, 7])('is started under the same attempt, also when it is number %i', async (attempt) => {
    const { simulation, op, reconcile } = await absent(attempt);
    expect((await reconcile()).because).toBe(`op ${op} had no execution; attempt ${attempt} goes on`);
    expect(simulation.executions.started.at(-1)).toMatchObject({ name: `${op}-${attempt}`, status: 'RUNNING' });
    expect(await simulation.op(op)).toMatchObject({ attempt, needs: null });
    await reconcile();
    expect(simulation.executions.started.filter(({ name }) => name === `${op}-${attempt}`)).toHaveLength(1);
  });

  it('is held, with one page, when the last of too many has died', async () => {
    const { simulation, op, reconcile } = await absent(5);
    await reconcile();
    simulation.executions.finish('failover', `${op}-5`, 'ABORTED');
    const pages = simulation.pager.pages.length;
    await reconcile();
    await reconcile();
    expect((await simulation.op(op)).needs).toContain('5 executions have died');
    expect(simulation.pager.pages.slice(pages)).toHaveLength(1);
  });
});

it('an op that cannot be taken up does not keep a site that came back from being fenced', async () => {
  const { simulation, a, fence, reconcile } = await fenced();
  simulation.rules.openedByHand('a', 'billing');
  await a.airflow.setPaused('billing', false);
  const control = await simulation.table.get(records.control());
  const [op] = await simulation.table.list(records.ops());
  if (!control || !op) throw new Error('there is no op');
  const value = { ...control.value, op: op.value.op };
  await simulation.table.commit([{ key: records.control(), expect: control.version, value }]);
  simulation.executions.outage = new Error('throttled');
  await expect(reconcile()).rejects.toThrow('throttled');
  expect(a.open()).toEqual([]);
  expect((await fence())?.acknowledgedAt).toBeNull();
});
