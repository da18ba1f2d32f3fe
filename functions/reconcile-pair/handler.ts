import { TickInput } from '../../lib/contracts/step.ts';
import { reconcilePair } from '../../lib/steps/reconcile-pair.ts';
import { defineHandler } from '../_runtime/handler.ts';

/** State "Reconcile" of watch. */
export const handler = defineHandler(TickInput, (_input, world) => reconcilePair(world));
