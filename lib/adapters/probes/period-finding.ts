import type { Period } from '../../contracts/observation.ts';
import type { Finding } from './observe.ts';

/** One series of a site's periods, and the samples that prove that the metrics of a period arrived without it. */
type PeriodSeries = {
  readonly word: string;
  readonly value: (period: Period) => number;
  readonly others: (period: Period) => number;
};

/**
 * What complete periods (oldest first) say at first sight; the judgement is made from `evidence.periods`. Alive when
 * the newest has samples, dead when `deadPeriods` of them have none while others exist. Silence of everything is not
 * death: then the metrics themselves may be what is missing.
 */
export function findInPeriods(periods: readonly Period[], deadPeriods: number, series: PeriodSeries): Finding {
  const { word, value, others } = series;
  const evidence = { periods: [...periods] };
  const newest = periods.at(-1);
  const newestValue = newest === undefined ? 0 : value(newest);
  const last = `of the last ${periods.length} complete periods`;
  if (newestValue > 0) {
    return { outcome: 'alive', cause: `${newestValue} ${word} in the newest complete period`, evidence };
  }
  const dead = periods.filter((period) => value(period) === 0 && others(period) > 0).length;
  if (dead >= deadPeriods) {
    return { outcome: 'dead', cause: `no ${word} in ${dead} ${last} in which other metrics exist`, evidence };
  }
  if (periods.every((period) => value(period) === 0 && others(period) === 0)) {
    return { outcome: 'unreadable', cause: `no ${word} in any ${last}, and no AWS/MWAA samples either`, evidence };
  }
  if (periods.some((period) => value(period) > 0)) {
    const because = `no ${word} in the newest complete period, but in an earlier one; ${deadPeriods} without make it dead`;
    return { outcome: 'alive', cause: because, evidence };
  }
  const because = `no ${word} in any ${last}, but only ${dead} of them have other metrics; ${deadPeriods} make it dead`;
  return { outcome: 'unreadable', cause: because, evidence };
}
