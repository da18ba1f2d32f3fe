import { publishAges } from '../../lib/steps/publish-ages.ts';
import { defineTickStep } from '../_runtime/handler.ts';

/** State "Publish the ages" of protect. */
export const handler = defineTickStep(publishAges);
