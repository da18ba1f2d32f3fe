import type { FenceRecord } from '../contracts/control.ts';
import { records } from '../contracts/records.ts';
import { FenceNotPossibleError } from '../core/errors.ts';
import { waiveFence } from '../core/fence.ts';
import type { Versioned } from '../ports/control-table.ts';
import { fenceOnce } from './fence-once.ts';
import { requireWithdrawn } from './ruled.ts';
import type { StepContext, StepDefinition, StepResult } from './step.ts';

/**
 * State "Fence the losing site": polled until nothing of production can run there any more (R2), or until the waiver
 * of a named person takes its place. Without either the op does not go on.
 */
export const fenceSite: StepDefinition = {
  async run(world) {
    const { epoch, op, plan } = world.op.value;
    await requireWithdrawn(world, world.op.value);
    const pass = await fenceOnce(world, { side: plan.from, epoch, op });
    if (!pass.reached) return await withoutReach(world, pass.fence, pass.because);
    const { action, fence } = pass;
    if (action.action === 'acknowledge') {
      return {
        outcome: 'done',
        because: `site ${plan.from} is fenced (R2): ${action.because}`,
        data: { rung: 'R2', stopped: fence.value.stopped.length },
      };
    }
    const waitSeconds = action.action === 'wait' ? action.waitSeconds : 1;
    return { outcome: 'pending', because: `${fence.value.rung}: ${action.because}`, waitSeconds };
  },
};

async function withoutReach(world: StepContext, fence: Versioned<FenceRecord>, why: string): Promise<StepResult> {
  const op = world.op.value;
  const approval = await world.table.get(records.approval(op.op));
  if (!approval) throw new FenceNotPossibleError(`op ${op.op} has no approval, so nobody waived its fence`);
  const waived = waiveFence({
    record: fence.value,
    op,
    approval: approval.value,
    preAuthorised: world.config.preAuthorisedUnfenced,
    fenceReachSeconds: world.config.timing.fenceReachSeconds,
    now: world.now(),
  });
  if (waived.ok) {
    const { waiver } = waived.record;
    return {
      outcome: 'done',
      because: `site ${op.plan.from} is not fenced (${fence.value.rung}); waived by ${waiver?.by}: ${waiver?.reason}`,
      data: { rung: fence.value.rung, waiver },
      writes: [{ key: records.fence(op.epoch, op.plan.from), expect: fence.version, value: waived.record }],
    };
  }
  const stillTrying = waived.refusal.rule === 'fence-still-tries';
  const seconds = (world.now().getTime() - Date.parse(fence.value.startedAt)) / 1000;
  if (!stillTrying && seconds > world.config.timing.fenceReachSeconds) {
    throw new FenceNotPossibleError(`site ${op.plan.from} cannot be fenced (${why}); ${waived.refusal.because}`);
  }
  return {
    outcome: 'pending',
    because: `site ${op.plan.from} does not answer (${why}); ${waived.refusal.because}`,
    waitSeconds: Math.ceil(world.config.timing.tickSeconds),
  };
}
