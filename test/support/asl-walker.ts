import { advanceChoice, type Choice } from './asl-choice.ts';
import { assign, fill, type Json, lookUp } from './asl-paths.ts';

type Retrier = {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxAttempts?: number;
  readonly MaxDelaySeconds?: number;
};
type Catcher = { readonly ErrorEquals: readonly string[]; readonly ResultPath?: string | null; readonly Next: string };
type Then = { readonly Next?: string; readonly End?: boolean };

type Task = Then & {
  readonly Type: 'Task';
  readonly Resource: string;
  readonly Parameters: { readonly FunctionName: string; readonly Payload: Record<string, Json> };
  readonly ResultSelector?: Record<string, Json>;
  readonly ResultPath?: string | null;
  readonly TimeoutSeconds?: number;
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
};
type Wait = Then & { readonly Type: 'Wait'; readonly SecondsPath: string };
type Fail = {
  readonly Type: 'Fail';
  readonly Error?: string;
  readonly Cause?: string;
  readonly ErrorPath?: string;
  readonly CausePath?: string;
};
type State = Task | Wait | Choice | Fail | { readonly Type: 'Succeed' };
export type Definition = {
  readonly Comment?: string;
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
};

/** An error as Step Functions sees it: what a function threw, by name. */
export class NamedError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** Ends a walk in the middle of a Task as StopExecution does: no Retry and no Catch sees it. Thrown by `invoke`. */
export class ExecutionStopped extends Error {
  override readonly name = 'ExecutionStopped';
}

export type WalkerWorld = {
  /** Calls the function that stands in `${...}` of the Task. What it throws is known by its `name`. */
  readonly invoke: (functionKey: string, payload: Json) => Promise<Json>;
  /** Lets time pass: a Wait, or the pause before a Retry. */
  readonly wait: (seconds: number) => Promise<void>;
  /** Called before each state; throwing ends the walk, as StopExecution does. */
  readonly entering?: (state: string, data: Json) => void | Promise<void>;
};

export type Walk = {
  readonly status: 'SUCCEEDED' | 'FAILED';
  /** States in the order they were entered. */
  readonly states: readonly string[];
  readonly output: Json;
  readonly error?: string;
  readonly cause?: string;
};

/** Errors that a wildcard does not match, as the language has it. */
const terminal = new Set(['States.Runtime', 'States.DataLimitExceeded']);

/**
 * Runs a definition of our subset of the States Language: lambda:invoke Task, Wait with SecondsPath, Choice, Retry,
 * Catch, Succeed, Fail, plain reference paths. The order that tests and simulations see is the order that ships.
 *
 * @throws ExecutionStopped and whatever `entering` throws; Error when the definition uses anything else.
 */
export async function walk(definition: Definition, input: Json, world: WalkerWorld): Promise<Walk> {
  const states: string[] = [];
  let data = input;
  let name = definition.StartAt;
  for (;;) {
    const state = definition.States[name];
    if (!state) throw new Error(`the definition has no state "${name}"`);
    await world.entering?.(name, data);
    states.push(name);
    if (state.Type === 'Succeed') return { status: 'SUCCEEDED', states, output: data };
    let next: { data: Json; name: string | null };
    try {
      if (state.Type === 'Fail') throw failure(state, data);
      next = await advance(state, data, world);
    } catch (error) {
      if (!(error instanceof NamedError)) throw error;
      return { status: 'FAILED', states, output: null, error: error.name, cause: error.message };
    }
    data = next.data;
    if (next.name === null) return { status: 'SUCCEEDED', states, output: data };
    name = next.name;
  }
}

async function advance(state: Task | Wait | Choice, data: Json, world: WalkerWorld) {
  if (state.Type === 'Choice') return { data, name: advanceChoice(state, data) };
  if (state.Type === 'Task') return await perform(state, data, world);
  const seconds = read(data, state.SecondsPath);
  if (typeof seconds !== 'number') throw new NamedError('States.Runtime', `${state.SecondsPath} is no number`);
  await world.wait(seconds);
  return { data, name: state.Next ?? null };
}

async function perform(state: Task, data: Json, world: WalkerWorld): Promise<{ data: Json; name: string | null }> {
  const spent = new Map<Retrier, number>();
  for (;;) {
    try {
      const result = await call(state, data, world);
      return { data: assign(data, state.ResultPath, result), name: state.Next ?? null };
    } catch (thrown) {
      if (thrown instanceof ExecutionStopped) throw thrown;
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      const seconds = pauseBeforeRetry(state, error, spent);
      if (seconds === null) return caught(state, data, error);
      await world.wait(seconds);
    }
  }
}

async function call(state: Task, data: Json, world: WalkerWorld): Promise<Json> {
  const functionKey = /^\$\{(\w+)\}$/.exec(state.Parameters.FunctionName)?.[1];
  if (!functionKey) throw new Error(`FunctionName ${state.Parameters.FunctionName} is no substitution`);
  const payload = fill(state.Parameters.Payload, data, read);
  const raw: Json = { Payload: await world.invoke(functionKey, payload), StatusCode: 200 };
  return state.ResultSelector ? fill(state.ResultSelector, raw, read) : raw;
}

/** Seconds until the Task is tried again, or null when no Retry takes the error or its attempts are spent. */
function pauseBeforeRetry(state: Task, error: Error, spent: Map<Retrier, number>): number | null {
  const retrier = state.Retry?.find((each) => matches(each.ErrorEquals, error.name));
  if (!retrier) return null;
  const used = spent.get(retrier) ?? 0;
  if (used >= (retrier.MaxAttempts ?? 3)) return null;
  spent.set(retrier, used + 1);
  const seconds = (retrier.IntervalSeconds ?? 1) * (retrier.BackoffRate ?? 2) ** used;
  return Math.min(seconds, retrier.MaxDelaySeconds ?? Number.POSITIVE_INFINITY);
}

function caught(state: Task, data: Json, error: Error): { data: Json; name: string } {
  const catcher = state.Catch?.find((each) => matches(each.ErrorEquals, error.name));
  if (!catcher) throw new NamedError(error.name, causeOf(error));
  const result = { Error: error.name, Cause: causeOf(error) };
  return { data: assign(data, catcher.ResultPath, result), name: catcher.Next };
}

function matches(names: readonly string[], error: string): boolean {
  if (names.includes(error)) return true;
  if (terminal.has(error)) return false;
  if (names.includes('States.ALL')) return true;
  return names.includes('States.TaskFailed') && error !== 'States.Timeout';
}

/** The Cause of a failed Lambda function is the JSON of its error. */
const causeOf = (error: Error): string =>
  error.name.startsWith('States.')
    ? error.message
    : JSON.stringify({ errorType: error.name, errorMessage: error.message });

function read(data: Json, path: string): Json {
  const found = lookUp(data, path);
  if (found === undefined) throw new NamedError('States.Runtime', `${path} is not in the input`);
  return found;
}

function failure(state: Fail, data: Json): NamedError {
  const error = state.ErrorPath ? read(data, state.ErrorPath) : (state.Error ?? '');
  const cause = state.CausePath ? read(data, state.CausePath) : (state.Cause ?? '');
  return new NamedError(String(error), String(cause));
}
