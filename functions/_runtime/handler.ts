import { z } from 'zod';
import { StepInput, type StepOutput, TickInput } from '../../lib/contracts/step.ts';
import { UnknownPairError } from '../../lib/core/errors.ts';
import type { World } from '../../lib/ports/world.ts';
import type { StepResult } from '../../lib/steps/step.ts';
import { performStep, type StepDefinition } from '../../lib/steps/step.ts';
import { performTickStep, type TickContext } from '../../lib/steps/tick.ts';
import { byRetry } from './transient.ts';
import { worldOfFunction } from './world.ts';

/** What Lambda calls. */
export type Handler<Output> = (event: unknown) => Promise<Output>;

/** The error of a Catch as the state machine passes it on. */
const CaughtError = z.object({ Error: z.string(), Cause: z.string().default('') });
const InputWithError = StepInput.extend({ error: CaughtError.optional() });

/** The event does not have the shape this function knows. */
export class EventInvalidError extends Error {
  override readonly name = 'EventInvalidError';
}

/** Parses an event and names the field, what was found and what was expected. */
export function parseEvent<T>(schema: z.ZodType<T>, event: unknown): T {
  const parsed = schema.safeParse(event);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'event'}: ${issue.message}`);
  throw new EventInvalidError(faults.join('; '));
}

/** A function that needs nothing but its input and the world. */
export function defineHandler<Input extends { pair: string }, Output>(
  schema: z.ZodType<Input>,
  run: (input: Input, world: World) => Promise<Output>,
): Handler<Output> {
  return async (event) => {
    const input = parseEvent(schema, event);
    const world = await worldOfFunction({ pair: input.pair }).catch((error: unknown) => {
      throw byRetry(error);
    });
    if (world.config.pair !== input.pair) {
      throw new UnknownPairError(`this function serves pair ${world.config.pair}, the input names ${input.pair}`);
    }
    try {
      return await run(input, world);
    } catch (error) {
      // The state machine sees the error's name; the log has the whole of it.
      world.log.error({ err: error, input }, 'function failed');
      throw byRetry(error);
    }
  };
}

/** A state of an op. `define` gets the state's name and, behind a Catch, one sentence about the error. */
export function defineStep(define: (state: string, reason: string) => StepDefinition): Handler<StepOutput> {
  return defineHandler(InputWithError, (input, world) =>
    performStep(world, input, define(input.state, reasonOf(input.error))),
  );
}

/** A state of protect. */
export function defineTickStep(
  run: (context: TickContext, tickAt: string) => Promise<StepResult>,
): Handler<StepOutput> {
  return defineHandler(TickInput, (input, world) =>
    performTickStep(world, input, (context) => run(context, input.tickAt)),
  );
}

function reasonOf(error: z.infer<typeof CaughtError> | undefined): string {
  if (!error) return 'the state machine asked for it';
  const cause = z.object({ errorMessage: z.string() }).safeParse(parseJson(error.Cause));
  return `${error.Error}: ${cause.success ? cause.data.errorMessage : error.Cause.slice(0, 500)}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A Cause is free text when Step Functions itself wrote it.
    return null;
  }
}
