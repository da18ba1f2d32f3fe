import type { PairConfig } from '../../contracts/config.ts';
import type { Side } from '../../contracts/ids.ts';
import type { Observation } from '../../contracts/observation.ts';
import type { AirflowApi } from '../../ports/airflow.ts';
import type { MwaaControlPlane } from '../../ports/mwaa.ts';
import type { Probe } from '../../ports/probe.ts';
import type { SiteBucket } from '../../ports/site-bucket.ts';
import type { AwsClients } from '../aws-clients.ts';
import { airflowProbe } from './airflow-probe.ts';
import { canaryProbe } from './canary-probe.ts';
import { containersProbe } from './containers-probe.ts';
import { environmentProbe } from './environment-probe.ts';
import { heartbeatProbe } from './heartbeat-probe.ts';
import { regionProbe } from './region-probe.ts';
import { selfProbe } from './self-probe.ts';
import { siteMetrics } from './site-metrics.ts';

/**
 * All probes of one vantage. `clients`, `mwaa`, `airflow` and `bucket` must be made with the probe's budget, so that a
 * hung endpoint is known in time.
 *
 * @param options.region Region from which these probes are run
 * @param options.clients gives the clients of a Region; asked often, so it keeps them
 */
export function probesOf(options: {
  config: PairConfig;
  region: string;
  clients: (region: string) => AwsClients;
  mwaa: (side: Side) => MwaaControlPlane;
  airflow: (side: Side) => AirflowApi;
  bucket: (side: Side) => SiteBucket;
}): Probe[] {
  const { config, region: vantage, clients, mwaa, airflow, bucket } = options;
  const { timing } = config;
  const metrics = siteMetrics({ config, cloudWatch: (side) => clients(config.sites[side].region).cloudWatch() });
  return [
    heartbeatProbe({ vantage, timing, metrics }),
    containersProbe({ vantage, timing, metrics }),
    environmentProbe({ vantage, config, mwaa }),
    airflowProbe({ vantage, config, airflow }),
    canaryProbe({ vantage, config, bucket }),
    regionProbe({ vantage, config, clients }),
    selfProbe({ vantage, clients }),
  ];
}

/** Looks with all probes side by side, in their order. Never throws, because no probe does. */
export function lookAt(probes: readonly Probe[], site: Side, now: Date): Promise<Observation[]> {
  return Promise.all(probes.map((probe) => probe.look(site, now)));
}
