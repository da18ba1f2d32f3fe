import { verifySite } from '../../lib/steps/verify-site.ts';
import { defineStep } from '../_runtime/handler.ts';

/** State "Verify the site" of an op. */
export const handler = defineStep(() => verifySite);
