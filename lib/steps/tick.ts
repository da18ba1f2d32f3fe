import type { StepRecord } from '../contracts/control.ts';
import { records } from '../contracts/records.ts';
import type { StepOutput, TickInput } from '../contracts/step.ts';
import { StaleAttemptError } from '../core/errors.ts';
import { claim } from '../core/journal.ts';
import type { World } from '../ports/world.ts';
import type { StepResult } from './step.ts';

/** One step of protect: journaled under the tick's own id, without a lease, forgotten after a week. */
export type TickContext = World & {
  readonly tickId: string;
  readonly state: string;
  readonly progress: Readonly<Record<string, unknown>>;
  readonly remember: (progress: Record<string, unknown>) => Promise<void>;
};

const keptSeconds = 7 * 24 * 3600;

/** Journal owner of a tick of protect; its end makes the helper's run ids. */
export const tickIdOf = (tickAt: string) => `protect-${Math.floor(Date.parse(tickAt) / 1000)}`;

/** Runs one step of a tick; a finished step returns what it returned. */
export async function performTickStep(
  world: World,
  input: TickInput,
  run: (context: TickContext) => Promise<StepResult>,
): Promise<StepOutput> {
  const tickId = tickIdOf(input.tickAt);
  const key = records.step(tickId, input.state);
  const existing = await world.table.get(key);
  const claimed = claim(existing?.value ?? null, {
    op: tickId,
    state: input.state,
    iteration: 0,
    attempt: 1,
    owner: tickId,
    inputHash: world.sha256(JSON.stringify(input)),
    now: world.now(),
    replays: true,
  });
  if (claimed.kind === 'refused') throw new StaleAttemptError(claimed.because);
  if (claimed.kind === 'replay') {
    return { outcome: String(claimed.output?.outcome), waitSeconds: 0, because: String(claimed.output?.because) };
  }
  let record = claimed.record;
  let version = existing?.version ?? 0;
  const expiresAt = Math.floor(world.now().getTime() / 1000) + keptSeconds;
  const write = async (next: StepRecord) => {
    await world.table.commit([{ key, expect: version === 0 ? 'absent' : version, value: next, expiresAt }]);
    record = next;
    version += 1;
  };
  await write(record);
  const context: TickContext = {
    ...world,
    tickId,
    state: input.state,
    progress: record.progress,
    remember: (progress) => write({ ...record, progress: { ...record.progress, ...progress } }),
  };
  let result: StepResult;
  try {
    result = await run(context);
  } catch (error) {
    const named = error instanceof Error ? error : new Error(String(error));
    const endedAt = world.now().toISOString();
    await write({ ...record, status: 'failed', endedAt, error: { name: named.name, message: named.message } });
    throw error;
  }
  const output = { outcome: result.outcome, waitSeconds: result.waitSeconds ?? 0, because: result.because };
  world.log.info({ state: input.state, tickId, ...output }, 'step looked');
  if (result.outcome !== 'pending') {
    const ended = { status: 'done' as const, error: null, endedAt: world.now().toISOString() };
    await write({ ...record, ...ended, output: { ...output, ...result.data } });
  }
  return output;
}

/** Data that a finished step of this tick left, or null. */
export async function tickData(world: World, tickId: string, state: string): Promise<Record<string, unknown> | null> {
  const record = await world.table.get(records.step(tickId, state));
  return record?.value.status === 'done' ? record.value.output : null;
}
