import { z } from 'zod';
import { TickInput } from '../../lib/contracts/step.ts';
import { beginByPolicy } from '../../lib/steps/begin-op.ts';
import { defineHandler } from '../_runtime/handler.ts';

const Input = TickInput.extend({ decision: z.enum(['prepare', 'fail-over']), because: z.string() });

/** State "Begin the op" of watch. */
export const handler = defineHandler(Input, (input, world) => beginByPolicy(world, input));
