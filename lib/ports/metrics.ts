/** Values of one publication by metric name. */
export type MetricValues = Readonly<Record<string, { readonly value: number; readonly unit: 'Count' | 'Seconds' }>>;

/** Metrics of the product itself, in CloudWatch namespace `Lifeboat`, dimension Pair. */
export interface Metrics {
  publish(values: MetricValues): Promise<void>;
}
