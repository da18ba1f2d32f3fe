import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import {
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { GetObjectCommand, HeadObjectCommand, ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Clockwork, startClockwork } from '../../../sandbox/cloud/clockwork.ts';
import { REGIONS } from '../../unit/sandbox-cloud/fixture/app.ts';
import { type CloudWorld, eventually, startCloudWorld } from './cloud-world.ts';

const PERIOD = 5;
const problems: string[] = [];
const containers = { Scheduler: 1, BaseWorker: 2, WebServer: 1, database: true };

let world: CloudWorld;
let clockwork: Clockwork;

beforeAll(async () => {
  world = await startCloudWorld();
  const { front, moto, deployment } = world;
  clockwork = await startClockwork({
    frontUrl: front.url,
    motoPort: moto.port,
    faults: front.faults,
    deployment,
    schedulePeriods: { '-watch': 1 },
    alarmPeriods: { '-ages': PERIOD },
    environments: [
      {
        environment: 'site-a',
        region: REGIONS.a,
        accessKeyId: 'AKSITEA',
        periodSeconds: PERIOD,
        containers: () => containers,
      },
    ],
    onProblem: (message) => problems.push(message),
  });
  clockwork.schedules.pause();
}, 120_000);

afterEach(() => world.front.faults.clear());

afterAll(async () => {
  await clockwork?.close();
  await world?.close();
}, 30_000);

describe('the clockwork', () => {
  it('replicates under the same version id, shows the status, and never replicates a replica', async () => {
    const [a, b] = [world.clientsAs(REGIONS.a).s3, world.clientsAs(REGIONS.b).s3];
    const Key = `demo/${randomUUID()}`;
    const Metadata = { epoch: '7' };
    const { VersionId } = await a.send(
      new PutObjectCommand({ Bucket: 'fixture-a', Key, Body: 'hello', Metadata, ContentType: 'text/plain' }),
    );
    await a.send(new PutObjectCommand({ Bucket: 'fixture-a', Key: Key.replace('demo', 'other'), Body: 'x' }));
    const replica = await eventually('the replica', () =>
      b.send(new GetObjectCommand({ Bucket: 'fixture-b', Key, VersionId })).catch(() => null),
    );
    expect(await replica.Body?.transformToString()).toBe('hello');
    expect(replica).toMatchObject({ VersionId, Metadata, ReplicationStatus: 'REPLICA', ContentType: 'text/plain' });
    const origin = await a.send(new HeadObjectCommand({ Bucket: 'fixture-a', Key }));
    expect(origin).toMatchObject({ ReplicationStatus: 'COMPLETED', ETag: replica.ETag });
    await clockwork.replication.runOnce();
    const { Versions } = await a.send(new ListObjectVersionsCommand({ Bucket: 'fixture-a', Prefix: Key }));
    expect(Versions).toHaveLength(1);
    const elsewhere = await b.send(new ListObjectVersionsCommand({ Bucket: 'fixture-b', Prefix: 'other/' }));
    expect(elsewhere.Versions ?? []).toHaveLength(0);
  });

  it('holds replication back while a Region is cut', async () => {
    await world.setFault({ region: REGIONS.b, effect: { kind: 'hang' } });
    const Key = `demo/${randomUUID()}`;
    await world.clientsAs(REGIONS.a).s3.send(new PutObjectCommand({ Bucket: 'fixture-a', Key, Body: 'late' }));
    expect(await clockwork.replication.runOnce()).toEqual([]);
    world.front.faults.clear();
    const copied = async () =>
      world
        .clientsAs(REGIONS.b)
        .s3.send(new HeadObjectCommand({ Bucket: 'fixture-b', Key }))
        .catch(() => null);
    expect((await eventually('the replica', copied)).ReplicationStatus).toBe('REPLICA');
  });

  it('fires a schedule on its grid with its time and a fresh execution id', async () => {
    const { sfn } = world.clientsAs(REGIONS.controller);
    const stateMachineArn = world.deployment.outputs.Controller?.TickArn ?? '';
    const fired = async () => {
      const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 1000 }));
      return executions.filter((execution) => execution.name?.startsWith('watch-'));
    };
    clockwork.schedules.resume();
    const some = await eventually('four firings', async () => {
      const now = await fired();
      return now.length >= 4 && now;
    });
    clockwork.schedules.pause();
    const inputs = await Promise.all(
      some.map((one) => sfn.send(new DescribeExecutionCommand({ executionArn: one.executionArn }))),
    );
    const times = inputs.map((one) => JSON.parse(one.input ?? '{}').tickAt).sort();
    expect(new Set(times).size).toBe(times.length);
    expect(times[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const steps = times.slice(1).map((time, index) => Date.parse(time) - Date.parse(times[index] ?? ''));
    expect(new Set(steps)).toEqual(new Set([1000]));
  });

  it('publishes heartbeats and container samples that both CloudWatch readers see in periods of 5 s', async () => {
    const socket = createSocket('udp4');
    const port = clockwork.metrics['site-a']?.statsdPort ?? 0;
    const from = Math.floor(Date.now() / 5000) * 5000;
    const beat = setInterval(() => socket.send('airflow.scheduler_heartbeat:1|c', port, '127.0.0.1'), 500);
    const { cloudwatch } = world.clientsAs(REGIONS.a);
    const Dimensions = [
      { Name: 'Function', Value: 'Scheduler' },
      { Name: 'Environment', Value: 'site-a' },
    ];
    const metric = { Namespace: 'AmazonMWAA', MetricName: 'SchedulerHeartbeat', Dimensions };
    const window = () => ({ StartTime: new Date(from), EndTime: new Date(Math.ceil(Date.now() / 5000) * 5000) });
    const points = await eventually('two whole periods', async () => {
      const query = new GetMetricStatisticsCommand({ ...metric, ...window(), Period: PERIOD, Statistics: ['Sum'] });
      const { Datapoints = [] } = await cloudwatch.send(query);
      return Datapoints.length >= 3 && Datapoints;
    });
    clearInterval(beat);
    socket.close();
    expect(points.every((point) => (point.Timestamp?.getTime() ?? 1) % 5000 === 0)).toBe(true);
    expect(Math.max(...points.map((point) => point.Sum ?? 0))).toBeGreaterThanOrEqual(8);
    const MetricStat = { Metric: metric, Period: PERIOD, Stat: 'Sum' };
    const containersOf = (Cluster: string) => ({
      Metric: {
        Namespace: 'AWS/MWAA',
        MetricName: 'CPUUtilization',
        Dimensions: [
          { Name: 'Cluster', Value: Cluster },
          { Name: 'Environment', Value: 'site-a' },
        ],
      },
      Period: PERIOD,
      Stat: 'SampleCount',
    });
    const MetricDataQueries = [
      { Id: 'beats', MetricStat },
      { Id: 'turned', MetricStat: { ...MetricStat, Metric: { ...metric, Dimensions: Dimensions.toReversed() } } },
      { Id: 'workers', MetricStat: containersOf('BaseWorker') },
      { Id: 'schedulers', MetricStat: containersOf('Scheduler') },
    ];
    const data = await cloudwatch.send(new GetMetricDataCommand({ ...window(), MetricDataQueries }));
    const [beats, turned, workers, schedulers] = data.MetricDataResults ?? [];
    expect(turned?.Values).toEqual(beats?.Values);
    expect(beats?.Values?.length).toBeGreaterThanOrEqual(3);
    expect(new Set(workers?.Values)).toEqual(new Set([2]));
    expect(new Set(schedulers?.Values)).toEqual(new Set([1]));
    const elsewhere = world.clientsAs(REGIONS.b).cloudwatch;
    const none = await elsewhere.send(
      new GetMetricStatisticsCommand({ ...metric, ...window(), Period: PERIOD, Statistics: ['Sum'] }),
    );
    expect(none.Datapoints).toEqual([]);
  }, 60_000);

  it('evaluates alarms, sets their state and publishes to their topic once for each change', async () => {
    const { cloudwatch } = world.clientsAs(REGIONS.controller);
    const published = () =>
      world.front.log.counts().find((c) => c.service === 'sns' && c.operation === 'Publish')?.count ?? 0;
    const before = published();
    const alarmState = async () =>
      (await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ['fixture-ages'] }))).MetricAlarms?.[0]
        ?.StateValue;
    const turned = (wanted: string) => eventually(`state ${wanted}`, async () => (await alarmState()) === wanted);
    const feed = setInterval(() => {
      const MetricData = [{ MetricName: 'Age', Value: 500, Timestamp: new Date() }];
      void cloudwatch.send(new PutMetricDataCommand({ Namespace: 'Lifeboat', MetricData }));
    }, 1000);
    await turned('ALARM');
    clearInterval(feed);
    await turned('OK');
    expect(published() - before).toBe(1);
  }, 60_000);

  it('reports no problem in all this', () => {
    expect(problems).toEqual([]);
  });
});
