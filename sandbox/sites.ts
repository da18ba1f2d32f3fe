import { S3Client } from '@aws-sdk/client-s3';
import type { PairConfig } from '../lib/contracts/config.ts';
import type { Side } from '../lib/contracts/ids.ts';
import type { AirflowSite } from './airflow/site.ts';
import type { Administrator, AirflowInstallation, TemplateDatabases } from './airflow/template-databases.ts';
import { airflowBackend } from './airflow-backend.ts';
import { ACCOUNT, CALLERS } from './cloud/callers.ts';
import type { Clockwork } from './cloud/clockwork.ts';
import type { Front } from './cloud/front.ts';
import type { Containers } from './cloud/metrics.ts';
import { createEnvironment, fillDagBucket } from './create-environment.ts';
import type { PostgresServer } from './host/postgres.ts';
import { MwaaFake } from './mwaa/mwaa-fake.ts';
import { namesOfSite, sandboxAirflowVersion, sandboxNetwork } from './pair.ts';

/** What runs of a site's Airflow, as MWAA counts its containers. */
export function containersOf(site: AirflowSite | undefined, postgres: PostgresServer): Containers {
  const running = site?.processesRunning();
  return {
    Scheduler: running && running.scheduler > 0 ? 1 : 0,
    BaseWorker: running && running.worker > 0 ? 1 : 0,
    WebServer: running && running.webserver > 0 ? 1 : 0,
    database: site !== undefined && postgres.isRunning(),
  };
}

type SitesOptions = {
  readonly sandbox: string;
  readonly stateDir: string;
  readonly config: PairConfig;
  readonly front: Front;
  readonly clockwork: Clockwork;
  readonly postgres: PostgresServer;
  readonly templates: TemplateDatabases;
  readonly administrator: Administrator;
  readonly airflow: AirflowInstallation;
  /** Any Python 3: it builds plugins.zip. */
  readonly python: string;
  readonly demoStart: Date;
  /** Gets each Airflow that runs, by the name of its environment. */
  readonly sites: Map<string, AirflowSite>;
  readonly progress: (line: string) => void;
};

/** The control plane of MWAA for the pair's Regions, which the front hands its calls to from now on. */
export function startMwaa(options: SitesOptions): MwaaFake {
  const { config, front, clockwork, progress } = options;
  const { a, b } = config.sites;
  const mwaa = new MwaaFake({
    account: ACCOUNT,
    front: front.url,
    backend: airflowBackend({
      ...options,
      frontUrl: front.url,
      sideOf: (name) => (namesOfSite(config, 'a').includes(name) ? 'a' : 'b'),
      statsdPort: (name) => clockwork.metrics[name]?.statsdPort ?? 0,
    }),
    s3: (region) => s3Of(front, region),
    durations: { create: 1, update: 5, snapshot: 1, rollBack: 1, maintenance: 5, delete: 1 },
    airflowVersions: [sandboxAirflowVersion],
    subnets: { [a.region]: sandboxNetwork.a.subnetIds, [b.region]: sandboxNetwork.b.subnetIds },
    onSyncError: (region, name, error) => progress(`DAG sync of ${name} in ${region}: ${String(error)}`),
  });
  front.useMwaa(mwaa.handle);
  return mwaa;
}

/** Creates the sites that exist from the start; with strategy backup-restore site b gets its DAG bucket only. */
export async function createSites({ config, front, python, progress }: SitesOptions): Promise<void> {
  const ask = (side: Side) => {
    const s3 = s3Of(front, config.sites[side].region);
    return { side, config, frontUrl: front.url, s3, python, progress };
  };
  const siteB = config.strategy === 'warm-standby' ? createEnvironment(ask('b')) : fillDagBucket(ask('b'));
  await Promise.all([createEnvironment(ask('a')), siteB]);
}

const s3Of = ({ url }: Front, region: string) =>
  new S3Client({
    region,
    endpoint: url,
    forcePathStyle: true,
    credentials: { accessKeyId: CALLERS.harness, secretAccessKey: 'sandbox' },
  });
