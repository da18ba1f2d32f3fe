import { judgeAgain } from '../../lib/steps/judge-again.ts';
import { defineStep } from '../_runtime/handler.ts';

/** State "Judge again" of an op. */
export const handler = defineStep(() => judgeAgain);
