import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { mwaaClient } from '../../../lib/adapters/mwaa/mwaa-environment.ts';
import { type MwaaInput, type MwaaOperation, sendMwaa } from '../../../lib/adapters/mwaa/raw-command.ts';
import { ManualClock } from './fixture/manual-clock.ts';
import { type MwaaWorld, REGION, REQUIRED, startMwaaWorld } from './fixture/mwaa-world.ts';

const Anything = z.record(z.string(), z.unknown());
const Got = z.object({ Environment: Anything });
const key = 'key/01234567-89ab-cdef-0123-456789abcdef';
const networkOf = (...SubnetIds: string[]) => ({ NetworkConfiguration: { SubnetIds, SecurityGroupIds: ['sg-1'] } });

let clock: ManualClock;
let world: MwaaWorld;

beforeEach(async () => {
  clock = new ManualClock();
  world = await startMwaaWorld({ clock, subnets: { [REGION]: ['subnet-1', 'subnet-2'] } });
});
afterEach(() => world.close());

function call(operation: MwaaOperation, input: MwaaInput, region = REGION) {
  const client = mwaaClient(world.place(region), { maxAttempts: 1, connectMs: 2000, requestMs: 4000 });
  return sendMwaa(client, operation, input, Anything);
}

const create = (input: MwaaInput = {}, region = REGION) =>
  call('CreateEnvironment', { Name: 'orders', ...REQUIRED, ...input }, region);

async function describeEnvironment(name = 'orders') {
  return Got.parse(await call('GetEnvironment', { Name: name })).Environment;
}

const untilStatus = (status: string, name?: string) =>
  vi.waitFor(async () => expect((await describeEnvironment(name)).Status).toBe(status), 5000);

describe('a creation that the service refuses', () => {
  it.each<[string, MwaaInput, RegExp]>([
    ['an unknown class', { EnvironmentClass: 'mw1.tiny' }, /class mw1.tiny is not supported/],
    ['a version past its end of support', { AirflowVersion: '2.2.2' }, /Unsupported Airflow version 2.2.2/],
    ['subnets of another Region', networkOf('subnet-1', 'subnet-9'), /'subnet-9' does not exist/],
    ['a key of another Region', { KmsKey: `arn:aws:kms:eu-central-1:123456789012:${key}` }, /is not in eu-west-1/],
    ['the alias of a key', { KmsKey: 'arn:aws:kms:eu-west-1:123456789012:alias/orders' }, /Aliases .* not supported/],
    ['a micro one with two schedulers', { EnvironmentClass: 'mw1.micro', Schedulers: 2 }, /must be 1, found 2/],
    ['a micro one that scales', { EnvironmentClass: 'mw1.micro', MaxWorkers: 3 }, /MaxWorkers of mw1.micro/],
    ['one scheduler in a larger one', { Schedulers: 1 }, /Schedulers must be 2 to 5/],
    ['more workers than the quota', { MaxWorkers: 26 }, /1 to 25, found 1 to 26/],
    ['fewer workers at most than at least', { MinWorkers: 5, MaxWorkers: 4 }, /found 5 to 4/],
    ['one web server', { MinWebservers: 1 }, /2 to 5, found 1 to 2/],
    ['a tag of AWS', { Tags: { 'aws:cloudformation:stack-name': 'x' } }, /aws: prefixed/],
    ['an empty map of tags', { Tags: {} }, /1 to 50 tags/],
    ['a version without its object', { PluginsS3ObjectVersion: 'v1' }, /needs PluginsS3Path/],
    ['an object that is not there', { StartupScriptS3Path: 'start.sh' }, /Unable to access version latest of start.sh/],
    ['the ARN of the answer', { Arn: 'arn:aws:airflow:eu-west-1:1:environment/x' }, /'Arn' .* answer only/],
    ['a status', { Status: 'AVAILABLE' }, /'Status' .* answer only/],
    [
      'the log group of the answer',
      { LoggingConfiguration: { TaskLogs: { Enabled: true, LogLevel: 'INFO', CloudWatchLogGroupArn: 'arn' } } },
      /LoggingConfiguration.TaskLogs.CloudWatchLogGroupArn/,
    ],
  ])('%s', async (_, wrong, message) => {
    await expect(create(wrong)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringMatching(message),
      $metadata: { httpStatusCode: 400 },
    });
    expect(world.fake.names(REGION)).toEqual([]);
  });

  it('takes an object version of the bucket and no other', async () => {
    world.s3.objects.set('customer-dags/requirements.txt', 'pandas');
    world.s3.versions.set('customer-dags/requirements.txt', ['v1', 'v2']);
    const requirements = { RequirementsS3Path: 'requirements.txt' };
    await expect(create({ ...requirements, RequirementsS3ObjectVersion: 'v3' })).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'Unable to access version v3 of requirements.txt',
    });
    await create({ ...requirements, RequirementsS3ObjectVersion: 'v1' });
    expect(await describeEnvironment()).toMatchObject({ ...requirements, RequirementsS3ObjectVersion: 'v1' });
  });

  it('keeps the quota of environments, for each Region', async () => {
    for (let n = 0; n < 10; n += 1) await create({ Name: `other-${n}` });
    await expect(create()).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringMatching(/Maximum .*10/),
    });
    await create({}, 'eu-central-1');
    world.fake.setQuota(REGION, 11);
    await create();
  });

  it('gives a name to one of two requests that arrive together', async () => {
    const answers = await Promise.allSettled([create(), create()]);
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(world.fake.names(REGION)).toEqual(['orders']);
  });

  it('gives a micro environment one container of each kind', async () => {
    await create({ EnvironmentClass: 'mw1.micro' });
    expect(await describeEnvironment()).toMatchObject({ Schedulers: 1, MaxWorkers: 1, MinWebservers: 1 });
  });
});

describe('a creation that takes its time', () => {
  it('waits in PENDING for endpoints of the customer, then goes on', async () => {
    await create({ EndpointManagement: 'CUSTOMER' });
    await clock.advance(7200);
    expect(await describeEnvironment()).toMatchObject({
      Status: 'PENDING',
      DatabaseVpcEndpointService: expect.any(String),
      WebserverVpcEndpointService: expect.any(String),
    });
    world.fake.proceed(REGION, 'orders');
    await untilStatus('CREATING');
    await clock.advance(30);
    await untilStatus('AVAILABLE');
    expect(world.fake.find(REGION, 'orders').creationSeconds).toBe(7230);
  });

  it('fails after three days in PENDING', async () => {
    world.fake.setScript(REGION, 'orders', { create: 'pending' });
    await create();
    await clock.advance(72 * 3600);
    await untilStatus('CREATE_FAILED');
  });

  it('may be CREATING for two hours', async () => {
    world.fake.setScript(REGION, 'orders', { createSeconds: 7200 });
    await create();
    await clock.advance(7199);
    expect(await describeEnvironment()).toMatchObject({ Status: 'CREATING' });
    await clock.advance(1);
    await untilStatus('AVAILABLE');
  });

  it('hangs in CREATING as its script says, until it is told to go on', async () => {
    world.fake.setScript(REGION, 'orders', { create: 'stuck' });
    await create();
    await clock.advance(24 * 3600);
    expect(await describeEnvironment()).toMatchObject({ Status: 'CREATING' });
    await expect(call('DeleteEnvironment', { Name: 'orders' })).rejects.toMatchObject({ name: 'ValidationException' });
    world.fake.proceed(REGION, 'orders');
    await clock.advance(30);
    await untilStatus('AVAILABLE');
  });

  it('fails with the reason, keeps the name, and leaves the next name free', async () => {
    world.fake.setScript(REGION, 'orders', { create: 'fail' });
    await create();
    await clock.advance(30);
    await untilStatus('CREATE_FAILED');
    expect(await describeEnvironment()).toMatchObject({
      LastUpdate: { Status: 'FAILED', Error: { ErrorCode: 'INCORRECT_CONFIGURATION' } },
    });
    await expect(create()).rejects.toMatchObject({ message: 'Environment with name orders already exists' });
    await create({ Name: 'orders-2' });
    await clock.advance(30);
    await untilStatus('AVAILABLE', 'orders-2');
    await call('DeleteEnvironment', { Name: 'orders' });
    expect(await describeEnvironment()).toMatchObject({ Status: 'DELETING' });
  });
});
