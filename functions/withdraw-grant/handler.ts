import { withdrawGrant } from '../../lib/steps/withdraw-grant.ts';
import { defineStep } from '../_runtime/handler.ts';

/** State "Withdraw the grant" of an op. */
export const handler = defineStep(() => withdrawGrant);
