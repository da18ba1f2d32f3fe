import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import type { SandboxState } from '../lib/cli/sandbox-state.ts';
import type { PairConfig } from '../lib/contracts/config.ts';
import type { Side } from '../lib/contracts/ids.ts';
import { namesOf } from '../lib/contracts/names.ts';
import type { AirflowSite } from './airflow/site.ts';
import { prepareTemplates } from './airflow/template-databases.ts';
import { airflowBackend } from './airflow-backend.ts';
import { ACCOUNT, CALLERS } from './cloud/callers.ts';
import { type Clockwork, startClockwork } from './cloud/clockwork.ts';
import { type Cloud, startCloud } from './cloud/cloud.ts';
import { deployAssembly } from './cloud/deployer/deploy.ts';
import type { Front } from './cloud/front.ts';
import type { LambdaGateway } from './cloud/gateway.ts';
import type { Containers } from './cloud/metrics.ts';
import { createEnvironment } from './create-environment.ts';
import { type PostgresServer, startPostgres } from './host/postgres.ts';
import { preflight } from './host/preflight.ts';
import { startProcess, sweep } from './host/processes.ts';
import { allInstalled, installAirflow, installTools } from './host/python-tools.ts';
import { SANDBOX_VARIABLE } from './host/tagged-processes.ts';
import { MwaaFake } from './mwaa/mwaa-fake.ts';
import { environmentName, sandboxAirflowVersion, siteKey } from './pair.ts';
import { projectRoot, refuseIfUp, sandboxPlace, stateRoot } from './place.ts';

const run = promisify(execFile);

export type SandboxOptions = {
  /** Name of the sandbox and of its state folder. */
  readonly name: string;
  readonly config: PairConfig;
  readonly progress: (line: string) => void;
  /** Port of the one AWS endpoint; without it the system chooses. */
  readonly port?: number | undefined;
};

/** A sandbox that is up: two sites that run, a controller that is deployed, schedules that stand still. */
export type Sandbox = {
  readonly id: string;
  readonly name: string;
  readonly stateDir: string;
  readonly config: PairConfig;
  readonly front: Front;
  readonly gateway: LambdaGateway;
  readonly clockwork: Clockwork;
  readonly postgres: PostgresServer;
  readonly mwaa: MwaaFake;
  readonly site: (side: Side) => AirflowSite;
  readonly password: string;
  /** The moment since which the production DAGs have been scheduled. */
  readonly demoStart: Date;
  close(): Promise<void>;
};

/**
 * Boots a sandbox: PostgreSQL, moto, front, Lambda gateway, the synthesised templates, two real Airflow sites behind the
 * MWAA control plane. Whatever a dead one of this name left behind is swept, once this machine is known to be able to
 * run a new one.
 *
 * @throws AlreadyUpError when one of this name is up; SandboxHostError with cause and fix when this machine cannot run
 * it. Everything started is ended again.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { stateDir, stateFile, id } = sandboxPlace(options.name);
  await refuseIfUp(options.name);
  const python = await installPython(options);
  await sweep({ sandbox: id });
  await rm(stateDir, { recursive: true, force: true });
  await mkdir(stateDir, { recursive: true });
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const one of opened.splice(0).reverse()) await one();
    await sweep({ sandbox: id });
    await rm(stateFile, { force: true });
  };
  try {
    return await boot({ ...options, stateDir, stateFile, id, python, opened, close });
  } catch (error) {
    await close();
    throw error;
  }
}

type Boot = SandboxOptions & {
  readonly stateDir: string;
  readonly stateFile: string;
  readonly id: string;
  readonly python: Awaited<ReturnType<typeof installPython>>;
  /** What has to be closed, in the order it was opened. */
  readonly opened: (() => Promise<void>)[];
  readonly close: () => Promise<void>;
};

async function installPython({ progress, port }: Pick<SandboxOptions, 'progress' | 'port'>) {
  const lockFolder = path.join(projectRoot, 'python');
  await mkdir(stateRoot, { recursive: true });
  const installed = await allInstalled(stateRoot, lockFolder, sandboxAirflowVersion);
  const nodeModules = path.join(projectRoot, 'node_modules');
  const { command } = await preflight({
    ...{ stateFolder: stateRoot, nodeModules, installed },
    ports: port === undefined ? [] : [port],
  });
  const install = { stateRoot, lockFolder, python: command, progress };
  const tools = await installTools(install);
  const environment = await installAirflow(install, sandboxAirflowVersion);
  return { tools, airflow: { version: sandboxAirflowVersion, environment } };
}

async function boot(options: Boot): Promise<Sandbox> {
  const { id, stateDir, config, progress } = options;
  const configFile = path.join(stateDir, 'pair.json');
  await writeFile(configFile, JSON.stringify(config, null, 2));
  progress('starting PostgreSQL, moto and the front; synthesising the templates');
  const administrator = { name: 'admin', password: randomBytes(9).toString('base64url') };
  const [cloud, database] = await Promise.all([
    openCloud(options),
    startDatabase(options, administrator),
    synthesise(configFile, path.join(stateDir, 'cdk.out')),
  ]);
  const { front, gateway } = cloud;
  const deployment = await deployAssembly({
    cdkOut: path.join(stateDir, 'cdk.out'),
    frontUrl: front.url,
    gateway,
    parameters: siteParameters(config),
    onStack: (name, region) => progress(`deploying ${name} to ${region}`),
  });
  const sites = new Map<string, AirflowSite>();
  const clockwork = await startClockwork({
    frontUrl: front.url,
    motoPort: cloud.moto.port,
    faults: front.faults,
    deployment,
    schedulePeriods: { '-watch': config.timing.tickSeconds, '-protect': config.timing.recoveryPointSeconds },
    environments: (['a', 'b'] as const).map((side) => ({
      environment: config.sites[side].environment,
      region: config.sites[side].region,
      accessKeyId: siteKey[side],
      periodSeconds: config.timing.heartbeatPeriodSeconds,
      containers: () => containersOf(sites.get(config.sites[side].environment), database.postgres),
    })),
    onProblem: (message) => {
      // What was under way when everything is ended fails, and nobody needs to know.
      if (options.opened.length > 0) progress(`clockwork: ${message}`);
    },
  });
  options.opened.push(() => clockwork.close());
  clockwork.schedules.pause();
  const demoStart = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 60_000);
  const mwaa = await createSites({ options, cloud, database, clockwork, sites, administrator, demoStart });
  const state: SandboxState = {
    endpoint: front.url,
    configFile,
    accessKeyId: CALLERS.cli,
    secretAccessKey: 'sandbox',
    pid: process.pid,
  };
  await writeFile(options.stateFile, JSON.stringify(state, null, 2));
  return {
    ...{ id, name: options.name, stateDir, config, front, gateway, clockwork, mwaa, demoStart },
    postgres: database.postgres,
    password: administrator.password,
    site: (side) => {
      const site = sites.get(config.sites[side].environment);
      if (!site) throw new Error(`site ${side} does not run`);
      return site;
    },
    close: options.close,
  };
}

async function openCloud({ id, stateDir, python, opened, config, port }: Boot): Promise<Cloud> {
  const cloud = await startCloud({
    stateDir,
    python: python.tools.python,
    spawn: ({ command, args, env, logFile, name }) =>
      startProcess({ sandbox: id, part: name, command, args, environment: env, logFile }),
    regions: { a: config.sites.a.region, b: config.sites.b.region },
    environment: { [SANDBOX_VARIABLE]: id },
    port: port ?? 0,
  });
  opened.push(() => cloud.close());
  return cloud;
}

async function startDatabase(
  { id, stateDir, python, opened }: Boot,
  administrator: { name: string; password: string },
) {
  const postgres = await startPostgres({
    sandbox: id,
    stateFolder: path.join(stateDir, 'postgres'),
    nodeModules: path.join(projectRoot, 'node_modules'),
    logFile: path.join(stateDir, 'postgres.log'),
  });
  opened.push(() => postgres.stop());
  const folder = path.join(stateDir, 'template');
  const templates = await prepareTemplates({ sandbox: id, postgres, airflow: python.airflow, administrator, folder });
  return { postgres, templates };
}

/** The templates come from the same command that a user deploys with. */
async function synthesise(configFile: string, out: string): Promise<void> {
  const args = [path.join(projectRoot, 'lib', 'app.ts')];
  const context = JSON.stringify({ config: configFile });
  await run(process.execPath, args, {
    cwd: projectRoot,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', CDK_OUTDIR: out, CDK_CONTEXT_JSON: context },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (!existsSync(path.join(out, 'manifest.json'))) throw new Error(`the synthesis wrote no assembly to ${out}`);
}

const siteParameters = (config: PairConfig) => ({
  [`${namesOf(config).prefix}-site-b`]: {
    PrimaryKeyArn: { stack: `${namesOf(config).prefix}-site-a`, output: 'KeyArn' },
  },
});

function containersOf(site: AirflowSite | undefined, postgres: PostgresServer): Containers {
  const running = site?.processesRunning();
  return {
    Scheduler: running && running.scheduler > 0 ? 1 : 0,
    BaseWorker: running && running.worker > 0 ? 1 : 0,
    WebServer: running && running.webserver > 0 ? 1 : 0,
    database: site !== undefined && postgres.isRunning(),
  };
}

async function createSites(made: {
  options: Boot;
  cloud: Cloud;
  database: Awaited<ReturnType<typeof startDatabase>>;
  clockwork: Clockwork;
  sites: Map<string, AirflowSite>;
  administrator: { name: string; password: string };
  demoStart: Date;
}): Promise<MwaaFake> {
  const { options, cloud, database, clockwork } = made;
  const { config, progress } = options;
  const frontUrl = cloud.front.url;
  const credentials = { accessKeyId: CALLERS.harness, secretAccessKey: 'sandbox' };
  const s3 = (region: string) => new S3Client({ region, endpoint: frontUrl, forcePathStyle: true, credentials });
  const mwaa = new MwaaFake({
    account: ACCOUNT,
    front: frontUrl,
    backend: airflowBackend({
      ...{ sandbox: options.id, stateDir: options.stateDir, frontUrl, airflow: options.python.airflow, ...database },
      ...{ administrator: made.administrator, demoStart: made.demoStart, sites: made.sites },
      sideOf: (name) => (name === environmentName(config.pair, 'a') ? 'a' : 'b'),
      statsdPort: (name) => clockwork.metrics[name]?.statsdPort ?? 0,
    }),
    s3,
    durations: { create: 1, update: 5, snapshot: 1, rollBack: 1, maintenance: 5, delete: 1 },
    airflowVersions: [sandboxAirflowVersion],
    onSyncError: (region, name, error) => progress(`DAG sync of ${name} in ${region}: ${String(error)}`),
  });
  options.opened.push(() => mwaa.close());
  cloud.front.useMwaa(mwaa.handle);
  const create = (side: Side) =>
    createEnvironment({ side, config, frontUrl, s3: s3(config.sites[side].region), progress });
  await Promise.all([create('a'), create('b')]);
  return mwaa;
}
