import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { helperVersionOf } from '../../../lib/adapters/preflight/recovery.ts';
import type { PairConfig } from '../../../lib/contracts/config.ts';
import type { SiteRecord } from '../../../lib/contracts/control.ts';
import { type Check, examine, type Finding, targetOf } from '../../../lib/core/preflight/check.ts';
import { allChecks } from '../../../lib/core/preflight/checks.ts';
import type { LookName } from '../../../lib/core/preflight/facts.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { fence, opId, snapshot } from '../../support/core-fixtures.ts';
import {
  at,
  backupRestore,
  helperVersion,
  looksOf,
  now,
  type PairValues,
  readyPair,
  readySites,
  type SiteValues,
  warm,
} from './fixture.ts';

const checks = allChecks(helperVersion);

type Change = (pair: PairValues, site: SiteValues) => void;

/** Changes one thing of a ready pair and makes all checks. */
function findings(change: Change = () => {}, config: PairConfig = warm, blind: readonly LookName[] = []) {
  const [pair, site] = [structuredClone(readyPair(config)), structuredClone(readySites(config))];
  change(pair, site);
  const looks = looksOf(pair, site, blind);
  const basis = { config, now, target: targetOf(config, looks.pair.control) };
  return checks.flatMap((check) => examine(check, looks, basis).findings);
}

const told = (found: readonly Finding[]) => found.map(({ id, level }) => `${level} ${id}`);

/** The readings are read-only types; tests put other ones in their place. */
const put = <T extends object>(target: T, change: Partial<{ [K in keyof T]: unknown }>): void =>
  void Object.assign(target, change);
const some = <T>(value: T | null): T & object => {
  if (value === null || typeof value !== 'object') throw new Error('the fixture has nothing here');
  return value;
};

describe('a pair that is ready', () => {
  it.each([
    ['a warm standby', warm],
    ['backup-restore, whose other environment does not exist', backupRestore],
    ['mode observe, which neither takes nor copies snapshots', { ...warm, mode: 'observe' as const }],
  ])('has no finding that keeps it from being ready: %s', (_, config) => {
    const found = findings(() => {}, config).filter(({ level }) => level !== 'warning');
    expect(found).toEqual([]);
  });

  it('has nothing to look at either', () => {
    expect(findings()).toEqual([]);
    expect(findings(() => {}, backupRestore)).toEqual([]);
  });
});

const planted: readonly (readonly [string, string, RegExp, Change])[] = [
  ['fail control-table', 'no table', /does not exist in eu-north-1/, (pair) => put(pair, { table: null })],
  [
    'fail control-table',
    'no backups',
    /point-in-time/,
    (pair) => put(some(pair.table), { hasPointInTimeRecovery: false }),
  ],
  ['fail control-table', 'no protection', /can be deleted/, (pair) => put(some(pair.table), { isProtected: false })],
  [
    'fail functions',
    'a function that is missing',
    /judge-pair in eu-north-1 does not exist/,
    (pair) => put(pair, { functions: [{ name: 'judge-pair', region: 'eu-north-1', deployed: null }] }),
  ],
  [
    'fail functions',
    'another configuration',
    /differs in mode, timing.tickSeconds/,
    (pair) =>
      put(pair, {
        functions: [
          { name: 'judge-pair', region: 'x', deployed: { roleArn: 'r', differs: ['mode', 'timing.tickSeconds'] } },
        ],
      }),
  ],
  [
    'unknown functions',
    'a configuration that cannot be read',
    /cannot be read/,
    (pair) =>
      put(pair, { functions: [{ name: 'judge-pair', region: 'x', deployed: { roleArn: 'r', differs: null } }] }),
  ],
  [
    'fail state-machines',
    'an older definition',
    /another version/,
    (pair) => put(some(pair.machines[2] ?? null), { isCurrent: false }),
  ],
  [
    'fail schedules',
    'a disabled schedule',
    /is disabled/,
    (pair) => put(some(pair.schedules[0] ?? null), { isEnabled: false }),
  ],
  [
    'fail schedules',
    'a watch that is silent',
    /newest tick of watch is 17 min old/,
    (pair) => put(some(pair.control).ticks, { watch: { tickAt: at(-1000), finishedAt: null } }),
  ],
  [
    'fail notifications',
    'an address that has not confirmed',
    /ops@example.com has not confirmed/,
    (pair) => put(some(pair.topic), { pending: ['ops@example.com'] }),
  ],
  [
    'warning notifications',
    'nobody who listens',
    /nobody is subscribed/,
    (pair) => put(some(pair.topic), { confirmed: 0 }),
  ],
  [
    'fail function-roles',
    'a role without a permission',
    /begin-op may not states:StartExecution on arn:x/,
    (pair) =>
      put(pair.rights, {
        missing: [
          {
            who: 'begin-op',
            roleArn: 'arn:role',
            action: 'states:StartExecution',
            resource: 'arn:x',
            decision: 'implicitDeny',
          },
        ],
      }),
  ],
  ['fail execution-roles', 'a role that is gone', /does not exist/, (_, site) => put(site.executionRole, { b: null })],
  [
    'fail execution-roles',
    'a role that MWAA may not assume',
    /airflow-env.amazonaws.com may not assume/,
    (_, site) => put(some(site.executionRole.b), { notTrusted: ['airflow-env.amazonaws.com'] }),
  ],
  [
    'fail site-buckets',
    'a bucket without versioning',
    /keeps no versions/,
    (_, site) => put(some(site.bucket.b), { isVersioned: false }),
  ],
  [
    'fail site-buckets',
    'a bucket of another Region',
    /lies in us-east-1/,
    (_, site) => put(some(site.bucket.b), { region: 'us-east-1' }),
  ],
  [
    'fail replication',
    'replication that is off',
    /does not replicate demo\//,
    (_, site) => put(some(site.bucket.a), { rules: [] }),
  ],
  [
    'fail replication',
    'a rule that copies nothing',
    /its replica in lifeboat-demo-123456789012-eu-central-1 is 10 min old/,
    (_, site) => put(some(site.replica.a), { at: at(-600) }),
  ],
  ['fail key', 'no alias', /does not exist in eu-central-1/, (_, site) => put(site.key, { b: null })],
  [
    'fail key',
    'two keys',
    /points to mrk-0+ in eu-west-1 and to mrk-1 in eu-central-1/,
    (_, site) => {
      put(some(site.key.b), { keyId: 'mrk-1' });
      put(some(site.bucket.b), { keyId: 'mrk-1' });
    },
  ],
  [
    'fail key',
    'a key of one Region',
    /no multi-Region key/,
    (_, site) => put(some(site.key.b), { isMultiRegion: false }),
  ],
  [
    'fail key',
    'a key that does not open',
    /does not open in eu-central-1/,
    (_, site) => put(some(site.key.b), { notOpened: 'IncorrectKeyException' }),
  ],
  [
    'fail key',
    'a bucket with another key',
    /encrypts with mrk-2/,
    (_, site) => put(some(site.bucket.a), { keyId: 'mrk-2' }),
  ],
  [
    'fail environments',
    'an environment that is UPDATING',
    /is UPDATING/,
    (_, site) => put(some(site.environment.b), { status: 'UPDATING' }),
  ],
  [
    'fail environments',
    'another DAG bucket',
    /sites.b.dagBucket/,
    (_, site) => put(some(site.environment.b), { sourceBucket: 'x' }),
  ],
  [
    'warning environments',
    'an unhealthy scheduler',
    /scheduler of environment demo-b/,
    (_, site) => put(some(site.airflow.b), { scheduler: 'unhealthy' }),
  ],
  [
    'fail airflow-versions',
    'unlike versions',
    /site a runs Airflow 2.10.3, site b 2.10.1/,
    (_, site) => put(some(site.environment.b), { airflowVersion: '2.10.1' }),
  ],
  [
    'fail airflow-versions',
    'a snapshot with two heads',
    /names 2 migrations/,
    (pair) => put(some(pair.control), { snapshots: [snapshot({ snapshotAt: at(-600), alembicHeads: ['x', 'y'] })] }),
  ],
  [
    'fail paused-at-creation',
    'DAGs that come up open',
    /new DAGs come up open/,
    (_, site) => put(some(site.environment.b), { opensNewDags: true }),
  ],
  [
    'fail heartbeat-metric',
    'a filtered heartbeat',
    /site b does not publish/,
    (_, site) => put(some(site.environment.b), { hidesHeartbeat: ['metrics.metrics_block_list'] }),
  ],
  [
    'fail helper-dags',
    'helpers that are missing',
    /does not know lifeboat_canary/,
    (_, site) => put(some(site.airflow.b), { helpers: [] }),
  ],
  [
    'fail helper-dags',
    'a paused export',
    /lifeboat_export is paused/,
    (_, site) => put(some(some(site.airflow.a).helpers[1] ?? null), { isPaused: true }),
  ],
  [
    'fail helper-dags',
    'older helpers',
    /version 0.0.9, this is 0.1.0/,
    (_, site) => put(some(site.stamp.b), { helperVersion: '0.0.9' }),
  ],
  [
    'fail helper-dags',
    'helpers that say no version',
    /do not say their version/,
    (_, site) => put(some(site.stamp.b), { helperVersion: null }),
  ],
  ['fail canary', 'a canary that never stamped', /never stamped/, (_, site) => put(site.stamp, { b: null })],
  [
    'fail canary',
    'a canary that stopped',
    /newest stamp of site a is 10 min old/,
    (_, site) => {
      put(some(site.stamp.a), { at: at(-600), storedAt: at(-599) });
      put(some(site.replica.a), { versionId: 'stamp-a' });
    },
  ],
  [
    'fail canary',
    'a paused canary',
    /lifeboat_canary is paused on site b/,
    (_, site) => put(some(some(site.airflow.b).helpers[0] ?? null), { isPaused: true }),
  ],
  [
    'fail heartbeat-period',
    'a heartbeat each five minutes',
    /every 5 min, and it is looked for every 60 s/,
    (_, site) => put(some(site.heartbeat.a), { usualSeconds: 300, empty: 8000 }),
  ],
  [
    'fail heartbeat-period',
    'no heartbeat in a week',
    /no heartbeat of site a/,
    (_, site) => put(some(site.heartbeat.a), { periods: 0 }),
  ],
  [
    'warning heartbeat-period',
    'a long gap',
    /worst gap in the heartbeat of site a was 4 min/,
    (_, site) => put(some(site.heartbeat.a), { worstGapSeconds: 240 }),
  ],
  ['fail snapshot', 'no snapshot', /UNPROTECTED/, (pair) => put(some(pair.control), { snapshots: [] })],
  [
    'fail snapshot',
    'an old snapshot',
    /newest snapshot verified for site b is 2 h old/,
    (pair) => put(some(pair.control), { snapshots: [snapshot({ snapshotAt: at(-7200) })] }),
  ],
  [
    'warning captured-configuration',
    'a foreign copy',
    /is not the one that was captured/,
    (pair) => put(some(pair.captured), { sha256: 'other' }),
  ],
  ['warning captured-configuration', 'no copy', /has no copy/, (pair) => put(pair, { captured: null })],
  [
    'fail dag-bucket',
    'no DAG bucket',
    /demo-b-dags of site b does not exist/,
    (_, site) => put(site.dagBucket, { b: null }),
  ],
  [
    'fail dag-bucket',
    'a version that is missing',
    /plugins.zip \(plugins\) in another version than the environment of site b names/,
    (_, site) =>
      put(some(site.dagBucket.b), {
        missing: [{ kind: 'plugins', key: 'plugins.zip', version: 'v', what: 'version' }],
      }),
  ],
  [
    'warning quota',
    'a full quota',
    /10 environments and its quota is 10/,
    (_, site) => put(site.quota.b, { used: 10 }),
  ],
  [
    'fail leftovers',
    'a held op',
    /is held/,
    (pair) => {
      put(some(pair.control).control, { op: opId });
      put(some(pair.control), { needs: 'look at site a' });
    },
  ],
  [
    'fail leftovers',
    'a pause',
    /is paused until/,
    (pair) => put(some(pair.control).control, { pausedUntil: at(60), pauseReason: 'x' }),
  ],
  [
    'fail leftovers',
    'an acknowledgement that is owed',
    /has acknowledged/,
    (pair) => put(some(pair.control).control, { acknowledgementOwed: opId }),
  ],
  [
    'fail leftovers',
    'a fence',
    /site b is fenced since epoch 1/,
    (pair) => put(some(pair.control), { fences: [fence({ side: 'b', epoch: 1 })] }),
  ],
  ['fail clock', 'a wrong clock', /60 s behind AWS/, (pair) => put(pair, { clock: { aheadSeconds: 60 } })],
  [
    'fail clock',
    'a worker with a wrong clock',
    /and S3 got it at/,
    (_, site) => put(some(site.stamp.a), { storedAt: at(60) }),
  ],
];

describe('a check', () => {
  it.each(planted)('finds %s: %s', (expected, _, found, change) => {
    const seen = findings(change);
    expect(told(seen)).toEqual([expected]);
    expect(seen[0]?.found).toMatch(found);
    expect([seen[0]?.cause, seen[0]?.fix].every((text) => (text ?? '').length > 10)).toBe(true);
    expect(seen[0]?.runbook).toBe(`runbooks/doctor.md#${expected.split(' ')[1]}`);
  });

  it('finds that a pair was never adopted, and nothing that follows from it', () => {
    expect(told(findings((pair) => put(pair, { control: null, manifest: null, captured: null })))).toEqual([
      'fail control-table',
    ]);
  });

  it.each([
    [{ installed: true, version: '1' }, []],
    [null, ['fail standby-gate']],
  ])('asks for the gate on both sites only while a DAG opens itself: gate %o', (gate, expected) => {
    const found = findings((pair, site) => {
      put(some(pair.manifest), { openedUponCreation: ['opens_itself'] });
      put(some(site.stamp.a), { gate: { installed: true, version: '1' } });
      put(some(site.stamp.b), { gate });
    });
    expect(told(found)).toEqual(expected);
  });

  it('knows the days on which support ends, by the day that it is told', () => {
    const ended: Change = (_, site) => {
      for (const side of ['a', 'b'] as const) put(some(site.environment[side]), { airflowVersion: '2.6.3' });
    };
    const old: Change = (pair, site) => {
      ended(pair, site);
      put(some(pair.control), { snapshots: [snapshot({ snapshotAt: at(-600), airflowVersion: '2.6.3' })] });
    };
    // The fixtures' day is in March 2025, 304 days before the end of 2.6.3.
    expect(told(findings(old))).toEqual([]);
    const late = new Date('2025-12-31T00:00:00Z');
    const judged = (config: PairConfig) => {
      const [pair, site] = [structuredClone(readyPair(config)), structuredClone(readySites(config))];
      put(some(site.environment.a), { airflowVersion: '2.6.3' });
      const check = checks.find(({ id }) => id === 'end-of-support');
      if (!check) throw new Error('there is no such check');
      return examine(check, looksOf(pair, site), { config, now: late, target: 'b' }).findings;
    };
    expect(told(judged(warm))).toEqual(['warning end-of-support']);
    expect(told(judged(backupRestore))).toEqual(['fail end-of-support']);
  });

  it('takes a Region of the controller that is also that of the active site for UNPROTECTED', () => {
    const shared = { ...warm, controllerRegion: 'eu-west-1' };
    expect(findings(() => {}, shared).find(({ id }) => id === 'mode')).toMatchObject({
      level: 'fail',
      cause: expect.stringContaining('UNPROTECTED'),
    });
    expect(findings(() => {}, { ...warm, controllerRegion: 'eu-central-1' })).toMatchObject([
      { id: 'mode', level: 'warning' },
    ]);
  });
});

describe('with backup-restore', () => {
  it.each([
    ['fail quota', (_: PairValues, site: SiteValues) => put(site.quota.b, { used: 10 })],
    ['unknown quota', (_: PairValues, site: SiteValues) => put(site.quota.b, { limit: null })],
    ['fail captured-configuration', (pair: PairValues) => put(pair, { captured: null })],
    ['fail helper-dags', (_: PairValues, site: SiteValues) => put(some(site.dagBucket.b), { helperVersion: null })],
    [
      'warning dag-bucket',
      (_: PairValues, site: SiteValues) =>
        put(some(site.dagBucket.b), { missing: [{ kind: 'plugins', key: 'p', version: 'v', what: 'version' }] }),
    ],
    [
      'fail network',
      (_: PairValues, site: SiteValues) => put(some(some(site.network.b).subnets[0] ?? null), { found: null }),
    ],
    [
      'fail network',
      (_: PairValues, site: SiteValues) =>
        put(some(some(site.network.b).subnets[0] ?? null), { found: { zone: 'y', freeAddresses: 100, vpc: 'vpc' } }),
    ],
    [
      'fail network',
      (_: PairValues, site: SiteValues) =>
        put(some(some(site.network.b).subnets[0] ?? null), { found: { zone: 'x', freeAddresses: 2, vpc: 'vpc' } }),
    ],
    [
      'fail network',
      (_: PairValues, site: SiteValues) => put(some(some(site.network.b).groups[0] ?? null), { vpc: 'other' }),
    ],
    [
      'fail captured-configuration',
      (pair: PairValues) => put(some(pair.captured), { objections: ['KmsKey: the environment has a key of its own'] }),
    ],
  ])('finds %s', (expected, change) => {
    expect(told(findings(change, backupRestore))).toEqual([expected]);
  });

  const record = (changes: Partial<SiteRecord> = {}): SiteRecord => ({
    ...{ side: 'b', environment: 'demo-b', region: 'eu-central-1', state: 'prepared', op: opId, requestSha256: 'sha' },
    ...{ passedOver: [], keptBecause: null, failedAt: null, askedAt: at(-60) },
    ...changes,
  });
  const there = (site: SiteValues, change: object = {}) =>
    put(site.environment, { b: { ...some(readySites(warm).environment.b), ...change } });
  const ofCheck = (id: string, change: Change, config: PairConfig = backupRestore) =>
    findings(change, config)
      .filter((one) => one.id === id)
      .map(({ level }) => level);

  it('fails when the name of the target is taken by what was not made for this pair', () => {
    const taken: Change = (_, site) => there(site);
    expect(ofCheck('target-name', taken)).toEqual(['fail']);
    expect(ofCheck('target-name', taken, warm)).toEqual([]);
    const tagged = { madeFor: { pair: 'demo', site: 'b' } };
    expect(ofCheck('target-name', (_, site) => there(site, tagged))).toEqual([]);
    const ofOther = { madeFor: { pair: 'other', site: 'b' } };
    expect(ofCheck('target-name', (_, site) => there(site, ofOther))).toEqual(['fail']);
    const recorded = (state: SiteRecord['state']) =>
      ofCheck('target-name', (pair, site) => {
        taken(pair, site);
        put(some(pair.control), { sites: [record({ state })] });
      });
    expect(recorded('prepared')).toEqual([]);
    expect(recorded('gone')).toEqual(['fail']);
  });

  it('lets the home site’s own environment have its name', () => {
    const moved: Change = (pair, site) => {
      there(site);
      put(some(pair.control).grant, { holder: 'b' });
    };
    expect(ofCheck('target-name', moved)).toEqual([]);
  });

  it.each<[Partial<SiteRecord>, string[]]>([
    [{ environment: 'demo-b' }, []],
    [{ environment: 'demo-b-5' }, []],
    [{ environment: 'demo-b-6' }, ['fail']],
    [{ environment: 'older', state: 'in-use' }, ['fail']],
    [{ environment: 'older', state: 'gone' }, []],
  ])('knows a recorded environment only by a name that ops may give: %o', (changes, expected) => {
    const change: Change = (pair) => put(some(pair.control), { sites: [record(changes)] });
    expect(ofCheck('recorded-names', change)).toEqual(expected);
  });

  it('needs room for one more environment only while the target has none', () => {
    const full: Change = (_, site) => {
      there(site);
      put(site.quota.b, { used: 10 });
    };
    expect(ofCheck('quota', full)).toEqual(['warning']);
    const unknown: Change = (_, site) => {
      there(site);
      put(site.quota.b, { limit: null });
    };
    expect(ofCheck('quota', unknown)).toEqual(['warning']);
  });

  it.each([
    ['plugins', ['fail']],
    ['requirements', []],
  ])('wants the gate’s plugins in the bucket that the target would be made from: %s missing', (kind, expected) => {
    const change: Change = (pair, site) => {
      put(some(pair.manifest), { openedUponCreation: ['opens_itself'] });
      put(some(site.stamp.a), { gate: { installed: true, version: '1' } });
      put(some(site.dagBucket.b), { missing: [{ kind, key: 'p', version: 'v', what: 'version' }] });
    };
    expect(ofCheck('standby-gate', change)).toEqual(expected);
  });

  it('misses the environment of the active site all the same', () => {
    expect(told(findings((_, site) => put(site.environment, { a: null }), backupRestore))).toContain(
      'fail environments',
    );
  });
});

describe('a look that could not be made', () => {
  /** Looks whose absence changes nothing on a pair that is ready: they are read only when something else asks for them. */
  const onlyWhenAsked: Readonly<Record<string, readonly LookName[]>> = {
    'end-of-support': ['captured'],
    'standby-gate': ['stamp', 'environment', 'dagBucket'],
    'helper-dags': ['dagBucket'],
    'captured-configuration': ['environment'],
    'target-name': ['control', 'environment'],
    quota: ['environment'],
  };

  const cases = checks.flatMap((check) =>
    check.needs
      .filter((look) => !onlyWhenAsked[check.id]?.includes(look))
      .map((look): [string, LookName, Check] => [check.id, look, check]),
  );

  it.each(cases)('is unknown and so not ready: %s without %s', (id, look) => {
    const found = findings(() => {}, warm, [look]).filter((one) => one.id === id);
    expect(found.map(({ level }) => level)).toContain('unknown');
    expect(found.find(({ level }) => level === 'unknown')).toMatchObject({
      cause: 'AccessDenied: not allowed',
      fix: expect.stringContaining('docs/doctor.md, Permissions'),
    });
  });

  it('is told once for each thing, however often a check needs it', () => {
    const found = findings(() => {}, warm, ['bucket']).filter(({ id }) => id === 'replication');
    expect(found).toHaveLength(2);
  });
});

describe('the table of checks', () => {
  it('has ids that are unique and end up in the runbook', () => {
    const ids = checks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const runbook = readFileSync(new URL('../../../runbooks/doctor.md', import.meta.url), 'utf8');
    for (const id of ids) expect(runbook).toContain(`\n### ${id}\n`);
    expect([...runbook.matchAll(/^### (.+)$/gm)].map(([, id]) => id).sort()).toEqual(ids.toSorted());
  });

  it('compares with a version of the helpers that is that of the package', () => {
    const source = readFileSync(new URL('../../../dags/mwaa_lifeboat/engine/export.py', import.meta.url), 'utf8');
    expect(helperVersionOf(source)).toBe(packageJson.version);
  });
});
