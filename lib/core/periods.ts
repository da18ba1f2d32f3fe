import type { Period } from '../contracts/observation.ts';
import type { Timing } from '../contracts/timing.ts';

/** What a series of CloudWatch periods says; `empty`: none of them has any sample of the environment. */
export type SeriesState = 'alive' | 'dead' | 'empty' | 'unknown';
export type Series = { readonly state: SeriesState; readonly because: string };

type PeriodTiming = Pick<Timing, 'heartbeatPeriodSeconds' | 'windowPeriods' | 'deadPeriods' | 'ingestionLagSeconds'>;

const larger = (one: number | null, other: number | null): number | null =>
  one === null ? other : Math.max(one, other ?? 0);

/**
 * The newest N complete periods, oldest first. CloudWatch delivers late, so a period counts only `ingestionLag` after
 * its end. Vantages read the same metrics: where they differ, one was earlier, and the larger value is the later one.
 */
export function completePeriods(readings: readonly (readonly Period[])[], timing: PeriodTiming, now: Date): Period[] {
  const { heartbeatPeriodSeconds, ingestionLagSeconds, windowPeriods } = timing;
  const newestStart = now.getTime() - (heartbeatPeriodSeconds + ingestionLagSeconds) * 1000;
  // One period more than the window, because periods do not begin when the tick does.
  const oldestStart = newestStart - windowPeriods * heartbeatPeriodSeconds * 1000;
  const byStart = new Map<number, Period>();
  for (const period of readings.flat()) {
    const start = Date.parse(period.start);
    if (start > newestStart || start < oldestStart) continue;
    const known = byStart.get(start);
    byStart.set(start, {
      start: period.start,
      heartbeats: larger(period.heartbeats, known?.heartbeats ?? null),
      schedulerSamples: larger(period.schedulerSamples, known?.schedulerSamples ?? null),
      otherSamples: Math.max(period.otherSamples, known?.otherSamples ?? 0),
    });
  }
  return [...byStart.entries()]
    .sort(([one], [other]) => one - other)
    .slice(-windowPeriods)
    .map(([, period]) => period);
}

type SeriesWords = {
  /** Word for one sample of the series. */
  readonly sample: string;
  readonly value: (period: Period) => number | null;
  /** Samples of anything else: they prove that the metrics of the period arrived. */
  readonly others: (period: Period) => number;
};

const heartbeats: SeriesWords = {
  sample: 'heartbeat',
  value: (period) => period.heartbeats,
  others: (period) => period.otherSamples + (period.schedulerSamples ?? 0),
};

const schedulerContainer: SeriesWords = {
  sample: 'scheduler container sample',
  value: (period) => period.schedulerSamples,
  others: (period) => period.otherSamples,
};

/** The scheduler's heartbeat by its complete periods. */
export const heartbeatSeries = (periods: readonly Period[], timing: PeriodTiming): Series =>
  series(periods, timing, heartbeats);

/** The scheduler's container by the samples of its complete periods. */
export const containerSeries = (periods: readonly Period[], timing: PeriodTiming): Series =>
  series(periods, timing, schedulerContainer);

/**
 * Alive when the newest complete period has samples; a period for which nothing at all was published says nothing, and
 * the one before it is looked at. Dead when M of the last N are without, counting only periods in which something else
 * of the environment was published. The whole window is read again at every tick, so a period that was filled late
 * corrects what an earlier tick thought.
 */
function series(periods: readonly Period[], timing: PeriodTiming, { sample, value, others }: SeriesWords): Series {
  const last = periods.at(-1);
  if (last === undefined) return { state: 'unknown', because: 'no complete period has been read yet' };
  const newest = periods.findLast((period) => (value(period) ?? 0) > 0 || others(period) > 0) ?? last;
  const present = value(newest) ?? 0;
  if (present > 0) {
    return { state: 'alive', because: `${present} ${sample}s in the newest complete period (${newest.start})` };
  }
  const total = periods.length;
  const without = periods.filter((period) => (value(period) ?? 0) === 0);
  const dead = without.filter((period) => others(period) > 0);
  if (dead.length >= timing.deadPeriods) {
    const samples = dead.reduce((sum, period) => sum + others(period), 0);
    return {
      state: 'dead',
      because:
        `no ${sample} in ${dead.length} of the last ${total} complete periods, ` +
        `while the rest of the environment (database, workers) reported ${samples} samples in them`,
    };
  }
  if (without.length - dead.length === total && total >= timing.deadPeriods) {
    return { state: 'empty', because: `no sample of the environment at all in the last ${total} complete periods` };
  }
  return {
    state: 'unknown',
    because:
      `no ${sample} in the newest complete period (${newest.start}); ${dead.length} of the last ${total} are dead, ` +
      `${timing.deadPeriods} make it sure`,
  };
}
