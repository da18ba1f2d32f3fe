import { chooseSnapshot } from '../../lib/steps/choose-snapshot.ts';
import { defineStep } from '../_runtime/handler.ts';

/** States "Choose the snapshot" and "Choose the last snapshot" of an op. */
export const handler = defineStep(() => chooseSnapshot);
