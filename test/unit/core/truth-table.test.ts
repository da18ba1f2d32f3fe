import { describe, expect, it } from 'vitest';
import type { Diagnosis, Health } from '../../../lib/contracts/observation.ts';
import { judge } from '../../../lib/core/judge.ts';
import { truthTable } from '../../../lib/core/truth-table.ts';
import {
  at,
  blank,
  cutOffLooks,
  healthyLooks,
  judgeInput,
  type Looks,
  lostLooks,
  regions,
  seen,
  stamp,
  timing,
} from '../../support/core-fixtures.ts';

type Fixture = {
  readonly rule: string;
  readonly looks: Looks;
  readonly from?: readonly string[];
  readonly expected: readonly [Diagnosis, Health];
  readonly says: string;
};

const overdue = { status: 'UPDATING', statusSince: at(-timing.plannedMaxSeconds - 60) };
const stale: Looks = { canary: ['alive', stamp(600)] };

const fixtures: readonly Fixture[] = [
  {
    rule: "the controller's own self is not alive",
    looks: { ...lostLooks, self: ['unreachable'] },
    expected: ['OBSERVER_FAULT', 'unknown'],
    says: 'the controller cannot trust its own eyes in eu-north-1: self was unreachable',
  },
  {
    rule: 'the environment is gone',
    looks: { ...lostLooks, environment: ['gone', { status: 'DELETED' }] },
    expected: ['ENV_GONE', 'unknown'],
    says: 'environment gone: environment was gone (from eu-north-1)',
  },
  {
    rule: 'the environment is planned, within its maximum',
    looks: { ...lostLooks, environment: ['planned', { status: 'UPDATING', statusSince: at(-600) }] },
    expected: ['PLANNED', 'unknown'],
    says: 'environment UPDATING for 10 min, believed for at most 2 h',
  },
  {
    rule: 'the environment is planned past its maximum and the canary is not fresh',
    looks: { ...lostLooks, environment: ['planned', overdue] },
    expected: ['PLANNED_OVERDUE', 'unknown'],
    says: 'environment UPDATING for 2 h, believed for at most 2 h',
  },
  {
    rule: 'canary fresh, heartbeat alive, airflow dead',
    looks: { airflow: ['dead'] },
    expected: ['WEB_SERVER_DOWN', 'degraded'],
    says: 'airflow dead: airflow was dead (from eu-north-1)',
  },
  {
    rule: 'canary fresh, heartbeat alive, airflow unreachable',
    looks: { airflow: ['unreachable'] },
    expected: ['WEB_SERVER_DOWN', 'degraded'],
    says: 'airflow unreachable: airflow was unreachable (from eu-north-1)',
  },
  {
    rule: 'canary fresh, heartbeat alive',
    looks: {},
    expected: ['HEALTHY', 'healthy'],
    says: '12 heartbeats in the newest complete period (2025-03-01T11:57:00.000Z)',
  },
  {
    rule: 'a planned state past its maximum that works is healthy',
    looks: { environment: ['planned', overdue] },
    expected: ['HEALTHY', 'healthy'],
    says: 'canary fresh: newest stamp 30 s old, stale after 4 min (its bucket)',
  },
  {
    rule: 'canary fresh, heartbeat dead',
    looks: { heartbeat: lostLooks.heartbeat ?? ['dead'] },
    expected: ['METRICS_PIPELINE', 'healthy'],
    says: 'work is being done: only metrics are missing',
  },
  {
    rule: 'canary fresh, heartbeat empty',
    looks: { heartbeat: ['dead', { periods: blank() }] },
    expected: ['METRICS_PIPELINE', 'healthy'],
    says: 'no sample of the environment at all in the last 5 complete periods',
  },
  {
    rule: 'canary stale, heartbeat alive',
    looks: stale,
    expected: ['WORKERS_STUCK', 'degraded'],
    says: 'canary stale: newest stamp 10 min old, stale after 4 min (its bucket)',
  },
  {
    rule: 'canary stale, Region alive, heartbeat dead and airflow dead',
    looks: { ...lostLooks, containers: ['unreadable'] },
    expected: ['ENV_DOWN', 'down'],
    says:
      'no heartbeat in 5 of the last 5 complete periods, ' +
      'while the rest of the environment (database, workers) reported 5 samples in them',
  },
  {
    rule: 'canary stale, Region alive, heartbeat dead and environment dead',
    looks: {
      ...lostLooks,
      airflow: ['unreachable'],
      containers: ['unreadable'],
      environment: ['dead', { status: 'UNAVAILABLE' }],
    },
    expected: ['ENV_DOWN', 'down'],
    says: 'environment dead: environment was dead (from eu-north-1)',
  },
  {
    rule: 'canary stale, Region alive, heartbeat dead and containers dead',
    looks: { ...lostLooks, airflow: ['unreachable'] },
    expected: ['ENV_DOWN', 'down'],
    says:
      'no scheduler container sample in 5 of the last 5 complete periods, ' +
      'while the rest of the environment (database, workers) reported 5 samples in them',
  },
  {
    rule: 'canary stale, Region alive, environment dead and no sample at all',
    looks: {
      ...stale,
      heartbeat: ['dead', { periods: blank() }],
      containers: ['dead', { periods: blank() }],
      environment: ['dead'],
      airflow: ['unreachable'],
    },
    expected: ['ENV_DOWN', 'down'],
    says: 'no sample of the environment at all in the last 5 complete periods',
  },
  {
    rule: 'nothing is reachable from two vantages',
    looks: cutOffLooks,
    expected: ['REGION_UNREACHABLE', 'down'],
    says: "nothing in the site's Region can be reached from eu-north-1 and eu-central-1",
  },
  {
    rule: 'nothing is reachable, but only one vantage counts',
    looks: cutOffLooks,
    from: [regions.controller],
    expected: ['PARTITION_SUSPECTED', 'unknown'],
    says:
      "nothing in the site's Region can be reached from eu-north-1, " +
      'and no second vantage confirms it (only one counts)',
  },
  {
    rule: 'the heartbeat is dead, but nothing else is',
    looks: { ...stale, heartbeat: lostLooks.heartbeat ?? ['dead'] },
    expected: ['UNCLEAR', 'unknown'],
    says: 'what was seen fits no diagnosis',
  },
  {
    rule: 'the heartbeat is dead, something else too, but no service of the Region answers',
    looks: { ...lostLooks, region: ['unreadable'] },
    expected: ['UNCLEAR', 'unknown'],
    says: 'region unreadable: region was unreadable',
  },
];

/** The verdict before these: it knows the newest stamp, by which an unreachable bucket is judged. */
const remembered = judge(judgeInput(seen(stale)));

describe('the truth table', () => {
  it.each(fixtures)('$expected.0: $rule', ({ looks, from, expected, says }) => {
    const verdict = judge(judgeInput(seen(looks, from), { previous: { ...remembered, diagnosis: 'HEALTHY' } }));
    expect([verdict.diagnosis, verdict.health]).toEqual(expected);
    expect(verdict.because).toContain(says);
  });

  it('has a fixture for every row', () => {
    const covered = new Set(fixtures.map(({ expected }) => expected[0]));
    expect(truthTable.map(({ diagnosis }) => diagnosis).filter((diagnosis) => !covered.has(diagnosis))).toEqual([]);
  });

  it('suspects a partition when a second vantage still reaches the Region', () => {
    const observations = [...seen(cutOffLooks, [regions.controller]), ...seen(stale, [regions.b])].filter(
      ({ signal, vantage }) => vantage === regions.controller || signal === 'self' || signal === 'region',
    );
    const verdict = judge(judgeInput(observations, { previous: remembered }));
    expect(verdict.diagnosis).toBe('PARTITION_SUSPECTED');
    expect(verdict.because[0]).toContain('eu-north-1, eu-central-1 count');
  });

  it('leaves the airflow signal out when the web server is private', () => {
    const changes = { webServerAccess: 'PRIVATE_ONLY' as const, previous: remembered };
    const unread = { ...cutOffLooks, airflow: ['unreadable'] as const };
    expect(judge(judgeInput(seen(unread), changes)).diagnosis).toBe('REGION_UNREACHABLE');
    expect(judge(judgeInput(seen(unread), { previous: remembered })).diagnosis).toBe('UNCLEAR');
    expect(judge(judgeInput(seen({ airflow: ['unreachable'] }), changes)).diagnosis).toBe('HEALTHY');
  });

  it('names the cause of every signal when it is unclear', () => {
    const denied = Object.keys(healthyLooks).filter((signal) => signal !== 'self');
    const looks = Object.fromEntries(denied.map((signal) => [signal, ['unreadable'] as const]));
    const { because } = judge(judgeInput(seen(looks)));
    for (const signal of denied) expect(because.join('\n')).toContain(`${signal} was unreadable`);
  });
});
