import { promoteSite } from '../../lib/steps/promote-site.ts';
import { defineStep } from '../_runtime/handler.ts';

/** State "Promote the site" of an op. */
export const handler = defineStep(() => promoteSite);
