import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { failureKind } from '../../../lib/adapters/failure-kind.ts';
import { AirflowAnswerError, AirflowApiError } from '../../../lib/ports/airflow.ts';

const error = (name: string, more: object = {}) => Object.assign(new Error('said so'), { name, ...more });
const ofService = (name: string, httpStatusCode: number, more: object = {}) =>
  error(name, { $metadata: { httpStatusCode }, ...more });

async function caught(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

describe('a failure', () => {
  it.each([
    ['a time-out of the SDK', error('TimeoutError')],
    ['a refused connection', error('Error', { code: 'ECONNREFUSED' })],
    ['a name that does not resolve', error('Error', { code: 'ENOTFOUND' })],
    ['a cut connection', error('Error', { code: 'ECONNRESET' })],
    ['a request that was given up', error('AbortError')],
    ['500', ofService('InternalServerException', 500)],
    ['503 of a load balancer', ofService('UnknownError', 503)],
    ['a page in place of a document, with status 502', error('SyntaxError', { $response: { statusCode: 502 } })],
    ['a 5xx of Airflow', ofService('RestApiServerException', 400, { RestApiStatusCode: 503 })],
    ['a 5xx of Airflow as our own error', new AirflowApiError(502, 'bad gateway')],
    ['a time-out as cause', new Error('failed', { cause: error('TimeoutError') })],
    ['all addresses refused', new AggregateError([error('Error', { code: 'ECONNREFUSED' })])],
  ])('is unreachable: %s', (_, reason) => {
    expect(failureKind(reason).kind).toBe('unreachable');
  });

  it.each([
    ['access denied', ofService('AccessDeniedException', 403)],
    ['throttled', ofService('ThrottlingException', 400)],
    ['throttled with a 5xx', ofService('SlowDown', 503)],
    ['too many requests', ofService('Whatever', 429)],
    ['a bad request', ofService('ValidationException', 400)],
    ['not found', ofService('ResourceNotFoundException', 404)],
    ['no credentials, for a time-out', error('CredentialsProviderError', { cause: error('TimeoutError') })],
    ['an expired token', ofService('ExpiredTokenException', 403)],
    ['a 4xx of Airflow', new AirflowApiError(403, 'forbidden')],
    ['an answer of a wrong shape', new AirflowAnswerError('no dags in it')],
    ['a wrong document with status 200', error('SyntaxError', { $response: { statusCode: 200 } })],
    ['a fault of our own code', new TypeError('x is not a function')],
    ['a text', 'broken'],
    ['nothing', undefined],
  ])('is unreadable: %s', (_, reason) => {
    expect(failureKind(reason).kind).toBe('unreadable');
  });

  it('is unreachable when fetch finds nobody, and says why', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await new Promise((resolve) => server.close(resolve));
    const reason = await caught(fetch(`http://127.0.0.1:${port}/x`));
    expect(failureKind(reason)).toMatchObject({
      kind: 'unreachable',
      cause: expect.stringMatching(/^ECONNREFUSED: connect/),
    });
  });

  it('is unreachable when fetch waits too long', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const reason = await caught(fetch(`http://127.0.0.1:${port}/x`, { signal: AbortSignal.timeout(50) }));
    server.close();
    expect(failureKind(reason).kind).toBe('unreachable');
  });

  it('ends with itself as cause without end', () => {
    const circular = new Error('round');
    circular.cause = circular;
    expect(failureKind(circular)).toEqual({ kind: 'unreadable', cause: 'Error: round' });
  });
});

describe('the cause', () => {
  it('is one line of limited length', () => {
    const { cause } = failureKind(new Error(`first\n\tsecond ${'x'.repeat(1000)}`));
    expect(cause).toMatch(/^Error: first second x+$/);
    expect(cause.length).toBeLessThanOrEqual(300);
  });

  it.each([
    'GET https://s3.amazonaws.com/b/k?X-Amz-Signature=SECRET&x=1 failed',
    'cannot reach http://admin:SECRET@127.0.0.1:8080/',
    'Authorization: Bearer SECRET was refused',
    'Authorization: SECRET',
    'cookie session=SECRET; Path=/',
    '{"token": "SECRET", "x": 1}',
    "password='SECRET'",
    'the key AKIASECRETSECRETS12 is not known',
    'X-Amz-Security-Token: SECRET',
  ])('has no secret: %s', (message) => {
    expect(failureKind(new Error(message)).cause).not.toContain('SECRET');
  });
});
