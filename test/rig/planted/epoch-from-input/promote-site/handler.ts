import { defineStep } from '../../../../../functions/_runtime/handler.ts';
import { promoteSite } from '../../../../../lib/steps/promote-site.ts';

/** What an input would say; the op's record says another one. */
const epoch = 7;

/** Planted: the epoch does not come from the record of the op. */
export const handler = defineStep(() => ({
  ...promoteSite,
  run: (world) => promoteSite.run({ ...world, op: { ...world.op, value: { ...world.op.value, epoch } } }),
}));
