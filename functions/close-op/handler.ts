import { closeOp } from '../../lib/steps/close-op.ts';
import { defineStep } from '../_runtime/handler.ts';

/** State "Close the op" of an op. */
export const handler = defineStep(() => closeOp);
