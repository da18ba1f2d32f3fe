import { describe, expect, it } from 'vitest';
import type { OpRecord } from '../../lib/contracts/control.ts';
import { records } from '../../lib/contracts/records.ts';
import { acceptCommand } from '../../lib/steps/accept-command.ts';
import { degradedSite, killAtEachCommit, lostSite, person } from '../support/simulation-scenarios.ts';
import type { Simulation, WalkHooks } from '../support/simulation-world.ts';

const prepare = { mode: 'prepare' };

/** Does something once, when the op has been asking for its approval for the nth time. */
function whileWaiting(act: () => void | Promise<void>, nth = 3): WalkHooks {
  let asked = 0;
  return {
    entering: async (state) => {
      if (state === 'Wait for a person') asked += 1;
      if (state === 'Wait for a person' && asked === nth) await act();
    },
  };
}
const approve = (simulation: Simulation, op: OpRecord, planHash = op.planHash) =>
  acceptCommand(simulation.world, { command: 'approve', op: op.op, planHash, epoch: op.epoch }, person);

async function expectStoodDown(simulation: Simulation, op: OpRecord): Promise<void> {
  await simulation.rules.assertKept();
  expect(await simulation.op(op.op)).toMatchObject({ phase: 'stood-down', outcome: 'stood-down' });
  expect(await simulation.grant()).toBe('a@1');
  expect((await simulation.table.get(records.control()))?.value).toMatchObject({ op: null, cooldownUntil: null });
  expect(simulation.sites.a.open()).toEqual(['sales', 'billing']);
  expect(simulation.sites.b.open()).toEqual([]);
  expect(simulation.sites.b.row()).toMatchObject({ mode: 'standby', epoch: 0, op: null });
}

describe('an op that is prepared', () => {
  it('touches nothing until a person approves its plan, and then recovers', async () => {
    const { simulation, op } = await lostSite(prepare);
    expect(op).toMatchObject({ automatic: false, by: 'policy:prepare' });
    let grant = '';
    const hooks = whileWaiting(async () => {
      grant = await simulation.grant();
      expect(simulation.sites.a.open()).toEqual(['sales', 'billing']);
      await expect(approve(simulation, op, 'another plan')).rejects.toMatchObject({ rule: 'S26' });
      await approve(simulation, op);
    });
    expect(await simulation.execute(hooks)).toMatchObject({ status: 'SUCCEEDED' });
    expect(grant).toBe('a@1');
    await simulation.rules.assertKept();
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'recovered' });
    expect(simulation.pager.pages.filter(({ subject }) => subject.includes('waits for approval'))).toHaveLength(1);
    expect((await simulation.table.get(records.control()))?.value.acknowledgementOwed).toBeNull();
  });

  it('stands down when nobody approves in time', async () => {
    const { simulation, op } = await lostSite({ ...prepare, timing: { approvalTtlSeconds: 1800 } });
    const walked = await simulation.execute();
    expect(walked).toMatchObject({ status: 'SUCCEEDED' });
    if (walked !== 'stopped') expect(walked.states.at(-1)).toBe('Stood down');
    await expectStoodDown(simulation, op);
    expect(simulation.pager.pages.at(-1)?.text).toContain('nobody approved within 1800 s');
  });

  it('stands down when its approval expires before the target is well enough', async () => {
    const { simulation, op } = await lostSite({ ...prepare, timing: { approvalTtlSeconds: 1800 } });
    const hooks = whileWaiting(async () => {
      await approve(simulation, op);
      simulation.sites.b.become('workers-stuck');
      await simulation.advance(400);
    });
    const walked = await simulation.execute(hooks);
    if (walked !== 'stopped') expect(walked.states.slice(-2)).toEqual(['Stand down', 'Stood down']);
    await expectStoodDown(simulation, op);
    expect(simulation.pager.pages.at(-1)?.text).toContain('expired at');
  });

  it('stands down when the site is HEALTHY again while it waits for a person', async () => {
    const { simulation, op } = await lostSite(prepare);
    const walked = await simulation.execute(whileWaiting(() => simulation.sites.a.become('well')));
    if (walked !== 'stopped') expect(walked.states.at(-1)).toBe('Stood down');
    await expectStoodDown(simulation, op);
    expect(simulation.pager.pages.at(-1)?.text).toContain('site a is HEALTHY again');
  });

  it('stands down when the site is HEALTHY again after its approval', async () => {
    const { simulation, op } = await degradedSite();
    simulation.sites.a.become('well');
    await simulation.advance(180);
    const walked = await simulation.execute();
    if (walked !== 'stopped')
      expect(walked.states.slice(-3)).toEqual(['Is it still right', 'Stand down', 'Stood down']);
    await expectStoodDown(simulation, op);
  });

  it('stands down once, however often its last step is delivered', async () => {
    const { simulation, op } = await degradedSite();
    simulation.sites.a.become('well');
    await simulation.advance(180);
    const walked = await simulation.execute({ deliveries: 'twice' });
    if (walked !== 'stopped') expect(walked.states.at(-1)).toBe('Stood down');
    await expectStoodDown(simulation, op);
    expect(simulation.pager.pages.filter(({ subject }) => subject.includes('stood down'))).toHaveLength(1);
  });

  it.each(['before', 'after'] as const)('stands down, killed %s any commit on the way', async (when) => {
    const wellAgain = async () => {
      const begun = await degradedSite();
      begun.simulation.sites.a.become('well');
      await begun.simulation.advance(180);
      return begun;
    };
    const { commits, broken } = await killAtEachCommit(wellAgain, { when, how: 'execution' }, ({ simulation, op }) =>
      expectStoodDown(simulation, op),
    );
    expect(broken).toEqual([]);
    expect(commits).toBeGreaterThan(12);
  });

  it('withdraws nothing while the pair is paused', async () => {
    const { simulation, op } = await lostSite(prepare);
    const hooks = whileWaiting(async () => {
      await acceptCommand(simulation.world, { command: 'pause', seconds: 600, reason: 'game day' }, person);
      await approve(simulation, op);
    });
    let withdrawnAt = 0;
    let pausedAt = 0;
    const walked = await simulation.execute({
      entering: async (state) => {
        await hooks.entering?.(state);
        if (state === 'Judge again' && pausedAt === 0) pausedAt = simulation.clock.now().getTime();
        if (state === 'Withdraw the grant') withdrawnAt = simulation.clock.now().getTime();
      },
    });
    expect(walked).toMatchObject({ status: 'SUCCEEDED' });
    expect(withdrawnAt - pausedAt).toBeGreaterThan(500_000);
    await simulation.rules.assertKept();
  });

  it('is approved by the policy when the loss becomes sure in mode automatic', async () => {
    const { simulation, op } = await lostSite();
    expect(await simulation.table.get(records.approval(op.op))).toMatchObject({
      value: { by: 'policy:automatic', planHash: op.planHash, epoch: 2 },
    });
    await simulation.execute();
    expect((await simulation.table.get(records.control()))?.value).toMatchObject({
      acknowledgementOwed: op.op,
      automaticCommits: [expect.any(String)],
    });
  });

  it('is refused in mode manual unless a person begins it', async () => {
    const simulation = (await degradedSite()).simulation;
    const begun = simulation.executions.started;
    expect(begun).toHaveLength(1);
    expect(await simulation.op(String(begun[0]?.input.op))).toMatchObject({ by: person, automatic: false });
  });
});
