import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { mwaaClient } from '../../../lib/adapters/mwaa/mwaa-environment.ts';
import { type MwaaInput, type MwaaOperation, sendMwaa } from '../../../lib/adapters/mwaa/raw-command.ts';
import { ManualClock } from './fixture/manual-clock.ts';
import { type MwaaWorld, REGION, REQUIRED, startMwaaWorld } from './fixture/mwaa-world.ts';

const Anything = z.record(z.string(), z.unknown());
const Got = z.object({ Environment: Anything });

let clock: ManualClock;
let world: MwaaWorld;

beforeEach(async () => {
  clock = new ManualClock();
  world = await startMwaaWorld({ clock });
});
afterEach(() => world.close());

function call(operation: MwaaOperation, input: MwaaInput, region = REGION) {
  const client = mwaaClient(world.place(region), { maxAttempts: 1, connectMs: 2000, requestMs: 4000 });
  return sendMwaa(client, operation, input, Anything);
}

async function describeEnvironment(name = 'orders', region = REGION) {
  return Got.parse(await call('GetEnvironment', { Name: name }, region)).Environment;
}

async function untilStatus(status: string) {
  await vi.waitFor(async () => expect((await describeEnvironment()).Status).toBe(status), 5000);
}

async function createAvailable(input: MwaaInput = {}) {
  await call('CreateEnvironment', { Name: 'orders', ...REQUIRED, ...input });
  await clock.advance(30);
  await untilStatus('AVAILABLE');
}

describe('creating an environment', () => {
  it('takes its time and becomes available only with a running Airflow', async () => {
    await call('CreateEnvironment', { Name: 'orders', ...REQUIRED });
    await clock.advance(29);
    expect(await describeEnvironment()).toMatchObject({ Status: 'CREATING' });
    expect(world.backend.events).toEqual([]);
    await clock.advance(1);
    await untilStatus('AVAILABLE');
    expect(world.backend.events).toEqual(['create orders 2.10.3']);
  });

  it('stores and returns members that no model knows', async () => {
    await createAvailable({ FutureMember: { deep: [1] }, Tags: { team: 'data' } });
    expect(await describeEnvironment()).toMatchObject({
      ...REQUIRED,
      FutureMember: { deep: [1] },
      Tags: { team: 'data' },
      MaxWorkers: 10,
      AirflowVersion: '2.10.3',
      Arn: 'arn:aws:airflow:eu-west-1:123456789012:environment/orders',
      WebserverUrl: `${world.url}/web/eu-west-1/orders`,
    });
  });

  it('refuses a name that is taken, in that Region only', async () => {
    await call('CreateEnvironment', { Name: 'orders', ...REQUIRED });
    const again = call('CreateEnvironment', { Name: 'orders', ...REQUIRED });
    await expect(again).rejects.toMatchObject({ name: 'ValidationException', $metadata: { httpStatusCode: 400 } });
    await call('CreateEnvironment', { Name: 'orders', ...REQUIRED }, 'eu-central-1');
  });

  it.each([
    ['a missing role', { ExecutionRoleArn: undefined }],
    ['one subnet', { NetworkConfiguration: { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] } }],
    ['a version nobody offers', { AirflowVersion: '1.10.12' }],
    ['a Name that begins with a digit', { Name: '1st' }],
    ['a multi-Region key', { KmsKey: 'arn:aws:kms:eu-west-1:123456789012:key/mrk-1234' }],
    ['51 tags', { Tags: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`t${n}`, 'x'])) }],
    ['a log without level', { LoggingConfiguration: { TaskLogs: { Enabled: true } } }],
    ['no workers', { MinWorkers: 0 }],
    ['an option in capitals', { AirflowConfigurationOptions: { 'Core.x': '1' } }],
  ])('refuses %s', async (_, wrong) => {
    const attempt = call('CreateEnvironment', { Name: 'orders', ...REQUIRED, ...wrong });
    await expect(attempt).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('ends in CREATE_FAILED with the reason when Airflow does not start', async () => {
    world.backend.failure = new Error('requirements could not be installed');
    await call('CreateEnvironment', { Name: 'orders', ...REQUIRED });
    await clock.advance(30);
    await untilStatus('CREATE_FAILED');
    expect(await describeEnvironment()).toMatchObject({
      LastUpdate: { Status: 'FAILED', Error: { ErrorMessage: 'requirements could not be installed' } },
    });
  });

  it.each([
    ['fail', 'CREATE_FAILED'],
    ['stuck', 'CREATING'],
    ['pending', 'PENDING'],
  ] as const)('ends as its script says: %s', async (create, status) => {
    world.fake.setScript(REGION, 'orders', { create });
    await call('CreateEnvironment', { Name: 'orders', ...REQUIRED });
    await clock.advance(3600);
    await untilStatus(status);
    expect(world.backend.events).toEqual([]);
  });
});

describe('updating an environment', () => {
  it('restarts Airflow with the new members and tells of it', async () => {
    await createAvailable();
    await call('UpdateEnvironment', { Name: 'orders', MaxWorkers: 4, WorkerReplacementStrategy: 'GRACEFUL' });
    expect(await describeEnvironment()).toMatchObject({
      Status: 'UPDATING',
      MaxWorkers: 10,
      LastUpdate: { Status: 'PENDING' },
    });
    await clock.advance(20);
    await untilStatus('AVAILABLE');
    expect(await describeEnvironment()).toMatchObject({
      MaxWorkers: 4,
      LastUpdate: { Status: 'SUCCESS', WorkerReplacementStrategy: 'GRACEFUL' },
    });
    expect(world.backend.events).toContain('restart orders 2.10.3');
  });

  it('passes through CREATING_SNAPSHOT when the version changes', async () => {
    await createAvailable();
    await call('UpdateEnvironment', { Name: 'orders', AirflowVersion: '2.11.0' });
    expect(await describeEnvironment()).toMatchObject({ Status: 'CREATING_SNAPSHOT' });
    await clock.advance(10);
    expect(await describeEnvironment()).toMatchObject({ Status: 'UPDATING' });
    await clock.advance(20);
    await untilStatus('AVAILABLE');
    expect(world.backend.events).toContain('restart orders 2.11.0');
  });

  it('is refused while another change is under way', async () => {
    await createAvailable();
    await call('UpdateEnvironment', { Name: 'orders', MaxWorkers: 4 });
    for (const operation of ['UpdateEnvironment', 'DeleteEnvironment'] as const) {
      await expect(call(operation, { Name: 'orders' })).rejects.toMatchObject({ name: 'ValidationException' });
    }
  });

  it('rolls back when it fails, and the environment stays usable', async () => {
    await createAvailable();
    world.fake.setScript(REGION, 'orders', { update: 'fail' });
    await call('UpdateEnvironment', { Name: 'orders', MaxWorkers: 4 });
    await clock.advance(20);
    await untilStatus('ROLLING_BACK');
    await clock.advance(15);
    await untilStatus('UPDATE_FAILED');
    expect(await describeEnvironment()).toMatchObject({ MaxWorkers: 10, LastUpdate: { Status: 'FAILED' } });
    world.fake.setScript(REGION, 'orders', {});
    await call('UpdateEnvironment', { Name: 'orders', MaxWorkers: 4 });
  });
});

describe('other states of an environment', () => {
  it('plays a maintenance window', async () => {
    await createAvailable();
    const over = world.fake.maintain(REGION, 'orders');
    expect(await describeEnvironment()).toMatchObject({ Status: 'MAINTENANCE' });
    await expect(call('UpdateEnvironment', { Name: 'orders' })).rejects.toMatchObject({ name: 'ValidationException' });
    await clock.advance(25);
    await over;
    expect(await describeEnvironment()).toMatchObject({ Status: 'AVAILABLE', LastUpdate: { Source: 'MAINTENANCE' } });
  });

  it('shows a forced status until it is lifted', async () => {
    await createAvailable();
    world.fake.forceStatus(REGION, 'orders', 'UNAVAILABLE');
    expect(await describeEnvironment()).toMatchObject({ Status: 'UNAVAILABLE' });
    world.fake.forceStatus(REGION, 'orders', null);
    expect(await describeEnvironment()).toMatchObject({ Status: 'AVAILABLE' });
  });

  it('destroys Airflow on deletion and forgets the environment', async () => {
    await createAvailable();
    await call('DeleteEnvironment', { Name: 'orders' });
    expect(await describeEnvironment()).toMatchObject({ Status: 'DELETING' });
    await clock.advance(5);
    await vi.waitFor(() => expect(describeEnvironment()).rejects.toMatchObject({ name: 'ResourceNotFoundException' }));
    expect(world.backend.events).toContain('destroy orders');
    await call('CreateEnvironment', { Name: 'orders', ...REQUIRED });
  });
});
