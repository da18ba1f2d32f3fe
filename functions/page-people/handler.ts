import { z } from 'zod';
import { TickInput } from '../../lib/contracts/step.ts';
import { pagePeople } from '../../lib/steps/page-people.ts';
import { defineHandler } from '../_runtime/handler.ts';

const Input = TickInput.extend({ decision: z.string(), because: z.string() });

/** State "Page people" of watch. */
export const handler = defineHandler(Input, (input, world) => pagePeople(world, input));
