import type { PairConfig } from '../contracts/config.ts';
import type { SiteRecord } from '../contracts/control.ts';
import type { Side } from '../contracts/ids.ts';
import type { Observation } from '../contracts/observation.ts';
import type { AirflowApi } from './airflow.ts';
import type { ControlTable } from './control-table.ts';
import type { DagBucket } from './dag-bucket.ts';
import type { Executions } from './executions.ts';
import type { Metrics } from './metrics.ts';
import type { MwaaControlPlane } from './mwaa.ts';
import type { Pager } from './pager.ts';
import type { Vantage } from './probe.ts';
import type { SiteBucket } from './site-bucket.ts';

/** Structured log with constant messages; facts are fields. */
export interface Log {
  info(facts: Record<string, unknown>, message: string): void;
  warn(facts: Record<string, unknown>, message: string): void;
  error(facts: Record<string, unknown>, message: string): void;
}

/** Everything a step may touch. Built in one place of each entry point; tests build it from fakes. */
export type World = {
  /** The configuration, with the names that the sites' environments really have. */
  readonly config: PairConfig;
  /** The configuration as it was deployed: an environment that an op created may have another name. */
  readonly configured: PairConfig;
  /** Environments that ops have created, as they were read for `config`. */
  readonly created: readonly SiteRecord[];
  readonly table: ControlTable;
  readonly bucket: (side: Side) => SiteBucket;
  readonly dagBucket: (side: Side) => DagBucket;
  readonly mwaa: MwaaControlPlane;
  /** Airflow of a site's environment; of another one of its Region when it is named. */
  readonly airflow: (side: Side, environment?: string) => AirflowApi;
  readonly executions: Executions;
  readonly pager: Pager;
  readonly metrics: Metrics;
  /** Runs every probe of this function's own Region side by side. Never throws. */
  readonly look: (side: Side, now: Date) => Promise<Observation[]>;
  /** The probe functions of the other Regions. */
  readonly vantages: readonly Vantage[];
  /** Does this failure say that the other end did not answer (and not that it refused, or that we are at fault)? */
  readonly isUnreachable: (error: unknown) => boolean;
  readonly now: () => Date;
  readonly newId: () => string;
  readonly sha256: (text: string) => string;
  readonly log: Log;
};
