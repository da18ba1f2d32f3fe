import { type Json, lookUp } from './asl-paths.ts';

type Rule = {
  readonly Variable: string;
  readonly StringEquals?: string;
  readonly IsPresent?: boolean;
  readonly Next: string;
};
export type Choice = { readonly Type: 'Choice'; readonly Choices: readonly Rule[]; readonly Default: string };

/** Name of the state that a Choice goes to: the first rule that holds, or its Default. */
export function advanceChoice(state: Choice, data: Json): string {
  return state.Choices.find((rule) => holds(rule, data))?.Next ?? state.Default;
}

function holds(rule: Rule, data: Json): boolean {
  const value = lookUp(data, rule.Variable);
  if (rule.IsPresent !== undefined) return (value !== undefined) === rule.IsPresent;
  if (rule.StringEquals !== undefined) return value === rule.StringEquals;
  throw new Error(`a Choice on ${rule.Variable} uses an operator outside our subset`);
}
