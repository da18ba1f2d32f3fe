import type { HeartbeatFacts } from './facts.ts';

/**
 * The heartbeat as it was published: how many periods had one, what is usual between two, and the worst gap.
 *
 * @param starts starts of the periods that had a heartbeat, in epoch milliseconds, in order
 * @param endMs end of the newest complete period
 */
export function measureHeartbeats(
  starts: readonly number[],
  endMs: number,
  periodSeconds: number,
): NonNullable<HeartbeatFacts> {
  const first = starts[0];
  if (first === undefined) return { periodSeconds, periods: 0, empty: 0, usualSeconds: 0, worstGapSeconds: 0 };
  const periods = Math.max(1, Math.round((endMs - first) / 1000 / periodSeconds));
  const steps = starts.slice(1).map((start, index) => (start - (starts[index] ?? start)) / 1000);
  const sorted = steps.toSorted((x, y) => x - y);
  // What is missing at the end is a gap, too.
  const tail = (endMs - (starts.at(-1) ?? first)) / 1000 - periodSeconds;
  const gaps = [...steps.map((step) => step - periodSeconds), tail];
  return {
    periodSeconds,
    periods,
    empty: Math.max(0, periods - starts.length),
    usualSeconds: sorted[Math.floor(sorted.length / 2)] ?? periodSeconds,
    worstGapSeconds: Math.max(0, ...gaps),
  };
}
