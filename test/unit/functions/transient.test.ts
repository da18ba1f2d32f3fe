import { afterAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { byRetry } from '../../../functions/_runtime/transient.ts';
import * as ownErrors from '../../../lib/core/errors.ts';
import { AirflowAnswerError, AirflowApiError } from '../../../lib/ports/airflow.ts';
import { CommitConflictError } from '../../../lib/ports/control-table.ts';
import { EnvironmentNotFoundError } from '../../../lib/ports/mwaa.ts';
import { pairConfig } from '../../support/pair-config.ts';
import { useRawEndpoint } from '../../support/raw-endpoint.ts';

const error = (name: string, more: object = {}) => Object.assign(new Error('first\nsecond'), { name, ...more });
const ofService = (name: string, httpStatusCode: number, more: object = {}) =>
  error(name, { $metadata: { httpStatusCode }, ...more });
const timeOut = error('TimeoutError');

describe('a failure of a service', () => {
  it.each([
    ['a time-out of the SDK', timeOut],
    ['a refused connection', error('Error', { code: 'ECONNREFUSED' })],
    ['a fetch that found nobody', new TypeError('fetch failed', { cause: error('Error', { code: 'ENOTFOUND' }) })],
    ['500', ofService('InternalServerError', 500)],
    ['a 5xx of Airflow', new AirflowApiError(502, 'bad gateway')],
    ['throttling', ofService('ProvisionedThroughputExceededException', 400, { name: 'ThrottlingException' })],
    ['throttling of S3', ofService('SlowDown', 503)],
    ['too many requests', new AirflowApiError(429, 'slow down')],
    [
      'a transaction that was throttled',
      ofService('TransactionCanceledException', 400, {
        CancellationReasons: [{ Code: 'None' }, { Code: 'ThrottlingError' }],
      }),
    ],
  ])('that may pass soon is TransientError with its cause, in one line: %s', (_, reason) => {
    const renamed = byRetry(reason);
    expect(renamed).toBeInstanceOf(ownErrors.TransientError);
    expect(renamed).toMatchObject({ name: 'TransientError', cause: reason });
    expect(String(renamed)).not.toContain('\n');
  });

  it.each([
    ['access denied', ofService('AccessDeniedException', 403)],
    ['a bad request', ofService('ValidationException', 400)],
    ['a cancelled transaction of another reason', ofService('TransactionCanceledException', 400)],
    ['a 4xx of Airflow', new AirflowApiError(404, 'no such DAG')],
    ['an answer of a wrong shape', new AirflowAnswerError('no dags in it')],
    ['a fault of our own code', new TypeError('x is not a function')],
    ['a conflict', new CommitConflictError(['grant'])],
    ['an environment that is not there', new EnvironmentNotFoundError('eu-west-1', 'a', ofService('NotFound', 404))],
    ['a site that was waited for', new ownErrors.SiteUnreachableError('since 300 s', { cause: timeOut })],
    ['a target that was waited for', new ownErrors.TargetNotReadyError('since 3600 s', { cause: timeOut })],
    ['a superseded attempt', new ownErrors.StaleAttemptError('attempt 1')],
  ])('that does not pass keeps its name: %s', (_, reason) => {
    expect(byRetry(reason)).toBe(reason);
  });
});

describe('a function', () => {
  const raw = useRawEndpoint();
  afterAll(() => vi.unstubAllEnvs());

  it('fails by the name that a Retry knows', async () => {
    const body = JSON.stringify({ Items: [], Count: 0, ScannedCount: 0 });
    raw.answer(() => ({ status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body }));
    const { endpoint } = raw.place('eu-north-1');
    vi.stubEnv('AWS_ENDPOINT_URL', endpoint ?? '');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    // The log reads its level when it is loaded, and what fails here on purpose needs no line.
    vi.stubEnv('LOG_LEVEL', 'silent');
    const { defineHandler } = await import('../../../functions/_runtime/handler.ts');
    vi.stubEnv('LOG_LEVEL', 'error');
    vi.stubEnv('LIFEBOAT_FUNCTION', 'judge-again');
    vi.stubEnv('AWS_REGION', 'eu-north-1');
    vi.stubEnv('LIFEBOAT_CONFIG', JSON.stringify(pairConfig()));
    const handler = defineHandler(z.object({ pair: z.string() }), () => Promise.reject(timeOut));
    await expect(handler({ pair: 'demo' })).rejects.toMatchObject({ name: 'TransientError', cause: timeOut });
  });
});
