import { rm } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../host/ports.ts';
import type { PostgresServer } from '../host/postgres.ts';
import { killTagged, sweep } from '../host/processes.ts';
import { findTagged } from '../host/tagged-processes.ts';
import { type AirflowHealth, readHealth } from './health.ts';
import { type PartOptions, SITE_PARTS, type SitePart, startPart, tagOf } from './parts.ts';
import { siteEnvironment } from './settings.ts';
import { prepareSiteFolder } from './site-folder.ts';
import type { Administrator, AirflowInstallation, TemplateDatabases } from './template-databases.ts';

/** One Airflow environment to run. */
export interface SiteSpec {
  readonly sandbox: string;
  /** Short name, unique in the sandbox; tags its processes and names its databases. */
  readonly name: string;
  /** Name of the MWAA environment it plays. */
  readonly environmentName: string;
  readonly region: string;
  /** AIRFLOW_HOME: gets `dags`, `plugins`, `logs`, `process-logs`. */
  readonly home: string;
  readonly airflow: AirflowInstallation;
  readonly postgres: PostgresServer;
  readonly templates: TemplateDatabases;
  /** The one that is in the templates. */
  readonly administrator: Administrator;
  readonly airflowConfigurationOptions?: Readonly<Record<string, string>>;
  readonly environmentVariables?: Readonly<Record<string, string>>;
  readonly statsdPort?: number;
  /** A triggerer costs about 100 MB; without it deferrable operators wait for ever. */
  readonly triggerer?: boolean;
}

/** A site that exists: it has its databases, its folder and its keys; its processes run between `start` and `stop`. */
export interface AirflowSite {
  readonly name: string;
  readonly home: string;
  readonly dagsFolder: string;
  readonly pluginsFolder: string;
  readonly url: string;
  /** Value of the Authorization header for the REST API below `<url>/api/v1`. */
  readonly authorization: string;
  readonly metadataDatabase: string;
  /** The variables all its processes have; also right for running `airflow` commands on it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Starts all parts that do not run and waits until they are well. Throws `ProcessStartError`. */
  start(timeoutMilliseconds?: number): Promise<void>;
  /** Starts the scheduler and waits for its first heartbeat. Throws `ProcessStartError`. */
  startScheduler(timeoutMilliseconds?: number): Promise<void>;
  /** Kills the scheduler with its DAG processor at once, as a lost container; workers and web server go on. Returns how many processes it killed. */
  killScheduler(): Promise<number>;
  /** Kills any part, or everything, at once. Returns how many processes it killed. */
  kill(part?: SitePart): Promise<number>;
  /** Ends all its processes; its databases and folder stay. */
  stop(): Promise<void>;
  /** Ends its processes and deletes its databases and folder: its data are lost, as when MWAA deletes an environment. */
  destroy(): Promise<void>;
  /** How many processes of each part run now. */
  processesRunning(): Record<SitePart, number>;
  /** What its web server says. Throws when that does not answer. */
  health(): Promise<AirflowHealth>;
}

const START_TIMEOUT_MILLISECONDS = 120_000;

/** Makes a site (databases from the templates, folder, keys) or finds the one that is there; starts nothing. */
export async function createSite(spec: SiteSpec): Promise<AirflowSite> {
  const databases = { metadata: `${spec.name}_airflow`, celery: `${spec.name}_celery` };
  for (const kind of ['metadata', 'celery'] as const) {
    const there = await spec.postgres.databaseExists(databases[kind]);
    if (!there) await spec.postgres.createDatabase(databases[kind], spec.templates[kind]);
  }
  const keys = await prepareSiteFolder(spec.home);
  const webServerPort = await freePort();
  const environment = siteEnvironment({
    environmentName: spec.environmentName,
    region: spec.region,
    home: spec.home,
    ...keys,
    metadataAddress: spec.postgres.address(databases.metadata),
    celeryAddress: spec.postgres.address(databases.celery),
    webServerPort,
    statsdPort: spec.statsdPort,
    airflowConfigurationOptions: spec.airflowConfigurationOptions ?? {},
    environmentVariables: spec.environmentVariables ?? {},
  });
  const parts = {
    sandbox: spec.sandbox,
    siteName: spec.name,
    home: spec.home,
    airflow: spec.airflow.environment,
    environment,
    webServerPort,
  };
  return siteOf(spec, parts, databases);
}

function siteOf(spec: SiteSpec, parts: PartOptions, databases: TemplateDatabases): AirflowSite {
  const url = `http://127.0.0.1:${parts.webServerPort}`;
  const credentials = Buffer.from(`${spec.administrator.name}:${spec.administrator.password}`).toString('base64');
  const wanted = SITE_PARTS.filter((part) => part !== 'triggerer' || spec.triggerer === true);
  const kill = (part: SitePart): Promise<number> => killTagged(tagOf(parts, part));
  const killAll = async (): Promise<number> =>
    (await Promise.all(SITE_PARTS.map(kill))).reduce((sum, killed) => sum + killed, 0);
  const count = (part: SitePart): number => findTagged(tagOf(parts, part)).length;
  return {
    name: spec.name,
    home: spec.home,
    dagsFolder: path.join(spec.home, 'dags'),
    pluginsFolder: path.join(spec.home, 'plugins'),
    url,
    authorization: `Basic ${credentials}`,
    metadataDatabase: databases.metadata,
    environment: parts.environment,
    start: async (timeoutMilliseconds = START_TIMEOUT_MILLISECONDS) => {
      await Promise.all(wanted.map((part) => startPart(parts, part, timeoutMilliseconds)));
    },
    startScheduler: (timeoutMilliseconds = START_TIMEOUT_MILLISECONDS) =>
      startPart(parts, 'scheduler', timeoutMilliseconds),
    killScheduler: () => kill('scheduler'),
    kill: (part) => (part === undefined ? killAll() : kill(part)),
    stop: async () => {
      await Promise.all(SITE_PARTS.map((part) => sweep(tagOf(parts, part))));
    },
    destroy: async () => {
      await killAll();
      for (const database of Object.values(databases)) await spec.postgres.dropDatabase(database);
      await rm(spec.home, { recursive: true, force: true });
    },
    processesRunning: () => ({
      scheduler: count('scheduler'),
      worker: count('worker'),
      webserver: count('webserver'),
      triggerer: count('triggerer'),
    }),
    health: () => readHealth(url),
  };
}
