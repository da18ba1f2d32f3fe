import { describe, expect, it } from 'vitest';
import { records } from '../../lib/contracts/records.ts';
import { backupRestore } from '../support/pair-config.ts';
import { lostSite } from '../support/simulation-scenarios.ts';
import { Simulation } from '../support/simulation-world.ts';

const lost = () => lostSite(backupRestore);
const names = (simulation: Simulation) => simulation.mwaa.all().map(({ Name, Status }) => `${Name} ${Status}`);

describe('strategy backup-restore', () => {
  it('neither pages nor begins while the other site has no environment and the first is well', async () => {
    const simulation = await Simulation.started(backupRestore);
    await simulation.advance(3600);
    expect(simulation.pager.pages).toEqual([]);
    expect(await simulation.openOp()).toBeNull();
  });

  it('creates the environment from the captured configuration and recovers there', async () => {
    const { simulation, op } = await lost();
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'recovered', plan: { strategy: 'backup-restore' } });
    expect(await simulation.grant()).toBe('b@2');
    expect(names(simulation)).toEqual(['demo-a AVAILABLE', 'demo-b AVAILABLE']);
    expect((await simulation.table.get(records.site('b')))?.value).toMatchObject({ state: 'in-use', op: op.op });
  });

  it('tries once more under another name when the creation fails', async () => {
    const { simulation, op } = await lost();
    simulation.creation?.ends.push('fail');
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'recovered' });
    expect(simulation.mwaa.changes).toEqual(['create demo-b', 'create demo-b-2']);
    expect((await simulation.worldNow()).config.sites.b.environment).toBe('demo-b-2');
    await simulation.advance(1200);
    expect(names(simulation)).toEqual(['demo-a AVAILABLE', 'demo-b-2 AVAILABLE']);
  });

  it('stands down when the second creation fails, too, and sweeps both', async () => {
    const { simulation, op } = await lost();
    simulation.creation?.ends.push('fail', 'fail');
    await simulation.execute();
    const ended = await simulation.op(op.op);
    expect(ended).toMatchObject({ outcome: 'stood-down' });
    expect(ended.failure).toMatch(/CreationFailedError.*demo-b-2 is CREATE_FAILED: the subnets have no route/);
    expect(await simulation.grant()).toBe('a@1');
  });
});
