import { type CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { Metrics } from '../ports/metrics.ts';

/** Most metrics that CloudWatch takes in one call. */
const MOST_IN_ONE_CALL = 1000;

/** Publishes the product's own metrics into namespace `Lifeboat`, dimension Pair. */
export class CloudWatchMetrics implements Metrics {
  readonly #client: CloudWatchClient;
  readonly #pair: string;

  constructor(options: { client: CloudWatchClient; pair: string }) {
    this.#client = options.client;
    this.#pair = options.pair;
  }

  async publish(values: Parameters<Metrics['publish']>[0]): Promise<void> {
    const data = Object.entries(values).map(([MetricName, { value, unit }]) => ({
      MetricName,
      Value: value,
      Unit: unit,
      Dimensions: [{ Name: 'Pair', Value: this.#pair }],
    }));
    for (let first = 0; first < data.length; first += MOST_IN_ONE_CALL) {
      const MetricData = data.slice(first, first + MOST_IN_ONE_CALL);
      await this.#client.send(new PutMetricDataCommand({ Namespace: 'Lifeboat', MetricData }));
    }
  }
}
