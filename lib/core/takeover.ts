import type { OpRecord } from '../contracts/control.ts';
import { firstRefusal, type Ruled } from './refusal.ts';
import { ageSeconds, spoken } from './time.ts';

/**
 * May a new execution take an op over? Only when the old one is not RUNNING (one that does not exist counts as not
 * RUNNING) and no function of it can still be at work.
 *
 * @param executionStatus of the execution `<op>-<attempt>`, as the Executions port gives it
 * @param newestClaimAt newest `claimedAt` of the op's step records that are still `claimed`; null when none is
 * @param longestFunctionSeconds timing.longestFunctionSeconds: the longest function time-out with its margin
 * @returns the op with its attempt raised by one, to be written before the new execution is started
 */
export function mayTakeOver(input: {
  readonly op: OpRecord;
  readonly executionStatus: string;
  readonly newestClaimAt: Date | null;
  readonly now: Date;
  readonly longestFunctionSeconds: number;
}): Ruled<{ readonly op: OpRecord }> {
  const { op, executionStatus, newestClaimAt, now, longestFunctionSeconds } = input;
  // An op that claimed nothing yet may be about to: its execution is started right after Begin.
  const lastSign = newestClaimAt?.toISOString() ?? op.beganAt;
  const quietSeconds = ageSeconds(lastSign, now);
  return (
    firstRefusal([
      [
        op.endedAt !== null,
        'op-ended',
        `${op.op} has ended (${op.outcome ?? op.phase}); there is nothing to take over`,
      ],
      [executionStatus === 'RUNNING', 'still-running', `attempt ${op.attempt} of ${op.op} is still running`],
      [
        quietSeconds <= longestFunctionSeconds,
        'claim-too-young',
        `a function of attempt ${op.attempt} may still be at work: its newest claim is ${spoken(quietSeconds)} old, ` +
          `and functions run for up to ${spoken(longestFunctionSeconds)}`,
      ],
    ]) ?? { ok: true, op: { ...op, attempt: op.attempt + 1 } }
  );
}
