import type { OpRecord, StepRecord } from '../contracts/control.ts';
import { type RecordKey, records } from '../contracts/records.ts';
import type { StepInput, StepOutput } from '../contracts/step.ts';
import { changedSince } from '../core/bound.ts';
import { ConfigurationChangedError, StaleAttemptError, UnknownOpError } from '../core/errors.ts';
import { claim } from '../core/journal.ts';
import type { Versioned, Write } from '../ports/control-table.ts';
import type { World } from '../ports/world.ts';

/** What a step has done, or that it has to be asked again. */
export type StepResult = {
  /** `pending`, `choose-again` and `judge-again` ask for another look and are not recorded; every other word ends the step. */
  readonly outcome: string;
  readonly because: string;
  readonly waitSeconds?: number;
  /** Remembered in the journal: later steps and the report read it. */
  readonly data?: Record<string, unknown>;
  /** Committed in one transaction with the journal record. */
  readonly writes?: readonly Write[];
};

export type StepContext = World & {
  readonly op: Versioned<OpRecord>;
  readonly state: string;
  /** What earlier polls of this step remembered. */
  readonly progress: Readonly<Record<string, unknown>>;
  /** Remembers something before an effect is started, so that a repeat finds it. */
  readonly remember: (progress: Record<string, unknown>) => Promise<void>;
};

export type StepDefinition = {
  readonly run: (context: StepContext) => Promise<StepResult>;
  /** False while a finished record must not be replayed, because the world may have changed since. */
  readonly replays?: (op: OpRecord) => boolean;
  /** True for a step that only ends or holds the op: it runs even when the configuration names other sites by now. */
  readonly whateverIsDeployed?: boolean;
};

const looksAgain = new Set(['pending', 'choose-again', 'judge-again']);

/**
 * Runs one step of an op under the rules of the journal: an execution that was superseded may not act, a finished
 * step returns what it returned, the effect of a control step and its record are one transaction.
 *
 * @throws UnknownOpError, StaleAttemptError; CommitConflictError when another writer was faster (retry: read again);
 * any error of the step itself, after it was recorded.
 */
export async function performStep(world: World, input: StepInput, definition: StepDefinition): Promise<StepOutput> {
  const op = await world.table.get(records.op(input.op));
  if (!op) throw new UnknownOpError(`op ${input.op} of pair ${input.pair} does not exist`);
  const key = records.step(input.op, input.state);
  const existing = await world.table.get(key);
  if (op.value.attempt !== input.attempt) {
    throw new StaleAttemptError(
      `attempt ${input.attempt} of ${input.op} may not act any more: attempt ${op.value.attempt} has taken over`,
    );
  }
  const claimed = claim(existing?.value ?? null, {
    op: input.op,
    state: input.state,
    iteration: 0,
    attempt: input.attempt,
    owner: `${input.op}-${input.attempt}`,
    inputHash: world.sha256(JSON.stringify(input.state)),
    now: world.now(),
    replays: definition.replays?.(op.value) ?? true,
  });
  if (claimed.kind === 'refused') throw new StaleAttemptError(claimed.because);
  if (claimed.kind === 'replay') return outputOf(claimed.output);

  const journal = new StepJournal(
    world,
    { key: records.op(input.op), expect: op.version },
    key,
    existing?.version ?? 0,
  );
  await journal.write(claimed.record);
  const context: StepContext = {
    ...world,
    op,
    state: input.state,
    progress: claimed.record.progress,
    remember: (progress) => journal.write({ ...journal.record, progress: { ...journal.record.progress, ...progress } }),
  };
  const result = await runRecorded(world, journal, async () => {
    if (definition.whateverIsDeployed !== true) requireSameSites(world, op.value);
    return await definition.run(context);
  });
  const output = { outcome: result.outcome, waitSeconds: result.waitSeconds ?? 0, because: result.because };
  world.log.info({ state: input.state, ...output }, 'step looked');
  if (looksAgain.has(result.outcome)) {
    // Nobody is at work between two looks: an execution that dies here may be taken over at once.
    await journal.write({ ...journal.record, status: 'waiting' });
  } else {
    const ended = { status: 'done' as const, error: null, endedAt: world.now().toISOString() };
    await journal.write({ ...journal.record, ...ended, output: { ...output, ...result.data } }, result.writes);
  }
  return output;
}

/** An op goes on with the sites it began with, or not at all. */
function requireSameSites(world: World, op: OpRecord): void {
  const changes = changedSince(op.bound, world.configured);
  if (changes.length === 0) return;
  throw new ConfigurationChangedError(
    `the deployed configuration is not the one that ${op.op} began with: ${changes.join('; ')}`,
  );
}

/** The journal record of one claimed step; every write of it requires that the op was not taken over meanwhile. */
class StepJournal {
  #record: StepRecord | null = null;
  #version: number;
  readonly #world: World;
  readonly #guard: Write;
  readonly #key: RecordKey<StepRecord>;

  constructor(world: World, guard: Write, key: RecordKey<StepRecord>, version: number) {
    this.#world = world;
    this.#guard = guard;
    this.#key = key;
    this.#version = version;
  }

  get record(): StepRecord {
    if (!this.#record) throw new Error('the step has no claim yet');
    return this.#record;
  }

  async write(record: StepRecord, effects: readonly Write[] = []): Promise<void> {
    const guards = effects.some((write) => write.key.sk === this.#guard.key.sk) ? [] : [this.#guard];
    const expect = this.#version === 0 ? 'absent' : this.#version;
    await this.#world.table.commit([...guards, ...effects, { key: this.#key, expect, value: record }]);
    this.#record = record;
    this.#version += 1;
  }
}

async function runRecorded(world: World, journal: StepJournal, run: () => Promise<StepResult>): Promise<StepResult> {
  try {
    return await run();
  } catch (error) {
    const named = error instanceof Error ? error : new Error(String(error));
    const failed = { status: 'failed' as const, endedAt: world.now().toISOString() };
    const record = { ...journal.record, ...failed, error: { name: named.name, message: named.message } };
    await journal.write(record).catch((unrecorded: unknown) => {
      // The step's own error is what the caller must see; that it could not be recorded is said beside it.
      world.log.error({ state: journal.record.state, unrecorded: String(unrecorded) }, 'failure could not be recorded');
    });
    throw error;
  }
}

function outputOf(output: Record<string, unknown> | null): StepOutput {
  return { outcome: String(output?.outcome), waitSeconds: 0, because: `already done: ${String(output?.because)}` };
}

/** Data that a finished step of this op left in the journal, or null. */
export async function finishedData(world: World, op: string, state: string): Promise<Record<string, unknown> | null> {
  const record = await world.table.get(records.step(op, state));
  return record?.value.status === 'done' ? record.value.output : null;
}
