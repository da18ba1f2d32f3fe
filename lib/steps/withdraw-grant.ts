import { records } from '../contracts/records.ts';
import { isAutomatic } from '../core/approval.ts';
import { withdraw } from '../core/grant.ts';
import { CommitConflictError } from '../ports/control-table.ts';
import { readWithdrawal } from './judge-again.ts';
import { legal, readControlAndGrant } from './ruled.ts';
import type { StepDefinition } from './step.ts';

/**
 * State "Withdraw the grant": X -> none and epoch + 1, in one transaction that requires the verdicts, the approval, the
 * control record and the grant to be the ones that were read. From here on only Give, Give back or a person goes on.
 * Outcome `judge-again` when the last look would not say go any more: nothing is withdrawn then.
 */
export const withdrawGrant: StepDefinition = {
  async run(world) {
    const op = world.op.value;
    const { losing, target, approval, check } = await readWithdrawal(world);
    if (check.outcome !== 'go' || !losing || !target || !approval) {
      return { outcome: 'judge-again', because: `not withdrawn: ${check.because}` };
    }
    const { control, grant } = await readControlAndGrant(world);
    const periodKey = records.grantPeriod(grant.value.epoch);
    const period = await world.table.get(periodKey);
    if (!period) throw new CommitConflictError([periodKey.sk]);
    const move = legal(
      withdraw({
        grant: grant.value,
        period: period.value,
        control: control.value,
        op,
        automatic: isAutomatic(op, approval.value),
        cooldownSeconds: world.config.timing.cooldownSeconds,
        now: world.now(),
      }),
    );
    const id = world.newId();
    const at = world.now().toISOString();
    return {
      outcome: 'done',
      because: `the grant of site ${op.plan.from} is withdrawn, epoch ${op.epoch}: ${check.because}`,
      data: { withdrawnAt: at, verdict: losing.value.diagnosis },
      writes: [
        { key: records.grant(), expect: grant.version, value: move.grant },
        { key: periodKey, expect: period.version, value: move.period },
        { key: records.control(), expect: control.version, value: move.control },
        { key: records.op(op.op), expect: world.op.version, value: move.op },
        { key: records.verdict(losing.value.site), expect: losing.version },
        { key: records.verdict(target.value.site), expect: target.version },
        { key: records.approval(op.op), expect: approval.version },
        {
          key: records.audit(id),
          expect: 'absent',
          value: {
            id,
            at,
            actor: approval.value.by,
            what: 'withdraw',
            op: op.op,
            epoch: op.epoch,
            detail: { because: check.because },
          },
        },
      ],
    };
  },
};
