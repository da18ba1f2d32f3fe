import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { definitionFile, MachineDefinition } from '../../lib/infra/definition.ts';
import { CaseTable } from './case-table.ts';
import {
  type Case,
  type Interruption,
  interrupt,
  interruptionsOf,
  nameOf,
  statesOfWatch,
  uninterrupted,
} from './interruptions.ts';
import type { StartedRig } from './start-rig.ts';
import type { Strategy, Way } from './ways.ts';

/** Interrupts every Task of every way of a strategy, in each manner there is, and prints what came of it. */
export function describeMatrix(strategy: Strategy, started: () => StartedRig): void {
  const table = new CaseTable(strategy.name);
  const known = new Map<Way, ReturnType<typeof uninterrupted>>();
  afterAll(() => table.print());

  /** Each way is walked once without interruption: so many effects are there to be killed at. */
  const cleanWalk = (way: Way) => {
    const walk = known.get(way) ?? uninterrupted({ rig: started().rig, strategy, way });
    known.set(way, walk);
    return walk;
  };

  const cases = strategy.ways.flatMap((way) => way.interrupts.map((state) => ({ way, state })));
  describe(`${strategy.name}: an op that is interrupted`, () => {
    it('is interrupted at every Task of the machine', () => {
      const { States } = MachineDefinition.parse(JSON.parse(readFileSync(definitionFile('failover'), 'utf8')));
      const tasks = Object.keys(States).filter((name) => States[name]?.Type === 'Task');
      expect([...new Set(cases.map(({ state }) => state))].sort()).toEqual([...tasks, ...statesOfWatch].sort());
    });

    it.each(cases)('at "$state" ends legally: $way.name', async ({ way, state }) => {
      const { effects, end } = await cleanWalk(way);
      expect(way.ends).toContain(end);
      const broken: string[] = [];
      for (const how of interruptionsOf(state, effects)) {
        const ended = await outcomeOf({ rig: started().rig, strategy, way }, state, how);
        table.add(state, nameOf(how), ended.end);
        if (ended.why !== null) broken.push(ended.why);
      }
      expect(broken).toEqual([]);
    });
  });
}

/** The end of one case, or what broke in it. */
async function outcomeOf(ask: Case, state: string, how: Interruption): Promise<{ end: string; why: string | null }> {
  try {
    const end = await interrupt(ask, state, how);
    if (!ask.way.ends.includes(end)) throw new Error(`the op is ${end}`);
    return { end, why: null };
  } catch (error) {
    const at = 'nth' in how ? ` at effect ${how.nth}` : '';
    return { end: 'BROKEN', why: `${nameOf(how)}${at}: ${error instanceof Error ? error.message : error}` };
  }
}
