import { describe, expect, it } from 'vitest';
import { acceptCommand } from '../../../lib/steps/accept-command.ts';
import { lostSite, person } from '../../support/simulation-scenarios.ts';
import type { Simulation } from '../../support/simulation-world.ts';

const failing = { dagId: 'lifeboat_import', stage: 'terminal', does: 'fail' } as const;

/** Lets the open op fail before its withdrawal; when that was, in seconds. */
async function fail(simulation: Simulation, op: string): Promise<number> {
  simulation.sites.b.faults.push(failing, failing);
  await simulation.execute();
  const ended = await simulation.op(op);
  expect(ended).toMatchObject({ outcome: 'stood-down', failure: expect.stringContaining('HelperFailedError') });
  return Date.parse(ended.endedAt ?? '') / 1000;
}

describe('the policy after an op that stood down by an error', () => {
  it('waits longer after each one, and each op is paged once', async () => {
    const { simulation, op } = await lostSite();
    const first = await fail(simulation, op.op);
    const second = await simulation.untilBegun();
    expect(second.op).not.toBe(op.op);
    expect(Date.parse(second.beganAt) / 1000 - first).toBeGreaterThanOrEqual(600);
    expect(Date.parse(second.beganAt) / 1000 - first).toBeLessThan(800);
    const ended = await fail(simulation, second.op);
    const third = await simulation.untilBegun();
    expect(Date.parse(third.beganAt) / 1000 - ended).toBeGreaterThanOrEqual(1200);
    expect(simulation.pager.pages.filter(({ subject }) => subject.includes('stood down'))).toHaveLength(2);
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
  });

  it('does not keep a person from beginning one', async () => {
    const { simulation, op } = await lostSite();
    await fail(simulation, op.op);
    await simulation.advance(120);
    expect(await simulation.openOp()).toBeNull();
    const command = { command: 'begin', kind: 'failover', reason: 'mended', expectEpoch: 1 } as const;
    expect(await acceptCommand(simulation.world, command, person)).toMatchObject({ ok: true });
  });
});
