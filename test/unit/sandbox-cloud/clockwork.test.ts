import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateAlarm } from '../../../sandbox/cloud/alarms.ts';
import type {
  AlarmDefinition,
  ReplicationRule,
  ScheduleDefinition,
} from '../../../sandbox/cloud/deployer/definitions.ts';
import { FaultBook } from '../../../sandbox/cloud/faults.ts';
import { containerData, HeartbeatSums, parseStatsd } from '../../../sandbox/cloud/metrics.ts';
import { reachable } from '../../../sandbox/cloud/replication.ts';
import {
  type Clock,
  fillScheduleInput,
  nextSlot,
  periodSeconds,
  rateSeconds,
  Ticker,
} from '../../../sandbox/cloud/schedules.ts';

/** A clock whose time passes only when told; each step waits for what it set off. */
class ManualClock implements Clock {
  #now = 0;
  #due: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const entry = { at: this.#now + ms, callback };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((other) => other !== entry);
    };
  }

  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    while (this.#now < end) {
      this.#now += 1;
      const now = this.#due.filter((entry) => entry.at <= this.#now);
      this.#due = this.#due.filter((entry) => entry.at > this.#now);
      for (const entry of now) entry.callback();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

describe('schedules', () => {
  const schedule: ScheduleDefinition = {
    region: 'eu-north-1',
    name: 'lifeboat-demo-watch',
    expression: 'rate(1 minute)',
    enabled: true,
    target: '',
    input: '',
  };

  it('take the period given for the end of their name, else their rate', () => {
    expect(periodSeconds(schedule, { '-watch': 2 })).toBe(2);
    expect(periodSeconds(schedule, { '-protect': 2 })).toBe(60);
    expect(rateSeconds('rate(5 minutes)')).toBe(300);
    expect(() => rateSeconds('cron(0 * * * ? *)')).toThrow('only rate()');
  });

  it('fill time and execution id as EventBridge Scheduler does', () => {
    const input = '{"Name":"watch-<aws.scheduler.execution-id>","at":"<aws.scheduler.scheduled-time>"}';
    expect(fillScheduleInput(input, 1_000, 'id')).toBe('{"Name":"watch-id","at":"1970-01-01T00:00:01Z"}');
  });

  it('stay on their grid and are never more than one period behind', () => {
    const times = fc.record({ last: fc.nat(1e6), period: fc.integer({ min: 1, max: 1e4 }), late: fc.nat(1e6) });
    fc.assert(
      fc.property(times, ({ last, period, late }) => {
        const now = last + late;
        const next = nextSlot(last, period, now);
        expect((next - last) % period).toBe(0);
        expect(next).toBeGreaterThan(last);
        expect(now - next).toBeLessThanOrEqual(period);
      }),
    );
  });

  it('fire without drift, skip what they are too late for, and stop and go on', async () => {
    const clock = new ManualClock();
    const fired: number[] = [];
    let release = (): void => undefined;
    let slow = false;
    const ticker = new Ticker(clock, 10, async (slot) => {
      fired.push(slot);
      if (slow) await new Promise<void>((resolve) => (release = resolve));
    });
    ticker.start();
    await clock.pass(30);
    expect(fired).toEqual([10, 20, 30]);
    slow = true;
    await clock.pass(10);
    slow = false;
    await clock.pass(35);
    release();
    await clock.pass(6);
    expect(fired).toEqual([10, 20, 30, 40, 70, 80]);
    ticker.stop();
    await clock.pass(50);
    expect(fired).toHaveLength(6);
    ticker.start();
    await clock.pass(10);
    expect(fired).toHaveLength(7);
  });
});

describe('metrics', () => {
  it('reads StatsD lines and drops what is none', () => {
    expect(parseStatsd('airflow.scheduler_heartbeat:1|c\nrubbish\nx:2.5|ms')).toEqual([
      { name: 'airflow.scheduler_heartbeat', value: 1, kind: 'c' },
      { name: 'x', value: 2.5, kind: 'ms' },
    ]);
    expect(parseStatsd('x:1|c|@0.1')[0]?.value).toBe(10);
  });

  it('sums heartbeats of a period into one data point, and an empty period into none', () => {
    const sums = new HeartbeatSums();
    for (const sample of parseStatsd(
      'airflow.scheduler_heartbeat:1|c\nairflow.scheduler_heartbeat:1|c\nairflow.other:1|c',
    )) {
      sums.add(sample);
    }
    const [point, ...more] = sums.take('site-a', 5000);
    expect(point).toMatchObject({ MetricName: 'SchedulerHeartbeat', Value: 2, Timestamp: new Date(5000) });
    expect(more).toEqual([]);
    expect(sums.take('site-a', 10_000)).toEqual([]);
  });

  it('gives one sample for each running container, and the database only while it runs', () => {
    const data = containerData('site-a', { Scheduler: 0, BaseWorker: 2, WebServer: 1, database: false }, 0);
    expect(data.map((d) => d.Dimensions?.find((dimension) => dimension.Name === 'Cluster')?.Value)).toEqual([
      'BaseWorker',
      'WebServer',
    ]);
    expect(data[0]?.Values).toHaveLength(2);
    const idle = containerData('site-a', { Scheduler: 0, BaseWorker: 0, WebServer: 0, database: true }, 0);
    expect(idle.map((d) => d.MetricName)).toEqual(['DatabaseConnections']);
  });
});

describe('alarms', () => {
  const alarm: AlarmDefinition = {
    region: 'eu-north-1',
    name: 'ages',
    namespace: 'Lifeboat',
    metricName: 'Age',
    dimensions: [],
    statistic: 'Maximum',
    periodSeconds: 60,
    evaluationPeriods: 3,
    datapointsToAlarm: 2,
    threshold: 100,
    comparison: 'GreaterThanThreshold',
    treatMissing: 'missing',
    actions: { ALARM: [], OK: [], INSUFFICIENT_DATA: [] },
  };

  it.each([
    ['missing', [500, 500, 1], 'ALARM'],
    ['missing', [500, 1, 1], 'OK'],
    ['missing', [null, null, null], 'INSUFFICIENT_DATA'],
    ['missing', [500, null, 500], 'ALARM'],
    ['breaching', [null, null, 1], 'ALARM'],
    ['breaching', [500, null, 1], 'ALARM'],
    ['breaching', [null, 1, 1], 'OK'],
    ['notBreaching', [null, null, null], 'OK'],
    ['ignore', [null, null, null], 'ALARM'],
  ] as const)('that treat missing data as %s see %j as %s', (treatMissing, values, expected) => {
    expect(evaluateAlarm({ ...alarm, treatMissing }, [...values], 'ALARM')).toBe(expected);
  });
});

describe('replication', () => {
  const rule: ReplicationRule = {
    id: 'r',
    source: 'bucket-a',
    sourceRegion: 'eu-west-1',
    destination: 'bucket-b',
    prefix: 'demo/',
    deleteMarkers: false,
  };

  it('leaves out rules with a cut end', () => {
    const faults = new FaultBook();
    const regionOf = () => 'eu-central-1';
    expect(reachable([rule], regionOf, faults)).toEqual([rule]);
    faults.set({ id: 'cut', region: 'eu-central-1', effect: { kind: 'refuse' } });
    expect(reachable([rule], regionOf, faults)).toEqual([]);
    faults.set({ id: 'cut', region: 'eu-central-1', source: 'AKCONTROLLER', effect: { kind: 'refuse' } });
    expect(reachable([rule], regionOf, faults)).toEqual([rule]);
  });
});
