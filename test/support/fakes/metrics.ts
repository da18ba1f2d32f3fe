import type { Metrics } from '../../../lib/ports/metrics.ts';

/** Remembers what was published, and the newest value of each metric. */
export class RecordingMetrics implements Metrics {
  readonly published: Parameters<Metrics['publish']>[0][] = [];

  async publish(values: Parameters<Metrics['publish']>[0]): Promise<void> {
    this.published.push({ ...values });
  }

  newest(name: string): number | undefined {
    return this.published.findLast((values) => name in values)?.[name]?.value;
  }
}
