import { describe, expect, it } from 'vitest';
import { keysOf } from '../../lib/contracts/names.ts';
import { records } from '../../lib/contracts/records.ts';
import { acceptCommand } from '../../lib/steps/accept-command.ts';
import { degradedSite, killAtEachCommit, lostSite, person, stopAt } from '../support/simulation-scenarios.ts';
import type { Simulation, WalkHooks } from '../support/simulation-world.ts';

const failing = { dagId: 'lifeboat_import', does: 'fail' } as const;

/** An op whose last import fails for good, on a site a that works again behind its fence. */
async function failingAfterFence() {
  const { simulation, op } = await degradedSite();
  const { a, b } = simulation.sites;
  b.faults.push({ ...failing, stage: 'unfinished' }, { ...failing, stage: 'unfinished' });
  const hooks: WalkHooks = {
    entering: (state) => {
      if (state === 'Fence the losing site') a.become('well');
    },
  };
  return { simulation, op, hooks };
}

async function expectGivenBack(simulation: Simulation, opId: string): Promise<void> {
  await simulation.rules.assertKept();
  expect(await simulation.op(opId)).toMatchObject({ phase: 'given-back', outcome: 'given-back', needs: null });
  expect(await simulation.grant()).toBe('a@2');
  expect((await simulation.table.get(records.control()))?.value.op).toBeNull();
  const { a, b } = simulation.sites;
  expect(a.open()).toEqual(['sales', 'billing']);
  expect(a.row()).toMatchObject({ mode: 'active', epoch: 2, op: null });
  expect(b.open()).toEqual([]);
  expect(b.row()).toMatchObject({ mode: 'standby', op: null });
}

describe('an op that fails after the withdrawal', () => {
  it('gives the grant back to a site that works, by the pause map', async () => {
    const { simulation, op, hooks } = await failingAfterFence();
    const walked = await simulation.execute(hooks);
    expect(walked).toMatchObject({ status: 'FAILED', error: 'HelperFailedError' });
    await expectGivenBack(simulation, op.op);
    expect(simulation.rules.moves).toEqual(['a@1', 'none@2', 'a@2']);
  });

  it('opens nothing behind a fence that a person has made by hand under a higher epoch', async () => {
    const { simulation, op, hooks } = await failingAfterFence();
    const { a } = simulation.sites;
    const entering: WalkHooks['entering'] = async (state) => {
      await hooks.entering?.(state);
      if (state === 'Give back') a.writeRow({ ...a.row(), epoch: 101, mode: 'fenced' });
    };
    await simulation.execute({ entering });
    await simulation.rules.assertKept();
    expect((await simulation.op(op.op)).needs).not.toBeNull();
    const step = await simulation.table.get(records.step(op.op, 'Give back'));
    expect(step?.value.output?.because).toMatch(/fenced at epoch 101.*somebody acted by hand/);
    expect(await simulation.grant()).toBe('none@2');
    expect(a.open()).toEqual([]);
    expect(a.row()).toMatchObject({ mode: 'fenced', epoch: 101 });
  });

  it('leaves the marker of a higher epoch where a person has put it', async () => {
    const { simulation, hooks } = await failingAfterFence();
    const key = keysOf('demo').fenceMarker('a');
    const marker = JSON.stringify({ epoch: 101, op: 'by hand', writtenAt: simulation.clock.iso });
    const entering: WalkHooks['entering'] = async (state) => {
      if (state === 'Fence the losing site') await simulation.sites.a.bucket.write(key, marker);
      await hooks.entering?.(state);
    };
    await simulation.execute({ entering });
    expect((await simulation.sites.a.bucket.read(key))?.body.toString('utf8')).toBe(marker);
  });

  it('gives back once, however often its last step is delivered', async () => {
    const { simulation, op, hooks } = await failingAfterFence();
    const walked = await simulation.execute({ ...hooks, deliveries: 'twice' });
    expect(walked).toMatchObject({ status: 'FAILED', error: 'HelperFailedError' });
    if (walked !== 'stopped') expect(walked.states.at(-1)).toBe('Given back');
    await expectGivenBack(simulation, op.op);
  });

  it('ends on one site alone when it is killed at any commit of the way back', async () => {
    const ends = new Map<string, number>();
    const broken: string[] = [];
    for (const when of ['before', 'after'] as const) {
      const kill = { when, how: 'execution', from: 30 } as const;
      const swept = await killAtEachCommit(failingAfterFence, kill, async ({ simulation, op }) => {
        const open = (['a', 'b'] as const).filter((side) => simulation.sites[side].open().length > 0);
        const { outcome } = await simulation.op(op.op);
        const end = `${outcome}: ${await simulation.grant()}, open on ${open.join()}`;
        ends.set(end, (ends.get(end) ?? 0) + 1);
        await simulation.rules.assertKept();
      });
      broken.push(...swept.broken);
    }
    process.stdout.write(`\nKilled on the way back\n${[...ends].map(([end, n]) => `${n} x ${end}`).join('\n')}\n`);
    expect(broken).toEqual([]);
    expect([...ends.keys()].sort()).toEqual(['given-back: a@2, open on a', 'recovered: b@2, open on b']);
  });

  it('leaves the standby free for the next op', async () => {
    const { simulation, hooks } = await failingAfterFence();
    await simulation.execute(hooks);
    await simulation.advance(3600);
    simulation.sites.a.become('workers-stuck');
    await simulation.advance(400);
    const next = await acceptCommand(
      simulation.world,
      { command: 'begin', kind: 'failover', reason: 'again', expectEpoch: 2, diagnoses: ['WORKERS_STUCK'] },
      person,
    );
    const walked = await simulation.execute();
    expect(walked).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
    expect(await simulation.op(next.op ?? '')).toMatchObject({ outcome: 'recovered', epoch: 3 });
    expect(simulation.sites.b.open()).toEqual(['sales', 'billing']);
  });

  it('is not disturbed by the fence of an op that gave the site back', async () => {
    const { simulation, hooks } = await failingAfterFence();
    await simulation.execute(hooks);
    await simulation.advance(3600);
    simulation.sites.a.become('workers-stuck');
    await simulation.advance(400);
    const next = await acceptCommand(
      simulation.world,
      { command: 'begin', kind: 'failover', reason: 'again', expectEpoch: 2, diagnoses: ['WORKERS_STUCK'] },
      person,
    );
    await simulation.execute(stopAt('Withdraw the grant', 'after'));
    const pages = simulation.pager.pages.length;
    await simulation.advance(120);
    expect(simulation.pager.pages.slice(pages).map(({ subject }) => subject)).toEqual([]);
    await simulation.execute();
    expect(await simulation.op(next.op ?? '')).toMatchObject({ outcome: 'recovered', attempt: 2 });
    expect(simulation.sites.b.open()).toEqual(['sales', 'billing']);
  });

  it('is held with the action a person has to take when the site is lost, and resumes from there', async () => {
    const { simulation, op } = await lostSite();
    simulation.sites.b.faults.push({ ...failing, stage: 'unfinished' }, { ...failing, stage: 'unfinished' });
    const walked = await simulation.execute();
    expect(walked).toMatchObject({ status: 'FAILED', error: 'HelperFailedError' });
    const held = await simulation.op(op.op);
    expect(held).toMatchObject({ phase: 'withdrawn', endedAt: null });
    expect(held.needs).toContain(`lifeboat resume ${op.op}`);
    expect(simulation.pager.pages.at(-1)?.subject).toContain('is held');
    await simulation.advance(1800);
    expect((await simulation.op(op.op)).attempt).toBe(1);

    const resumed = await acceptCommand(simulation.world, { command: 'resume', op: op.op }, person);
    expect(resumed).toMatchObject({ ok: true, execution: `${op.op}-2` });
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'recovered', needs: null });
  });
});
