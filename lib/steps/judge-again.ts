import { otherSide } from '../contracts/config.ts';
import { records } from '../contracts/records.ts';
import { pauseLimit } from '../core/limits.ts';
import { mayWithdraw } from '../core/may-withdraw.ts';
import { ageSeconds } from '../core/time.ts';
import { restorable } from './choose-snapshot.ts';
import type { StepContext, StepDefinition } from './step.ts';

/** Newest verdicts and approval of an op, and whether it may withdraw the grant on them now. */
export async function readWithdrawal(world: StepContext) {
  const op = world.op.value;
  const from = op.plan.from;
  const [control, losing, target, approval, snapshotAt] = await Promise.all([
    world.table.get(records.control()),
    world.table.get(records.verdict(from)),
    world.table.get(records.verdict(otherSide(from))),
    world.table.get(records.approval(op.op)),
    restorableAt(world),
  ]);
  const pause = control ? pauseLimit(control.value, world.now()) : null;
  const asked = mayWithdraw({
    op,
    approval: approval?.value ?? null,
    losing: losing?.value ?? null,
    target: target?.value ?? null,
    snapshotAt,
    config: world.config,
    now: world.now(),
  });
  const check = pause !== null && asked.outcome === 'go' ? { outcome: 'wait' as const, because: pause } : asked;
  return { losing, target, approval, check };
}

/** Moment of the data that the op would restore: of the snapshot it has imported, or of a newer one when that is too old. */
async function restorableAt(world: StepContext): Promise<string | null> {
  const { snapshotId, plan } = world.op.value;
  const imported = snapshotId ? await world.table.get(records.snapshot(snapshotId)) : null;
  const isGood = imported !== null && imported.value.invalid === null;
  if (isGood && ageSeconds(imported.value.snapshotAt, world.now()) <= plan.worstRecoveryPointSeconds) {
    return imported.value.snapshotAt;
  }
  const { chosen } = await restorable(world);
  return chosen?.snapshotAt ?? imported?.value.snapshotAt ?? null;
}

/**
 * State "Judge again": the last look before production is touched, on the newest verdicts of the watch. Pending while
 * they are too old or say that this is no time to withdraw; stand down when the site is well again, or when what would
 * be restored has become too old for the plan.
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
