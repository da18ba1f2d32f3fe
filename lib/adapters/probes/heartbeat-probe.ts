import type { Timing } from '../../contracts/timing.ts';
import type { Probe } from '../../ports/probe.ts';
import { observe } from './observe.ts';
import { findInPeriods } from './period-finding.ts';
import type { SiteMetrics } from './site-metrics.ts';

/** Airflow's own heartbeat: the Sum of SchedulerHeartbeat in the complete periods of the window. */
export function heartbeatProbe(options: { vantage: string; timing: Timing; metrics: SiteMetrics }): Probe {
  const { vantage, timing, metrics } = options;
  return {
    signal: 'heartbeat',
    look: (site, now) =>
      observe({ site, signal: 'heartbeat', vantage, now }, async (signal) =>
        findInPeriods(await metrics.read(site, now, signal), timing.deadPeriods, {
          word: 'heartbeats',
          value: (period) => period.heartbeats ?? 0,
          others: (period) => (period.schedulerSamples ?? 0) + period.otherSamples,
        }),
      ),
  };
}
