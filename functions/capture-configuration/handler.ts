import { captureConfiguration } from '../../lib/steps/capture-configuration.ts';
import { defineTickStep } from '../_runtime/handler.ts';

/** State "Capture the configuration" of protect. */
export const handler = defineTickStep(captureConfiguration);
