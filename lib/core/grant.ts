import type { ControlRecord, FenceRecord, Grant, GrantPeriod, OpRecord } from '../contracts/control.ts';
import type { Verdict } from '../contracts/observation.ts';
import { firstRefusal, type Rule, type Ruled } from './refusal.ts';
import { plusSeconds } from './time.ts';

/*
 * The only three moves of the grant. Each returns the records to commit in one transaction with the expectation that
 * what was read is unchanged: two callers that both find a move legal cannot both commit it.
 */

/** The records that a move writes. */
export type GrantMove = { readonly grant: Grant; readonly period: GrantPeriod; readonly op: OpRecord };

type Check = readonly [boolean, Rule, string];

const mayMove = (control: ControlRecord, op: OpRecord): Check[] => [
  [op.endedAt !== null, 'op-ended', `${op.op} has ended; it moves no grant any more`],
  [control.op !== op.op, 'not-the-running-op', `the lease is held by ${control.op ?? 'no op'}, not by ${op.op}`],
];

const withdrawnBy = (grant: Grant, op: OpRecord): Check => [
  grant.holder !== 'none' || grant.epoch !== op.epoch,
  'S2',
  `expected the grant withdrawn at epoch ${op.epoch}, found holder ${grant.holder} at epoch ${grant.epoch}`,
];

/**
 * X -> none, epoch + 1. It closes X's period, starts the cooldown and counts an automatic op, because these limits are
 * about withdrawals only. Whether the time is right is `mayWithdraw`'s question, not this one's.
 *
 * @param period `grant#<grant.epoch>`, X's open period
 * @param automatic true when no person approved this op (`isAutomatic`)
 */
export function withdraw(input: {
  readonly grant: Grant;
  readonly period: GrantPeriod;
  readonly control: ControlRecord;
  readonly op: OpRecord;
  readonly automatic: boolean;
  readonly cooldownSeconds: number;
  readonly now: Date;
}): Ruled<GrantMove & { readonly control: ControlRecord }> {
  const { grant, period, control, op, automatic, now } = input;
  const at = now.toISOString();
  return (
    firstRefusal([
      ...mayMove(control, op),
      [
        grant.holder !== op.plan.from || grant.epoch + 1 !== op.epoch,
        'S2',
        `expected site ${op.plan.from} to hold the grant at epoch ${op.epoch - 1}, ` +
          `found ${grant.holder} at epoch ${grant.epoch}`,
      ],
      [
        period.epoch !== grant.epoch || period.holder !== grant.holder || period.until !== null,
        'S2',
        `the period of epoch ${grant.epoch} is not open for site ${grant.holder}`,
      ],
    ]) ?? {
      ok: true,
      grant: { holder: 'none', epoch: op.epoch, since: at },
      period: { ...period, until: at },
      op: { ...op, phase: 'withdrawn' },
      control: {
        ...control,
        rev: control.rev + 1,
        cooldownUntil: plusSeconds(now, input.cooldownSeconds),
        acknowledgementOwed: automatic ? op.op : control.acknowledgementOwed,
        automaticCommits: automatic ? [...control.automaticCommits, at] : control.automaticCommits,
      },
    }
  );
}

/** True when the fence of this op is acknowledged, or when a named person's waiver for it is recorded and allowed. */
export const fenceStands = (fence: FenceRecord | null, op: OpRecord): boolean =>
  fence !== null &&
  fence.op === op.op &&
  fence.epoch === op.epoch &&
  fence.side === op.plan.from &&
  (fence.acknowledgedAt !== null || (fence.waiver !== null && op.plan.leastRung === 'R0'));

/**
 * none -> Y, same epoch, and only with the losing site's fence acknowledged or waived.
 *
 * @param fence `fence#<op.epoch>#<op.plan.from>`
 */
export function give(input: {
  readonly grant: Grant;
  readonly control: ControlRecord;
  readonly op: OpRecord;
  readonly fence: FenceRecord | null;
  readonly now: Date;
}): Ruled<GrantMove> {
  const { grant, control, op, fence, now } = input;
  return (
    firstRefusal([
      ...mayMove(control, op),
      withdrawnBy(grant, op),
      [
        !fenceStands(fence, op),
        'S5',
        `the fence of site ${op.plan.from} at epoch ${op.epoch} is neither acknowledged nor waived`,
      ],
    ]) ?? held(op, op.plan.target, 'given', now)
  );
}

/**
 * Is the site that lost the grant well enough to get it back? The fence makes its canary stamp `fenced`, which is no
 * evidence for a standby; here a fenced stamp of this epoch shows that scheduler and worker work behind the fence. It
 * does not count for a site that was down (no healthy ticks): then a person decides.
 */
function isWell(verdict: Verdict | null, op: OpRecord): boolean {
  if (verdict === null || verdict.site !== op.plan.from) return false;
  if (verdict.health === 'healthy') return true;
  const { diagnosis, healthyTicks, observations } = verdict;
  const isBeating = observations.some(({ signal, outcome }) => signal === 'heartbeat' && outcome === 'alive');
  const worksFenced = observations.some(
    ({ signal, evidence }) =>
      signal === 'canary' && evidence.stampMode === 'fenced' && evidence.stampEpoch === op.epoch,
  );
  return diagnosis === 'UNCLEAR' && healthyTicks > 0 && isBeating && worksFenced;
}

/**
 * none -> X, same epoch, when an op failed after its withdrawal and X is well. X's reserved row and its DAGs follow after
 * this is committed: nothing of X is opened while the op could still go on to the other site.
 *
 * @param verdict newest verdict of site X
 */
export function giveBack(input: {
  readonly grant: Grant;
  readonly control: ControlRecord;
  readonly op: OpRecord;
  readonly verdict: Verdict | null;
  readonly now: Date;
}): Ruled<GrantMove> {
  const { grant, control, op, verdict, now } = input;
  return (
    firstRefusal([
      ...mayMove(control, op),
      withdrawnBy(grant, op),
      [
        !isWell(verdict, op),
        'site-not-well',
        `site ${op.plan.from} is not well enough to get the grant back (${verdict?.diagnosis ?? 'never judged'})`,
      ],
    ]) ?? held(op, op.plan.from, 'given-back', now)
  );
}

const held = (op: OpRecord, holder: OpRecord['plan']['from'], phase: OpRecord['phase'], now: Date) => {
  const since = now.toISOString();
  return {
    ok: true as const,
    grant: { holder, epoch: op.epoch, since },
    period: { epoch: op.epoch, holder, since, until: null },
    op: { ...op, phase },
  };
};
