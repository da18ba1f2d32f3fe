import { z } from 'zod';

const Machine = z.object({ States: z.record(z.string(), z.looseObject({ Type: z.string() })) });

/** The states of a failover that goes well, in order: in the machine's file page order is the order of execution. */
export function failoverSteps(definition: string): string[] {
  const { States } = Machine.parse(JSON.parse(definition));
  const tasks = Object.entries(States)
    .filter(([, state]) => state.Type === 'Task')
    .map(([name]) => name);
  return tasks.slice(0, tasks.indexOf('Close the op') + 1);
}
