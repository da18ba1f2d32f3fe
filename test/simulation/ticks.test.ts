import { describe, expect, it } from 'vitest';
import { records } from '../../lib/contracts/records.ts';
import { worstGap } from '../../lib/core/heartbeat-gap.ts';
import { acceptCommand } from '../../lib/steps/accept-command.ts';
import { beginByPolicy } from '../../lib/steps/begin-op.ts';
import { person } from '../support/simulation-scenarios.ts';
import { Simulation } from '../support/simulation-world.ts';

const at = (simulation: Simulation, seconds: number) =>
  new Date(simulation.clock.now().getTime() + seconds * 1000).toISOString();
const lastStates = (walked: { states: readonly string[] }) => walked.states.at(-1);

/** A pair that is well, whose clock has no ticks of its own. */
async function still(changes: Record<string, unknown> = {}) {
  const simulation = await Simulation.started(changes);
  simulation.ticking = false;
  await simulation.advance(120);
  return simulation;
}

describe('a tick of watch', () => {
  it('that is late, doubled or part of a burst changes nothing', async () => {
    const simulation = await still();
    const tickAt = simulation.clock.iso;
    expect(lastStates(await simulation.tick(tickAt))).toBe('Nothing more to do');
    const before = simulation.table.dump();
    expect(lastStates(await simulation.tick(tickAt))).toBe('Nothing to do');
    expect(lastStates(await simulation.tick(at(simulation, -60)))).toBe('Nothing to do');
    const burst = await Promise.all([1, 2, 3].map(() => simulation.tick(tickAt)));
    expect(burst.map(lastStates)).toEqual(['Nothing to do', 'Nothing to do', 'Nothing to do']);
    expect(simulation.table.dump()).toEqual(before);
  });

  it('of several at one moment is judged once', async () => {
    const simulation = await still();
    const judged = simulation.metrics.published.length;
    const walked = await Promise.all([0, 1, 2].map((seconds) => simulation.tick(at(simulation, seconds))));
    expect(walked.map(lastStates).filter((state) => state === 'Nothing more to do')).toHaveLength(1);
    expect(simulation.metrics.published.length).toBe(judged + 1);
  });

  it('that meets a look under way is stale, and the one after it is judged', async () => {
    const simulation = await still();
    const before = await simulation.table.get(records.tick('watch'));
    simulation.table.seed(records.tick('watch'), { tickAt: simulation.clock.iso, finishedAt: null });
    await simulation.advance(30);
    expect(lastStates(await simulation.tick())).toBe('Nothing to do');
    await simulation.advance(30);
    expect(lastStates(await simulation.tick())).toBe('Nothing more to do');
    expect(before?.value.finishedAt).not.toBeNull();
  });

  it('decides although its metrics cannot be published', async () => {
    const simulation = await still();
    simulation.metrics.publish = async () => {
      throw new Error('throttled');
    };
    expect(lastStates(await simulation.tick())).toBe('Nothing more to do');
  });
});

describe('two Begins at once', () => {
  it('begin one op; the loser is refused, and a third finds it open', async () => {
    const simulation = await still();
    simulation.sites.a.become('scheduler-lost');
    simulation.ticking = true;
    await simulation.advance(299);
    simulation.ticking = false;
    const input = { pair: 'demo', tickAt: simulation.clock.iso, state: 'Begin the op', because: 'lost' };
    const begin = () => beginByPolicy(simulation.world, { ...input, decision: 'fail-over' });
    const both = await Promise.allSettled([begin(), begin()]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const loser = both.find((one) => one.status === 'rejected');
    expect(loser?.status === 'rejected' && loser.reason).toMatchObject({ name: 'CommitConflictError' });
    expect(await begin()).toMatchObject({ outcome: 'hold' });
    const command = { command: 'begin', kind: 'failover', reason: 'me too', expectEpoch: 1 } as const;
    await expect(acceptCommand(simulation.world, command, person)).rejects.toMatchObject({ rule: 'op-in-progress' });
    expect(await simulation.table.list(records.ops())).toHaveLength(1);
    expect(simulation.executions.started).toHaveLength(1);
  });

  it('of two people begin one op', async () => {
    const simulation = await still({ mode: 'manual' });
    const command = { command: 'begin', kind: 'failover', reason: 'drill', expectEpoch: 1 } as const;
    const both = await Promise.allSettled([1, 2].map(() => acceptCommand(simulation.world, command, person)));
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await simulation.table.list(records.ops())).toHaveLength(1);
  });

  it('leave no orphan when the execution could not be started', async () => {
    const simulation = await still();
    simulation.executions.outage = new Error('Step Functions is away');
    simulation.sites.a.become('scheduler-lost');
    simulation.ticking = true;
    const op = await simulation.untilBegun();
    await simulation.advance(600);
    expect(await simulation.op(op.op)).toMatchObject({ attempt: 1, endedAt: null });
    simulation.executions.outage = null;
    await simulation.advance(61);
    expect(simulation.executions.started.map(({ name }) => name)).toEqual([`${op.op}-1`]);
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
  });
});

describe('people', () => {
  it('are paged once in a quarter of an hour for one loss, whatever its ages say', async () => {
    const simulation = await Simulation.started({ mode: 'manual' });
    simulation.sites.a.become('scheduler-lost');
    const lookAt = () => simulation.pager.pages.filter(({ text }) => text.includes('is ENV_DOWN')).length;
    await simulation.advance(480);
    expect(lookAt()).toBe(1);
    await simulation.advance(600);
    expect(lookAt()).toBe(1);
    await simulation.advance(600);
    expect(lookAt()).toBe(2);
    expect(await simulation.openOp()).toBeNull();
  });

  it('are not woken in mode observe, which counts each loss once and touches neither site', async () => {
    const simulation = await Simulation.started({ mode: 'observe' }, { snapshots: 0 });
    const { table, sites, executions, pager } = simulation;
    const touched: string[] = [];
    for (const side of ['a', 'b'] as const) {
      const { airflow, bucket } = sites[side];
      airflow.beforeCall = () => void touched.push(`Airflow of site ${side}`);
      const write = bucket.write.bind(bucket);
      bucket.write = async (key, ...rest) => {
        // The site's own canary goes on stamping.
        if (!key.endsWith('/canary.json')) touched.push(key);
        return await write(key, ...rest);
      };
    }
    sites.a.become('scheduler-lost');
    await simulation.advance(900);
    expect((await table.get(records.page()))?.value).toMatchObject({
      counted: 1,
      lastCounted: { because: expect.stringContaining('site a holds the grant and is ENV_DOWN') },
    });
    const gaps = await table.get(records.gap('a'));
    expect(gaps && worstGap(gaps.value, simulation.world.config.timing, simulation.clock.now())?.seconds).toBe(720);
    expect(pager.pages.filter(({ text }) => text.includes('is ENV_DOWN'))).toEqual([]);
    expect(await simulation.openOp()).toBeNull();
    expect(executions.started).toEqual([]);
    expect(touched).toEqual([]);
  });
});
