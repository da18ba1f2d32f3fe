import { standDown } from '../../lib/steps/stand-down.ts';
import { defineStep } from '../_runtime/handler.ts';

/** Where an op goes that cannot go on; the reason is the caught error. */
export const handler = defineStep((_state, reason) => standDown(reason));
