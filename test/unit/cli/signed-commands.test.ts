import { createServer, type IncomingMessage, type Server } from 'node:http';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SignedCommands } from '../../../lib/cli/signed-commands.ts';
import { opId } from './fixture.ts';

type Seen = { method: string | undefined; headers: IncomingMessage['headers']; body: string };
let server: Server;
let base: string;
let seen: Seen[];
let answer: { status: number; body: string };

beforeEach(async () => {
  seen = [];
  answer = { status: 200, body: JSON.stringify({ ok: true, op: opId, message: 'began' }) };
  server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    if (request.url?.startsWith('/2021-10-31/')) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ FunctionUrl: `${base}/_lambda-url/eu-north-1/f/`, AuthType: 'AWS_IAM' }));
      return;
    }
    seen.push({ method: request.method, headers: request.headers, body });
    response.statusCode = answer.status;
    response.end(answer.body);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  base = `http://127.0.0.1:${address.port}`;
});
afterEach(() => new Promise((done) => server.close(done)));

function channel(): SignedCommands {
  const credentials = { accessKeyId: 'AKCLI', secretAccessKey: 'secret' };
  const lambda = new LambdaClient({ region: 'eu-north-1', endpoint: base, credentials });
  return new SignedCommands({ lambda, functionName: 'lifeboat-demo-accept-command', region: 'eu-north-1' });
}

describe('the signed command channel', () => {
  it('posts the command to the function URL with a SigV4 signature of service lambda', async () => {
    expect(await channel().send({ command: 'resume', op: opId })).toEqual({ ok: true, op: opId, message: 'began' });
    const [request] = seen;
    expect(request?.method).toBe('POST');
    expect(JSON.parse(request?.body ?? '')).toEqual({ command: 'resume', op: opId });
    expect(request?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKCLI\/\d{8}\/eu-north-1\/lambda\/aws4_request, SignedHeaders=content-type;host;/,
    );
    expect(request?.headers['x-amz-content-sha256']).toMatch(/^[0-9a-f]{64}$/);
  });

  it('hands on a refusal whatever its status', async () => {
    const refusal = { ok: false, error: { name: 'RefusedByRuleError', message: 'paused', rule: 'paused' } };
    answer = { status: 409, body: JSON.stringify(refusal) };
    expect(await channel().send({ command: 'unpause' })).toEqual(refusal);
  });

  it('says which permissions are missing when the caller is refused', async () => {
    answer = { status: 403, body: '{"Message":"Forbidden"}' };
    await expect(channel().send({ command: 'unpause' })).rejects.toMatchObject({
      name: 'CommandNotSentError',
      fix: expect.stringContaining('lambda:InvokeFunctionUrl'),
    });
  });

  it('does not take another answer for a reply', async () => {
    answer = { status: 502, body: '{"Message":"Internal Server Error"}' };
    await expect(channel().send({ command: 'unpause' })).rejects.toThrow('answered HTTP 502');
  });
});
