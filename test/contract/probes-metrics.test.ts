import { type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { awsClients, probeBudget } from '../../lib/adapters/aws-clients.ts';
import { containersProbe } from '../../lib/adapters/probes/containers-probe.ts';
import { heartbeatProbe } from '../../lib/adapters/probes/heartbeat-probe.ts';
import { siteMetrics, windowAt } from '../../lib/adapters/probes/site-metrics.ts';
import type { PairConfig } from '../../lib/contracts/config.ts';
import { Timing } from '../../lib/contracts/timing.ts';
import { useMoto } from '../support/moto-server.ts';
import { pairConfig, siteConfig } from '../support/pair-config.ts';
import { useRawEndpoint } from '../support/raw-endpoint.ts';

const vantage = 'eu-north-1';

/** Both probes of one vantage on one reader. */
function probesOn(config: PairConfig, place: Parameters<typeof awsClients>[0]) {
  const client = awsClients(place, probeBudget).cloudWatch();
  const metrics = siteMetrics({ config, cloudWatch: () => client });
  return {
    heartbeat: heartbeatProbe({ vantage, timing: config.timing, metrics }),
    containers: containersProbe({ vantage, timing: config.timing, metrics }),
  };
}

describe('the window', () => {
  it('holds the complete periods that ended at least the ingestion lag ago', () => {
    const window = windowAt(new Date('2026-11-24T12:10:59Z'), Timing.parse({}));
    expect(window.starts.map((start) => new Date(start).toISOString())).toEqual([
      '2026-11-24T12:03:00.000Z',
      '2026-11-24T12:04:00.000Z',
      '2026-11-24T12:05:00.000Z',
      '2026-11-24T12:06:00.000Z',
      '2026-11-24T12:07:00.000Z',
    ]);
    expect(new Date(window.endMs).toISOString()).toBe('2026-11-24T12:08:00.000Z');
  });

  it('moves on at the moment at which the lag of a period is over', () => {
    const newest = (at: string) => windowAt(new Date(at), Timing.parse({})).starts.at(-1);
    expect(newest('2026-11-24T12:10:00.000Z')).toBe(Date.parse('2026-11-24T12:07:00Z'));
    expect(newest('2026-11-24T12:09:59.999Z')).toBe(Date.parse('2026-11-24T12:06:00Z'));
  });
});

/** For each period, oldest first: beats, scheduler samples, database samples; null where nothing is published. */
type Published = readonly (readonly [beats: number | null, scheduler: number | null, database: number | null])[];

describe.each([
  ['production', {}],
  ['the sandbox', { heartbeatPeriodSeconds: 5, ingestionLagSeconds: 2 }],
])('heartbeat and containers in CloudWatch with the timing of %s', (_, timing) => {
  const moto = useMoto();
  let made = 0;

  /** Publishes the window of an environment of its own, and what lies before and after it, and looks. */
  async function lookAfter(published: Published) {
    made += 1;
    const environment = `probes-${process.pid}-${Object.keys(timing).length}-${made}`;
    const config = pairConfig({
      sites: { a: siteConfig('eu-west-1', environment), b: siteConfig('eu-central-1', 'demo-b') },
      timing,
      sandbox: true,
    });
    const now = new Date();
    const { starts } = windowAt(now, config.timing);
    const cloudWatch = awsClients(moto.place()).cloudWatch();
    const datum = (
      MetricName: string,
      dimensions: Record<string, string>,
      at: number,
      values: number[],
    ): MetricDatum => ({
      MetricName,
      Dimensions: Object.entries({ ...dimensions, Environment: environment }).map(([Name, Value]) => ({ Name, Value })),
      Timestamp: new Date(at),
      Values: values,
      Counts: values.map(() => 1),
    });
    const beats = starts.flatMap((at, index) => {
      const sum = published[index]?.[0] ?? null;
      return sum === null ? [] : [datum('SchedulerHeartbeat', { Function: 'Scheduler' }, at, [sum])];
    });
    const samples = starts.flatMap((at, index) => {
      const [, scheduler = null, database = null] = published[index] ?? [];
      return [
        ...(scheduler === null
          ? []
          : [datum('CPUUtilization', { Cluster: 'Scheduler' }, at, Array(scheduler).fill(9))]),
        ...(database === null
          ? []
          : [datum('DatabaseConnections', { DatabaseRole: 'WRITER' }, at, Array(database).fill(0))]),
      ];
    });
    if (beats.length > 0) {
      await cloudWatch.send(new PutMetricDataCommand({ Namespace: 'AmazonMWAA', MetricData: beats }));
    }
    if (samples.length > 0) {
      await cloudWatch.send(new PutMetricDataCommand({ Namespace: 'AWS/MWAA', MetricData: samples }));
    }
    const { heartbeat, containers } = probesOn(config, moto.place());
    const [ofBeats, ofContainers] = await Promise.all([heartbeat.look('a', now), containers.look('a', now)]);
    return { heartbeat: ofBeats, containers: ofContainers, starts };
  }

  it('are alive while beats and samples arrive, and give the whole window', async () => {
    const { heartbeat, containers, starts } = await lookAfter([
      [60, 2, 1],
      [60, 2, 1],
      [null, 2, 1],
      [0, null, 1],
      [59, 2, 1],
    ]);
    expect(heartbeat).toMatchObject({ outcome: 'alive', signal: 'heartbeat', vantage });
    expect(containers).toMatchObject({ outcome: 'alive', signal: 'containers' });
    const start = (index: number) => new Date(starts[index] ?? 0).toISOString();
    expect(heartbeat.evidence.periods).toEqual([
      { start: start(0), heartbeats: 60, schedulerSamples: 2, otherSamples: 1 },
      { start: start(1), heartbeats: 60, schedulerSamples: 2, otherSamples: 1 },
      { start: start(2), heartbeats: null, schedulerSamples: 2, otherSamples: 1 },
      { start: start(3), heartbeats: 0, schedulerSamples: null, otherSamples: 1 },
      { start: start(4), heartbeats: 59, schedulerSamples: 2, otherSamples: 1 },
    ]);
    expect(containers.evidence).toEqual(heartbeat.evidence);
  });

  it('are dead when three of five periods have none while the database is there', async () => {
    const { heartbeat, containers } = await lookAfter([
      [60, 2, 1],
      [60, 2, 1],
      [null, null, 1],
      [0, null, 1],
      [null, null, 1],
    ]);
    expect(heartbeat.outcome).toBe('dead');
    expect(containers.outcome).toBe('dead');
  });

  it('tell a scheduler that does not beat from a container that is gone', async () => {
    const { heartbeat, containers } = await lookAfter(Array(5).fill([null, 2, 1]));
    expect(heartbeat.outcome).toBe('dead');
    expect(containers.outcome).toBe('alive');
  });

  it('are not dead after two periods of three', async () => {
    const { heartbeat, containers } = await lookAfter([
      [60, 2, 1],
      [60, 2, 1],
      [60, 2, 1],
      [null, null, 1],
      [null, null, 1],
    ]);
    expect(heartbeat.outcome).toBe('alive');
    expect(containers.outcome).toBe('alive');
  });

  it('are unreadable when nothing of the environment is published', async () => {
    const { heartbeat, containers } = await lookAfter([]);
    expect(heartbeat).toMatchObject({ outcome: 'unreadable', cause: expect.stringContaining('AWS/MWAA') });
    expect(containers.outcome).toBe('unreadable');
    expect(heartbeat.evidence.periods).toHaveLength(5);
  });

  it('do not call it dead when too few periods have other metrics', async () => {
    const { heartbeat } = await lookAfter([
      [null, null, null],
      [null, null, null],
      [null, null, 1],
      [null, null, 1],
      [null, null, null],
    ]);
    expect(heartbeat.outcome).toBe('unreadable');
  });
});

describe('heartbeat and containers of a CloudWatch that answers something else', () => {
  const raw = useRawEndpoint();
  const now = new Date('2026-11-24T12:10:59Z');
  const start = Date.parse('2026-11-24T12:07:00Z') / 1000;
  const ids = ['heartbeats', 'scheduler', 'workers', 'database'];

  it('share one call in a look, and make a new one at the next look', async () => {
    raw.answer(() => answer(ids.map((id) => result(id, 'Complete', []))));
    const { heartbeat, containers } = probesOn(pairConfig(), raw.place());
    await Promise.all([heartbeat.look('a', now), containers.look('a', now)]);
    expect(raw.requests).toHaveLength(1);
    await heartbeat.look('a', new Date(now.getTime() + 60_000));
    expect(raw.requests).toHaveLength(2);
  });

  it('read all pages', async () => {
    let calls = 0;
    raw.answer(() => {
      calls += 1;
      const last = calls === 2;
      const results = ids.map((id) => result(id, last ? 'Complete' : 'PartialData', last ? [[start, 5]] : []));
      return answer(results, last ? undefined : 'next');
    });
    const { heartbeat } = probesOn(pairConfig(), raw.place());
    expect(await heartbeat.look('a', now)).toMatchObject({ outcome: 'alive' });
    expect(calls).toBe(2);
  });

  it.each(['InternalError', 'Forbidden', 'PartialData'])(
    'are unreadable when one series is %s, for what is missing is not silence',
    async (status) => {
      raw.answer(() =>
        answer(ids.map((id) => (id === 'heartbeats' ? result(id, status, []) : result(id, 'Complete', [[start, 1]])))),
      );
      const { heartbeat, containers } = probesOn(pairConfig(), raw.place());
      expect(await heartbeat.look('a', now)).toMatchObject({
        outcome: 'unreadable',
        cause: expect.stringContaining(status),
      });
      expect(await containers.look('a', now)).toMatchObject({ outcome: 'unreadable' });
    },
  );

  it('are unreadable when a series is missing', async () => {
    raw.answer(() => answer([result('heartbeats', 'Complete', [])]));
    const { heartbeat } = probesOn(pairConfig(), raw.place());
    expect(await heartbeat.look('a', now)).toMatchObject({ outcome: 'unreadable' });
  });
});

/** One series of an answer: points of [epoch seconds, value]. */
function result(Id: string, StatusCode: string, points: readonly (readonly [number, number])[]) {
  return { Id, Label: Id, StatusCode, Timestamps: points.map(([at]) => at), Values: points.map(([, value]) => value) };
}

function answer(MetricDataResults: readonly ReturnType<typeof result>[], NextToken?: string) {
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ MetricDataResults, Messages: [], NextToken }),
  };
}
