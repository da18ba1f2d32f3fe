import { fenceSite } from '../../lib/steps/fence-site.ts';
import { defineStep } from '../_runtime/handler.ts';

/** State "Fence the losing site" of an op. */
export const handler = defineStep(() => fenceSite);
