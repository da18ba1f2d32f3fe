import type { Observation } from '../contracts/observation.ts';
import type { Timing } from '../contracts/timing.ts';
import { ageSeconds, spoken } from './time.ts';

/** `neither`: nothing is known about the canary, so it speaks neither for nor against the site. */
export type Canary = { readonly state: 'fresh' | 'stale' | 'neither'; readonly because: string };

type Stamp = { readonly at: string; readonly epoch: number | null; readonly from: string };

const neither = (because: string): Canary => ({ state: 'neither', because });

/** The observation with the newest stamp, or null. */
export const newestStamped = (observations: readonly Observation[]): Observation | null =>
  observations.reduce<Observation | null>((best, one) => {
    const { stampAt } = one.evidence;
    if (one.signal !== 'canary' || stampAt === undefined) return best;
    const bestAt = best?.evidence.stampAt;
    return bestAt === undefined || Date.parse(stampAt) > Date.parse(bestAt) ? one : best;
  }, null);

/** The stamp of an observation that vouches for it: one of a paused canary carries a stamp, too, and is no evidence. */
const stampOf = (observation: Observation | null, from: string): Stamp | null =>
  observation?.evidence.stampAt === undefined || !hasAnswered(observation)
    ? null
    : { at: observation.evidence.stampAt, epoch: observation.evidence.stampEpoch ?? null, from };

const hasAnswered = ({ outcome }: Observation) => outcome === 'alive' || outcome === 'dead';

/**
 * Fresh or stale by the age of the newest stamp. A bucket that cannot be reached is judged by the newest stamp that
 * the previous verdict knew; a bucket that cannot be read, or a paused canary, is no evidence at all.
 *
 * @param seen canary observations of the vantages that count
 * @param remembered observations of the previous verdict
 * @param grantSince when the site got the grant; null when it does not hold it, then no stamp is too old to count
 */
export function judgeCanary(input: {
  readonly seen: readonly Observation[];
  readonly remembered: readonly Observation[];
  readonly grantSince: Date | null;
  readonly grantEpoch: number;
  readonly timing: Pick<Timing, 'canaryStaleSeconds'>;
  readonly now: Date;
}): Canary {
  const { seen, remembered, grantSince, grantEpoch, timing, now } = input;
  const answered = seen.filter(hasAnswered);
  const away = seen.find(({ outcome }) => outcome === 'unreachable');
  if (answered.length === 0 && away === undefined) {
    return neither(`canary not read: ${seen[0]?.cause ?? 'no vantage looked'}`);
  }
  const stamp =
    answered.length > 0
      ? stampOf(newestStamped(answered), 'its bucket')
      : stampOf(newestStamped(remembered), `the previous verdict, because its bucket is unreachable: ${away?.cause}`);
  if (stamp === null) return neither(`no canary stamp is known: ${(answered[0] ?? away)?.cause}`);
  if (grantSince !== null) {
    if (stamp.epoch === null || stamp.epoch < grantEpoch || Date.parse(stamp.at) < grantSince.getTime()) {
      return neither(
        `no canary stamp since the site got the grant at epoch ${grantEpoch} (${grantSince.toISOString()}); ` +
          `the newest is of epoch ${stamp.epoch ?? 'unknown'} at ${stamp.at}`,
      );
    }
  }
  return byAge(stamp, timing.canaryStaleSeconds, now);
}

function byAge(stamp: Stamp, staleSeconds: number, now: Date): Canary {
  const age = ageSeconds(stamp.at, now);
  // A stamp from the future is a broken clock: it must not keep a dead site fresh for hours.
  if (age < -staleSeconds) return neither(`the newest canary stamp lies in the future (${stamp.at})`);
  const state = age > staleSeconds ? 'stale' : 'fresh';
  return {
    state,
    because:
      `canary ${state}: newest stamp ${spoken(Math.max(0, age))} old, ` +
      `stale after ${spoken(staleSeconds)} (${stamp.from})`,
  };
}
