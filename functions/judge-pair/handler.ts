import { TickInput } from '../../lib/contracts/step.ts';
import { judgePair } from '../../lib/steps/judge-pair.ts';
import { defineHandler } from '../_runtime/handler.ts';

/** State "Judge the pair" of watch. */
export const handler = defineHandler(TickInput, (input, world) => judgePair(world, input));
