import { verifySnapshot } from '../../lib/steps/verify-snapshot.ts';
import { defineTickStep } from '../_runtime/handler.ts';

/** State "Verify the snapshot" of protect. */
export const handler = defineTickStep(verifySnapshot);
