import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { namesOf } from '../../lib/contracts/names.ts';
import { definitionFile } from '../../lib/infra/definition.ts';
import { functionsOf, substitutionName } from '../../lib/infra/functions.ts';
import { endOf } from './ends.ts';
import { Engine, onEngine } from './engine.ts';
import type { StartedRig } from './start-rig.ts';
import type { Strategy } from './ways.ts';

/** The same op on moto's engine: it takes the order that the walker takes, and a stopped execution is taken over. */
export function describeEngine(strategy: Strategy, started: () => StartedRig): void {
  const [recovers] = strategy.ways;

  describe(`${strategy.name}: the engine of Step Functions`, () => {
    async function begun() {
      if (!recovers) throw new Error('a strategy has at least one way');
      const { rig } = started();
      const { simulation, op } = await recovers.begin(strategy.changes);
      Object.assign(simulation.bodies, rig.bodies);
      rig.reset();
      const engine = new Engine(rig);
      await engine.shortenWaits();
      const input = { pair: rig.config.pair, op: op.op, attempt: 1 };
      return { rig, simulation, op, engine, input };
    }

    it('has the definition that the walker walks, with every function filled in', async () => {
      const { rig } = started();
      const { account, controllerRegion } = rig.config;
      const arnOf = (name: string) =>
        `arn:aws:lambda:${controllerRegion}:${account}:function:${namesOf(rig.config).functionName(name)}`;
      const arns = new Map(functionsOf('failover').map(({ name }) => [substitutionName(name), arnOf(name)]));
      const filled = readFileSync(definitionFile('failover'), 'utf8').replaceAll(
        /\$\{(\w+)\}/g,
        (_, name: string) => arns.get(name) ?? '',
      );
      const engine = new Engine(rig);
      const deployed = await engine.definition();
      engine.close();
      expect(JSON.parse(deployed)).toEqual(JSON.parse(filled));
    });

    it('takes the order that the walker takes, once, however often it is started', async () => {
      const walked = await (await recovers?.begin(strategy.changes))?.simulation.execute();
      const { rig, simulation, op, engine, input } = await begun();
      onEngine(rig, simulation, async () => {});
      const arn = await engine.start(`once-${op.op}`, input);
      expect(await engine.start(`once-${op.op}`, input)).toBe(arn);
      const run = await engine.ended(arn);
      engine.close();
      expect(run.status).toBe('SUCCEEDED');
      expect(run.states).toEqual(walked !== 'stopped' && walked?.states);
      expect(await endOf(simulation, op.op)).toBe('recovered');
    });

    it('is stopped in the middle of the fence, and Reconcile starts the execution that recovers', async () => {
      const { rig, simulation, op, engine, input } = await begun();
      let arn = '';
      let stops = 0;
      onEngine(rig, simulation, async (state) => {
        if (state !== 'Fence the losing site' || stops > 0) return;
        stops += 1;
        await engine.stop(arn);
      });
      arn = await engine.start(`${op.op}-1`, input);
      expect(await engine.ended(arn)).toMatchObject({ status: 'ABORTED' });
      // The engine does not wait for the function that it had called.
      await rig.quiet();
      rig.executionsOfEngine = true;
      simulation.ticking = false;
      await simulation.advance(simulation.world.config.timing.longestFunctionSeconds + 1);
      await simulation.bodies.reconcilePair?.(simulation.world, {
        pair: rig.config.pair,
        tickAt: simulation.clock.iso,
        state: 'Reconcile',
      });
      simulation.ticking = true;
      expect((await simulation.op(op.op)).attempt).toBe(2);
      const second = await engine.ended(arn.replace(/-1$/, '-2'));
      rig.executionsOfEngine = false;
      engine.close();
      expect(second.status).toBe('SUCCEEDED');
      expect(await endOf(simulation, op.op)).toBe('recovered');
    });
  });
}
