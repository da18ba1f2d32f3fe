import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { buildPlugins, unpackPlugins } from '../../../sandbox/airflow/plugins.ts';
import { type AirflowSite, createSite } from '../../../sandbox/airflow/site.ts';
import { prepareTemplates } from '../../../sandbox/airflow/template-databases.ts';
import { type PostgresServer, startPostgres } from '../../../sandbox/host/postgres.ts';
import { preflight } from '../../../sandbox/host/preflight.ts';
import { installCleanup, sandboxIdOf, sweep } from '../../../sandbox/host/processes.ts';
import { allInstalled, installAirflow, type PythonEnvironment } from '../../../sandbox/host/python-tools.ts';
import { findTagged } from '../../../sandbox/host/tagged-processes.ts';
import { until } from '../../../sandbox/until.ts';

/*
 * The gate on a real scheduler, which is restarted once, to install it. One site goes through all modes in the order of
 * these tests; each brings DAGs of its own, because the gate decides when a DAG is first seen.
 */

const VERSION = process.env.LIFEBOAT_AIRFLOW_VERSION ?? '2.10.3';
const repository = path.resolve(import.meta.dirname, '../../..');
const stateRoot = path.join(repository, '.lifeboat');
const lockFolder = path.join(repository, 'python');
const nodeModules = path.join(repository, 'node_modules');
const stateFolder = path.join(stateRoot, 'sandbox', `smoke-gate-${process.pid}`);
const sandbox = sandboxIdOf(stateFolder);
const helpers = ['lifeboat_canary', 'lifeboat_export', 'lifeboat_import', 'lifeboat_promote'] as const;

const Dag = z.object({ is_paused: z.boolean(), is_active: z.boolean(), last_parsed_time: z.string() });
const Runs = z.object({ total_entries: z.int() });

let postgres: PostgresServer;
let python: PythonEnvironment;
let site: AirflowSite;
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

const dagOf = async (dagId: string) => Dag.parse(await rest('GET', `/dags/${dagId}`));
const runsOf = async (dagId: string, state = 'success') =>
  Runs.parse(await rest('GET', `/dags/${dagId}/dagRuns?limit=1&state=${state}`)).total_entries;

/** A DAG that would run every two seconds, and needs no worker for it. */
function dagText(dagId: string, flag: 'True' | 'False' | 'None'): string {
  return `
with DAG(
    dag_id="${dagId}",
    schedule=timedelta(seconds=2),
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=${flag},
):
    EmptyOperator(task_id="work")
`;
}

/** Puts one file into the site's DAG folder, at once, with a DAG for each id. */
async function deploy(dagIds: readonly string[], flag: 'True' | 'False' | 'None' = 'False'): Promise<void> {
  const imports = [
    'from datetime import datetime, timedelta, timezone',
    'from airflow import DAG',
    'from airflow.operators.empty import EmptyOperator',
  ];
  const file = path.join(site.dagsFolder, `${dagIds[0]}.py`);
  await writeFile(`${file}.arriving`, [...imports, ...dagIds.map((dagId) => dagText(dagId, flag))].join('\n'));
  await rename(`${file}.arriving`, file);
}

/** Writes the reserved row as the controller does. */
async function setMode(mode: string): Promise<void> {
  const value = JSON.stringify({ site: 'b', epoch: 1, op: null, mode, lastImport: null });
  const variable = { key: 'lifeboat__state', value };
  const there = await rest('GET', '/variables/lifeboat__state').catch(() => null);
  await (there === null ? rest('POST', '/variables', variable) : rest('PATCH', '/variables/lifeboat__state', variable));
}

const starts = (dagId: string) => until(`${dagId} has run`, 60, async () => (await runsOf(dagId)) > 0);

/** The scheduler has had its chance: the DAG was parsed twice, and a helper with the same schedule ran three times meanwhile. */
async function staysClosed(dagId: string): Promise<void> {
  await until(`${dagId} is known`, 60, async () => (await dagOf(dagId)).is_active);
  const { last_parsed_time: firstParse } = await dagOf(dagId);
  const canaryBefore = await runsOf('lifeboat_canary');
  await until(`${dagId} is parsed again`, 60, async () => (await dagOf(dagId)).last_parsed_time > firstParse);
  await until('the canary goes on', 60, async () => (await runsOf('lifeboat_canary')) >= canaryBefore + 3);
  expect(await dagOf(dagId)).toMatchObject({ is_paused: true });
  expect((await runsOf(dagId, 'running')) + (await runsOf(dagId, 'queued')) + (await runsOf(dagId))).toBe(0);
}

beforeAll(async () => {
  const installed = await allInstalled(stateRoot, lockFolder, VERSION);
  const { command } = await preflight({ stateFolder, nodeModules, installed });
  python = await installAirflow({ stateRoot, lockFolder, python: command, progress: () => {} }, VERSION);
  const airflow = { version: VERSION, environment: python };
  const logFile = path.join(stateFolder, 'postgres.log');
  postgres = await startPostgres({ sandbox, stateFolder: path.join(stateFolder, 'postgres'), nodeModules, logFile });
  const administrator = { name: 'lifeboat', password: 'smoke' };
  const folder = path.join(stateFolder, 'template');
  await mkdir(folder, { recursive: true });
  const templates = await prepareTemplates({ sandbox, postgres, airflow, administrator, folder });
  site = await createSite({
    ...{ sandbox, name: 'gated', environmentName: 'smoke-gated', region: 'eu-west-1' },
    ...{ home: path.join(stateFolder, 'gated'), airflow, postgres, templates, administrator },
  });
  await deploy(helpers);
  await site.start();
}, 300_000);

afterAll(async () => {
  await site?.stop();
  await postgres?.stop();
  await sweep({ sandbox });
  removeCleanup();
  await rm(stateFolder, { recursive: true, force: true });
}, 60_000);

describe(`the standby gate on Airflow ${VERSION}`, () => {
  it('is needed: without it a DAG that declares is_paused_upon_creation=False starts at once', async () => {
    await deploy(['before_the_gate']);

    await starts('before_the_gate');
  }, 120_000);

  it('is installed by plugins.zip, and closes a site without a reserved row to what is new', async () => {
    await site.stop();
    await unpackPlugins(python.python, site.pluginsFolder, await buildPlugins(python.python, repository));
    await site.start();

    await deploy(['row_missing']);
    await staysClosed('row_missing');

    // That site may be production which nobody has adopted yet: nothing that runs is stopped.
    expect(await dagOf('before_the_gate')).toMatchObject({ is_paused: false });
  }, 180_000);

  it('lets the four helpers start', async () => {
    await Promise.all(helpers.map(starts));
  }, 90_000);

  it.each(['standby', 'fenced', 'drill'])(
    'closes a site whose row says %s',
    async (mode) => {
      await setMode(mode);

      await deploy([`row_${mode}`]);

      await staysClosed(`row_${mode}`);
    },
    120_000,
  );

  it('pauses a DAG again that is open where the row says that it must not run', async () => {
    await until('it is paused', 60, async () => (await dagOf('before_the_gate')).is_paused);
    await rest('PATCH', '/dags/row_missing', { is_paused: false });

    await until('it is paused again', 60, async () => (await dagOf('row_missing')).is_paused);
  }, 150_000);

  it('pauses a DAG that comes back with an open row before it can start', async () => {
    const file = path.join(site.dagsFolder, 'row_standby.py');
    await rm(file);
    await until('the DAG is gone', 90, async () => !(await dagOf('row_standby')).is_active);
    await rest('PATCH', '/dags/row_standby', { is_paused: false });

    await deploy(['row_standby']);

    await staysClosed('row_standby');
  }, 240_000);

  it('leaves the DAG as its author wrote it, so that both sites have the same code', async () => {
    const statement =
      "SELECT data->'dag'->>'is_paused_upon_creation' AS flag FROM serialized_dag WHERE dag_id = 'row_fenced'";
    expect(await postgres.query(site.metadataDatabase, statement)).toEqual([{ flag: 'false' }]);
  });

  it('gates nothing once the row says active, without a restart', async () => {
    const schedulers = findTagged({ sandbox, part: 'gated/scheduler' }).slice(0, 1);
    await setMode('active');
    // As promotion opens what was open on the other site.
    await rest('PATCH', '/dags/row_standby', { is_paused: false });
    await deploy(['new_in_production']);
    await deploy(['new_but_shut'], 'True');
    await deploy(['new_without_flag'], 'None');

    await starts('row_standby');
    await starts('new_in_production');

    // The others keep what they, or the settings, say.
    for (const dagId of ['new_but_shut', 'new_without_flag']) await staysClosed(dagId);
    expect(await dagOf('row_standby')).toMatchObject({ is_paused: false });
    expect(await dagOf('new_in_production')).toMatchObject({ is_paused: false });
    expect(findTagged({ sandbox, part: 'gated/scheduler' })).toEqual(expect.arrayContaining(schedulers));
  }, 180_000);

  it('closes again when the site is fenced', async () => {
    await setMode('fenced');

    await until('it is paused', 60, async () => (await dagOf('new_in_production')).is_paused);
  }, 90_000);
});
