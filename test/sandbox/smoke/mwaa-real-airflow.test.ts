import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { mwaaClient, mwaaControlPlane } from '../../../lib/adapters/mwaa/mwaa-environment.ts';
import { sendMwaa } from '../../../lib/adapters/mwaa/raw-command.ts';
import { siteAirflow } from '../../../lib/adapters/mwaa/site-airflow.ts';
import type { AirflowApi, TaskInstance, TaskState } from '../../../lib/ports/airflow.ts';
import type { AirflowSite } from '../../../sandbox/airflow/site.ts';
import { prepareTemplates } from '../../../sandbox/airflow/template-databases.ts';
import { airflowBackend } from '../../../sandbox/airflow-backend.ts';
import { type PostgresServer, startPostgres } from '../../../sandbox/host/postgres.ts';
import { preflight } from '../../../sandbox/host/preflight.ts';
import { installCleanup, sandboxIdOf, sweep } from '../../../sandbox/host/processes.ts';
import { allInstalled, installAirflow } from '../../../sandbox/host/python-tools.ts';
import { type MwaaWorld, REGION, REQUIRED, startMwaaWorld } from '../../unit/sandbox-mwaa/fixture/mwaa-world.ts';
import { DAG_FILES } from './mwaa-dags.ts';

const VERSION = '2.10.3';
const NAME = 'real';
const repository = path.resolve(import.meta.dirname, '../../..');
const stateRoot = path.join(repository, '.lifeboat');
const lockFolder = path.join(repository, 'python');
const nodeModules = path.join(repository, 'node_modules');
const stateDir = path.join(stateRoot, 'sandbox', `smoke-mwaa-${process.pid}`);
const sandbox = sandboxIdOf(stateDir);
const NO_TIME = { create: 0, update: 0, snapshot: 0, rollBack: 0, maintenance: 0, delete: 0 };
const ACTIVE: readonly TaskState[] = ['running', 'queued', 'deferred', 'scheduled', 'restarting', 'up_for_reschedule'];

let postgres: PostgresServer;
let world: MwaaWorld;
const sites = new Map<string, AirflowSite>();
let airflow: AirflowApi;
const removeCleanup = installCleanup(sandbox);

const until = <T>(seconds: number, look: () => Promise<T>) =>
  vi.waitFor(look, { timeout: seconds * 1000, interval: 500 });

beforeAll(async () => {
  const installed = await allInstalled(stateRoot, lockFolder, VERSION);
  const python = await preflight({ stateFolder: stateDir, nodeModules, installed });
  const options = { stateRoot, lockFolder, python: python.command, progress: () => {} };
  const installation = { version: VERSION, environment: await installAirflow(options, VERSION) };
  const stateFolder = path.join(stateDir, 'postgres');
  postgres = await startPostgres({ sandbox, stateFolder, nodeModules, logFile: path.join(stateDir, 'postgres.log') });
  const administrator = { name: 'lifeboat', password: 'smoke' };
  const folder = path.join(stateDir, 'template');
  await mkdir(folder, { recursive: true });
  const templates = await prepareTemplates({ sandbox, postgres, airflow: installation, administrator, folder });
  const real = airflowBackend({
    ...{ sandbox, stateDir, postgres, templates, administrator },
    airflow: installation,
    frontUrl: 'http://127.0.0.1:9',
    sideOf: () => 'a',
    statsdPort: () => 9,
    demoStart: new Date(),
    sites,
  });
  world = await startMwaaWorld({ durations: NO_TIME, backend: real });
  for (const [file, text] of Object.entries(DAG_FILES)) world.s3.objects.set(`customer-dags/dags/${file}`, text);
  const client = mwaaClient(world.place(), { maxAttempts: 1, connectMs: 2000, requestMs: 4000 });
  await sendMwaa(client, 'CreateEnvironment', { Name: NAME, ...REQUIRED }, z.unknown());
  const plane = mwaaControlPlane(world.place());
  await until(240, async () => expect((await plane.getEnvironment(REGION, NAME)).Status).toBe('AVAILABLE'));
  airflow = siteAirflow({ place: world.place(), environment: NAME });
  await until(120, async () => expect(await airflow.listDags()).toHaveLength(122));
}, 420_000);

afterAll(async () => {
  await world?.close();
  await postgres?.stop();
  await sweep({ sandbox });
  removeCleanup();
  await rm(stateDir, { recursive: true, force: true });
}, 60_000);

async function stateOf({ dagId, runId, taskId, mapIndex }: TaskInstance): Promise<unknown> {
  const index = mapIndex < 0 ? '' : `/${mapIndex}`;
  const path = `/dags/${dagId}/dagRuns/${runId}/taskInstances/${taskId}${index}`;
  return z.object({ state: z.string().nullable() }).parse(await airflow.request('GET', path)).state;
}

describe('the adapter on real Airflow behind our MWAA control plane', () => {
  it('reads health, and DAGs of more than one page', async () => {
    const health = await airflow.health();
    expect(health).toMatchObject({
      metadatabase: { status: 'healthy', latestHeartbeat: null },
      scheduler: { status: 'healthy', latestHeartbeat: expect.stringMatching(/^20/) },
    });
    const dags = await airflow.listDags();
    expect(new Set(dags.map(({ dagId }) => dagId)).size).toBe(122);
    expect(dags).toContainEqual({ dagId: 'lifeboat_canary', isPaused: false, isActive: true, hasImportErrors: false });
  });

  it('names the file that does not parse', async () => {
    await until(60, async () => {
      expect(await airflow.importErrors()).toEqual([
        { filename: expect.stringMatching(/broken\.py$/), stackTrace: expect.stringContaining('no_such_dag') },
      ]);
    });
  });

  it('pauses every DAG but the helpers', async () => {
    for (const dagId of ['many_000', 'many_119', 'states']) await airflow.setPaused(dagId, false);
    await airflow.pauseAll();
    for (const _ of ['first', 'second']) {
      const open = (await airflow.listDags()).filter(({ isPaused }) => !isPaused);
      expect(open.map(({ dagId }) => dagId)).toEqual(['lifeboat_canary']);
    }
    await expect(airflow.setPaused('nobody', true)).rejects.toMatchObject({ name: 'AirflowApiError', status: 404 });
  });

  it('writes and reads variables, and keeps a pool at its size', async () => {
    expect(await airflow.getVariable('lifeboat__state')).toBeNull();
    for (const value of ['{"site":"a","epoch":1}', '{"text":"line\\nü 100 %"}']) {
      await airflow.setVariable('lifeboat__state', value);
      expect(await airflow.getVariable('lifeboat__state')).toBe(value);
    }
    for (const slots of [4, 4, 0]) {
      await airflow.ensurePool('closed', slots);
      expect(await airflow.request('GET', '/pools/closed')).toMatchObject({ slots });
    }
  });

  it('starts a run once', async () => {
    await airflow.setPaused('states', false);
    const first = await airflow.triggerRun('states', 'lb-12345678-3-1', { request: 'key' });
    expect(first).toEqual({ dagId: 'states', runId: 'lb-12345678-3-1', state: 'queued' });
    await until(60, async () => expect(await airflow.runState('states', 'lb-12345678-3-1')).toBe('running'));
    const again = await airflow.triggerRun('states', 'lb-12345678-3-1', { request: 'other' });
    expect(again.state).toBe('running');
    expect(await airflow.runState('states', 'nobody')).toBeNull();
    await expect(airflow.triggerRun('nobody', 'x', {})).rejects.toMatchObject({ status: 404 });
  });

  it('fails tasks of every active state while the scheduler is dead', async () => {
    await until(120, async () => {
      const found = (await airflow.activeTaskInstances(ACTIVE)).map(
        ({ taskId, mapIndex, state }) => `${taskId} ${mapIndex} ${state}`,
      );
      expect(found.sort()).toEqual([
        'deferred -1 deferred',
        'mapped 0 running',
        'mapped 1 running',
        'queued -1 queued',
        'running -1 running',
        'scheduled -1 scheduled',
      ]);
    });
    await sites.get(NAME)?.killScheduler();
    await airflow.setPaused('states', true);

    const tasks = await airflow.activeTaskInstances(ACTIVE);
    for (const task of tasks) await airflow.failTask(task);

    expect(await airflow.activeTaskInstances(ACTIVE)).toEqual([]);
    for (const task of tasks) expect(await stateOf(task), task.taskId).toBe('failed');
    // To fail what has failed changes nothing, so a fence may be repeated.
    for (const task of tasks) await airflow.failTask(task);
    expect(await airflow.activeTaskInstances(ACTIVE)).toEqual([]);
  });

  it('leaves them failed when the scheduler comes back', async () => {
    await sites.get(NAME)?.startScheduler(180_000);
    const since = Date.now();
    await until(60, async () => expect(Date.now() - since).toBeGreaterThan(15_000));
    expect(await airflow.activeTaskInstances(ACTIVE)).toEqual([]);
  });

  it("is refused by Airflow in Airflow's own words", async () => {
    const unknown = { dagId: 'states', runId: 'lb-12345678-3-1', taskId: 'nobody', mapIndex: -1 };
    await expect(airflow.failTask(unknown)).rejects.toMatchObject({ name: 'AirflowApiError', status: 404 });
  });
});
