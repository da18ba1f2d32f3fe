import { randomUUID } from 'node:crypto';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DecryptCommand, DescribeKeyCommand, GenerateDataKeyCommand } from '@aws-sdk/client-kms';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand, ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { REGIONS } from '../../unit/sandbox-cloud/fixture/app.ts';
import { ACCOUNT, type CloudWorld, startCloudWorld } from './cloud-world.ts';

let world: CloudWorld;

beforeAll(async () => {
  world = await startCloudWorld();
}, 120_000);

afterEach(() => world.front.faults.clear());

afterAll(() => world?.close(), 30_000);

async function timed(action: () => Promise<unknown>): Promise<{ milliseconds: number; error: Error | null }> {
  const started = performance.now();
  const error = await action().then(
    () => null,
    (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))),
  );
  return { milliseconds: performance.now() - started, error };
}

describe('services behind the front', () => {
  it('let one of twenty concurrent conditional writes win', async () => {
    const { dynamodb } = world.clientsAs(REGIONS.controller);
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
    const { s3 } = world.clientsAs(REGIONS.a);
    const Key = `once/${randomUUID()}`;
    const put = () => s3.send(new PutObjectCommand({ Bucket: 'fixture-a', Key, Body: 'x', IfNoneMatch: '*' }));
    const results = await Promise.allSettled(Array.from({ length: 20 }, put));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });

  it('decrypt in one Region what was encrypted in the other, under a multi-Region key', async () => {
    const EncryptionContext = { pair: 'demo' };
    const { kms } = world.clientsAs(REGIONS.a);
    const made = await kms.send(
      new GenerateDataKeyCommand({ KeyId: 'alias/fixture', KeySpec: 'AES_256', EncryptionContext }),
    );
    expect(made.KeyId).toBe(world.deployment.outputs.SiteA?.KeyArn);
    const b = world.clientsAs(REGIONS.b).kms;
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
    const web = await fetch(`${world.front.url}/web/${REGIONS.b}/site-b/api/v1/health`);
    expect(await web.json()).toEqual({
      kind: 'web',
      region: REGIONS.b,
      path: `/web/${REGIONS.b}/site-b/api/v1/health`,
      method: 'GET',
    });
    const authorization = `AWS4-HMAC-SHA256 Credential=AKTEST/20260101/${REGIONS.a}/airflow/aws4_request, SignedHeaders=host, Signature=0`;
    const api = await fetch(`${world.front.url}/environments/site-a`, { headers: { authorization } });
    expect(await api.json()).toEqual({ kind: 'api', region: REGIONS.a, path: '/environments/site-a', method: 'GET' });
  });

  it('are counted by caller, service, operation and Region', async () => {
    await world.clientsAs(REGIONS.a, 'AKCOUNTED').s3.send(new ListObjectVersionsCommand({ Bucket: 'fixture-a' }));
    const answer = await (await fetch(`${world.front.url}/_sandbox/requests`)).json();
    const log = z.object({ counts: z.array(z.json()) }).parse(answer);
    const count = { source: 'AKCOUNTED', service: 's3', operation: 'ListObjectVersions', region: REGIONS.a, count: 1 };
    expect(log.counts).toContainEqual(count);
  });
});

describe('faults', () => {
  const look = (region: string, source: string) => () =>
    world
      .clientsAs(region, source, 700)
      .dynamodb.send(new GetItemCommand({ TableName: 'fixture', Key: { pk: { S: 'x' }, sk: { S: 'x' } } }));

  it('hang until the caller gives up, for the named caller and Region only', async () => {
    await world.setFault({ id: 'h', region: REGIONS.controller, source: 'AKCUT', effect: { kind: 'hang' } });
    const hung = await timed(look(REGIONS.controller, 'AKCUT'));
    expect(hung.error?.name).toBe('TimeoutError');
    expect(hung.milliseconds).toBeGreaterThan(650);
    expect((await timed(look(REGIONS.controller, 'AKTEST'))).error).toBeNull();
    await fetch(`${world.front.url}/_sandbox/faults?id=h`, { method: 'DELETE' });
    expect((await timed(look(REGIONS.controller, 'AKCUT'))).error).toBeNull();
  });

  it('refuse, delay, answer a status and throttle in the protocol of each service', async () => {
    const { controller } = REGIONS;
    await world.setFault({ service: 'dynamodb', effect: { kind: 'refuse' } });
    expect((await timed(look(controller, 'AKTEST'))).error?.message).toMatch(/ECONNRESET|hang up/);
    world.front.faults.clear();
    await world.setFault({ service: 'dynamodb', operation: 'GetItem', effect: { kind: 'delay', ms: 300 }, times: 1 });
    expect((await timed(look(controller, 'AKTEST'))).milliseconds).toBeGreaterThan(300);
    expect((await timed(look(controller, 'AKTEST'))).milliseconds).toBeLessThan(300);
    await world.setFault({ effect: { kind: 'status', code: 403, errorName: 'AccessDeniedException' } });
    const { cloudwatch, s3, sns, sfn } = world.clientsAs(controller);
    const { DescribeAlarmsCommand: Alarms } = await import('@aws-sdk/client-cloudwatch');
    const { ListTopicsCommand } = await import('@aws-sdk/client-sns');
    const { ListStateMachinesCommand } = await import('@aws-sdk/client-sfn');
    const denied = { name: 'AccessDeniedException' };
    await expect(cloudwatch.send(new Alarms({}))).rejects.toMatchObject(denied);
    await expect(sns.send(new ListTopicsCommand({}))).rejects.toMatchObject(denied);
    await expect(sfn.send(new ListStateMachinesCommand({}))).rejects.toMatchObject(denied);
    await expect(s3.send(new GetObjectCommand({ Bucket: 'fixture-a', Key: 'x' }))).rejects.toMatchObject(denied);
    world.front.faults.clear();
    await world.setFault({ effect: { kind: 'throttle' } });
    await expect(cloudwatch.send(new Alarms({}))).rejects.toMatchObject({ name: 'ThrottlingException' });
    await expect(s3.send(new GetObjectCommand({ Bucket: 'fixture-a', Key: 'x' }))).rejects.toMatchObject({
      name: 'SlowDown',
    });
    const invoke = world.lambdaIn(REGIONS.a).send(new InvokeCommand({ FunctionName: 'fixture-probe', Payload: '{}' }));
    await expect(invoke).rejects.toMatchObject({ name: 'TooManyRequestsException' });
  });

  it('meet the web server of an environment in a cut Region', async () => {
    await world.setFault({ region: REGIONS.b, effect: { kind: 'refuse' } });
    await expect(fetch(`${world.front.url}/web/${REGIONS.b}/site-b/health`)).rejects.toThrow();
    expect((await fetch(`${world.front.url}/web/${REGIONS.a}/site-a/health`)).status).toBe(200);
  });

  it('leave the engine of the state machines alone unless a rule names it', async () => {
    await world.setFault({ id: 'all', service: 'lambda', effect: { kind: 'refuse' } });
    expect((await world.ended(await world.start('tick', { key: 'x' }))).status).toBe('SUCCEEDED');
    await world.setFault({ id: 'all', service: 'lambda', source: 'AKENGINE', effect: { kind: 'refuse' } });
    expect((await world.ended(await world.start('tick', { key: 'x' }))).status).toBe('FAILED');
  });

  it('are refused when they do not read', async () => {
    const response = await fetch(`${world.front.url}/_sandbox/faults`, {
      method: 'POST',
      body: '{"effect":{"kind":"burn"}}',
    });
    expect(response.status).toBe(400);
  });
});
