import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { SandboxState } from '../lib/cli/sandbox-state.ts';
import type { PairConfig } from '../lib/contracts/config.ts';
import type { Side } from '../lib/contracts/ids.ts';
import { namesOf } from '../lib/contracts/names.ts';
import type { AirflowSite } from './airflow/site.ts';
import { prepareTemplates } from './airflow/template-databases.ts';
import { CALLERS } from './cloud/callers.ts';
import { type Clockwork, startClockwork } from './cloud/clockwork.ts';
import { type Cloud, startCloud } from './cloud/cloud.ts';
import { deployAssembly } from './cloud/deployer/deploy.ts';
import { createExecutionRoles } from './cloud/execution-roles.ts';
import type { Front } from './cloud/front.ts';
import type { LambdaGateway } from './cloud/gateway.ts';
import { type PostgresServer, startPostgres } from './host/postgres.ts';
import { preflight } from './host/preflight.ts';
import { startProcess, sweep } from './host/processes.ts';
import { allInstalled, installAirflow, installTools } from './host/python-tools.ts';
import { SANDBOX_VARIABLE } from './host/tagged-processes.ts';
import type { MwaaFake } from './mwaa/mwaa-fake.ts';
import { namesOfSite, sandboxAirflowVersion, sandboxNetwork, siteKey } from './pair.ts';
import { projectRoot, refuseIfUp, sandboxPlace, stateRoot } from './place.ts';
import { containersOf, createSites, startMwaa } from './sites.ts';

const run = promisify(execFile);

export type SandboxOptions = {
  /** Name of the sandbox and of its state folder. */
  readonly name: string;
  readonly config: PairConfig;
  readonly progress: (line: string) => void;
  /** Port of the one AWS endpoint; without it the system chooses. */
  readonly port?: number | undefined;
};

/**
 * A sandbox that is up: the sites of its strategy run, a controller is deployed, the schedules stand still. With strategy
 * backup-restore site b has its bucket and no environment.
 */
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
  /** The environment that a site has now, whatever its name; null when it has none whose Airflow runs. */
  readonly environmentOf: (side: Side) => string | null;
  /** The Airflow of that environment. @throws Error when there is none. */
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
    environments: (['a', 'b'] as const).flatMap((side) =>
      namesOfSite(config, side).map((environment) => ({
        environment,
        region: config.sites[side].region,
        accessKeyId: siteKey[side],
        periodSeconds: config.timing.heartbeatPeriodSeconds,
        containers: () => containersOf(sites.get(environment), database.postgres),
      })),
    ),
    onProblem: (message) => {
      // What was under way when everything is ended fails, and nobody needs to know.
      if (options.opened.length > 0) progress(`clockwork: ${message}`);
    },
  });
  options.opened.push(() => clockwork.close());
  clockwork.schedules.pause();
  const demoStart = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 60_000);
  const { a, b } = config.sites;
  await createExecutionRoles(front.url, a.region, [a.executionRoleArn, b.executionRoleArn]);
  const { airflow, tools } = options.python;
  const ofSites = {
    ...{
      sandbox: id,
      stateDir,
      config,
      front,
      clockwork,
      ...database,
      administrator,
      airflow,
      demoStart,
      sites,
      progress,
    },
    python: tools.python,
  };
  const mwaa = startMwaa(ofSites);
  options.opened.push(() => mwaa.close());
  await createSites(ofSites);
  front.useAccount({
    networks: { [a.region]: sandboxNetwork.a, [b.region]: sandboxNetwork.b },
    environmentsQuota: (region) => mwaa.quota(region),
    schedules: deployment.schedules,
  });
  const state: SandboxState = {
    endpoint: front.url,
    configFile,
    accessKeyId: CALLERS.cli,
    secretAccessKey: 'sandbox',
    pid: process.pid,
  };
  await writeFile(options.stateFile, JSON.stringify(state, null, 2));
  // A name is passed over for good, so the last one that runs is the site's.
  const environmentOf = (side: Side) => namesOfSite(config, side).findLast((name) => sites.has(name)) ?? null;
  return {
    ...{ id, name: options.name, stateDir, config, front, gateway, clockwork, mwaa, demoStart, environmentOf },
    postgres: database.postgres,
    password: administrator.password,
    site: (side) => {
      const site = sites.get(environmentOf(side) ?? '');
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
