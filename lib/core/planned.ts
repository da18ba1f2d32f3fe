import type { Observation } from '../contracts/observation.ts';
import type { Timing } from '../contracts/timing.ts';
import { ageSeconds, spoken } from './time.ts';

type SettlingTiming = Pick<
  Timing,
  'canaryStaleSeconds' | 'windowPeriods' | 'heartbeatPeriodSeconds' | 'ingestionLagSeconds'
>;

/** Seconds after a change of the environment in which its stamps and periods are still those of the change itself. */
export const settlingSeconds = (timing: SettlingTiming): number =>
  timing.canaryStaleSeconds + timing.windowPeriods * timing.heartbeatPeriodSeconds + timing.ingestionLagSeconds;

/** A sight of the environment in a planned state, or while it is being created. */
const isChanging = ({ signal, outcome, evidence }: Observation): boolean =>
  signal === 'environment' && (outcome === 'planned' || evidence.status === 'CREATING');

const hasAnswered = ({ signal, outcome }: Observation): boolean =>
  signal === 'environment' && outcome !== 'unreadable' && outcome !== 'unreachable';

const newest = (observations: readonly Observation[]): Observation | null =>
  observations.reduce<Observation | null>(
    (best, one) => (best === null || Date.parse(one.at) > Date.parse(best.at) ? one : best),
    null,
  );

/** Since when the environment is in this planned state: by its own word, or since it was first seen in it. */
export function plannedSince(plan: Observation, remembered: readonly Observation[]): string {
  if (plan.evidence.statusSince !== undefined) return plan.evidence.statusSince;
  const before = remembered.find(
    ({ signal, outcome, evidence }) =>
      signal === 'environment' &&
      outcome === 'planned' &&
      evidence.status === plan.evidence.status &&
      evidence.endedAt === undefined,
  );
  return before?.evidence.statusSince ?? before?.at ?? plan.at;
}

/**
 * The planned state that still counts although the environment could not be read: nobody has seen its end, and it has
 * not lasted longer than it is believed. Null when there is none.
 */
export function rememberedPlan(
  remembered: readonly Observation[],
  timing: Pick<Timing, 'plannedMaxSeconds'>,
  now: Date,
): Observation | null {
  const plan = newest(remembered.filter((one) => isChanging(one) && one.outcome === 'planned'));
  if (plan === null || plan.evidence.endedAt !== undefined) return null;
  return ageSeconds(plannedSince(plan, remembered), now) <= timing.plannedMaxSeconds ? plan : null;
}

/** The newest sight of a change, of this look or remembered, with the time at which its end was first seen. */
export function lastChange(
  seen: readonly Observation[],
  remembered: readonly Observation[],
  now: Date,
): Observation | null {
  const current = newest(seen.filter(isChanging));
  if (current !== null) return current;
  const before = newest(remembered.filter(isChanging));
  if (before === null || before.evidence.endedAt !== undefined || !seen.some(hasAnswered)) return before;
  return { ...before, evidence: { ...before.evidence, endedAt: now.toISOString() } };
}

/** True while a change must not be forgotten: until its end was seen, and then for as long as the site settles. */
export const isWorthKeeping = ({ evidence }: Observation, timing: SettlingTiming, now: Date): boolean =>
  evidence.endedAt === undefined || ageSeconds(evidence.endedAt, now) <= settlingSeconds(timing);

/** Why silence is no sign of a loss yet: the environment has just changed. Null when it has not. */
export function settling(change: Observation | null, timing: SettlingTiming, now: Date): string | null {
  if (change === null) return null;
  const { status = 'a planned state', endedAt } = change.evidence;
  const age = ageSeconds(endedAt ?? change.at, now);
  if (age > settlingSeconds(timing)) return null;
  const ago = `${spoken(Math.max(0, age))} ago`;
  return `settling after ${status}, which ${endedAt === undefined ? 'was seen' : 'ended'} ${ago}`;
}
