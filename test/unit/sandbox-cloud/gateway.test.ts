import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LambdaGateway } from '../../../sandbox/cloud/gateway.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'lifeboat-gateway-'));
const region = 'eu-north-1';
const gateway = new LambdaGateway({
  logDir: path.join(folder, 'logs'),
  endpoint: () => 'http://127.0.0.1:1',
  accessKeyFor: () => 'AKTEST',
  environment: { LIFEBOAT_SANDBOX: 'gateway-test' },
  account: '123456789012',
  idleMs: 300,
});

const SOURCE = `
let calls = 0;
class NoGrantError extends Error { name = 'NoGrantError' }
export const handler = async (event, context) => {
  console.log('asked', event.what);
  if (event.what === 'throw') throw new NoGrantError('no grant');
  if (event.what === 'die') process.exit(3);
  if (event.what === 'sleep') await new Promise((resolve) => setTimeout(resolve, 20000));
  if (event.what === 'nothing') return;
  calls += 1;
  return { calls, pid: process.pid, own: process.env.OWN, sandbox: process.env.LIFEBOAT_SANDBOX, id: context.awsRequestId };
};`;

function register(own: string): void {
  const limits = { timeoutSeconds: 1, memoryMb: 128 };
  gateway.register({
    region,
    name: 'act',
    assetDir: folder,
    handler: 'index.handler',
    ...limits,
    environment: { OWN: own },
  });
}

async function ask(what: string, name = 'act') {
  const result = await gateway.invoke({ region, name, payload: JSON.stringify({ what }) });
  return { ...result, body: JSON.parse(result.body) };
}

beforeAll(() => {
  writeFileSync(path.join(folder, 'index.mjs'), SOURCE);
  register('one');
});

afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the Lambda gateway', () => {
  it('runs a function in a warm child with its own environment', async () => {
    const first = await ask('work');
    const second = await ask('work');
    expect(first.body).toMatchObject({ calls: 1, own: 'one', sandbox: 'gateway-test', id: first.requestId });
    expect(second.body).toMatchObject({ calls: 2, pid: first.body.pid });
    expect(readFileSync(path.join(folder, 'logs', `${region}.act.log`), 'utf8')).toContain('asked work');
  });

  it('answers a thrown error by its name, and goes on with the same child', async () => {
    const before = await ask('work');
    const failed = await ask('throw');
    expect(failed).toMatchObject({
      status: 200,
      functionError: 'Unhandled',
      body: { errorType: 'NoGrantError', errorMessage: 'no grant' },
    });
    expect((await ask('work')).body.pid).toBe(before.body.pid);
  });

  it('answers a crash and a time-out, and starts a new child', async () => {
    expect((await ask('die')).body).toMatchObject({ errorType: 'Runtime.ExitError' });
    expect((await ask('sleep')).body).toMatchObject({ errorType: 'Sandbox.Timedout' });
    expect((await ask('work')).body.calls).toBe(1);
  });

  it('answers null where a function returns nothing', async () => {
    expect((await ask('nothing')).body).toBeNull();
  });

  it('answers 404 for an unknown function', async () => {
    expect(await ask('work', 'nobody')).toMatchObject({ status: 404, functionError: null });
  });

  it('answers an error of loading at the first invocation', async () => {
    const broken = {
      region,
      name: 'broken',
      assetDir: folder,
      handler: 'missing.handler',
      timeoutSeconds: 1,
      memoryMb: 128,
    };
    gateway.register({ ...broken, environment: {} });
    const { body } = await ask('work', 'broken');
    expect(body.errorMessage).toContain('Cannot find module');
  });

  it('uses the new definition after a second registration', async () => {
    register('two');
    expect((await ask('work')).body).toMatchObject({ own: 'two', calls: 1 });
  });

  it('ends idle children', async () => {
    const { pid } = (await ask('work')).body;
    const alive = (): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    await expect.poll(alive, { timeout: 5000 }).toBe(false);
  });
});
