import { describe, expect, it } from 'vitest';
import type { OpRecord } from '../../../lib/contracts/control.ts';
import { records } from '../../../lib/contracts/records.ts';
import { op } from '../../support/core-fixtures.ts';
import { lostSite } from '../../support/simulation-scenarios.ts';
import type { Simulation } from '../../support/simulation-world.ts';

const other = '01jnq0000000000000000000zz';
const prepare = (simulation: Simulation, of: OpRecord) => simulation.invoke('prepareSite', of, 'Prepare the site');
const { region, environment } = { region: 'eu-central-1', environment: 'demo-b' };

describe('preparing the standby', () => {
  it('pauses a production DAG that somebody opened there, and no helper', async () => {
    const { simulation, op: mine } = await lostSite();
    const { b } = simulation.sites;
    simulation.rules.openedByHand('b', 'billing');
    await b.airflow.setPaused('billing', false);
    expect(await prepare(simulation, mine)).toMatchObject({
      outcome: 'done',
      because: expect.stringContaining('billing'),
    });
    expect(b.open()).toEqual([]);
    expect(b.airflow.dags.filter((dag) => dag.dagId.startsWith('lifeboat_')).every((dag) => !dag.isPaused)).toBe(true);
  });

  it('opens a helper that somebody left paused', async () => {
    const { simulation, op: mine } = await lostSite();
    const { airflow } = simulation.sites.b;
    await airflow.setPaused('lifeboat_import', true);
    expect(await prepare(simulation, mine)).toMatchObject({ outcome: 'done' });
    expect(airflow.dags.find(({ dagId }) => dagId === 'lifeboat_import')?.isPaused).toBe(false);
  });

  it('takes no production DAG for a helper because its name begins like one', async () => {
    const { simulation, op: mine } = await lostSite();
    const { b } = simulation.sites;
    simulation.rules.openedByHand('b', 'lifeboat_sales');
    b.airflow.addDag('lifeboat_sales');
    expect(await prepare(simulation, mine)).toMatchObject({
      because: expect.stringContaining('paused lifeboat_sales'),
    });
    expect(b.open()).toEqual([]);
  });

  it('frees it from an op that has ended and could not do so itself', async () => {
    const { simulation, op: mine } = await lostSite();
    const { b } = simulation.sites;
    simulation.table.seed(records.op(other), op({ op: other, endedAt: simulation.clock.iso, outcome: 'stood-down' }));
    b.writeRow({ ...b.row(), op: other });
    expect(await prepare(simulation, mine)).toMatchObject({ outcome: 'done' });
    expect(b.row().op).toBeNull();
  });

  it.each(['of an op that nobody knows', 'of an op that is open'])('leaves the row %s alone', async (which) => {
    const { simulation, op: mine } = await lostSite();
    const { b } = simulation.sites;
    if (which.endsWith('open')) simulation.table.seed(records.op(other), op({ op: other }));
    b.writeRow({ ...b.row(), op: other });
    await prepare(simulation, mine);
    expect(b.row().op).toBe(other);
  });

  it('that stays away fails by an error that is not tried again', async () => {
    const { simulation, op: mine } = await lostSite();
    simulation.sites.b.airflow.outage = Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' });
    expect(await prepare(simulation, mine)).toMatchObject({ outcome: 'pending' });
    await simulation.advance(3700);
    await expect(prepare(simulation, mine)).rejects.toMatchObject({ name: 'TargetNotReadyError' });
  });

  it('waits for an environment that is not usable yet, and not for ever', async () => {
    const { simulation, op: mine } = await lostSite();
    simulation.mwaa.set(region, environment, { Status: 'UPDATING' });
    expect(await prepare(simulation, mine)).toMatchObject({ outcome: 'pending' });
    await simulation.advance(3700);
    await expect(prepare(simulation, mine)).rejects.toMatchObject({ name: 'TargetNotReadyError' });
    simulation.mwaa.set(region, environment, { Status: 'AVAILABLE' });
    expect(await prepare(simulation, mine)).toMatchObject({ outcome: 'done' });
  });
});
