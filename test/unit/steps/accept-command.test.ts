import { describe, expect, it } from 'vitest';
import type { Command } from '../../../lib/contracts/command.ts';
import { records } from '../../../lib/contracts/records.ts';
import { acceptCommand } from '../../../lib/steps/accept-command.ts';
import { lostSite, person } from '../../support/simulation-scenarios.ts';
import { Simulation } from '../../support/simulation-world.ts';

const month = 30 * 86_400;

describe('a command', () => {
  it.each([month + 1, 1e15])('that pauses the pair for more than 30 days (%i s) is refused', async (seconds) => {
    const simulation = await Simulation.started();
    const command: Command = { command: 'pause', seconds, reason: 'game day' };
    await expect(acceptCommand(simulation.world, command, person)).rejects.toMatchObject({
      name: 'RefusedByRuleError',
      rule: 'pause-too-long',
      message: expect.stringContaining('at most 30 days (2592000 s)'),
    });
    expect((await simulation.table.get(records.control()))?.value.pausedUntil).toBeNull();
    expect(await acceptCommand(simulation.world, { ...command, seconds: month }, person)).toMatchObject({ ok: true });
  });

  it('that approves an op as it had another epoch is refused', async () => {
    const { simulation, op } = await lostSite({ mode: 'prepare' });
    const command: Command = { command: 'approve', op: op.op, planHash: op.planHash, epoch: op.epoch + 1 };
    await expect(acceptCommand(simulation.world, command, person)).rejects.toMatchObject({ rule: 'S26' });
    expect(await simulation.table.get(records.approval(op.op))).toBeNull();
    expect(await acceptCommand(simulation.world, { ...command, epoch: op.epoch }, person)).toMatchObject({ ok: true });
  });
});
