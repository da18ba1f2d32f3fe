import type { OpRecord } from '../../lib/contracts/control.ts';
import { tasksOfRecovery } from '../support/failover-tasks.ts';
import { backupRestore as backupRestoreChanges } from '../support/pair-config.ts';
import { degradedSite, lostSite, resume, stopAt } from '../support/simulation-scenarios.ts';
import { Simulation, type WalkHooks } from '../support/simulation-world.ts';

export type End = 'recovered' | 'given back' | 'stood down' | 'held';

/** An op that has begun, or will in `run`; by default its execution is walked to its end. */
type Begun = {
  readonly simulation: Simulation;
  readonly op: Pick<OpRecord, 'op'>;
  readonly hooks?: WalkHooks;
  readonly run?: (hooks: WalkHooks) => Promise<unknown>;
};

/** One way through the state machines, the Tasks that are interrupted on it, and how it may end then. */
export type Way = {
  readonly name: string;
  readonly interrupts: readonly string[];
  readonly ends: readonly End[];
  readonly begin: (changes: Readonly<Record<string, unknown>>) => Promise<Begun>;
};

/** How a pair recovers: what its configuration says, and the ways its ops go. A new strategy is one more of these. */
export type Strategy = {
  readonly name: string;
  readonly changes: Readonly<Record<string, unknown>>;
  readonly ways: readonly Way[];
};

const failing = { dagId: 'lifeboat_import', does: 'fail' } as const;
/** A helper's run that fails is asked for once more. */
const failsForGood = (stage: string) => [
  { ...failing, stage },
  { ...failing, stage },
];

const recovers: Way = {
  name: 'production comes up on the other site',
  interrupts: tasksOfRecovery,
  ends: ['recovered'],
  begin: (changes) => lostSite(changes),
};

const everyStrategy: readonly Way[] = [
  recovers,
  {
    name: 'the site is well again before the withdrawal',
    interrupts: ['Stand down'],
    ends: ['stood down'],
    begin: async (changes) => {
      const begun = await degradedSite(changes);
      begun.simulation.sites.a.become('well');
      await begun.simulation.advance(180);
      return begun;
    },
  },
  {
    name: 'the first import fails',
    interrupts: ['Stand down after an error'],
    // An op that is taken over tries again what has failed.
    ends: ['stood down', 'recovered'],
    begin: async (changes) => {
      const begun = await lostSite(changes);
      begun.simulation.sites.b.faults.push(...failsForGood('terminal'));
      return begun;
    },
  },
  {
    name: 'the last import fails, and the lost site works again behind its fence',
    interrupts: ['Give back'],
    ends: ['given back', 'recovered'],
    begin: async (changes) => {
      const begun = await degradedSite(changes);
      const { a, b } = begun.simulation.sites;
      b.faults.push(...failsForGood('unfinished'));
      const wellBehindItsFence = (state: string) => {
        if (state === 'Fence the losing site') a.become('well');
      };
      return { ...begun, hooks: { entering: wellBehindItsFence } };
    },
  },
  {
    name: 'the last import fails, and the lost site stays lost',
    interrupts: ['Hold for a person'],
    ends: ['held', 'recovered'],
    begin: async (changes) => {
      const begun = await lostSite(changes);
      begun.simulation.sites.b.faults.push(...failsForGood('unfinished'));
      return begun;
    },
  },
  {
    name: 'an op begins by itself',
    interrupts: ['Begin the op'],
    ends: ['recovered'],
    begin: async (changes) => {
      const simulation = await Simulation.started(changes);
      simulation.sites.a.become('scheduler-lost');
      const op = { op: '' };
      const run = async (hooks: WalkHooks) => {
        op.op = (await simulation.untilBegun()).op;
        // One that was begun and not started is started by the next tick.
        await simulation.advance(2 * simulation.world.config.timing.tickSeconds);
        await simulation.execute(hooks);
      };
      return { simulation, op, run };
    },
  },
  {
    name: 'a dead execution is taken over',
    interrupts: ['Reconcile'],
    ends: ['recovered'],
    begin: async (changes) => {
      const begun = await lostSite(changes);
      await begun.simulation.execute(stopAt('Fence the losing site', 'after'));
      return { ...begun, run: (hooks) => resume(begun.simulation, begun.op, hooks) };
    },
  },
];

export const warmStandby: Strategy = {
  name: 'warm-standby',
  changes: { mode: 'automatic', timing: { pollSeconds: 60 } },
  ways: everyStrategy,
};

export const backupRestore: Strategy = {
  name: 'backup-restore',
  changes: { ...backupRestoreChanges, mode: 'automatic', timing: { pollSeconds: 60, prepareTtlSeconds: 600 } },
  ways: [
    ...everyStrategy,
    {
      name: 'the first creation fails',
      interrupts: ['Prepare the site'],
      ends: ['recovered'],
      begin: async (changes) => {
        const begun = await lostSite(changes);
        begun.simulation.creation?.ends.push('fail');
        return begun;
      },
    },
    {
      name: 'somebody else has the name of its environment',
      interrupts: ['Prepare the site'],
      ends: ['stood down'],
      begin: async (changes) => {
        const begun = await lostSite(changes);
        const { region, environment } = begun.simulation.world.config.sites.b;
        begun.simulation.mwaa.set(region, environment);
        return begun;
      },
    },
    {
      name: 'what was prepared for nothing is removed',
      interrupts: ['Reconcile'],
      ends: ['stood down'],
      begin: async (changes) => {
        const { simulation, op } = await degradedSite(changes);
        simulation.sites.a.become('well');
        await simulation.advance(180);
        await simulation.execute();
        return { simulation, op, run: () => simulation.advance(1200) };
      },
    },
  ],
};
