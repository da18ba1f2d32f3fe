import type { Diagnosis, Observation, Verdict } from '../contracts/observation.ts';
import type { Timing } from '../contracts/timing.ts';
import { newestStamped } from './canary.ts';
import { type Facts, factsOf, type JudgeInput, plannedSince } from './facts.ts';
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
  const row = truthTable.find(({ when }) => when(facts));
  if (row === undefined) throw new RangeError('the last row of the truth table holds for everything');
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
 * first sight of a planned state, also over ticks that could not look.
 */
function withMemory({ site, observations, previous }: JudgeInput): Observation[] {
  const mine = observations.filter((observation) => observation.site === site);
  const remembered = previous?.observations ?? [];
  const current = mine.map((observation) =>
    observation.signal === 'environment' && observation.outcome === 'planned'
      ? { ...observation, evidence: { ...observation.evidence, statusSince: plannedSince(observation, remembered) } }
      : observation,
  );
  const looked = current.some(
    ({ signal, outcome }) => signal === 'environment' && outcome !== 'unreadable' && outcome !== 'unreachable',
  );
  const plan = looked
    ? undefined
    : remembered.find(({ signal, outcome }) => signal === 'environment' && outcome === 'planned');
  const stamp = newestStamped(current) === null ? newestStamped(remembered) : null;
  return [...current, ...[plan, stamp].filter((kept) => kept !== undefined && kept !== null)];
}
