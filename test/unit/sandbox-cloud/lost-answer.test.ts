import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { mwaaClient } from '../../../lib/adapters/mwaa/mwaa-environment.ts';
import { sendMwaa } from '../../../lib/adapters/mwaa/raw-command.ts';
import { type Front, startFront } from '../../../sandbox/cloud/front.ts';
import { LambdaGateway } from '../../../sandbox/cloud/gateway.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'lifeboat-front-'));
const created: string[] = [];
let front: Front;

beforeAll(async () => {
  const gateway = new LambdaGateway({
    ...{ logDir: folder, endpoint: () => front.url, accessKeyFor: () => 'AKTEST', environment: {} },
    account: '123456789012',
  });
  front = await startFront({
    gateway,
    identities: {},
    mwaa: async ({ path: asked }) => {
      created.push(asked);
      return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ Arn: 'arn' }) };
    },
  });
});
afterAll(async () => {
  await front.close();
  rmSync(folder, { recursive: true, force: true });
});

it('a lost answer leaves its effect: the caller gives up, and the request was served', async () => {
  front.faults.set({ operation: 'CreateEnvironment', effect: { kind: 'lose-answer' }, times: 1 });
  const place = {
    ...{ region: 'eu-west-1', endpoint: front.url },
    credentials: { accessKeyId: 'AKTEST', secretAccessKey: 'x' },
  };
  const client = mwaaClient(place, { maxAttempts: 1, connectMs: 200, requestMs: 200 });
  const create = (Name: string) => sendMwaa(client, 'CreateEnvironment', { Name }, z.looseObject({ Arn: z.string() }));
  await expect(create('orders')).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(created).toEqual(['/environments/orders']);
  await expect(create('orders-2')).resolves.toMatchObject({ Arn: 'arn' });
  expect(created).toEqual(['/environments/orders', '/environments/orders-2']);
});
