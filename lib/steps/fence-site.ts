import type { FenceRecord } from '../contracts/control.ts';
import { records } from '../contracts/records.ts';
import { FenceNotPossibleError } from '../core/errors.ts';
import { waiveFence } from '../core/fence.ts';
import { ageSeconds, spoken } from '../core/time.ts';
import type { Versioned } from '../ports/control-table.ts';
import { fenceOnce } from './fence-once.ts';
import { requireWithdrawn } from './ruled.ts';
import type { StepContext, StepDefinition, StepResult } from './step.ts';

/**
 * State "Fence the losing site": polled until nothing of production can run there any more (R2), or until the waiver
 * of a named person takes its place. Without either the op does not go on. A waiver needs that the site was
 * unreachable all the time; whatever else fails is tried again and then thrown.
 */
export const fenceSite: StepDefinition = {
  async run(world) {
    const { epoch, op, plan } = world.op.value;
    await requireWithdrawn(world, world.op.value);
    const pass = await fenceOnce(world, { side: plan.from, epoch, op });
    if (pass.end === 'unreachable') return await withoutReach(world, pass.fence, pass.because);
    await failsForLong(world, pass.error);
    if (pass.end === 'failed') return { outcome: 'pending', because: pass.because, waitSeconds: oneTick(world) };
    const { action, fence } = pass;
    if (action.action === 'acknowledge') {
      return {
        outcome: 'done',
        because: `site ${plan.from} is fenced (R2): ${action.because}`,
        data: { rung: 'R2', stopped: fence.value.stoppedCount },
      };
    }
    const waitSeconds = action.action === 'wait' ? action.waitSeconds : 1;
    return { outcome: 'pending', because: `${fence.value.rung}: ${action.because}`, waitSeconds };
  },
};

const oneTick = (world: StepContext): number => Math.ceil(world.config.timing.tickSeconds);

/**
 * What the site refuses, and what is our own fault, is tried again for as long as a site that does not answer, and then
 * thrown: it never leads to a waiver. Who resumes after that waits as long again.
 */
async function failsForLong(world: StepContext, error: unknown): Promise<void> {
  const since = world.progress.failingSince;
  if (error === null) {
    if (since !== undefined) await world.remember({ failingSince: undefined });
    return;
  }
  if (since === undefined) return await world.remember({ failingSince: world.now().toISOString() });
  const seconds = ageSeconds(String(since), world.now());
  if (seconds <= world.config.timing.fenceReachSeconds) return;
  await world.remember({ failingSince: undefined });
  const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const because = `the fence of site ${world.op.value.plan.from} fails for ${spoken(seconds)}: ${why}`;
  throw new FenceNotPossibleError(because, { cause: error });
}

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
  const seconds = ageSeconds(fence.value.unreachedSince ?? world.now().toISOString(), world.now());
  if (waived.refusal.rule !== 'fence-still-tries' && seconds > world.config.timing.fenceReachSeconds) {
    // Who resumes after this waits as long again.
    const value = { ...fence.value, unreachedSince: null };
    await world.table.commit([{ key: records.fence(op.epoch, op.plan.from), expect: fence.version, value }]);
    throw new FenceNotPossibleError(`site ${op.plan.from} cannot be fenced (${why}); ${waived.refusal.because}`);
  }
  return {
    outcome: 'pending',
    because: `site ${op.plan.from} does not answer (${why}); ${waived.refusal.because}`,
    waitSeconds: oneTick(world),
  };
}
