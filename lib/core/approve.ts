import type { Approval, OpRecord } from '../contracts/control.ts';
import { isPolicy, policyActor } from './actor.ts';
import { firstRefusal, type Ruled } from './refusal.ts';
import { plusSeconds } from './time.ts';

/**
 * Approves the plan of an op that has not withdrawn the grant yet. The caller writes it on the condition that the
 * approval record and the op are unchanged since they were read.
 *
 * @param by ARN of the signed request's caller, or `policyActor.automatic`
 * @param planHash hash of the plan that the caller was shown; null when the op is approved where it is made or read
 * @param epoch epoch of the op that the caller was shown, or null likewise
 * @param ttlSeconds timing.approvalTtlSeconds
 */
export function approve(input: {
  readonly op: OpRecord;
  readonly by: string;
  readonly planHash: string | null;
  readonly epoch: number | null;
  readonly ttlSeconds: number;
  readonly now: Date;
}): Ruled<{ readonly approval: Approval }> {
  const { op, by, planHash, epoch, ttlSeconds, now } = input;
  return (
    firstRefusal([
      [op.endedAt !== null, 'op-ended', `${op.op} has ended (${op.outcome ?? op.phase})`],
      [op.phase !== 'open', 'op-ended', `${op.op} has already withdrawn the grant; it needs no approval`],
      [
        planHash !== null && planHash !== op.planHash,
        'S26',
        `the plan that was shown (${planHash}) is not the plan of ${op.op} (${op.planHash})`,
      ],
      [
        epoch !== null && epoch !== op.epoch,
        'S26',
        `the op that was shown has epoch ${epoch}, ${op.op} has epoch ${op.epoch}`,
      ],
      [
        isPolicy(by) && by !== policyActor.automatic,
        'mode',
        `${by} may prepare an op, but only a person or mode automatic approves it`,
      ],
    ]) ?? {
      ok: true,
      approval: {
        op: op.op,
        epoch: op.epoch,
        planHash: op.planHash,
        by,
        at: now.toISOString(),
        expiresAt: plusSeconds(now, ttlSeconds),
      },
    }
  );
}
