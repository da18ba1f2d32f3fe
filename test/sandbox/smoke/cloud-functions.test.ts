import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Sha256 } from '@aws-crypto/sha256-js';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetFunctionUrlConfigCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import { GetExecutionHistoryCommand, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REGIONS } from '../../unit/sandbox-cloud/fixture/app.ts';
import { ACCOUNT, type CloudWorld, eventually, startCloudWorld } from './cloud-world.ts';

let world: CloudWorld;

beforeAll(async () => {
  world = await startCloudWorld();
}, 120_000);

afterAll(() => world?.close(), 30_000);

describe('deployment', () => {
  it('gives out ARNs that look like those of AWS', () => {
    expect(world.deployment.outputs.Controller?.TickArn).toBe(
      `arn:aws:states:${REGIONS.controller}:${ACCOUNT}:stateMachine:fixture-tick`,
    );
    expect(world.deployment.outputs.SiteA?.KeyArn).toMatch(
      /^arn:aws:kms:eu-west-1:123456789012:key\/mrk-[0-9a-f]{32}$/,
    );
    expect(world.deployment.functions).toContain(`${REGIONS.b}/fixture-probe`);
    expect(world.deployment.schedules).toHaveLength(1);
    expect(world.deployment.replicationRules.map((rule) => rule.destination)).toEqual(['fixture-b', 'fixture-a']);
  });
});

describe('state machines', () => {
  it('poll, wait, retry by error name and catch a crash and a time-out, with bundled functions', async () => {
    const execution = await world.ended(await world.start('walk', { key: randomUUID() }), 60_000);
    expect(execution.status).toBe('SUCCEEDED');
    const output = JSON.parse(execution.output ?? '{}');
    expect(output.ExitError.Error).toBe('Runtime.ExitError');
    expect(output.Timedout.Error).toBe('Sandbox.Timedout');
    expect(JSON.parse(output.Timedout.Cause).errorMessage).toContain('timed out after 2.00 seconds');
    const { sfn } = world.clientsAs(REGIONS.controller);
    const history = await sfn.send(new GetExecutionHistoryCommand({ executionArn: execution.executionArn }));
    const failures = history.events?.filter((event) => event.taskFailedEventDetails?.error === 'FlakyError');
    expect(failures).toHaveLength(2);
  }, 90_000);

  it('are ABORTED by StopExecution', async () => {
    const executionArn = await world.start('linger', { key: 'x' });
    await world.clientsAs(REGIONS.controller).sfn.send(new StopExecutionCommand({ executionArn }));
    expect((await world.ended(executionArn, 5000)).status).toBe('ABORTED');
  });

  it('are ABORTED at once even while a function of them runs on', async () => {
    const executionArn = await world.start('busy', { key: 'x' });
    const { sfn } = world.clientsAs(REGIONS.controller);
    await eventually('the invocation', async () => {
      const { events } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }));
      return events?.some((event) => event.type === 'TaskStarted');
    });
    await sfn.send(new StopExecutionCommand({ executionArn }));
    expect((await world.ended(executionArn, 500)).status).toBe('ABORTED');
    await sleep(2500);
    const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }));
    expect((await world.ended(executionArn, 500)).status).toBe('ABORTED');
    expect(events.filter((event) => event.type?.endsWith('StateEntered'))).toHaveLength(1);
  });

  it('refuse a second execution of the same name', async () => {
    const { sfn } = world.clientsAs(REGIONS.controller);
    const stateMachineArn = world.deployment.outputs.Controller?.TickArn ?? '';
    const name = randomUUID();
    const { executionArn = '' } = await sfn.send(
      new StartExecutionCommand({ stateMachineArn, name, input: '{"key":"x"}' }),
    );
    await world.ended(executionArn);
    const again = sfn.send(new StartExecutionCommand({ stateMachineArn, name, input: '{"key":"x"}' }));
    await expect(again).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  });
});

describe('functions', () => {
  const invoke = async (region: string, name: string, event: object) => {
    const reply = await world
      .lambdaIn(region)
      .send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) }));
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
    const { dynamodb } = world.clientsAs(REGIONS.controller);
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
      world.gateway.setHooks({ [moment]: die });
      const reply = await invoke(REGIONS.controller, 'fixture-act', { kind: 'poll', key });
      world.gateway.setHooks({});
      expect(reply).toMatchObject({ error: 'Unhandled', body: { errorType: 'Runtime.ExitError' } });
      expect(await calls(key)).toBe(expected);
    }
  });

  it('answer behind their URL to a known signer, and 403 to anybody else', async () => {
    const FunctionName = 'fixture-command';
    const { FunctionUrl = '' } = await world
      .lambdaIn(REGIONS.controller)
      .send(new GetFunctionUrlConfigCommand({ FunctionName }));
    expect(FunctionUrl).toBe(world.deployment.outputs.Controller?.CommandUrl);
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

it('keeps a log for each function', () => {
  expect(
    readFileSync(path.join(world.state, 'functions', `${REGIONS.controller}.fixture-act.log`), 'utf8'),
  ).toBeDefined();
});
