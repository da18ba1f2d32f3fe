import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Machine } from './functions.ts';
import { projectRoot } from './project-root.ts';

const Common = z.looseObject({ Comment: z.string().optional(), Next: z.string().optional() });
const Retrier = z.looseObject({ Comment: z.string().optional(), ErrorEquals: z.array(z.string()).min(1) });
const Catcher = z.looseObject({ ErrorEquals: z.array(z.string()).min(1), Next: z.string() });
const Task = Common.extend({
  Type: z.literal('Task'),
  Resource: z.string(),
  Parameters: z.object({ FunctionName: z.string(), Payload: z.record(z.string(), z.string()) }),
  ResultPath: z.string(),
  TimeoutSeconds: z.int().optional(),
  Retry: z.array(Retrier).default([]),
  Catch: z.array(Catcher).default([]),
});
const Choice = Common.extend({
  Type: z.literal('Choice'),
  Choices: z.array(
    z.strictObject({
      Variable: z.string(),
      StringEquals: z.string().optional(),
      IsPresent: z.boolean().optional(),
      Next: z.string(),
    }),
  ),
  Default: z.string().optional(),
});
const Wait = Common.extend({ Type: z.literal('Wait'), SecondsPath: z.string() });
const Succeed = Common.extend({ Type: z.literal('Succeed') });
const Fail = Common.extend({ Type: z.literal('Fail'), Error: z.string().optional(), ErrorPath: z.string().optional() });

/** The subset of the States Language that our definitions keep to. */
export const MachineDefinition = z.strictObject({
  Comment: z.string(),
  StartAt: z.string(),
  States: z.record(z.string(), z.discriminatedUnion('Type', [Task, Choice, Wait, Succeed, Fail])),
});
export type MachineDefinition = z.infer<typeof MachineDefinition>;
export type MachineState = MachineDefinition['States'][string];

/** Every machine, in the order a reader meets them. */
export const machines: readonly Machine[] = ['watch', 'protect', 'failover'];

/** Path of a machine's definition. */
export const definitionFile = (machine: Machine): string => join(projectRoot, 'state-machines', `${machine}.asl.json`);

/** A machine's definition. @throws ZodError when it leaves our subset. */
export const readDefinition = (machine: Machine): MachineDefinition =>
  MachineDefinition.parse(JSON.parse(readFileSync(definitionFile(machine), 'utf8')));

/** One way from a state to another, with the word that leads there. */
export type Edge = { readonly from: string; readonly to: string; readonly label: string; readonly caught: boolean };

/** Every way out of every state. */
export function edgesOf(definition: MachineDefinition): Edge[] {
  return Object.entries(definition.States).flatMap(([from, state]) => waysOut(state).map((way) => ({ from, ...way })));
}

function waysOut(state: MachineState): Omit<Edge, 'from'>[] {
  const next = state.Next ? [{ to: state.Next, label: '', caught: false }] : [];
  if (state.Type === 'Choice') {
    const rules = state.Choices.map((rule) => ({ to: rule.Next, label: rule.StringEquals ?? 'failed', caught: false }));
    return [...rules, ...(state.Default ? [{ to: state.Default, label: 'otherwise', caught: false }] : [])];
  }
  if (state.Type !== 'Task') return next;
  const catches = state.Catch.map(({ ErrorEquals, Next }) => {
    return { to: Next, label: ErrorEquals.join(', ').replace('States.ALL', 'error'), caught: true };
  });
  return [...next, ...catches];
}
