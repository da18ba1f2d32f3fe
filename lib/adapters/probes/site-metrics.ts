import {
  type CloudWatchClient,
  GetMetricDataCommand,
  type MetricDataQuery,
  type MetricDataResult,
} from '@aws-sdk/client-cloudwatch';
import type { PairConfig } from '../../contracts/config.ts';
import type { Side } from '../../contracts/ids.ts';
import type { Period } from '../../contracts/observation.ts';

/** CloudWatch answered, but not with all that was asked: what is missing must not be taken for silence. */
class MetricsIncompleteError extends Error {
  override readonly name = 'MetricsIncompleteError';
}

/** Reads the complete periods of a site, oldest first. Failures pass as they came from the SDK. */
export type SiteMetrics = {
  readonly read: (site: Side, now: Date, signal: AbortSignal) => Promise<Period[]>;
};

type Series = {
  readonly id: string;
  readonly namespace: string;
  readonly metric: string;
  readonly stat: 'Sum' | 'SampleCount';
  readonly dimensions: Readonly<Record<string, string>>;
};

const SERIES: readonly Series[] = [
  {
    id: 'heartbeats',
    namespace: 'AmazonMWAA',
    metric: 'SchedulerHeartbeat',
    stat: 'Sum',
    dimensions: { Function: 'Scheduler' },
  },
  {
    id: 'scheduler',
    namespace: 'AWS/MWAA',
    metric: 'CPUUtilization',
    stat: 'SampleCount',
    dimensions: { Cluster: 'Scheduler' },
  },
  {
    id: 'workers',
    namespace: 'AWS/MWAA',
    metric: 'CPUUtilization',
    stat: 'SampleCount',
    dimensions: { Cluster: 'BaseWorker' },
  },
  {
    id: 'database',
    namespace: 'AWS/MWAA',
    metric: 'DatabaseConnections',
    stat: 'SampleCount',
    dimensions: { DatabaseRole: 'WRITER' },
  },
];
/** Their samples prove that the metrics of a period arrived, though the scheduler's did not. */
const WITNESSES = ['workers', 'database'];

/** Values of one series by the start of their period, in epoch milliseconds. */
type Values = ReadonlyMap<number, number>;

/**
 * One reader for all probes of a look: heartbeat and containers of the same site at the same `now` share one call.
 *
 * @param cloudWatch gives the client of a site's Region
 */
export function siteMetrics(options: {
  config: Pick<PairConfig, 'sites' | 'timing'>;
  cloudWatch: (site: Side) => CloudWatchClient;
}): SiteMetrics {
  const newest = new Map<Side, { at: number; periods: Promise<Period[]> }>();
  return {
    read(site, now, signal) {
      const known = newest.get(site);
      if (known?.at === now.getTime()) return known.periods;
      const { environment } = options.config.sites[site];
      const window = windowAt(now, options.config.timing);
      const periods = readPeriods(options.cloudWatch(site), environment, window, signal);
      newest.set(site, { at: now.getTime(), periods });
      return periods;
    },
  };
}

type Window = { readonly starts: readonly number[]; readonly endMs: number; readonly periodSeconds: number };

/** The newest N periods that ended at least the ingestion lag ago; periods stand at whole multiples of their length. */
export function windowAt(now: Date, timing: PairConfig['timing']): Window {
  const periodMs = timing.heartbeatPeriodSeconds * 1000;
  const endMs = Math.floor((now.getTime() - timing.ingestionLagSeconds * 1000) / periodMs) * periodMs;
  const starts = Array.from(
    { length: timing.windowPeriods },
    (_, index) => endMs - (timing.windowPeriods - index) * periodMs,
  );
  return { starts, endMs, periodSeconds: timing.heartbeatPeriodSeconds };
}

async function readPeriods(
  client: CloudWatchClient,
  environment: string,
  window: Window,
  signal: AbortSignal,
): Promise<Period[]> {
  const series = await readSeries(client, environment, window, signal);
  const at = (id: string, start: number) => series.get(id)?.get(start) ?? null;
  return window.starts.map((start) => ({
    start: new Date(start).toISOString(),
    heartbeats: at('heartbeats', start),
    schedulerSamples: at('scheduler', start),
    otherSamples: WITNESSES.reduce((sum, id) => sum + (at(id, start) ?? 0), 0),
  }));
}

async function readSeries(
  client: CloudWatchClient,
  environment: string,
  window: Window,
  signal: AbortSignal,
): Promise<Map<string, Values>> {
  const query = {
    StartTime: new Date(window.starts[0] ?? window.endMs),
    EndTime: new Date(window.endMs),
    MetricDataQueries: SERIES.map((one) => queryOf(one, environment, window.periodSeconds)),
  };
  const results: MetricDataResult[] = [];
  let next: string | undefined;
  do {
    const command = new GetMetricDataCommand({ ...query, ...(next === undefined ? {} : { NextToken: next }) });
    const page = await client.send(command, { abortSignal: signal });
    results.push(...(page.MetricDataResults ?? []));
    next = page.NextToken;
  } while (next !== undefined);
  return new Map(SERIES.map(({ id }) => [id, valuesOf(id, results)]));
}

function queryOf(series: Series, environment: string, periodSeconds: number): MetricDataQuery {
  const dimensions = Object.entries({ ...series.dimensions, Environment: environment });
  return {
    Id: series.id,
    MetricStat: {
      Metric: {
        Namespace: series.namespace,
        MetricName: series.metric,
        Dimensions: dimensions.map(([Name, Value]) => ({ Name, Value })),
      },
      Period: periodSeconds,
      Stat: series.stat,
    },
  };
}

/** Joins the pages of one series. Only the last page may say that it is complete; the earlier ones say PartialData. */
function valuesOf(id: string, results: readonly MetricDataResult[]): Values {
  const mine = results.filter((result) => result.Id === id);
  const status = mine.at(-1)?.StatusCode ?? 'Complete';
  if (mine.length === 0 || status !== 'Complete') {
    throw new MetricsIncompleteError(
      `CloudWatch gave no complete answer for ${id}: ${mine.length === 0 ? 'nothing at all' : status}`,
    );
  }
  const points = mine.flatMap(({ Timestamps = [], Values: values = [] }) =>
    Timestamps.map((time, index): [number, number] => [time.getTime(), values[index] ?? 0]),
  );
  return new Map(points);
}
