import { awaitApproval } from '../../lib/steps/await-approval.ts';
import { defineStep } from '../_runtime/handler.ts';

/** State "Wait for approval" of an op. */
export const handler = defineStep(() => awaitApproval);
