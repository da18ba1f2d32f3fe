import type { Verdict } from '../contracts/observation.ts';

/**
 * Can the controller stop this site? It fences through the site's web server, so it can when that server gave it an
 * answer at the verdict, also an answer that says that the scheduler is dead. A private web server gives none.
 */
export const canFence = (verdict: Verdict, controllerRegion: string): boolean =>
  verdict.observations.some(
    ({ signal, vantage, outcome }) =>
      signal === 'airflow' && vantage === controllerRegion && (outcome === 'alive' || outcome === 'dead'),
  );

/** Ticks after which a verdict is too old to act on. */
const freshTicks = 3;

/** True while the verdict is no older than three ticks. */
export const isFreshVerdict = (verdict: Verdict, tickSeconds: number, now: Date): boolean =>
  now.getTime() - Date.parse(verdict.judgedAt) <= freshTicks * tickSeconds * 1000;
