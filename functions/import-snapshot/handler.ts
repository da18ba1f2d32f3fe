import { importOfState } from '../../lib/steps/import-snapshot.ts';
import { defineStep } from '../_runtime/handler.ts';

/** States "Import the snapshot", "Import the rest" and "Import the history" of an op. */
export const handler = defineStep((state) => importOfState(state));
