import { createSocket } from 'node:dgram';
import { type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { destroyClients, sdkClients } from './deployer/sdk-clients.ts';
import { type Clock, systemClock, Ticker } from './schedules.ts';

/** StatsD names that MWAA's sidecar turns into `AmazonMWAA` metrics, as far as the product reads them. */
const STATSD_METRICS: Record<string, { metric: string; dimensions: Record<string, string> }> = {
  'airflow.scheduler_heartbeat': { metric: 'SchedulerHeartbeat', dimensions: { Function: 'Scheduler' } },
  'airflow.triggerer_heartbeat': { metric: 'TriggererHeartbeat', dimensions: { Function: 'Triggerer' } },
  'airflow.dag_processing.total_parse_time': { metric: 'TotalParseTime', dimensions: { Function: 'DAG Processing' } },
};

export type Sample = { name: string; value: number; kind: string };

/** Reads the lines of a StatsD packet, `name:value|kind[|@rate]`; what does not read so is dropped, as StatsD does. */
export function parseStatsd(packet: string): Sample[] {
  return packet.split('\n').flatMap((line) => {
    const [, name, value, kind, rate] = /^([^:]+):(-?[\d.]+)\|([a-z]+)(?:\|@([\d.]+))?/.exec(line) ?? [];
    if (!name || !kind) return [];
    return [{ name, kind, value: Number(value) / (kind === 'c' ? Number(rate ?? 1) : 1) }];
  });
}

/** Running containers of an environment. */
export type Containers = { Scheduler: number; BaseWorker: number; WebServer: number; database: boolean };

export type EnvironmentMetricsOptions = {
  frontUrl: string;
  /** Name of the MWAA environment and its Region. */
  environment: string;
  region: string;
  /** Caller of PutMetricData, for instance `AKSITEA`, so that faults can meet it. */
  accessKeyId: string;
  /** Seconds of a period; data points stand at whole multiples of it. */
  periodSeconds: number;
  containers: () => Containers;
  onProblem: (message: string) => void;
  clock?: Clock;
};

export type EnvironmentMetrics = {
  /** UDP port of the StatsD listener. */
  statsdPort: number;
  close(): Promise<void>;
};

function datum(metric: string, dimensions: Record<string, string>, values: number[], at: number): MetricDatum {
  return {
    MetricName: metric,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    Timestamp: new Date(at),
    ...(values.length === 1 ? { Value: values[0] } : { Values: values, Counts: values.map(() => 1) }),
  };
}

/** The `AWS/MWAA` data points of one period: one CPU sample for each running container, and the database if it runs. */
export function containerData(environment: string, containers: Containers, at: number): MetricDatum[] {
  const { database, ...clusters } = containers;
  const data = Object.entries(clusters)
    .filter(([, count]) => count > 0)
    .map(([Cluster, count]) =>
      datum(
        'CPUUtilization',
        { Cluster, Environment: environment },
        Array.from({ length: count }, (_, i) => 20 + i),
        at,
      ),
    );
  if (database) data.push(datum('DatabaseConnections', { Environment: environment, DatabaseRole: 'WRITER' }, [12], at));
  return data;
}

/** Counts StatsD samples of the period under way. */
export class HeartbeatSums {
  #sums = new Map<string, number>();

  add(sample: Sample): void {
    if (STATSD_METRICS[sample.name]) this.#sums.set(sample.name, (this.#sums.get(sample.name) ?? 0) + sample.value);
  }

  /** The `AmazonMWAA` data points of the period that began at `at`; starts the next one. A metric without samples has none. */
  take(environment: string, at: number): MetricDatum[] {
    const sums = this.#sums;
    this.#sums = new Map();
    return [...sums].flatMap(([name, sum]) => {
      const known = STATSD_METRICS[name];
      return known ? [datum(known.metric, { ...known.dimensions, Environment: environment }, [sum], at)] : [];
    });
  }
}

/**
 * Publishes what MWAA publishes for one environment: StatsD sums (namespace `AmazonMWAA`) and container samples (`AWS/MWAA`), at the end
 * of each period. A period that CloudWatch does not take is lost, as the sidecar's is.
 */
export async function runEnvironmentMetrics(options: EnvironmentMetricsOptions): Promise<EnvironmentMetrics> {
  const { environment, periodSeconds, containers } = options;
  const clock = options.clock ?? systemClock;
  const periodMs = periodSeconds * 1000;
  const clients = sdkClients(options.frontUrl, options.region, options.accessKeyId, Math.min(3000, periodMs));
  const sums = new HeartbeatSums();
  const socket = createSocket('udp4');
  socket.on('message', (packet) => {
    for (const sample of parseStatsd(packet.toString('utf8'))) sums.add(sample);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', resolve);
  });
  const put = async (Namespace: string, MetricData: MetricDatum[]): Promise<void> => {
    if (MetricData.length === 0) return;
    await clients.cloudwatch
      .send(new PutMetricDataCommand({ Namespace, MetricData }))
      .catch((error: unknown) => options.onProblem(`Metrics of ${environment} are lost: ${String(error)}`));
  };
  const publish = async (endOfPeriod: number): Promise<void> => {
    const at = endOfPeriod - periodMs;
    const own = sums.take(environment, at);
    await Promise.all([put('AmazonMWAA', own), put('AWS/MWAA', containerData(environment, containers(), at))]);
  };
  const ticker = new Ticker(clock, periodMs, publish);
  ticker.start(Math.ceil(clock.now() / periodMs) * periodMs);
  return {
    statsdPort: socket.address().port,
    close: async () => {
      ticker.stop();
      await new Promise<void>((resolve) => socket.close(resolve));
      destroyClients(clients);
    },
  };
}
