import type { Timing } from '../../contracts/timing.ts';
import type { Probe } from '../../ports/probe.ts';
import { observe } from './observe.ts';
import { findInPeriods } from './period-finding.ts';
import type { SiteMetrics } from './site-metrics.ts';

/** The scheduler's containers: AWS/MWAA takes one CPU sample of each that runs. */
export function containersProbe(options: { vantage: string; timing: Timing; metrics: SiteMetrics }): Probe {
  const { vantage, timing, metrics } = options;
  return {
    signal: 'containers',
    look: (site, now) =>
      observe({ site, signal: 'containers', vantage, now }, async (signal) =>
        findInPeriods(await metrics.read(site, now, signal), timing.deadPeriods, {
          word: 'scheduler container samples',
          value: (period) => period.schedulerSamples ?? 0,
          others: (period) => period.otherSamples,
        }),
      ),
  };
}
