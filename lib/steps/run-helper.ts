import type { z } from 'zod';
import { HelperFailure, HelperRefusal, type HelperRequest } from '../contracts/helper.ts';
import type { Side } from '../contracts/ids.ts';
import { keysOf } from '../contracts/names.ts';
import { HelperFailedError, HelperRefusedError, HelperTimeoutError, SiteUnreachableError } from '../core/errors.ts';
import { ageSeconds } from '../core/time.ts';
import { AirflowApiError } from '../ports/airflow.ts';
import type { World } from '../ports/world.ts';

/** Where a helper's run stands. */
export type HelperRun<T> = { ended: false; because: string } | { ended: true; result: T; resultKey: string };

type Asked = {
  readonly side: Side;
  readonly dagId: string;
  /** Journal owner: an op, or a tick of protect. */
  readonly owner: string;
  readonly stepNumber: number;
  readonly request: HelperRequest;
  readonly progress: Readonly<Record<string, unknown>>;
  readonly remember: (progress: Record<string, unknown>) => Promise<void>;
  /** Runs of this step that may fail before the step does. */
  readonly mostRuns?: number;
};

/** What was seen of a run, or why the site could not be asked. */
type Seen = { readonly state: string; readonly said: unknown } | { readonly away: unknown };

/**
 * Run id of a helper: short, because InvokeRestApi paths end at 64 characters, and deterministic, so that a repeat
 * finds the run instead of starting a second one.
 */
export const helperRunId = (owner: string, stepNumber: number, n: number) => `lb-${owner.slice(-8)}-${stepNumber}-${n}`;

/**
 * Starts a helper DAG on a site, or looks at the run that was started before. Call it again until it has ended. The
 * number of the next run is journaled before a failure is thrown: an op that is resumed asks anew, and does not read
 * the old answer again. A site that does not answer is waited for as long as the fence waits for one.
 *
 * @throws HelperRefusedError when the helper refused by rule, HelperFailedError when its run failed without a word,
 * HelperTimeoutError when it runs longer than timing.helperTimeoutSeconds, SiteUnreachableError when the site stays away.
 */
export async function runHelper<T>(world: World, asked: Asked, schema: z.ZodType<T>): Promise<HelperRun<T>> {
  const n = Number(asked.progress.run ?? 1);
  const runId = helperRunId(asked.owner, asked.stepNumber, n);
  if (asked.progress.startedAt === undefined) {
    const key = keysOf(world.config.pair).request(asked.owner, runId);
    await world.bucket(asked.side).write(key, JSON.stringify(asked.request));
    await asked.remember({ run: n, startedAt: world.now().toISOString() });
  }
  const seen = await look(world, asked, runId);
  if ('away' in seen) return await whileAway(world, asked, seen.away);
  if (asked.progress.awaySince !== undefined) await asked.remember({ awaySince: undefined });
  const { state, said } = seen;
  if (state === 'queued' || state === 'running') return await stillRunning(world, asked, runId, state);
  const refusal = HelperRefusal.safeParse(said);
  if (state === 'success' && said !== null && !refusal.success) {
    return { ended: true, result: schema.parse(said), resultKey: keysOf(world.config.pair).result(asked.owner, runId) };
  }

  const failures = Number(asked.progress.failures ?? 0) + 1;
  const asksAgain = !refusal.success && failures < (asked.mostRuns ?? 2);
  await asked.remember({ run: n + 1, startedAt: undefined, failures: asksAgain ? failures : undefined });
  if (refusal.success) throw new HelperRefusedError(refusal.data.error);
  const failure = HelperFailure.safeParse(said);
  const why = failure.success ? `: ${failure.data.error.name}: ${failure.data.error.message}` : ' and left no result';
  if (asksAgain) return { ended: false, because: `${asked.dagId} run ${runId} ended ${state}${why}; asking once more` };
  throw new HelperFailedError(
    `${asked.dagId} run ${runId} on site ${asked.side} ended ${state}${why}: read its task log there`,
  );
}

async function look(world: World, { side, dagId, owner }: Asked, runId: string): Promise<Seen> {
  const keys = keysOf(world.config.pair);
  try {
    const { state } = await world.airflow(side).triggerRun(dagId, runId, { request: keys.request(owner, runId) });
    if (state === 'queued' || state === 'running') return { state, said: null };
    const stored = await world.bucket(side).read(keys.result(owner, runId));
    return { state, said: stored ? JSON.parse(stored.body.toString('utf8')) : null };
  } catch (error) {
    // Airflow's own refusal is an answer; waiting does not change it.
    if (error instanceof AirflowApiError && error.status < 500) throw error;
    return { away: error };
  }
}

async function whileAway<T>(world: World, { side, progress, remember }: Asked, error: unknown): Promise<HelperRun<T>> {
  const since = String(progress.awaySince ?? world.now().toISOString());
  const seconds = Math.round(ageSeconds(since, world.now()));
  const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const because = `site ${side} does not answer since ${seconds} s (${why})`;
  if (seconds > world.config.timing.fenceReachSeconds) {
    await remember({ awaySince: undefined });
    // An error of our own: what the road threw would be tried again, and this wait would begin anew each time.
    throw new SiteUnreachableError(because, { cause: error });
  }
  if (progress.awaySince === undefined) await remember({ awaySince: since });
  return { ended: false, because };
}

async function stillRunning<T>(world: World, asked: Asked, runId: string, state: string): Promise<HelperRun<T>> {
  const since = String(asked.progress.startedAt ?? world.now().toISOString());
  const seconds = Math.round(ageSeconds(since, world.now()));
  if (seconds > world.config.timing.helperTimeoutSeconds) {
    // Who resumes after this waits as long again for the same run.
    await asked.remember({ startedAt: world.now().toISOString() });
    throw new HelperTimeoutError(
      `${asked.dagId} run ${runId} on site ${asked.side} is ${state} since ${seconds} s, limit ` +
        `${world.config.timing.helperTimeoutSeconds} s: is there a worker, and does pool lifeboat exist?`,
    );
  }
  return { ended: false, because: `${asked.dagId} is ${state} on site ${asked.side} since ${seconds} s` };
}
