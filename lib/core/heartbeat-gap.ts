import type { HeartbeatGaps } from '../contracts/control.ts';
import type { Period, Verdict } from '../contracts/observation.ts';
import type { Timing } from '../contracts/timing.ts';
import { completePeriods } from './periods.ts';
import { lastChange, settling } from './planned.ts';

type GapTiming = Pick<
  Timing,
  'heartbeatPeriodSeconds' | 'windowPeriods' | 'deadPeriods' | 'ingestionLagSeconds' | 'canaryStaleSeconds'
>;

/** UTC days that are remembered. */
export const gapDays = 30;

/** The longest time without a heartbeat that was seen, in seconds, and when it began; null: every period had one. */
export type WorstGap = { readonly seconds: number; readonly from: string };

/** Silence that makes the heartbeat dead, in seconds: a gap as long as this is one the controller acts on. */
export const gapLimitSeconds = (timing: Pick<Timing, 'deadPeriods' | 'heartbeatPeriodSeconds'>): number =>
  timing.deadPeriods * timing.heartbeatPeriodSeconds;

/**
 * What is known of a site's heartbeat gaps after one more verdict. A run of periods without a heartbeat is noted under
 * the UTC day on which it reached its length. Periods of the window may still be filled late, so they are kept apart
 * until they have left it. A period that could not be read counts for nothing and ends a run. Nothing counts while the
 * environment is planned, gone or settling, nor does what was still in the window then.
 *
 * @param known null before the first verdict
 */
export function withGapsOf(known: HeartbeatGaps | null, verdict: Verdict, timing: GapTiming, now: Date): HeartbeatGaps {
  const gaps = known ?? { side: verdict.site, since: now.toISOString(), days: [], run: null, window: [], after: null };
  if (isChanging(verdict, timing, now)) {
    return { ...gaps, days: recent(gaps.days, now), run: null, window: [], after: now.toISOString() };
  }
  const readings = verdict.observations.flatMap(({ signal, evidence }) =>
    signal === 'heartbeat' && evidence.periods !== undefined ? [evidence.periods] : [],
  );
  const counted = completePeriods(readings, timing, now).filter(({ start }) => isAfter(start, gaps.after));
  const all = merged(gaps.window, counted);
  const settled = all.slice(0, -timing.windowPeriods);
  const { days, run } = settle(gaps, settled, timing);
  return { ...gaps, days: recent(days, now), run, window: all.slice(-timing.windowPeriods) };
}

/** The longest gap of the last 30 UTC days, that of the periods included which may still be filled. */
export function worstGap(gaps: HeartbeatGaps, timing: GapTiming, now: Date): WorstGap | null {
  const { days } = settle(gaps, gaps.window, timing);
  return recent(days, now).reduce<WorstGap | null>(
    (worst, { seconds, from }) => (worst === null || seconds > worst.seconds ? { seconds, from } : worst),
    null,
  );
}

type Days = HeartbeatGaps['days'];
type Silence = HeartbeatGaps['window'][number];

const notLost: readonly Verdict['diagnosis'][] = ['PLANNED', 'PLANNED_OVERDUE', 'ENV_GONE'];

const isChanging = (verdict: Verdict, timing: GapTiming, now: Date): boolean =>
  notLost.includes(verdict.diagnosis) || settling(lastChange(verdict.observations, [], now), timing, now) !== null;

const isAfter = (start: string, after: string | null): boolean =>
  after === null || Date.parse(start) >= Date.parse(after);

/** The periods of the window with those of this look, oldest first. Data only ever arrives: a heartbeat stays one. */
function merged(window: readonly Silence[], periods: readonly Period[]): Silence[] {
  const byStart = new Map(window.map((one) => [Date.parse(one.start), one]));
  const oldest = window[0] === undefined ? Number.NEGATIVE_INFINITY : Date.parse(window[0].start);
  for (const { start, heartbeats } of periods) {
    const at = Date.parse(start);
    // What has left the window was settled once and is not counted again.
    if (at < oldest) continue;
    const silent = (heartbeats ?? 0) === 0 && (byStart.get(at)?.silent ?? true);
    byStart.set(at, { start: new Date(at).toISOString(), silent });
  }
  return [...byStart.entries()].sort(([one], [other]) => one - other).map(([, silence]) => silence);
}

/** Lets these periods, oldest first, lengthen or end the run, and notes the longest run of each day. */
function settle(
  { days, run }: Pick<HeartbeatGaps, 'days' | 'run'>,
  periods: readonly Silence[],
  timing: GapTiming,
): Pick<HeartbeatGaps, 'days' | 'run'> {
  const length = timing.heartbeatPeriodSeconds;
  const worst = new Map(days.map((day) => [day.day, day]));
  let open = run;
  for (const { start, silent } of periods) {
    if (!silent) {
      open = null;
      continue;
    }
    const follows = open !== null && Date.parse(open.until) === Date.parse(start);
    const until = new Date(Date.parse(start) + length * 1000).toISOString();
    open =
      open !== null && follows
        ? { ...open, until, seconds: open.seconds + length }
        : { from: start, until, seconds: length };
    const day = start.slice(0, 10);
    if (open.seconds > (worst.get(day)?.seconds ?? 0)) {
      worst.set(day, { day, seconds: open.seconds, from: open.from });
    }
  }
  return { days: [...worst.values()].sort((one, other) => (one.day < other.day ? -1 : 1)), run: open };
}

/** Those of the last 30 UTC days, today included. */
function recent(days: Days, now: Date): Days {
  const oldest = new Date(now.getTime() - (gapDays - 1) * 86_400_000).toISOString().slice(0, 10);
  return days.filter(({ day }) => day >= oldest);
}
