import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { awsClients, type CallBudget, probeBudget } from '../../lib/adapters/aws-clients.ts';
import { mwaaControlPlane } from '../../lib/adapters/mwaa/mwaa-environment.ts';
import { siteAirflow } from '../../lib/adapters/mwaa/site-airflow.ts';
import { lookAt, probesOf } from '../../lib/adapters/probes/index.ts';
import { observe } from '../../lib/adapters/probes/observe.ts';
import { S3SiteBucket } from '../../lib/adapters/s3-site-bucket.ts';
import { namesOf } from '../../lib/contracts/names.ts';
import type { Observation } from '../../lib/contracts/observation.ts';
import { throttleOf } from '../../sandbox/cloud/error-reply.ts';
import { pairConfig } from '../support/pair-config.ts';
import { awsError, useRawEndpoint } from '../support/raw-endpoint.ts';

const now = new Date('2026-11-24T12:00:00Z');
const quick: CallBudget = { maxAttempts: 2, connectMs: 200, requestMs: 300 };
const credentials = { accessKeyId: 'AKSANDBOX', secretAccessKey: 'sandbox' };

/** All probes of the controller through their real adapters, with all of AWS at one endpoint. */
function probesAt(endpoint: string, budget: CallBudget) {
  const config = pairConfig();
  const place = (region: string) => ({ region, endpoint, credentials });
  return probesOf({
    config,
    region: config.controllerRegion,
    clients: (region) => awsClients(place(region), budget),
    mwaa: () => mwaaControlPlane({ endpoint, credentials }, budget),
    airflow: (side) =>
      siteAirflow({
        place: place(config.sites[side].region),
        environment: config.sites[side].environment,
        budget,
      }),
    bucket: (side) =>
      new S3SiteBucket({
        client: awsClients(place(config.sites[side].region), budget).s3(),
        bucket: namesOf(config).siteBucket(side),
      }),
  });
}

const outcomes = (observations: readonly Observation[]) =>
  Object.fromEntries(observations.map(({ signal, outcome }) => [signal, outcome]));
const every = (outcome: Observation['outcome']) => ({
  heartbeat: outcome,
  containers: outcome,
  environment: outcome,
  airflow: outcome,
  canary: outcome,
  region: outcome,
  self: outcome,
});
/** The Region is there when it refuses; what was asked of it stays unknown. */
const refused = { ...every('unreadable'), region: 'alive', self: 'alive' };

describe('probes of something that fails', () => {
  const raw = useRawEndpoint();
  const look = (endpoint: string, budget = quick) => lookAt(probesAt(endpoint, budget), 'a', now);

  it('call an endpoint that hangs unreachable, within the budget of a probe', async () => {
    raw.answer(() => 'hang');
    const began = performance.now();
    const observations = await look(raw.url(), probeBudget);
    expect(performance.now() - began).toBeLessThan(12_000);
    expect(outcomes(observations)).toEqual(every('unreachable'));
  }, 20_000);

  it('call a connection that is cut unreachable', async () => {
    raw.answer(() => 'drop');
    expect(outcomes(await look(raw.url()))).toEqual(every('unreachable'));
  });

  it('call a connection that is refused unreachable', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    await new Promise((resolve) => server.close(resolve));
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    expect(outcomes(await look(`http://127.0.0.1:${port}`))).toEqual(every('unreachable'));
  });

  it('call a name that cannot be resolved unreachable', async () => {
    expect(outcomes(await look('http://lifeboat-no-such-host.invalid'))).toEqual(every('unreachable'));
  });

  it('call an internal error of AWS unreachable', async () => {
    raw.answer((request) => awsError(request, 500, 'InternalFailure'));
    expect(outcomes(await look(raw.url()))).toEqual(every('unreachable'));
  });

  it('call a refusal unreadable, and a Region that refuses alive', async () => {
    raw.answer((request) => awsError(request, 403, 'AccessDeniedException'));
    expect(outcomes(await look(raw.url()))).toEqual(refused);
  });

  it('call throttling unreadable, and a Region that throttles alive', async () => {
    raw.answer((request) => awsError(request, ...throttleOf(request.service)));
    expect(outcomes(await look(raw.url()))).toEqual(refused);
  });

  it('call an answer that makes no sense unreadable', async () => {
    raw.answer(() => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>log in</html>' }));
    const found = outcomes(await look(raw.url()));
    expect(found).toMatchObject({ environment: 'unreadable', airflow: 'unreadable', canary: 'unreadable' });
    expect(found.heartbeat).not.toBe('alive');
    expect(found.heartbeat).not.toBe('dead');
  });

  it('name site, signal, vantage, time and cause in each observation', async () => {
    raw.answer((request) => awsError(request, 403, 'AccessDeniedException'));
    for (const observation of await look(raw.url())) {
      expect(observation).toMatchObject({ site: 'a', vantage: 'eu-north-1', at: now.toISOString() });
      expect(observation.cause).toMatch(/AccessDenied|answered/);
    }
  });

  it("call their own vantage's Region self, and the site's Region region", async () => {
    const alive = new Set(['eu-north-1']);
    raw.answer((request) => (alive.has(request.region) ? awsError(request, 403, 'AccessDeniedException') : 'drop'));
    expect(outcomes(await look(raw.url()))).toMatchObject({ region: 'unreachable', self: 'alive' });
  });

  it('call a Region alive while one of its three services answers', async () => {
    raw.answer((request) => (request.service === 'kms' ? awsError(request, 400, 'AccessDeniedException') : 'drop'));
    const region = (await look(raw.url())).find(({ signal }) => signal === 'region');
    expect(region).toMatchObject({
      outcome: 'alive',
      evidence: { services: { sts: 'unreachable', sns: 'unreachable', kms: 'alive' } },
    });
  });
});

describe('a look', () => {
  const subject = { site: 'a', signal: 'airflow', vantage: 'eu-north-1', now } as const;

  it('is over after its budget, and tells what it was waiting for', async () => {
    let told = false;
    const observation = await observe(
      subject,
      (signal) => {
        signal.addEventListener('abort', () => {
          told = true;
        });
        return new Promise(() => {});
      },
      30,
    );
    expect(observation).toMatchObject({ outcome: 'unreachable', cause: expect.stringContaining('0.03 s') });
    expect(told).toBe(true);
  });

  it('never throws, whatever is thrown in it', async () => {
    for (const thrown of [new TypeError('a bug'), 'a text', null, undefined, { odd: true }]) {
      const observation = await observe(subject, () => Promise.reject(thrown));
      expect(observation.outcome).toBe('unreadable');
    }
    const atOnce = await observe(subject, () => {
      throw new Error('before it began');
    });
    expect(atOnce.outcome).toBe('unreadable');
  });
});
