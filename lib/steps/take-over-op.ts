import type { OpRecord, StepRecord } from '../contracts/control.ts';
import { records } from '../contracts/records.ts';
import { UnknownOpError } from '../core/errors.ts';
import { mayTakeOver } from '../core/takeover.ts';
import type { World } from '../ports/world.ts';
import { executionName, startExecution } from './begin-op.ts';
import { legal } from './ruled.ts';

/**
 * Takes up an op whose execution has ended before the op did: raises the attempt and starts a new execution, which
 * replays the journal and goes on. Two that do this at once raise the attempt once.
 *
 * @throws UnknownOpError; RefusedByRuleError (`op-ended`, `still-running`, `claim-too-young`).
 */
export async function takeOverOp(world: World, opId: string, by: string): Promise<OpRecord> {
  const op = await world.table.get(records.op(opId));
  if (!op) throw new UnknownOpError(`op ${opId} of pair ${world.config.pair} does not exist`);
  const name = executionName(opId, op.value.attempt);
  const [executionStatus, steps] = await Promise.all([
    world.executions.status(op.value.kind, name),
    world.table.list(records.steps(opId)),
  ]);
  if (executionStatus === 'ABSENT' && op.value.endedAt === null && op.value.needs === null) {
    // It was begun and never started: nothing of this attempt can be at work, so it is no other attempt's turn.
    await startExecution(world, op.value);
    return op.value;
  }
  const taken = legal(
    mayTakeOver({
      op: op.value,
      executionStatus,
      newestClaimAt: newestClaim(steps.map(({ value }) => value)),
      now: world.now(),
      longestFunctionSeconds: world.config.timing.longestFunctionSeconds,
    }),
  );
  const id = world.newId();
  const at = world.now().toISOString();
  const detail = { attempt: taken.op.attempt, previousExecution: executionStatus };
  await world.table.commit([
    { key: records.op(opId), expect: op.version, value: { ...taken.op, needs: null } },
    {
      key: records.audit(id),
      expect: 'absent',
      value: { id, at, actor: by, what: 'resume', op: opId, epoch: op.value.epoch, detail },
    },
  ]);
  await startExecution(world, taken.op);
  world.log.info({ op: opId, attempt: taken.op.attempt, by }, 'op taken over');
  return taken.op;
}

/** When a function was last at work that may still be; the beginning of time when all have returned; null before any. */
function newestClaim(steps: readonly StepRecord[]): Date | null {
  if (steps.length === 0) return null;
  // A held op and one between two looks have no function at work: every claim has ended.
  const claims = steps.filter(({ status }) => status === 'claimed').map(({ claimedAt }) => Date.parse(claimedAt));
  return new Date(Math.max(0, ...claims));
}
