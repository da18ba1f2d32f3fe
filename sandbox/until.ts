import { setTimeout as sleep } from 'node:timers/promises';

/** What was waited for did not come. */
export class WaitedTooLongError extends Error {
  override readonly name = 'WaitedTooLongError';
}

/**
 * Asks until the answer is neither null nor false. A question that throws counts as "not yet"; its last error is told
 * when the time is over.
 *
 * @throws WaitedTooLongError after `seconds`
 */
export async function until<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | null | false>,
  everyMs = 500,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== null && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const why = last === undefined ? '' : ` (${last instanceof Error ? last.message : String(last)})`;
      throw new WaitedTooLongError(`${what}: not within ${seconds} s${why}`, { cause: last });
    }
    await sleep(everyMs);
  }
}
