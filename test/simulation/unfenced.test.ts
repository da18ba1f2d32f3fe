import { describe, expect, it } from 'vitest';
import { records } from '../../lib/contracts/records.ts';
import { acceptCommand } from '../../lib/steps/accept-command.ts';
import { lostSite, person, quiet } from '../support/simulation-scenarios.ts';
import { Simulation } from '../support/simulation-world.ts';

const word = { by: 'Ada', reason: 'the jobs can run twice', until: '2027-01-01T00:00:00.000Z' };

async function cutOff(changes: Record<string, unknown> = {}) {
  const simulation = await Simulation.started(changes);
  simulation.sites.a.airflow.addTask({ dagId: 'sales', runId: 'scheduled__1', taskId: 'load' });
  simulation.sites.a.become('unreachable');
  return { simulation, op: await simulation.untilBegun() };
}

describe('a site whose Region answers nobody', () => {
  it('is waived by the standing word, and the op closes with a warning', async () => {
    const { simulation, op } = await cutOff({ preAuthorisedUnfenced: word });
    expect(op).toMatchObject({ automatic: true, plan: { leastRung: 'R0' } });
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
    const fence = await simulation.table.get(records.fence(2, 'a'));
    expect(fence?.value).toMatchObject({
      rung: 'R0',
      acknowledgedAt: null,
      waiver: { by: 'Ada', reason: word.reason },
    });
    const tried = Date.parse(fence?.value.startedAt ?? '') + simulation.world.config.timing.fenceReachSeconds * 1000;
    const given = await simulation.table.get(records.grantPeriod(2));
    expect(Date.parse(given?.value.since ?? '')).toBeGreaterThanOrEqual(tried);
    expect(simulation.pager.pages.at(-1)?.text).toContain('site a is not fenced: production may still run there');
    expect(simulation.sites.b.open()).toEqual(['sales', 'billing']);
  });

  it('is left alone without that word: the op stays prepared, and nothing is withdrawn', async () => {
    const { simulation, op } = await cutOff();
    expect(op).toMatchObject({ automatic: false, by: 'policy:prepare' });
    let waits = 0;
    await simulation.execute({
      entering: async (state) => {
        if (state !== 'Wait for a person') return;
        waits += 1;
        if (waits < 200) return;
        expect(await simulation.grant()).toBe('a@1');
        await acceptCommand(
          simulation.world,
          { command: 'approve', op: op.op, planHash: op.planHash, epoch: op.epoch },
          person,
        );
      },
    });
    await simulation.rules.assertKept();
    const fence = await simulation.table.get(records.fence(2, 'a'));
    expect(fence?.value.waiver?.by).toBe(person);
  });

  it('that was going to be fenced and is lost before it stays before the withdrawal', async () => {
    const { simulation, op } = await lostSite({ timing: { approvalTtlSeconds: 3600 } });
    expect(op.plan.leastRung).toBe('R2');
    simulation.sites.a.become('unreachable');
    await simulation.advance(400);
    const walked = await simulation.execute();
    if (walked !== 'stopped') expect(walked.states.at(-1)).toBe('Stood down');
    await simulation.rules.assertKept();
    expect(await simulation.grant()).toBe('a@1');
  });

  it('that is lost after the withdrawal is held, and resumes when it answers', async () => {
    const { simulation, op } = await lostSite();
    const walked = await simulation.execute({
      entering: (state) => {
        if (state === 'Fence the losing site') simulation.sites.a.become('unreachable');
      },
    });
    expect(walked).toMatchObject({ status: 'FAILED', error: 'FenceNotPossibleError' });
    expect(await simulation.op(op.op)).toMatchObject({ phase: 'withdrawn', needs: expect.stringContaining('resume') });
    simulation.sites.a.become('scheduler-lost');
    await quiet(simulation);
    await acceptCommand(simulation.world, { command: 'resume', op: op.op }, person);
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
    expect(simulation.sites.a.open()).toEqual([]);
    expect(simulation.sites.b.open()).toEqual(['sales', 'billing']);
  });
});

describe('a site that obeyed the marker before anybody could read it', () => {
  it('does not make the promotion open nothing', async () => {
    const { simulation, op } = await lostSite();
    const { a, b } = simulation.sites;
    // Its web server is away; its bucket, its database and its workers are not.
    const away = Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' });
    await simulation.execute({
      entering: async (state) => {
        if (state === 'Fence the losing site' && a.row().mode === 'active') a.airflow.outage = away;
        if (state !== 'Wait for the fence' || a.airflow.outage === null) return;
        await a.obeyMarker();
        a.airflow.outage = null;
      },
    });
    expect((await simulation.table.get(records.fence(2, 'a')))?.value.pauseMap).toBeNull();
    await simulation.rules.assertKept();
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'recovered' });
    expect(b.open()).toEqual(['sales', 'billing']);
  });

  it('and comes back in the middle of the promotion ends fenced, with production open on the other site', async () => {
    const { simulation, op } = await cutOff({ preAuthorisedUnfenced: word });
    const { a, b } = simulation.sites;
    let back = false;
    const walked = await simulation.execute({
      entering: async (state) => {
        if (state !== 'Promote the site' || back) return;
        back = true;
        a.become('well');
        await simulation.advance(400);
      },
    });
    expect(walked).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'recovered' });
    expect(a.open()).toEqual([]);
    expect(b.open()).toEqual(['sales', 'billing']);
    expect((await simulation.table.get(records.fence(2, 'a')))?.value.rung).toBe('R2');
  });
});
