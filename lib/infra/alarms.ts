import type { Timing } from '../contracts/timing.ts';

/** One alarm. Its name is the name of its page in runbooks/. */
export type AlarmSpec = {
  readonly name: string;
  /** Metric in namespace `Lifeboat`, dimension Pair. */
  readonly metric: string;
  readonly statistic: 'Maximum' | 'Sum';
  readonly comparison: 'above' | 'below';
  readonly threshold: (timing: Timing) => number;
  /** The machine that publishes the metric; one period is the time between two of its ticks, at least a minute. */
  readonly publishedBy: 'watch' | 'protect';
  /** Periods in a row. */
  readonly periods: number;
  /** What no data means. */
  readonly missing: 'breaching' | 'ignore';
  readonly says: string;
};

/** Every alarm of the controller. */
export const alarms: readonly AlarmSpec[] = [
  {
    name: 'snapshot-stale',
    metric: 'SnapshotAgeSeconds',
    statistic: 'Maximum',
    comparison: 'above',
    // One export may fail without waking anybody; two may not, nor a protect that does not run at all.
    threshold: (timing) => 2 * timing.recoveryPointSeconds,
    publishedBy: 'protect',
    periods: 2,
    missing: 'breaching',
    says: 'The newest snapshot that the other site could import is too old: a failover now would lose that much.',
  },
  {
    name: 'verdict-unknown',
    metric: 'UnknownSeconds',
    statistic: 'Maximum',
    comparison: 'above',
    threshold: (timing) => timing.unclearPageSeconds,
    publishedBy: 'watch',
    periods: 1,
    missing: 'ignore',
    says: 'The controller cannot tell whether a site is well. It does not fail over while that is so.',
  },
  {
    name: 'watch-not-running',
    metric: 'Ticks',
    statistic: 'Sum',
    comparison: 'below',
    threshold: () => 1,
    publishedBy: 'watch',
    periods: 5,
    missing: 'breaching',
    says: 'Nobody watches the pair: no tick was judged in five periods. A loss would not be seen.',
  },
  {
    name: 'op-held',
    metric: 'HeldOps',
    statistic: 'Maximum',
    comparison: 'above',
    threshold: () => 0,
    publishedBy: 'watch',
    periods: 1,
    missing: 'ignore',
    says: 'An op stopped where only a person may decide. It says what it needs: lifeboat status.',
  },
  {
    name: 'fence-not-acknowledged',
    metric: 'UnacknowledgedFences',
    statistic: 'Maximum',
    comparison: 'above',
    threshold: () => 0,
    publishedBy: 'watch',
    periods: 1,
    missing: 'ignore',
    says: 'A site without the grant is not proven to be stopped. It may still run production tasks.',
  },
];

/** Length of an alarm's period, in seconds: CloudWatch takes whole minutes. */
export function periodSeconds(spec: AlarmSpec, timing: Timing): number {
  const every = spec.publishedBy === 'watch' ? timing.tickSeconds : timing.recoveryPointSeconds;
  return 60 * Math.max(1, Math.ceil(every / 60));
}
