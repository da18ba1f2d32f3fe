import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { mwaaClient, mwaaControlPlane } from '../../lib/adapters/mwaa/mwaa-environment.ts';
import { sendMwaa } from '../../lib/adapters/mwaa/raw-command.ts';
import { siteAirflow } from '../../lib/adapters/mwaa/site-airflow.ts';
import { type MwaaWorld, REGION, REQUIRED, startMwaaWorld } from '../unit/sandbox-mwaa/fixture/mwaa-world.ts';

const NO_TIME = { create: 0, update: 0, snapshot: 0, rollBack: 0, maintenance: 0, delete: 0 };
const LONG = `/dags/${'x'.repeat(60)}`;

let world: MwaaWorld;
let nowMs = Date.now();
const asked: string[] = [];

beforeAll(async () => {
  world = await startMwaaWorld({ durations: NO_TIME });
  const client = mwaaClient(world.place(), { maxAttempts: 1, connectMs: 2000, requestMs: 4000 });
  await sendMwaa(client, 'CreateEnvironment', { Name: 'orders', ...REQUIRED }, z.unknown());
  await vi.waitFor(async () => {
    const { Status } = await mwaaControlPlane(world.place()).getEnvironment(REGION, 'orders');
    expect(Status).toBe('AVAILABLE');
  }, 5000);
});
afterAll(() => world.close());

const site = () =>
  siteAirflow({
    place: world.place(),
    environment: 'orders',
    now: () => new Date(nowMs),
    fetch: async (address, init) => {
      asked.push(new URL(String(address)).pathname.split('/').slice(4).join('/'));
      return fetch(address, init);
    },
  });

describe('the adapter on our MWAA control plane', () => {
  it('uses InvokeRestApi for short paths', async () => {
    const answer = await site().request('GET', '/dags', { query: { dag_id_pattern: '%', limit: 1 } });
    expect(answer).toMatchObject({ echo: { path: '/api/v1/dags', query: { dag_id_pattern: '%', limit: '1' } } });
    expect(asked).toEqual([]);
  });

  it("tells Airflow's refusals by status and detail on both roads", async () => {
    await expect(site().request('GET', '/status/404')).rejects.toMatchObject({
      name: 'AirflowApiError',
      status: 404,
      detail: 'as asked: 404',
    });
    await expect(site().request('GET', `${LONG}/status/409`)).rejects.toMatchObject({
      name: 'AirflowApiError',
      status: 409,
      detail: 'as asked: 409',
    });
  });

  it('logs in once for long paths, and again when the session is old or refused', async () => {
    const airflow = site();
    asked.length = 0;
    const body = { new_state: 'failed' };
    const answer = await airflow.request('PATCH', LONG, { query: { dag_id_pattern: '%' }, body });
    expect(answer).toMatchObject({
      echo: { method: 'PATCH', path: `/api/v1${LONG}`, query: { dag_id_pattern: '%' }, body: JSON.stringify(body) },
    });
    await airflow.request('GET', LONG);
    expect(asked).toEqual(['aws_mwaa/login', `api/v1${LONG}`, `api/v1${LONG}`]);

    nowMs += 12 * 3600_000 - 30_000;
    asked.length = 0;
    await airflow.request('GET', LONG);
    expect(asked).toEqual(['aws_mwaa/login', `api/v1${LONG}`]);

    asked.length = 0;
    await expect(airflow.request('GET', `${LONG}/status/403`)).rejects.toMatchObject({ status: 403 });
    expect(asked).toEqual([`api/v1${LONG}/status/403`, 'aws_mwaa/login', `api/v1${LONG}/status/403`]);
  });
});
