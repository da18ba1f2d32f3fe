import { giveGrant } from '../../lib/steps/give-grant.ts';
import { defineStep } from '../_runtime/handler.ts';

/** State "Give the grant" of an op. */
export const handler = defineStep(() => giveGrant);
