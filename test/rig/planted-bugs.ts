import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { namesOf } from '../../lib/contracts/names.ts';
import { bundleFunctions } from '../../lib/infra/bundle.ts';
import { lostSite } from '../support/simulation-scenarios.ts';
import type { Simulation } from '../support/simulation-world.ts';
import type { Rig } from './rig.ts';
import type { StartedRig } from './start-rig.ts';

/** A step that is wrong on purpose, the function it belongs to, and the rule that must find it. */
const planted = [
  {
    bug: 'record-before-effect',
    name: 'promote-site',
    rule: 'journal: "Promote the site" is done, no helper did it',
  },
  { bug: 'epoch-from-input', name: 'promote-site', rule: 'asks under epoch 7, not 2' },
  { bug: 'approval-not-judged', name: 'withdraw-grant', rule: 'S26: a@1 -> none@2 without a valid approval' },
] as const;

/** Shows that the rig fails, and names the rule, when a bundle has a bug that must never ship. */
export function describePlantedBugs(changes: Readonly<Record<string, unknown>>, started: () => StartedRig): void {
  describe('the rig notices', () => {
    let mend = () => {};
    afterEach(() => mend());

    /** Its approval expires between the last look and the withdrawal. */
    async function walked(): Promise<Simulation> {
      const { rig } = started();
      const { simulation } = await lostSite({ ...changes, timing: { pollSeconds: 60, approvalTtlSeconds: 900 } });
      Object.assign(simulation.bodies, rig.bodies);
      rig.reset();
      let isLate = false;
      await simulation.execute({
        entering: async (state) => {
          if (state !== 'Withdraw the grant' || isLate) return;
          isLate = true;
          await simulation.advance(1200);
        },
      });
      return simulation;
    }

    it.each(planted)('$bug', async ({ bug, name, rule }) => {
      const { rig, cdkOut } = started();
      mend = plant(rig, path.join(cdkOut, bug), bug, name);
      const simulation = bug === 'approval-not-judged' ? await walked() : await onTime(rig, changes);
      await expect(simulation.rules.assertKept()).rejects.toThrow(rule);
    });

    it('nothing where nothing is wrong: an approval that expired withdraws nothing', async () => {
      const simulation = await walked();
      await simulation.rules.assertKept();
      expect(await simulation.grant()).toBe('a@1');
    });
  });
}

async function onTime(rig: Rig, changes: Readonly<Record<string, unknown>>): Promise<Simulation> {
  const { simulation } = await lostSite(changes);
  Object.assign(simulation.bodies, rig.bodies);
  rig.reset();
  await simulation.execute();
  return simulation;
}

/** Replaces one bundle; the answer puts the right one back. */
function plant(rig: Rig, outDir: string, bug: string, name: string): () => void {
  const { gateway } = rig.cloud;
  const known = gateway.definition(rig.config.controllerRegion, namesOf(rig.config).functionName(name));
  if (known === null) throw new Error(`${name} is not deployed`);
  bundleFunctions(path.join(import.meta.dirname, 'planted', bug), outDir, [name]);
  gateway.register({ ...known, assetDir: path.join(outDir, name) });
  return () => gateway.register(known);
}
