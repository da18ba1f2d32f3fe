import { z } from 'zod';
import type { StepRecord } from '../contracts/control.ts';

/** The newest record of a state. */
export const stepNamed = (steps: readonly StepRecord[], state: string): StepRecord | undefined =>
  steps.findLast((step) => step.state === state);

/** When a state was done; null while it is not. */
export function endOf(steps: readonly StepRecord[], state: string): string | null {
  const step = stepNamed(steps, state);
  return step?.status === 'done' ? step.endedAt : null;
}

/** A list that a step left in its output. Entries of a shape this version does not know are left out, never the report. */
export function outputList<T>(steps: readonly StepRecord[], state: string, field: string, entry: z.ZodType<T>): T[] {
  const list = z.array(z.unknown()).catch([]).parse(stepNamed(steps, state)?.output?.[field]);
  return list.flatMap((item) => {
    const parsed = entry.safeParse(item);
    return parsed.success ? [parsed.data] : [];
  });
}

/** A count that a step left beside a list, which the journal may have cut; at least the length of the list. */
export function outputCount(steps: readonly StepRecord[], state: string, field: string, atLeast: number): number {
  const count = z.int().safeParse(stepNamed(steps, state)?.output?.[field]);
  return Math.max(atLeast, count.success ? count.data : 0);
}
