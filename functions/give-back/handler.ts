import { giveBack } from '../../lib/steps/give-back.ts';
import { defineStep } from '../_runtime/handler.ts';

/** Where an op goes that cannot go on; the reason is the caught error. */
export const handler = defineStep((_state, reason) => giveBack(reason));
