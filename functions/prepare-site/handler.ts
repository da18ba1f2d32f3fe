import { prepareSite } from '../../lib/steps/prepare-site.ts';
import { defineStep } from '../_runtime/handler.ts';

/** State "Prepare the site" of an op. */
export const handler = defineStep(() => prepareSite);
