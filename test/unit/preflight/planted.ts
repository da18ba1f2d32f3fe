import { fence, opId, snapshot } from '../../support/core-fixtures.ts';
import { type Change, put, some } from './examined.ts';
import { at } from './fixture.ts';

/** One thing that is wrong at a time: what is found, how it is called, its words, and how it is planted. */
export const planted: readonly (readonly [string, string, RegExp, Change])[] = [
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
