import type { z } from 'zod';
import { HelperRefusal, type HelperRequest } from '../contracts/helper.ts';
import type { Side } from '../contracts/ids.ts';
import { keysOf } from '../contracts/names.ts';
import { HelperFailedError, HelperRefusedError, HelperTimeoutError } from '../core/errors.ts';
import type { World } from '../ports/world.ts';

/** Where a helper's run stands. */
export type HelperRun<T> = { ended: false; because: string } | { ended: true; result: T };

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

/**
 * Run id of a helper: short, because InvokeRestApi paths end at 64 characters, and deterministic, so that a repeat
 * finds the run instead of starting a second one.
 */
export const helperRunId = (owner: string, stepNumber: number, n: number) => `lb-${owner.slice(-8)}-${stepNumber}-${n}`;

/**
 * Starts a helper DAG on a site, or looks at the run that was started before. Call it again until it has ended.
 *
 * @throws HelperRefusedError when the helper refused by rule, HelperFailedError when its run failed without a word,
 * HelperTimeoutError when it runs longer than timing.helperTimeoutSeconds.
 */
export async function runHelper<T>(world: World, asked: Asked, schema: z.ZodType<T>): Promise<HelperRun<T>> {
  const n = Number(asked.progress.run ?? 1);
  const runId = helperRunId(asked.owner, asked.stepNumber, n);
  const keys = keysOf(world.config.pair);
  const bucket = world.bucket(asked.side);
  if (asked.progress.startedAt === undefined) {
    await bucket.write(keys.request(asked.owner, runId), JSON.stringify(asked.request));
    await asked.remember({ run: n, startedAt: world.now().toISOString() });
  }
  const { state } = await world.airflow(asked.side).triggerRun(asked.dagId, runId, {
    request: keys.request(asked.owner, runId),
  });
  if (state === 'queued' || state === 'running') return stillRunning(world, asked, runId, state);

  const stored = await bucket.read(keys.result(asked.owner, runId));
  if (stored) {
    const parsed: unknown = JSON.parse(stored.body.toString('utf8'));
    const refusal = HelperRefusal.safeParse(parsed);
    if (refusal.success) throw new HelperRefusedError(refusal.data.error);
    if (state === 'success') return { ended: true, result: schema.parse(parsed) };
  }
  if (n < (asked.mostRuns ?? 2)) {
    await asked.remember({ run: n + 1, startedAt: undefined });
    return { ended: false, because: `${asked.dagId} run ${runId} ended ${state} without a result; asking once more` };
  }
  throw new HelperFailedError(
    `${asked.dagId} run ${runId} on site ${asked.side} ended ${state} and left no result: read its task log there`,
  );
}

function stillRunning<T>(world: World, asked: Asked, runId: string, state: string): HelperRun<T> {
  const since = Date.parse(String(asked.progress.startedAt ?? world.now().toISOString()));
  const seconds = Math.round((world.now().getTime() - since) / 1000);
  if (seconds > world.config.timing.helperTimeoutSeconds) {
    throw new HelperTimeoutError(
      `${asked.dagId} run ${runId} on site ${asked.side} is ${state} since ${seconds} s, limit ` +
        `${world.config.timing.helperTimeoutSeconds} s: is there a worker, and does pool lifeboat exist?`,
    );
  }
  return { ended: false, because: `${asked.dagId} is ${state} on site ${asked.side} since ${seconds} s` };
}
