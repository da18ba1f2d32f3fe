import { describe, expect, it } from 'vitest';
import { records } from '../../lib/contracts/records.ts';
import { Simulation } from '../support/simulation-world.ts';

describe('an automatic failover', () => {
  it('brings production up on the other site, and every rule holds at every commit', async () => {
    const simulation = await Simulation.started();
    const { a, b } = simulation.sites;
    a.airflow.addTask({ dagId: 'sales', runId: 'scheduled__1', taskId: 'load' });
    a.become('scheduler-lost');
    const begun = await simulation.untilBegun();
    expect(begun).toMatchObject({ automatic: true, by: 'policy:automatic', epoch: 2, plan: { leastRung: 'R2' } });
    const walked = await simulation.execute();
    expect(walked).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();

    const op = await simulation.op(begun.op);
    expect(op).toMatchObject({ phase: 'closed', outcome: 'recovered', attempt: 1, needs: null });
    expect(simulation.rules.moves).toEqual(['a@1', 'none@2', 'b@2']);
    expect(b.worked.map((id) => id.slice(12))).toEqual(['2-1', '3-1', '4-1', '5-1']);
    expect(a.open()).toEqual([]);
    expect(a.airflow.dags.filter((dag) => dag.dagId.startsWith('lifeboat_') && dag.isPaused)).toEqual([]);
    expect(b.open()).toEqual(['sales', 'billing']);
    expect(a.row()).toMatchObject({ epoch: 2, mode: 'fenced', op: null });
    expect(b.row()).toMatchObject({ epoch: 2, mode: 'active', op: null, lastImport: { epoch: 1 } });
    const fence = await simulation.table.get(records.fence(2, 'a'));
    expect(fence?.value).toMatchObject({
      rung: 'R2',
      waiver: null,
      stopped: [{ dagId: 'sales', taskId: 'load', state: 'running' }],
    });
    const { lastChangeAt, acknowledgedAt } = fence?.value ?? {};
    const apart = (Date.parse(acknowledgedAt ?? '') - Date.parse(lastChangeAt ?? '')) / 1000;
    expect(apart).toBeGreaterThanOrEqual(15 + simulation.world.config.timing.killedTaskCleanupSeconds);
  });
});
