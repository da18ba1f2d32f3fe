import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { mwaaClient } from '../../../lib/adapters/mwaa/mwaa-environment.ts';
import { type MwaaInput, type MwaaOperation, sendMwaa } from '../../../lib/adapters/mwaa/raw-command.ts';
import { buildPlugins, unpackPlugins } from '../../../sandbox/airflow/plugins.ts';
import { ManualClock } from './fixture/manual-clock.ts';
import { type MwaaWorld, REQUIRED, startMwaaWorld } from './fixture/mwaa-world.ts';

const Anything = z.record(z.string(), z.unknown());
const Got = z.object({ Environment: Anything });

describe('the plugins of an environment', () => {
  let clock: ManualClock;
  let world: MwaaWorld;

  beforeEach(async () => {
    clock = new ManualClock();
    world = await startMwaaWorld({ clock });
    world.s3.objects.set('customer-dags/plugins.zip', 'first');
  });
  afterEach(() => world.close());

  const call = (operation: MwaaOperation, input: MwaaInput) =>
    sendMwaa(
      mwaaClient(world.place(), { maxAttempts: 1, connectMs: 2000, requestMs: 4000 }),
      operation,
      input,
      Anything,
    );
  const environment = async () => Got.parse(await call('GetEnvironment', { Name: 'orders' })).Environment;
  const create = (members: MwaaInput = {}) => call('CreateEnvironment', { Name: 'orders', ...REQUIRED, ...members });
  const untilStatus = (status: string) =>
    vi.waitFor(async () => expect((await environment()).Status).toBe(status), 5000);

  it('are read when it is created, and again at each update', async () => {
    await create({ PluginsS3Path: 'plugins.zip' });
    await clock.advance(30);
    await untilStatus('AVAILABLE');
    world.s3.objects.set('customer-dags/plugins.zip', 'second');

    await call('UpdateEnvironment', { Name: 'orders', MaxWorkers: 5 });
    await clock.advance(20);
    await untilStatus('AVAILABLE');

    expect(world.backend.plugins).toEqual(['first', 'second']);
  });

  it('are none where the environment names none', async () => {
    await create();
    await clock.advance(30);
    await untilStatus('AVAILABLE');

    expect(world.backend.plugins).toEqual([null]);
  });

  it('fail a creation when they are gone by then', async () => {
    await create({ PluginsS3Path: 'plugins.zip' });
    world.s3.objects.delete('customer-dags/plugins.zip');
    await clock.advance(30);
    await untilStatus('CREATE_FAILED');

    const { LastUpdate } = z.looseObject({ LastUpdate: z.looseObject({ Error: Anything }) }).parse(await environment());
    expect(LastUpdate.Error.ErrorMessage).toContain('s3://customer-dags/plugins.zip (version newest) cannot be read');
  });
});

describe('the plugins folder of a site', () => {
  const repository = path.resolve(import.meta.dirname, '../../..');
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'lifeboat-plugins-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('holds what plugins.zip holds, and nothing of before', async () => {
    await writeFile(path.join(folder, 'old_plugin.py'), '');

    await unpackPlugins('python3', folder, await buildPlugins('python3', repository));

    expect((await readdir(folder)).sort()).toEqual(['mwaa_lifeboat_gate-1.0.0.dist-info', 'mwaa_lifeboat_gate.py']);
  });

  it('is empty without one', async () => {
    await writeFile(path.join(folder, 'old_plugin.py'), '');

    await unpackPlugins('python3', folder, null);

    expect(existsSync(folder)).toBe(true);
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses what is no zip', async () => {
    await expect(unpackPlugins('python3', folder, Buffer.from('no zip'))).rejects.toThrow('BadZipFile');
  });
});
