import type { Approval, OpRecord } from '../contracts/control.ts';
import { isPolicy } from './actor.ts';
import { isAhead } from './time.ts';

/** Why this approval does not count for this op now, or null when it does. */
export function approvalObjection(approval: Approval | null, op: OpRecord, now: Date): string | null {
  if (approval === null) return `nobody has approved ${op.op}`;
  if (approval.op !== op.op || approval.epoch !== op.epoch) {
    return `the approval is of ${approval.op} at epoch ${approval.epoch}, not of ${op.op} at epoch ${op.epoch}`;
  }
  if (approval.planHash !== op.planHash) return 'the approval is bound to another plan';
  return isAhead(approval.expiresAt, now) ? null : `the approval of ${approval.by} expired at ${approval.expiresAt}`;
}

/** True when no person stands behind the withdrawal: the op is the policy's own, or only the policy approved it. */
export const isAutomatic = (op: OpRecord, approval: Approval | null): boolean =>
  op.automatic || (approval !== null && isPolicy(approval.by));
