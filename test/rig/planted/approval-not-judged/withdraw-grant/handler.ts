import { defineStep } from '../../../../../functions/_runtime/handler.ts';
import { records } from '../../../../../lib/contracts/records.ts';
import { withdrawGrant } from '../../../../../lib/steps/withdraw-grant.ts';

/** Planted: verdicts and approval are not looked at again when the grant is withdrawn. */
export const handler = defineStep(() => ({
  ...withdrawGrant,
  run: async ({ op, table, now }) => {
    const grant = await table.get(records.grant());
    const next = { holder: 'none' as const, epoch: op.value.epoch, since: now().toISOString() };
    const writes = [
      { key: records.grant(), expect: grant?.version ?? ('absent' as const), value: next },
      { key: records.op(op.value.op), expect: op.version, value: { ...op.value, phase: 'withdrawn' as const } },
    ];
    return { outcome: 'done', because: 'blindly', writes };
  },
}));
