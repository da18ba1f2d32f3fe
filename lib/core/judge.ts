import type { Diagnosis, Observation, Verdict } from '../contracts/observation.ts';
import type { Timing } from '../contracts/timing.ts';
import { newestStamped } from './canary.ts';
import { type Facts, factsOf, type JudgeInput } from './facts.ts';
import { isWorthKeeping, lastChange, plannedSince } from './planned.ts';
import { type Row, truthTable } from './truth-table.ts';

/** Return to healthy needs this many times the window in which a loss is seen: flapping is worse than being late. */
const recoveryFactor = 3;

/** Ticks in a row that must look healthy after a site was down before it is called HEALTHY again. */
export const recoveryTicks = (timing: Timing): number =>
  Math.ceil((recoveryFactor * timing.windowPeriods * timing.heartbeatPeriodSeconds) / timing.tickSeconds);

/**
 * Judges one site: the first row of the truth table that holds. Unknown is never down: what could not be read counts
 * for nothing, and `down` always needs a stale canary.
 */
export function judge(input: JudgeInput): Verdict {
  const { site, previous, timing, now, tickAt } = input;
  const facts = factsOf(input);
  const found = truthTable.find(({ when }) => when(facts));
  if (found === undefined) throw new RangeError('the last row of the truth table holds for everything');
  const row = whileSettling(found, facts.settling);
  const healthyTicks = countHealthyTicks(row, input);
  const { diagnosis, health, because } = afterRecovery(row, facts, healthyTicks, previous, timing);
  return {
    site,
    diagnosis,
    health,
    because: [...because],
    judgedAt: now.toISOString(),
    tickAt,
    since: previous?.diagnosis === diagnosis ? previous.since : now.toISOString(),
    healthyTicks,
    observations: withMemory(input),
  };
}

/** Right after a planned change stamps are old and periods empty although nothing is lost: nothing is down yet. */
function whileSettling(row: Row, why: string | null): Row {
  if (row.health !== 'down' || why === null) return row;
  return {
    ...row,
    diagnosis: 'UNCLEAR',
    health: 'unknown',
    because: (facts) => [why, `without that it would be ${row.diagnosis}`, ...row.because(facts)],
  };
}

/**
 * The memory of the hysteresis. A site that was never down starts with the full count; a verdict of down takes it to
 * zero, from where only healthy ticks in a row bring it back. A second look within one tick does not count twice.
 */
function countHealthyTicks(row: Row, { previous, timing, tickAt }: JudgeInput): number {
  const needed = recoveryTicks(timing);
  if (row.health === 'down') return 0;
  const before = previous?.healthyTicks ?? needed;
  if (row.diagnosis !== 'HEALTHY') return before >= needed ? before : 0;
  return previous !== null && Date.parse(tickAt) <= Date.parse(previous.tickAt) ? before : before + 1;
}

function afterRecovery(row: Row, facts: Facts, healthyTicks: number, previous: Verdict | null, timing: Timing) {
  const { diagnosis, health, because } = row;
  const needed = recoveryTicks(timing);
  const isRecovering = diagnosis === 'HEALTHY' && previous?.diagnosis !== 'HEALTHY' && healthyTicks < needed;
  if (!isRecovering) return { diagnosis, health, because: because(facts) };
  const unclear: Diagnosis = 'UNCLEAR';
  return {
    diagnosis: unclear,
    health: 'unknown' as const,
    because: [
      `recovering: it was down, and looks healthy for ${healthyTicks} of the ${needed} ticks it takes to be sure`,
      ...because(facts),
    ],
  };
}

/**
 * The readings that the next tick needs: those of this one, the newest canary stamp when this tick saw none, and the
 * newest sight of a planned state or a creation, over ticks that could not look and for as long as the site settles.
 */
function withMemory({ site, observations, previous, timing, now }: JudgeInput): Observation[] {
  const mine = observations.filter((observation) => observation.site === site);
  const remembered = previous?.observations ?? [];
  const current = mine.map((observation) =>
    observation.signal === 'environment' && observation.outcome === 'planned'
      ? { ...observation, evidence: { ...observation.evidence, statusSince: plannedSince(observation, remembered) } }
      : observation,
  );
  const change = lastChange(current, remembered, now);
  const kept = change !== null && !current.includes(change) && isWorthKeeping(change, timing, now) ? change : null;
  const stamp = newestStamped(current) === null ? newestStamped(remembered) : null;
  return [...current, ...[kept, stamp].filter((one) => one !== null)];
}
