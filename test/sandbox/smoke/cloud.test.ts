import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Sha256 } from '@aws-crypto/sha256-js';
import {
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DecryptCommand, DescribeKeyCommand, GenerateDataKeyCommand } from '@aws-sdk/client-kms';
import { GetFunctionUrlConfigCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, HeadObjectCommand, ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type Clockwork, startClockwork } from '../../../sandbox/cloud/clockwork.ts';
import { type Cloud, startCloud } from '../../../sandbox/cloud/cloud.ts';
import type { Deployment } from '../../../sandbox/cloud/deployer/definitions.ts';
import { deployAssembly } from '../../../sandbox/cloud/deployer/deploy.ts';
import { type SdkClients, sdkClients } from '../../../sandbox/cloud/deployer/sdk-clients.ts';
import type { FaultRule } from '../../../sandbox/cloud/faults.ts';
import type { Front } from '../../../sandbox/cloud/front.ts';
import type { LambdaGateway } from '../../../sandbox/cloud/gateway.ts';
import type { Moto } from '../../../sandbox/cloud/moto.ts';
import { startProcess } from '../../../sandbox/host/processes.ts';
import { REGIONS, synthFixture } from '../../unit/sandbox-cloud/fixture/app.ts';

const ACCOUNT = '123456789012';
const PERIOD = 5;
const state = mkdtempSync(path.join(tmpdir(), 'lifeboat-cloud-'));
const python = path.resolve('.lifeboat/tools/bin/python');
const problems: string[] = [];
const containers = { Scheduler: 1, BaseWorker: 2, WebServer: 1, database: true };

let cloud: Cloud;
let gateway: LambdaGateway;
let front: Front;
let moto: Moto;
let deployment: Deployment;
let clockwork: Clockwork;

const clientsAs = (region: string, accessKeyId = 'AKTEST', timeoutMs = 10_000): SdkClients =>
  sdkClients(front.url, region, accessKeyId, timeoutMs);

const lambdaIn = (region: string): LambdaClient =>
  new LambdaClient({
    endpoint: front.url,
    region,
    credentials: { accessKeyId: 'AKTEST', secretAccessKey: 'x' },
    maxAttempts: 1,
  });

async function eventually<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  withinMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`Not seen in ${withinMs} ms: ${what}`);
    await sleep(100);
  }
}

async function start(machine: string, input: object): Promise<string> {
  const stateMachineArn = `arn:aws:states:${REGIONS.controller}:${ACCOUNT}:stateMachine:fixture-${machine}`;
  const command = new StartExecutionCommand({ stateMachineArn, name: randomUUID(), input: JSON.stringify(input) });
  return (await clientsAs(REGIONS.controller).sfn.send(command)).executionArn ?? '';
}

async function ended(executionArn: string, withinMs?: number) {
  const { sfn } = clientsAs(REGIONS.controller);
  return eventually(
    `end of ${executionArn}`,
    async () => {
      const described = await sfn.send(new DescribeExecutionCommand({ executionArn }));
      return described.status !== 'RUNNING' && described;
    },
    withinMs,
  );
}

async function setFault(rule: FaultRule): Promise<void> {
  const response = await fetch(`${front.url}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(rule) });
  expect(response.status).toBe(200);
}

async function timed(action: () => Promise<unknown>): Promise<{ milliseconds: number; error: Error | null }> {
  const started = performance.now();
  const error = await action().then(
    () => null,
    (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))),
  );
  return { milliseconds: performance.now() - started, error };
}

beforeAll(async () => {
  const cdkOut = path.join(state, 'cdk.out');
  synthFixture(cdkOut);
  const userArn = `arn:aws:iam::${ACCOUNT}:user/person`;
  cloud = await startCloud({
    stateDir: state,
    python,
    regions: REGIONS,
    environment: { LIFEBOAT_SANDBOX: 'cloud-test' },
    spawn: ({ command, args, env, logFile, name }) =>
      startProcess({ sandbox: 'cloud-test', part: name, command, args, environment: env, logFile }),
    identities: { AKTEST: { accountId: ACCOUNT, userArn, userId: 'AIDATEST', callerId: 'AIDATEST' } },
    mwaa: async ({ kind, region, path, method }) => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind, region, path, method }),
    }),
  });
  ({ gateway, front, moto } = cloud);
  const parameters = { SiteB: { PrimaryKeyArn: { stack: 'SiteA', output: 'KeyArn' } } };
  const options = { cdkOut, frontUrl: front.url, gateway, parameters };
  await deployAssembly(options);
  // The second deployment must update what the first one made.
  deployment = await deployAssembly(options);
  const environments = [
    {
      environment: 'site-a',
      region: REGIONS.a,
      accessKeyId: 'AKSITEA',
      periodSeconds: PERIOD,
      containers: () => containers,
    },
  ];
  clockwork = await startClockwork({
    frontUrl: front.url,
    motoPort: moto.port,
    faults: front.faults,
    deployment,
    schedulePeriods: { '-watch': 1 },
    alarmPeriods: { '-ages': PERIOD },
    environments,
    onProblem: (message) => problems.push(message),
  });
  clockwork.schedules.pause();
}, 120_000);

afterEach(() => front.faults.clear());

afterAll(async () => {
  await clockwork?.close();
  await cloud?.close();
  rmSync(state, { recursive: true, force: true });
}, 30_000);

describe('deployment', () => {
  it('gives out ARNs that look like those of AWS', () => {
    expect(deployment.outputs.Controller?.TickArn).toBe(
      `arn:aws:states:${REGIONS.controller}:${ACCOUNT}:stateMachine:fixture-tick`,
    );
    expect(deployment.outputs.SiteA?.KeyArn).toMatch(/^arn:aws:kms:eu-west-1:123456789012:key\/mrk-[0-9a-f]{32}$/);
    expect(deployment.functions).toContain(`${REGIONS.b}/fixture-probe`);
    expect(deployment.schedules).toHaveLength(1);
    expect(deployment.replicationRules.map((rule) => rule.destination)).toEqual(['fixture-b', 'fixture-a']);
  });
});

describe('state machines', () => {
  it('poll, wait, retry by error name and catch a crash and a time-out, with bundled functions', async () => {
    const execution = await ended(await start('walk', { key: randomUUID() }), 60_000);
    expect(execution.status).toBe('SUCCEEDED');
    const output = JSON.parse(execution.output ?? '{}');
    expect(output.ExitError.Error).toBe('Runtime.ExitError');
    expect(output.Timedout.Error).toBe('Sandbox.Timedout');
    expect(JSON.parse(output.Timedout.Cause).errorMessage).toContain('timed out after 2.00 seconds');
    const { sfn } = clientsAs(REGIONS.controller);
    const history = await sfn.send(new GetExecutionHistoryCommand({ executionArn: execution.executionArn }));
    const failures = history.events?.filter((event) => event.taskFailedEventDetails?.error === 'FlakyError');
    expect(failures).toHaveLength(2);
  }, 90_000);

  it('are ABORTED by StopExecution', async () => {
    const executionArn = await start('linger', { key: 'x' });
    await clientsAs(REGIONS.controller).sfn.send(new StopExecutionCommand({ executionArn }));
    expect((await ended(executionArn, 5000)).status).toBe('ABORTED');
  });

  it('are ABORTED at once even while a function of them runs on', async () => {
    const executionArn = await start('busy', { key: 'x' });
    const { sfn } = clientsAs(REGIONS.controller);
    await eventually('the invocation', async () => {
      const { events } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }));
      return events?.some((event) => event.type === 'TaskStarted');
    });
    await sfn.send(new StopExecutionCommand({ executionArn }));
    expect((await ended(executionArn, 500)).status).toBe('ABORTED');
    await sleep(2500);
    const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }));
    expect((await ended(executionArn, 500)).status).toBe('ABORTED');
    expect(events.filter((event) => event.type?.endsWith('StateEntered'))).toHaveLength(1);
  });

  it('refuse a second execution of the same name', async () => {
    const { sfn } = clientsAs(REGIONS.controller);
    const stateMachineArn = deployment.outputs.Controller?.TickArn ?? '';
    const name = randomUUID();
    const { executionArn = '' } = await sfn.send(
      new StartExecutionCommand({ stateMachineArn, name, input: '{"key":"x"}' }),
    );
    await ended(executionArn);
    const again = sfn.send(new StartExecutionCommand({ stateMachineArn, name, input: '{"key":"x"}' }));
    await expect(again).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  });
});

describe('functions', () => {
  const invoke = async (region: string, name: string, event: object) => {
    const reply = await lambdaIn(region).send(
      new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) }),
    );
    return { error: reply.FunctionError, body: JSON.parse(Buffer.from(reply.Payload ?? []).toString('utf8')) };
  };

  it('see their own Region, name and caller class, and nothing of the machine', async () => {
    const { body } = await invoke(REGIONS.b, 'fixture-probe', { kind: 'echo', key: 'x' });
    expect(body).toMatchObject({ region: REGIONS.b, source: 'AKPROBEB', name: 'fixture-probe' });
    expect(body.home).toBeUndefined();
    expect(body.remaining).toBeGreaterThan(4000);
  });

  it('are reached by the ARN of the asked Region only', async () => {
    const arn = `arn:aws:lambda:${REGIONS.b}:${ACCOUNT}:function:fixture-probe`;
    expect((await invoke(REGIONS.b, arn, { kind: 'tick', key: 'x' })).body.outcome).toBe('done');
    const elsewhere = invoke(REGIONS.a, arn, { kind: 'tick', key: 'x' });
    await expect(elsewhere).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const unknown = invoke(REGIONS.a, 'no-such', {});
    await expect(unknown).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('reuse a warm child, run side by side in their own, and report a crash by the convention of the Invoke API', async () => {
    const echo = (until = 0) => invoke(REGIONS.a, 'fixture-probe', { kind: 'echo', key: 'x', until });
    const first = await echo();
    expect((await echo()).body.pid).toBe(first.body.pid);
    const both = await Promise.all([echo(300), echo(300)]);
    expect(both[0]?.body.pid).not.toBe(both[1]?.body.pid);
    const crash = await invoke(REGIONS.a, 'fixture-probe', { kind: 'crash', key: 'x' });
    expect(crash).toMatchObject({ error: 'Unhandled', body: { errorType: 'Runtime.ExitError' } });
    expect((await echo()).body.region).toBe(REGIONS.a);
  });

  it('can be killed before or after their effect by a test rig', async () => {
    const { dynamodb } = clientsAs(REGIONS.controller);
    const calls = async (key: string) =>
      (await dynamodb.send(new GetItemCommand({ TableName: 'fixture', Key: { pk: { S: key }, sk: { S: 'calls' } } })))
        .Item?.calls?.N;
    const die = () => {
      throw new Error('killed');
    };
    for (const [moment, expected] of [
      ['before', undefined],
      ['after', '1'],
    ] as const) {
      const key = randomUUID();
      gateway.setHooks({ [moment]: die });
      const reply = await invoke(REGIONS.controller, 'fixture-act', { kind: 'poll', key });
      gateway.setHooks({});
      expect(reply).toMatchObject({ error: 'Unhandled', body: { errorType: 'Runtime.ExitError' } });
      expect(await calls(key)).toBe(expected);
    }
  });

  it('answer behind their URL to a known signer, and 403 to anybody else', async () => {
    const FunctionName = 'fixture-command';
    const { FunctionUrl = '' } = await lambdaIn(REGIONS.controller).send(
      new GetFunctionUrlConfigCommand({ FunctionName }),
    );
    expect(FunctionUrl).toBe(deployment.outputs.Controller?.CommandUrl);
    const url = new URL(FunctionUrl);
    const signed = async (accessKeyId: string): Promise<Response> => {
      const signer = new SignatureV4({
        service: 'lambda',
        region: REGIONS.controller,
        credentials: { accessKeyId, secretAccessKey: 'x' },
        sha256: Sha256,
      });
      const body = '{"command":"approve"}';
      const request = new HttpRequest({
        ...url,
        method: 'POST',
        hostname: url.hostname,
        port: Number(url.port),
        path: url.pathname,
        headers: { host: url.host },
        body,
      });
      const { headers } = await signer.sign(request);
      return fetch(url, { method: 'POST', headers, body });
    };
    const reply = await signed('AKTEST');
    expect(reply.status).toBe(202);
    expect(await reply.json()).toEqual({
      by: `arn:aws:iam::${ACCOUNT}:user/person`,
      method: 'POST',
      path: '/',
      body: '{"command":"approve"}',
    });
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(403);
    expect((await signed('AKUNKNOWN')).status).toBe(403);
  });
});

describe('services behind the front', () => {
  it('let one of twenty concurrent conditional writes win', async () => {
    const { dynamodb } = clientsAs(REGIONS.controller);
    const pk = { S: randomUUID() };
    const put = (index: number) =>
      dynamodb.send(
        new PutItemCommand({
          TableName: 'fixture',
          Item: { pk, sk: { S: 'control' }, by: { N: String(index) } },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      );
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => put(index)));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    const lost = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.name] : []));
    expect(new Set(lost)).toEqual(new Set(['ConditionalCheckFailedException']));
  });

  it('let one of twenty concurrent If-None-Match writes win', async () => {
    const { s3 } = clientsAs(REGIONS.a);
    const Key = `once/${randomUUID()}`;
    const put = () => s3.send(new PutObjectCommand({ Bucket: 'fixture-a', Key, Body: 'x', IfNoneMatch: '*' }));
    const results = await Promise.allSettled(Array.from({ length: 20 }, put));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });

  it('decrypt in one Region what was encrypted in the other, under a multi-Region key', async () => {
    const EncryptionContext = { pair: 'demo' };
    const { kms } = clientsAs(REGIONS.a);
    const made = await kms.send(
      new GenerateDataKeyCommand({ KeyId: 'alias/fixture', KeySpec: 'AES_256', EncryptionContext }),
    );
    expect(made.KeyId).toBe(deployment.outputs.SiteA?.KeyArn);
    const b = clientsAs(REGIONS.b).kms;
    const KeyId = `arn:aws:kms:${REGIONS.b}:${ACCOUNT}:alias/fixture`;
    const opened = await b.send(new DecryptCommand({ KeyId, CiphertextBlob: made.CiphertextBlob, EncryptionContext }));
    expect(opened.Plaintext).toEqual(made.Plaintext);
    const described = await b.send(new DescribeKeyCommand({ KeyId: 'alias/fixture' }));
    expect(described.KeyMetadata?.Arn).toContain(`:kms:${REGIONS.b}:`);
    const wrong = b.send(
      new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, EncryptionContext: { pair: 'other' } }),
    );
    await expect(wrong).rejects.toThrow();
  });

  it('hand MWAA calls and its web servers to the fake, with the Region', async () => {
    const web = await fetch(`${front.url}/web/${REGIONS.b}/site-b/api/v1/health`);
    expect(await web.json()).toEqual({
      kind: 'web',
      region: REGIONS.b,
      path: `/web/${REGIONS.b}/site-b/api/v1/health`,
      method: 'GET',
    });
    const authorization = `AWS4-HMAC-SHA256 Credential=AKTEST/20260101/${REGIONS.a}/airflow/aws4_request, SignedHeaders=host, Signature=0`;
    const api = await fetch(`${front.url}/environments/site-a`, { headers: { authorization } });
    expect(await api.json()).toEqual({ kind: 'api', region: REGIONS.a, path: '/environments/site-a', method: 'GET' });
  });

  it('are counted by caller, service, operation and Region', async () => {
    await clientsAs(REGIONS.a, 'AKCOUNTED').s3.send(new ListObjectVersionsCommand({ Bucket: 'fixture-a' }));
    const answer = await (await fetch(`${front.url}/_sandbox/requests`)).json();
    const log = z.object({ counts: z.array(z.json()) }).parse(answer);
    const count = { source: 'AKCOUNTED', service: 's3', operation: 'ListObjectVersions', region: REGIONS.a, count: 1 };
    expect(log.counts).toContainEqual(count);
  });
});

describe('faults', () => {
  const look = (region: string, source: string) => () =>
    clientsAs(region, source, 700).dynamodb.send(
      new GetItemCommand({ TableName: 'fixture', Key: { pk: { S: 'x' }, sk: { S: 'x' } } }),
    );

  it('hang until the caller gives up, for the named caller and Region only', async () => {
    await setFault({ id: 'h', region: REGIONS.controller, source: 'AKCUT', effect: { kind: 'hang' } });
    const hung = await timed(look(REGIONS.controller, 'AKCUT'));
    expect(hung.error?.name).toBe('TimeoutError');
    expect(hung.milliseconds).toBeGreaterThan(650);
    expect((await timed(look(REGIONS.controller, 'AKTEST'))).error).toBeNull();
    await fetch(`${front.url}/_sandbox/faults?id=h`, { method: 'DELETE' });
    expect((await timed(look(REGIONS.controller, 'AKCUT'))).error).toBeNull();
  });

  it('refuse, delay, answer a status and throttle in the protocol of each service', async () => {
    const { controller } = REGIONS;
    await setFault({ service: 'dynamodb', effect: { kind: 'refuse' } });
    expect((await timed(look(controller, 'AKTEST'))).error?.message).toMatch(/ECONNRESET|hang up/);
    front.faults.clear();
    await setFault({ service: 'dynamodb', operation: 'GetItem', effect: { kind: 'delay', ms: 300 }, times: 1 });
    expect((await timed(look(controller, 'AKTEST'))).milliseconds).toBeGreaterThan(300);
    expect((await timed(look(controller, 'AKTEST'))).milliseconds).toBeLessThan(300);
    // Only this test's own caller is met: the clockwork publishes on its grid meanwhile, and `problems` counts what it loses.
    const source = 'AKTEST';
    await setFault({ source, effect: { kind: 'status', code: 403, errorName: 'AccessDeniedException' } });
    const { cloudwatch, s3, sns, sfn } = clientsAs(controller);
    const { DescribeAlarmsCommand: Alarms } = await import('@aws-sdk/client-cloudwatch');
    const { ListTopicsCommand } = await import('@aws-sdk/client-sns');
    const { ListStateMachinesCommand } = await import('@aws-sdk/client-sfn');
    const denied = { name: 'AccessDeniedException' };
    await expect(cloudwatch.send(new Alarms({}))).rejects.toMatchObject(denied);
    await expect(sns.send(new ListTopicsCommand({}))).rejects.toMatchObject(denied);
    await expect(sfn.send(new ListStateMachinesCommand({}))).rejects.toMatchObject(denied);
    await expect(s3.send(new GetObjectCommand({ Bucket: 'fixture-a', Key: 'x' }))).rejects.toMatchObject(denied);
    front.faults.clear();
    await setFault({ source, effect: { kind: 'throttle' } });
    await expect(cloudwatch.send(new Alarms({}))).rejects.toMatchObject({ name: 'ThrottlingException' });
    await expect(s3.send(new GetObjectCommand({ Bucket: 'fixture-a', Key: 'x' }))).rejects.toMatchObject({
      name: 'SlowDown',
    });
    const invoke = lambdaIn(REGIONS.a).send(new InvokeCommand({ FunctionName: 'fixture-probe', Payload: '{}' }));
    await expect(invoke).rejects.toMatchObject({ name: 'TooManyRequestsException' });
  });

  it('meet the web server of an environment in a cut Region', async () => {
    await setFault({ region: REGIONS.b, effect: { kind: 'refuse' } });
    await expect(fetch(`${front.url}/web/${REGIONS.b}/site-b/health`)).rejects.toThrow();
    expect((await fetch(`${front.url}/web/${REGIONS.a}/site-a/health`)).status).toBe(200);
  });

  it('leave the engine of the state machines alone unless a rule names it', async () => {
    await setFault({ id: 'all', service: 'lambda', effect: { kind: 'refuse' } });
    expect((await ended(await start('tick', { key: 'x' }))).status).toBe('SUCCEEDED');
    await setFault({ id: 'all', service: 'lambda', source: 'AKENGINE', effect: { kind: 'refuse' } });
    expect((await ended(await start('tick', { key: 'x' }))).status).toBe('FAILED');
  });

  it('are refused when they do not read', async () => {
    const response = await fetch(`${front.url}/_sandbox/faults`, {
      method: 'POST',
      body: '{"effect":{"kind":"burn"}}',
    });
    expect(response.status).toBe(400);
  });
});

describe('the clockwork', () => {
  it('replicates under the same version id, shows the status, and never replicates a replica', async () => {
    const [a, b] = [clientsAs(REGIONS.a).s3, clientsAs(REGIONS.b).s3];
    const Key = `demo/${randomUUID()}`;
    const Metadata = { epoch: '7' };
    const { VersionId } = await a.send(
      new PutObjectCommand({ Bucket: 'fixture-a', Key, Body: 'hello', Metadata, ContentType: 'text/plain' }),
    );
    await a.send(new PutObjectCommand({ Bucket: 'fixture-a', Key: Key.replace('demo', 'other'), Body: 'x' }));
    const replica = await eventually('the replica', () =>
      b.send(new GetObjectCommand({ Bucket: 'fixture-b', Key, VersionId })).catch(() => null),
    );
    expect(await replica.Body?.transformToString()).toBe('hello');
    expect(replica).toMatchObject({ VersionId, Metadata, ReplicationStatus: 'REPLICA', ContentType: 'text/plain' });
    const origin = await a.send(new HeadObjectCommand({ Bucket: 'fixture-a', Key }));
    expect(origin).toMatchObject({ ReplicationStatus: 'COMPLETED', ETag: replica.ETag });
    await clockwork.replication.runOnce();
    const { Versions } = await a.send(new ListObjectVersionsCommand({ Bucket: 'fixture-a', Prefix: Key }));
    expect(Versions).toHaveLength(1);
    const elsewhere = await b.send(new ListObjectVersionsCommand({ Bucket: 'fixture-b', Prefix: 'other/' }));
    expect(elsewhere.Versions ?? []).toHaveLength(0);
  });

  it('holds replication back while a Region is cut', async () => {
    await setFault({ region: REGIONS.b, effect: { kind: 'hang' } });
    const Key = `demo/${randomUUID()}`;
    await clientsAs(REGIONS.a).s3.send(new PutObjectCommand({ Bucket: 'fixture-a', Key, Body: 'late' }));
    expect(await clockwork.replication.runOnce()).toEqual([]);
    front.faults.clear();
    const copied = async () =>
      clientsAs(REGIONS.b)
        .s3.send(new HeadObjectCommand({ Bucket: 'fixture-b', Key }))
        .catch(() => null);
    expect((await eventually('the replica', copied)).ReplicationStatus).toBe('REPLICA');
  });

  it('fires a schedule on its grid with its time and a fresh execution id', async () => {
    const { sfn } = clientsAs(REGIONS.controller);
    const stateMachineArn = deployment.outputs.Controller?.TickArn ?? '';
    const fired = async () => {
      const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 1000 }));
      return executions.filter((execution) => execution.name?.startsWith('watch-'));
    };
    clockwork.schedules.resume();
    const some = await eventually('four firings', async () => {
      const now = await fired();
      return now.length >= 4 && now;
    });
    clockwork.schedules.pause();
    const inputs = await Promise.all(
      some.map((one) => sfn.send(new DescribeExecutionCommand({ executionArn: one.executionArn }))),
    );
    const times = inputs.map((one) => JSON.parse(one.input ?? '{}').tickAt).sort();
    expect(new Set(times).size).toBe(times.length);
    expect(times[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const steps = times.slice(1).map((time, index) => Date.parse(time) - Date.parse(times[index] ?? ''));
    expect(new Set(steps)).toEqual(new Set([1000]));
  });

  it('publishes heartbeats and container samples that both CloudWatch readers see in periods of 5 s', async () => {
    const socket = createSocket('udp4');
    const port = clockwork.metrics['site-a']?.statsdPort ?? 0;
    const from = Math.floor(Date.now() / 5000) * 5000;
    const beat = setInterval(() => socket.send('airflow.scheduler_heartbeat:1|c', port, '127.0.0.1'), 500);
    const { cloudwatch } = clientsAs(REGIONS.a);
    const Dimensions = [
      { Name: 'Function', Value: 'Scheduler' },
      { Name: 'Environment', Value: 'site-a' },
    ];
    const metric = { Namespace: 'AmazonMWAA', MetricName: 'SchedulerHeartbeat', Dimensions };
    const window = () => ({ StartTime: new Date(from), EndTime: new Date(Math.ceil(Date.now() / 5000) * 5000) });
    const points = await eventually('two whole periods', async () => {
      const query = new GetMetricStatisticsCommand({ ...metric, ...window(), Period: PERIOD, Statistics: ['Sum'] });
      const { Datapoints = [] } = await cloudwatch.send(query);
      return Datapoints.length >= 3 && Datapoints;
    });
    clearInterval(beat);
    socket.close();
    expect(points.every((point) => (point.Timestamp?.getTime() ?? 1) % 5000 === 0)).toBe(true);
    expect(Math.max(...points.map((point) => point.Sum ?? 0))).toBeGreaterThanOrEqual(8);
    const MetricStat = { Metric: metric, Period: PERIOD, Stat: 'Sum' };
    const containersOf = (Cluster: string) => ({
      Metric: {
        Namespace: 'AWS/MWAA',
        MetricName: 'CPUUtilization',
        Dimensions: [
          { Name: 'Cluster', Value: Cluster },
          { Name: 'Environment', Value: 'site-a' },
        ],
      },
      Period: PERIOD,
      Stat: 'SampleCount',
    });
    const MetricDataQueries = [
      { Id: 'beats', MetricStat },
      { Id: 'turned', MetricStat: { ...MetricStat, Metric: { ...metric, Dimensions: Dimensions.toReversed() } } },
      { Id: 'workers', MetricStat: containersOf('BaseWorker') },
      { Id: 'schedulers', MetricStat: containersOf('Scheduler') },
    ];
    const data = await cloudwatch.send(new GetMetricDataCommand({ ...window(), MetricDataQueries }));
    const [beats, turned, workers, schedulers] = data.MetricDataResults ?? [];
    expect(turned?.Values).toEqual(beats?.Values);
    expect(beats?.Values?.length).toBeGreaterThanOrEqual(3);
    expect(new Set(workers?.Values)).toEqual(new Set([2]));
    expect(new Set(schedulers?.Values)).toEqual(new Set([1]));
    const elsewhere = clientsAs(REGIONS.b).cloudwatch;
    const none = await elsewhere.send(
      new GetMetricStatisticsCommand({ ...metric, ...window(), Period: PERIOD, Statistics: ['Sum'] }),
    );
    expect(none.Datapoints).toEqual([]);
  }, 60_000);

  it('evaluates alarms, sets their state and publishes to their topic once for each change', async () => {
    const { cloudwatch } = clientsAs(REGIONS.controller);
    const published = () =>
      front.log.counts().find((c) => c.service === 'sns' && c.operation === 'Publish')?.count ?? 0;
    const before = published();
    const alarmState = async () =>
      (await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ['fixture-ages'] }))).MetricAlarms?.[0]
        ?.StateValue;
    const turned = (wanted: string) => eventually(`state ${wanted}`, async () => (await alarmState()) === wanted);
    const feed = setInterval(() => {
      const MetricData = [{ MetricName: 'Age', Value: 500, Timestamp: new Date() }];
      void cloudwatch.send(new PutMetricDataCommand({ Namespace: 'Lifeboat', MetricData }));
    }, 1000);
    await turned('ALARM');
    clearInterval(feed);
    await turned('OK');
    expect(published() - before).toBe(1);
  }, 60_000);

  it('reports no problem in all this', () => {
    expect(problems).toEqual([]);
  });
});

it('keeps a log for each function', () => {
  expect(readFileSync(path.join(state, 'functions', `${REGIONS.controller}.fixture-act.log`), 'utf8')).toBeDefined();
});
