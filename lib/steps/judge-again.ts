import { otherSide } from '../contracts/config.ts';
import { records } from '../contracts/records.ts';
import { pauseLimit } from '../core/limits.ts';
import { mayWithdraw } from '../core/may-withdraw.ts';
import type { StepContext, StepDefinition } from './step.ts';

/** Newest verdicts and approval of an op, and whether it may withdraw the grant on them now. */
export async function readWithdrawal(world: StepContext) {
  const op = world.op.value;
  const from = op.plan.from;
  const [control, losing, target, approval] = await Promise.all([
    world.table.get(records.control()),
    world.table.get(records.verdict(from)),
    world.table.get(records.verdict(otherSide(from))),
    world.table.get(records.approval(op.op)),
  ]);
  const pause = control ? pauseLimit(control.value, world.now()) : null;
  const asked = mayWithdraw({
    op,
    approval: approval?.value ?? null,
    losing: losing?.value ?? null,
    target: target?.value ?? null,
    config: world.config,
    now: world.now(),
  });
  const check = pause !== null && asked.outcome === 'go' ? { outcome: 'wait' as const, because: pause } : asked;
  return { losing, target, approval, check };
}

/**
 * State "Judge again": the last look before production is touched, on the newest verdicts of the watch. Pending while
 * they are too old or say that this is no time to withdraw; stand down when the site is well again.
 */
export const judgeAgain: StepDefinition = {
  replays: (op) => op.phase !== 'open',
  async run(world) {
    const { check, losing } = await readWithdrawal(world);
    const { because } = check;
    if (check.outcome === 'wait') {
      return { outcome: 'pending', because, waitSeconds: Math.ceil(world.config.timing.tickSeconds) };
    }
    if (check.outcome === 'go') return { outcome: 'go', because, data: { verdict: losing?.value ?? null } };
    return { outcome: 'stand-down', because };
  },
};
