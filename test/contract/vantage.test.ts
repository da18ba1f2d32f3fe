import { describe, expect, it } from 'vitest';
import { awsClients } from '../../lib/adapters/aws-clients.ts';
import { LambdaVantage } from '../../lib/adapters/lambda-vantage.ts';
import type { Observation } from '../../lib/contracts/observation.ts';
import { awsError, useRawEndpoint } from '../support/raw-endpoint.ts';

const now = new Date('2026-11-24T12:00:00Z');
const region = 'eu-central-1';
const observation: Observation = {
  site: 'a',
  signal: 'region',
  vantage: region,
  outcome: 'alive',
  at: now.toISOString(),
  cause: 'sts answered',
  evidence: {},
};

describe('the vantage of another Region', () => {
  const raw = useRawEndpoint();
  const look = () =>
    new LambdaVantage({
      region,
      client: awsClients(raw.place(region), { maxAttempts: 1, connectMs: 200, requestMs: 300 }).lambda(),
      functionName: 'lifeboat-demo-probe-site',
      environmentOf: (site) => `demo-${site}-2`,
    }).look('a', now);
  const answer = (body: unknown, headers: Record<string, string> = {}) =>
    raw.answer(() => ({ status: 200, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }));
  /** Nothing but the vantage's own failure, so that it cannot count. */
  const onlySelf = (outcome: 'unreachable' | 'unreadable') => [
    expect.objectContaining({ site: 'a', signal: 'self', vantage: region, outcome, at: now.toISOString() }),
  ];

  it('gives what the probe function there saw', async () => {
    answer({ observations: [observation] });
    expect(await look()).toEqual([observation]);
    const [request] = raw.requests;
    expect(request?.path).toContain('/functions/lifeboat-demo-probe-site/invocations');
    expect(request?.region).toBe(region);
    expect(JSON.parse(request?.body ?? '')).toEqual({ site: 'a', now: now.toISOString(), environment: 'demo-a-2' });
  });

  it('is unreachable when the function does not answer', async () => {
    expect(await look()).toEqual(onlySelf('unreachable'));
    raw.answer(() => 'drop');
    expect(await look()).toEqual(onlySelf('unreachable'));
  });

  it('is asked once in a look: the next tick asks again', async () => {
    raw.answer((request) => awsError(request, 500, 'ServiceException'));
    expect(await look()).toEqual(onlySelf('unreachable'));
    expect(raw.requests).toHaveLength(1);
  });

  it('is unreadable when the call is refused or throttled', async () => {
    raw.answer((request) => awsError(request, 403, 'AccessDeniedException'));
    expect(await look()).toEqual(onlySelf('unreadable'));
    raw.answer((request) => awsError(request, 429, 'TooManyRequestsException'));
    expect(await look()).toEqual(onlySelf('unreadable'));
  });

  it('is unreadable when the function fails', async () => {
    answer({ errorType: 'Error', errorMessage: 'no configuration' }, { 'x-amz-function-error': 'Unhandled' });
    const found = await look();
    expect(found).toEqual(onlySelf('unreadable'));
    expect(found[0]?.cause).toContain('no configuration');
  });

  it.each([
    ['no JSON', 'not JSON'],
    ['no observations', {}],
    ['an outcome nobody knows', { observations: [{ ...observation, outcome: 'splendid' }] }],
    ['another site', { observations: [observation, { ...observation, site: 'b' }] }],
    ['another vantage', { observations: [{ ...observation, vantage: 'eu-north-1' }] }],
  ])('is unreadable when the answer holds %s', async (_, body) => {
    answer(body);
    expect(await look()).toEqual(onlySelf('unreadable'));
  });
});
