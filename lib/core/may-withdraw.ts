import { otherSide, type PairConfig } from '../contracts/config.ts';
import type { Approval, OpRecord } from '../contracts/control.ts';
import type { Verdict } from '../contracts/observation.ts';
import { approvalObjection, isAutomatic } from './approval.ts';
import { lossDiagnoses } from './decision-table.ts';
import { canFence, isFreshVerdict } from './fence-reach.ts';
import { mayGoUnfenced } from './limits.ts';
import { ageSeconds, spoken } from './time.ts';

/**
 * `go`: withdraw now. `wait`: judge again. `ask-again`: the approval does not count (any more), wait for another one.
 * `stand-down`: the site is well, or what would be restored has become too old; end the op and touch nothing.
 */
export type WithdrawalCheck = {
  readonly outcome: 'go' | 'wait' | 'ask-again' | 'stand-down';
  readonly because: string;
};

/**
 * May this op withdraw the grant now? The last look before production is touched; the transaction of the withdrawal
 * requires that the verdicts and the approval are still the ones that were read here.
 *
 * @param losing newest verdict of the site that holds the grant
 * @param target newest verdict of the site that should take over
 * @param snapshotAt moment of the data that would be restored; null when there is no snapshot
 * @param now when the question is asked; a verdict older than three ticks answers nothing
 */
export function mayWithdraw(input: {
  readonly op: OpRecord;
  readonly approval: Approval | null;
  readonly losing: Verdict | null;
  readonly target: Verdict | null;
  readonly snapshotAt: string | null;
  readonly config: Pick<PairConfig, 'preAuthorisedUnfenced' | 'controllerRegion' | 'timing'>;
  readonly now: Date;
}): WithdrawalCheck {
  const { op, approval, losing, target, snapshotAt, config, now } = input;
  const from = op.plan.from;
  const tooOld = [losing, target].find(
    (verdict) => verdict && !isFreshVerdict(verdict, config.timing.tickSeconds, now),
  );
  if (losing === null || target === null) return { outcome: 'wait', because: 'a site has not been judged yet' };
  if (tooOld) {
    const age = spoken(ageSeconds(tooOld.judgedAt, now));
    return { outcome: 'wait', because: `the verdict of site ${tooOld.site} is ${age} old, three ticks are allowed` };
  }
  if (losing.diagnosis === 'HEALTHY') {
    return { outcome: 'stand-down', because: `site ${from} is HEALTHY again: ${losing.because.join('; ')}` };
  }
  const objection = approvalObjection(approval, op, now);
  if (objection !== null) return { outcome: 'ask-again', because: objection };
  const tooLittle = recoveryPointObjection(op, snapshotAt, now);
  if (tooLittle !== null) return { outcome: 'stand-down', because: tooLittle };
  const because =
    diagnosisObjection(op, approval, losing) ??
    fenceObjection(op, approval, losing, config, now) ??
    (target.diagnosis === 'HEALTHY'
      ? null
      : `site ${otherSide(from)} must be HEALTHY to take over, is ${target.diagnosis}: ${target.because.join('; ')}`);
  return because === null
    ? { outcome: 'go', because: `site ${from} is ${losing.diagnosis}: ${losing.because.join('; ')}` }
    : { outcome: 'wait', because };
}

/** After the withdrawal nobody could take the op back for it, and its plan cannot be changed any more. */
function recoveryPointObjection(op: OpRecord, snapshotAt: string | null, now: Date): string | null {
  if (snapshotAt === null) return `no snapshot of site ${op.plan.from} can be restored any more`;
  const age = ageSeconds(snapshotAt, now);
  return age > op.plan.worstRecoveryPointSeconds
    ? `the newest snapshot that can be restored, of ${snapshotAt}, has become ${spoken(age)} old; ` +
        `the plan accepts at most ${spoken(op.plan.worstRecoveryPointSeconds)}`
    : null;
}

function diagnosisObjection(op: OpRecord, approval: Approval | null, losing: Verdict): string | null {
  const { diagnosis, site } = losing;
  if (diagnosis === 'PLANNED' || diagnosis === 'OBSERVER_FAULT') {
    return `site ${site} is ${diagnosis}, on which nobody withdraws: ${losing.because.join('; ')}`;
  }
  if (lossDiagnoses.includes(diagnosis)) return null;
  if (isAutomatic(op, approval)) {
    return `site ${site} is ${diagnosis}; without a person only ${lossDiagnoses.join(' and ')} withdraw the grant`;
  }
  return op.plan.diagnoses.includes(diagnosis)
    ? null
    : `site ${site} is ${diagnosis}, which the approval does not name`;
}

/** An op that cannot reach its least rung stays here, where nothing has been touched. */
function fenceObjection(
  op: OpRecord,
  approval: Approval | null,
  losing: Verdict,
  config: Pick<PairConfig, 'preAuthorisedUnfenced' | 'controllerRegion'>,
  now: Date,
): string | null {
  const reachable = canFence(losing, config.controllerRegion);
  if (reachable) return null;
  if (op.plan.leastRung === 'R2') {
    return `site ${losing.site} cannot be fenced from here, and the plan needs R2: approve a plan with least rung R0`;
  }
  return isAutomatic(op, approval) && !mayGoUnfenced(config.preAuthorisedUnfenced, now)
    ? `site ${losing.site} cannot be fenced from here, and no preAuthorisedUnfenced is valid`
    : null;
}
