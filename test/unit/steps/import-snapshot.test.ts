import { describe, expect, it } from 'vitest';
import { records } from '../../../lib/contracts/records.ts';
import { acceptCommand } from '../../../lib/steps/accept-command.ts';
import { lostSite, person, quiet } from '../../support/simulation-scenarios.ts';
import type { Simulation } from '../../support/simulation-world.ts';

const refusing = (stage: string, error: string) =>
  ({ dagId: 'lifeboat_import', stage, does: 'refuse', error }) as const;
const invalidOnes = async (simulation: Simulation) =>
  (await simulation.table.list(records.snapshots())).filter(({ value }) => value.invalid !== null).length;

describe('an import that the helper refuses', () => {
  it.each(['SecretsKeyError', 'SchemaMismatchError'])(
    'for %s fails by that name and condemns no snapshot',
    async (error) => {
      const { simulation, op } = await lostSite();
      simulation.sites.b.faults.push(refusing('terminal', error));
      const walked = await simulation.execute();
      expect(walked).toMatchObject({
        status: 'FAILED',
        error: 'HelperRefusedError',
        cause: expect.stringContaining(error),
      });
      expect(await invalidOnes(simulation)).toBe(0);
      expect(await simulation.op(op.op)).toMatchObject({
        outcome: 'stood-down',
        failure: expect.stringContaining(error),
      });
    },
  );

  it.each(['ObjectCorruptError', 'ManifestInvalidError'])('for %s condemns that snapshot', async (error) => {
    const { simulation, op } = await lostSite();
    simulation.sites.b.faults.push(refusing('terminal', error));
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    expect(await invalidOnes(simulation)).toBe(1);
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'recovered' });
  });

  it('is asked under the next run id by a resume, which does not read the old refusal again', async () => {
    const { simulation, op } = await lostSite();
    simulation.sites.b.faults.push(refusing('unfinished', 'SecretsKeyError'));
    expect(await simulation.execute()).toMatchObject({ status: 'FAILED', error: 'HelperRefusedError' });
    expect(await simulation.op(op.op)).toMatchObject({
      phase: 'withdrawn',
      needs: expect.stringContaining('SecretsKeyError'),
    });
    await quiet(simulation);
    await acceptCommand(simulation.world, { command: 'resume', op: op.op }, person);
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
    expect(simulation.sites.b.worked.map((id) => id.slice(12))).toEqual(['2-1', '3-2', '4-1', '5-1']);
  });
});
