import { describe, expect, it } from 'vitest';
import { awsClients, probeBudget } from '../../lib/adapters/aws-clients.ts';
import { airflowProbe } from '../../lib/adapters/probes/airflow-probe.ts';
import { canaryProbe } from '../../lib/adapters/probes/canary-probe.ts';
import { environmentProbe } from '../../lib/adapters/probes/environment-probe.ts';
import { regionProbe } from '../../lib/adapters/probes/region-probe.ts';
import { selfProbe } from '../../lib/adapters/probes/self-probe.ts';
import { ENVIRONMENT_STATUSES } from '../../lib/ports/mwaa.ts';
import { FakeAirflow, healthyAirflow } from '../support/fakes/airflow.ts';
import { FakeMwaa } from '../support/fakes/mwaa.ts';
import { InMemorySiteBucket } from '../support/fakes/site-bucket.ts';
import { useMoto } from '../support/moto-server.ts';
import { pairConfig, siteConfig } from '../support/pair-config.ts';

const vantage = 'eu-north-1';
const now = new Date('2026-11-24T12:00:00Z');
const timedOut = Object.assign(new Error('no answer'), { name: 'TimeoutError' });
const denied = Object.assign(new Error('not yours'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });

describe('the environment probe', () => {
  const mwaa = new FakeMwaa();
  const probe = environmentProbe({ vantage, config: pairConfig(), mwaa: () => mwaa });

  it('reads each status the service has', async () => {
    const found: Record<string, string> = {};
    for (const Status of ENVIRONMENT_STATUSES) {
      mwaa.set('eu-west-1', 'demo-a', { Status });
      found[Status] = (await probe.look('a', now)).outcome;
    }
    expect(found).toEqual({
      CREATING: 'alive',
      CREATE_FAILED: 'dead',
      AVAILABLE: 'alive',
      UPDATING: 'planned',
      DELETING: 'gone',
      DELETED: 'gone',
      UNAVAILABLE: 'dead',
      UPDATE_FAILED: 'alive',
      ROLLING_BACK: 'planned',
      CREATING_SNAPSHOT: 'planned',
      PENDING: 'planned',
      MAINTENANCE: 'planned',
    });
  });

  it('calls an environment that does not exist gone', async () => {
    mwaa.delete('eu-west-1', 'demo-a');
    expect(await probe.look('a', now)).toMatchObject({ outcome: 'gone', evidence: { status: 'NOT_FOUND' } });
  });

  it('takes a status it does not know for nothing', async () => {
    mwaa.set('eu-west-1', 'demo-a', { Status: 'TELEPORTING' });
    expect(await probe.look('a', now)).toMatchObject({ outcome: 'unreadable', evidence: { status: 'TELEPORTING' } });
  });

  it('says since when an update is under way, and nothing of one that is over', async () => {
    const CreatedAt = Date.parse('2026-11-24T11:50:00Z') / 1000;
    mwaa.set('eu-west-1', 'demo-a', { Status: 'UPDATING', LastUpdate: { Status: 'PENDING', CreatedAt } });
    expect((await probe.look('a', now)).evidence.statusSince).toBe('2026-11-24T11:50:00.000Z');
    mwaa.set('eu-west-1', 'demo-a', { Status: 'MAINTENANCE', LastUpdate: { Status: 'SUCCESS', CreatedAt } });
    expect((await probe.look('a', now)).evidence).toEqual({ status: 'MAINTENANCE' });
  });

  it('looks at the environment of the site that was asked for', async () => {
    mwaa.set('eu-west-1', 'demo-a', { Status: 'UNAVAILABLE' });
    mwaa.set('eu-central-1', 'demo-b', { Status: 'AVAILABLE' });
    expect((await probe.look('b', now)).outcome).toBe('alive');
  });
});

describe('the airflow probe', () => {
  const airflow = new FakeAirflow();
  const probe = airflowProbe({ vantage, config: pairConfig(), airflow: () => airflow });
  const lookWith = (component: string, status: string | null) => {
    airflow.components = { ...healthyAirflow(), [component]: { status, latestHeartbeat: null } };
    return probe.look('a', now);
  };

  it('is alive when database and scheduler are healthy, whatever the others are', async () => {
    expect(await lookWith('triggerer', 'unhealthy')).toMatchObject({
      outcome: 'alive',
      evidence: { components: { metadatabase: 'healthy', scheduler: 'healthy', triggerer: 'unhealthy' } },
    });
    expect(await lookWith('dagProcessor', null)).toMatchObject({
      outcome: 'alive',
      evidence: { components: { dagProcessor: 'not running' } },
    });
  });

  it('is dead when Airflow says that its database or scheduler is unhealthy', async () => {
    expect(await lookWith('metadatabase', 'unhealthy')).toMatchObject({ outcome: 'dead' });
    expect(await lookWith('scheduler', 'unhealthy')).toMatchObject({
      outcome: 'dead',
      cause: expect.stringContaining('scheduler'),
    });
  });

  it('is unreadable when Airflow says nothing of its scheduler', async () => {
    expect(await lookWith('scheduler', null)).toMatchObject({ outcome: 'unreadable' });
  });

  it('does not ask a private web server', async () => {
    const config = pairConfig({
      sites: {
        a: siteConfig('eu-west-1', 'demo-a', 'PRIVATE_ONLY'),
        b: siteConfig('eu-central-1', 'demo-b'),
      },
    });
    const silent = new FakeAirflow();
    const observation = await airflowProbe({ vantage, config, airflow: () => silent }).look('a', now);
    expect(observation).toMatchObject({ outcome: 'unreadable', cause: expect.stringContaining('private') });
    expect(silent.calls).toEqual([]);
  });
});

describe('the canary probe', () => {
  const stamp = { site: 'a', epoch: 3, mode: 'active', at: '2026-11-24T11:59:00Z', runId: 'run-1', paused: false };

  function newCase() {
    const a = new InMemorySiteBucket('of-a');
    const b = new InMemorySiteBucket('of-b');
    const buckets = { a, b };
    const probe = canaryProbe({ vantage, config: pairConfig(), bucket: (side) => buckets[side] });
    const put = (bucket: InMemorySiteBucket, change: object = {}) =>
      bucket.seedJson('demo/sites/a/canary.json', { ...stamp, ...change });
    return { a, b, put, look: () => probe.look('a', now) };
  }

  it('is alive while the stamp is not older than it may be, and dead after that', async () => {
    const { a, put, look } = newCase();
    await put(a);
    expect(await look()).toMatchObject({
      outcome: 'alive',
      evidence: { stampAt: stamp.at, stampEpoch: 3, stampMode: 'active', ageSeconds: 60 },
    });
    await put(a, { at: '2026-11-24T11:56:00.000Z' });
    expect((await look()).outcome).toBe('alive');
    await put(a, { at: '2026-11-24T11:55:59.999Z' });
    expect((await look()).outcome).toBe('dead');
  });

  it('is unreadable when the canary never stamped, is paused, or stamped in the future', async () => {
    const { a, put, look } = newCase();
    expect(await look()).toMatchObject({ outcome: 'unreadable', cause: expect.stringContaining('never') });
    await put(a, { paused: true });
    expect(await look()).toMatchObject({ outcome: 'unreadable', cause: expect.stringContaining('paused') });
    await put(a, { at: '2026-11-24T12:05:00Z' });
    expect(await look()).toMatchObject({ outcome: 'unreadable', cause: expect.stringContaining('future') });
  });

  it('is unreadable when the object is no stamp of this site', async () => {
    const { a, put, look } = newCase();
    await a.write('demo/sites/a/canary.json', 'not JSON');
    expect((await look()).outcome).toBe('unreadable');
    await put(a, { epoch: 'three' });
    expect((await look()).outcome).toBe('unreadable');
    await put(a, { site: 'b' });
    expect(await look()).toMatchObject({ outcome: 'unreadable', cause: expect.stringContaining('site b') });
  });

  it('reads the replica when the own bucket is unreachable', async () => {
    const { a, b, put, look } = newCase();
    await put(a);
    await put(b, { at: '2026-11-24T11:00:00Z' });
    a.outage = timedOut;
    expect(await look()).toMatchObject({
      outcome: 'dead',
      evidence: { stampAt: '2026-11-24T11:00:00Z' },
      cause: expect.stringMatching(/replica.*unreachable/),
    });
  });

  it('believes the own bucket while it answers', async () => {
    const { a, b, put, look } = newCase();
    await put(a);
    await put(b, { at: '2026-11-24T11:00:00Z' });
    expect((await look()).evidence.stampAt).toBe(stamp.at);
    b.outage = timedOut;
    expect((await look()).outcome).toBe('alive');
  });

  it('is unreachable when neither bucket knows a stamp', async () => {
    const { a, b, look } = newCase();
    a.outage = timedOut;
    expect((await look()).outcome).toBe('unreachable');
    b.outage = denied;
    expect((await look()).outcome).toBe('unreachable');
  });

  it('does not look elsewhere when the own bucket refuses', async () => {
    const { a, b, put, look } = newCase();
    await put(b);
    a.outage = denied;
    expect((await look()).outcome).toBe('unreadable');
  });
});

describe('the region and self probes', () => {
  const moto = useMoto();

  it('are alive where the three services answer', async () => {
    const clients = (region: string) => awsClients(moto.place(region), probeBudget);
    const services = { sts: 'alive', sns: 'alive', kms: 'alive' };
    const region = await regionProbe({ vantage, config: pairConfig(), clients }).look('b', now);
    expect(region).toMatchObject({ site: 'b', signal: 'region', outcome: 'alive', evidence: { services } });
    expect(region.cause).toContain('eu-central-1');
    const self = await selfProbe({ vantage, clients }).look('b', now);
    expect(self).toMatchObject({ site: 'b', signal: 'self', outcome: 'alive', evidence: { services } });
    expect(self.cause).toContain(vantage);
  });
});
