import type { ControlRecord, Grant, OpOutcome, OpPhase, OpRecord } from '../contracts/control.ts';
import { firstRefusal, type Ruled } from './refusal.ts';

const phaseOf: Record<OpOutcome, OpPhase> = {
  recovered: 'closed',
  'stood-down': 'stood-down',
  'given-back': 'given-back',
};

/** Characters of an error in the record of an op: the journal has the whole of it. */
const longestFailure = 500;

/**
 * Ends an op and frees the lease: Close (`recovered`), Stand down, or the end of Give back. The outcome must be what
 * the grant says: nothing is called recovered whose target does not hold it, and no op stands down that withdrew it.
 *
 * @param failure the error that ended it, for an op that did not move production because of one
 */
export function endOp(input: {
  readonly control: ControlRecord;
  readonly grant: Grant;
  readonly op: OpRecord;
  readonly outcome: OpOutcome;
  readonly failure?: string | null;
  readonly now: Date;
}): Ruled<{ readonly op: OpRecord; readonly control: ControlRecord }> {
  const { control, grant, op, outcome, now } = input;
  const failure = input.failure?.slice(0, longestFailure) ?? null;
  const expected: Record<OpOutcome, Pick<Grant, 'holder' | 'epoch'>> = {
    recovered: { holder: op.plan.target, epoch: op.epoch },
    'stood-down': { holder: op.plan.from, epoch: op.epoch - 1 },
    'given-back': { holder: op.plan.from, epoch: op.epoch },
  };
  const { holder, epoch } = expected[outcome];
  return (
    firstRefusal([
      [op.endedAt !== null, 'op-ended', `${op.op} has already ended (${op.outcome ?? op.phase})`],
      [control.op !== op.op, 'not-the-running-op', `the lease is held by ${control.op ?? 'no op'}, not by ${op.op}`],
      [
        grant.holder !== holder || grant.epoch !== epoch,
        'S2',
        `${outcome} needs the grant with ${holder} at epoch ${epoch}, found ${grant.holder} at epoch ${grant.epoch}`,
      ],
    ]) ?? {
      ok: true,
      op: { ...op, phase: phaseOf[outcome], outcome, failure, endedAt: now.toISOString(), needs: null },
      control: { ...control, rev: control.rev + 1, op: null },
    }
  );
}
