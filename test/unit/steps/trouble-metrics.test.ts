import { describe, expect, it } from 'vitest';
import { records } from '../../../lib/contracts/records.ts';
import { fence, op } from '../../support/core-fixtures.ts';
import { Simulation } from '../../support/simulation-world.ts';

describe('a tick of watch', () => {
  it('publishes held ops and fences that are not acknowledged, so that nobody waits for the next snapshot', async () => {
    const simulation = await Simulation.started();
    expect(simulation.metrics.newest('HeldOps')).toBe(0);
    expect(simulation.metrics.newest('UnacknowledgedFences')).toBe(0);
    const held = op({ needs: 'a person' });
    simulation.table.seed(records.op(held.op), held);
    simulation.table.seed(records.fence(2, 'b'), fence({ op: held.op, side: 'b', epoch: 2, acknowledgedAt: null }));
    simulation.metrics.published.length = 0;
    await simulation.tick();
    expect(simulation.metrics.published).toHaveLength(1);
    expect(simulation.metrics.published[0]).toMatchObject({
      Ticks: { value: 1 },
      HeldOps: { value: 1 },
      UnacknowledgedFences: { value: 1 },
    });
  });
});
