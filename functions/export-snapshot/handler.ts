import { exportSnapshot } from '../../lib/steps/export-snapshot.ts';
import { defineTickStep } from '../_runtime/handler.ts';

/** State "Export the snapshot" of protect. */
export const handler = defineTickStep(exportSnapshot);
