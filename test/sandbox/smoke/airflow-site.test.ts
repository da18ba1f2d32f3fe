import { createSocket } from 'node:dgram';
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AirflowSite, createSite } from '../../../sandbox/airflow/site.ts';
import { prepareTemplates } from '../../../sandbox/airflow/template-databases.ts';
import { type PostgresServer, startPostgres } from '../../../sandbox/host/postgres.ts';
import { preflight } from '../../../sandbox/host/preflight.ts';
import { installCleanup, sandboxIdOf, sweep } from '../../../sandbox/host/processes.ts';
import { allInstalled, installAirflow } from '../../../sandbox/host/python-tools.ts';
import { findTagged } from '../../../sandbox/host/tagged-processes.ts';

const VERSION = '2.10.3';
const repository = path.resolve(import.meta.dirname, '../../..');
const stateRoot = path.join(repository, '.lifeboat');
const lockFolder = path.join(repository, 'python');
const nodeModules = path.join(repository, 'node_modules');
const stateFolder = path.join(stateRoot, 'sandbox', `smoke-airflow-site-${process.pid}`);
const traceFile = path.join(stateFolder, 'trace.jsonl');
const sandbox = sandboxIdOf(stateFolder);

const Runs = z.object({ dag_runs: z.array(z.object({ dag_run_id: z.string(), state: z.string() })) });
const Trace = z.object({ at: z.string(), environment: z.string(), workload: z.string(), pid: z.number() });

let postgres: PostgresServer;
let site: AirflowSite;
const beats: number[] = [];
const statsd = createSocket('udp4');
const removeCleanup = installCleanup(sandbox);

async function rest(method: string, resource: string, body?: object): Promise<unknown> {
  const response = await fetch(`${site.url}/api/v1${resource}`, {
    method,
    headers: { authorization: site.authorization, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${resource}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function until(what: string, seconds: number, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`Not within ${seconds} s: ${what}`);
    await delay(200);
  }
}

async function traceOf(workload: string): Promise<z.infer<typeof Trace>[]> {
  const lines = (await readFile(traceFile, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  return lines.map((line) => Trace.parse(JSON.parse(line))).filter((line) => line.workload === workload);
}

async function succeeded(dagId: string): Promise<boolean> {
  return Runs.parse(await rest('GET', `/dags/${dagId}/dagRuns`)).dag_runs.some(({ state }) => state === 'success');
}

beforeAll(async () => {
  const installed = await allInstalled(stateRoot, lockFolder, VERSION);
  const python = await preflight({ stateFolder, nodeModules, installed });
  const options = { stateRoot, lockFolder, python: python.command, progress: () => {} };
  const airflow = { version: VERSION, environment: await installAirflow(options, VERSION) };
  postgres = await startPostgres({
    sandbox,
    stateFolder: path.join(stateFolder, 'postgres'),
    nodeModules,
    logFile: path.join(stateFolder, 'postgres.log'),
  });
  const administrator = { name: 'lifeboat', password: 'smoke' };
  const folder = path.join(stateFolder, 'template');
  await mkdir(folder, { recursive: true });
  const templates = await prepareTemplates({ sandbox, postgres, airflow, administrator, folder });
  statsd.on('message', (message) => {
    if (message.toString().startsWith('airflow.scheduler_heartbeat:')) beats.push(Date.now());
  });
  await new Promise<void>((resolve) => statsd.bind(0, '127.0.0.1', resolve));
  site = await createSite({
    sandbox,
    name: 'a',
    environmentName: 'smoke-a',
    region: 'eu-west-1',
    home: path.join(stateFolder, 'a'),
    airflow,
    postgres,
    templates,
    administrator,
    triggerer: true,
    statsdPort: statsd.address().port,
    environmentVariables: {
      LIFEBOAT_DEMO_START: new Date(Date.now() - 60_000).toISOString().replace('Z', '+00:00'),
      LIFEBOAT_DEMO_TRACE: traceFile,
    },
  });
  await cp(path.join(repository, 'sandbox', 'production-dags'), site.dagsFolder, { recursive: true });
  await site.start();
}, 300_000);

afterAll(async () => {
  await site?.stop();
  await postgres?.stop();
  statsd.close();
  await sweep({ sandbox });
  removeCleanup();
  await rm(stateFolder, { recursive: true, force: true });
}, 60_000);

describe('an Airflow site of the sandbox', () => {
  it('runs a scheduled DAG to success', async () => {
    await until('the DAG is known', 30, async () => (await rest('GET', '/dags/meter_every_20_seconds')) !== undefined);
    expect(await rest('GET', '/dags/meter_every_20_seconds')).toMatchObject({ is_paused: true });

    await rest('PATCH', '/dags/meter_every_20_seconds', { is_paused: false });

    await until('a run has succeeded', 60, () => succeeded('meter_every_20_seconds'));
    expect(await traceOf('meter_every_20_seconds')).not.toHaveLength(0);
  }, 120_000);

  it('reads variables and connections encrypted with its own key', async () => {
    await rest('POST', '/variables', { key: 'demo_tariff', value: 'night' });
    const warehouse = { connection_id: 'demo_warehouse', conn_type: 'generic', login: 'loader', password: 'secret' };
    await rest('POST', '/connections', warehouse);
    await rest('PATCH', '/dags/vault_reader', { is_paused: false });

    await rest('POST', '/dags/vault_reader/dagRuns', { dag_run_id: 'smoke' });

    await until('the run has succeeded', 60, () => succeeded('vault_reader'));
  }, 90_000);

  it('beats so often that no period of 5 s is empty', async () => {
    await until('20 beats have come', 60, async () => beats.length >= 20);

    const gaps = beats.slice(1).map((at, index) => at - (beats[index] ?? at));
    expect(Math.max(...gaps)).toBeLessThan(5000);
  }, 90_000);

  it('goes on with its tasks when the scheduler is killed, and stops a task that is failed from outside', async () => {
    await until('the DAG is known', 30, async () => (await rest('GET', '/dags/long_export')) !== undefined);
    await rest('PATCH', '/dags/long_export', { is_paused: false });
    await rest('POST', '/dags/long_export/dagRuns', { dag_run_id: 'smoke' });
    await until('the task works', 60, async () => (await traceOf('long_export')).length > 0);

    expect(await site.killScheduler()).toBeGreaterThanOrEqual(2);

    expect(site.processesRunning().scheduler).toBe(0);
    const before = (await traceOf('long_export')).length;
    await until('the task went on', 15, async () => (await traceOf('long_export')).length > before + 3);
    await until('the loss is seen', 30, async () => (await site.health()).scheduler.status === 'unhealthy');
    const worker = (await traceOf('long_export')).at(-1)?.pid ?? 0;
    await rest('PATCH', '/dags/long_export/dagRuns/smoke', { state: 'failed' });
    await until('the task was ended', 20, async () => !findTagged({ sandbox }).includes(worker));
    expect(site.processesRunning().worker).toBeGreaterThan(0);
  }, 180_000);

  it('comes back when the scheduler is started again', async () => {
    await site.startScheduler();

    expect((await site.health()).scheduler.status).toBe('healthy');
  }, 60_000);

  it('parses every production DAG', async () => {
    expect(await rest('GET', '/importErrors')).toMatchObject({ total_entries: 0 });
    expect(await rest('GET', '/dags')).toMatchObject({ total_entries: 8 });
  });

  it('starts only what does not run', async () => {
    const web = findTagged({ sandbox, part: 'a/webserver' });
    await site.kill('worker');

    await site.start();

    expect(site.processesRunning().worker).toBeGreaterThan(0);
    expect(findTagged({ sandbox, part: 'a/webserver' })).toEqual(web);
  }, 60_000);

  it('leaves no process behind when it is stopped', async () => {
    await site.stop();
    expect(await postgres.databaseExists(site.metadataDatabase)).toBe(true);
    await site.destroy();
    expect(await postgres.databaseExists(site.metadataDatabase)).toBe(false);
    await postgres.stop();

    expect(findTagged({ sandbox })).toEqual([]);
  }, 60_000);
});
