import { z } from 'zod';
import { Instant, OpId, PairId } from './ids.ts';

/** Input of every step of an op. Identity only: all other data is in the journal. */
export const StepInput = z.object({
  pair: PairId,
  op: OpId,
  attempt: z.int().positive(),
  state: z.string().min(1),
});
export type StepInput = z.infer<typeof StepInput>;

/** Input of the states of watch and protect. */
export const TickInput = z.object({ pair: PairId, tickAt: Instant, state: z.string().min(1) });
export type TickInput = z.infer<typeof TickInput>;

/** What every function of a state machine returns; the Choice behind it reads `outcome`, the Wait `waitSeconds`. */
export const StepOutput = z.object({
  outcome: z.string().min(1),
  waitSeconds: z.int().nonnegative(),
  because: z.string(),
});
export type StepOutput = z.infer<typeof StepOutput>;

/** Environment of every function. */
export const FunctionEnvironment = z.object({
  LIFEBOAT_CONFIG: z.string().min(2),
  LIFEBOAT_FUNCTION: z.string().min(1),
  AWS_REGION: z.string().min(1),
  AWS_ENDPOINT_URL: z.url().optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});
export type FunctionEnvironment = z.infer<typeof FunctionEnvironment>;
