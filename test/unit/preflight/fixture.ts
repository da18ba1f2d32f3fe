import type { PairConfig } from '../../../lib/contracts/config.ts';
import type { Side } from '../../../lib/contracts/ids.ts';
import { namesOf } from '../../../lib/contracts/names.ts';
import type { LookName, Looks, PairLooks, Seen, SiteLooks } from '../../../lib/core/preflight/facts.ts';
import { at, control, grant, now, snapshot } from '../../support/core-fixtures.ts';
import { pairConfig, siteConfig } from '../../support/pair-config.ts';

export const helperVersion = '0.1.0';
export { at, now };

const network = { subnetIds: ['subnet-1', 'subnet-2'], securityGroupIds: ['sg-1'] };
export const warm = pairConfig();
export const backupRestore: PairConfig = pairConfig({
  strategy: 'backup-restore',
  sites: {
    a: siteConfig('eu-west-1', 'demo-a'),
    b: { ...siteConfig('eu-central-1', 'demo-b'), create: network },
  },
});

export type PairValues = { [L in keyof PairLooks]: PairLooks[L] };
export type SiteValues = { [L in keyof SiteLooks]: Record<Side, SiteLooks[L]> };

const keyId = 'mrk-00000000000000000000000000000000';
const both = <T>(of: (side: Side) => T): Record<Side, T> => ({ a: of('a'), b: of('b') });
const helpers = ['lifeboat_canary', 'lifeboat_export', 'lifeboat_import', 'lifeboat_promote'];

/** What is seen of a pair that is ready. */
export function readyPair(config: PairConfig): PairValues {
  const names = namesOf(config);
  return {
    control: {
      control: control({ mode: 'automatic' }),
      grant: grant(),
      fences: [],
      snapshots: [snapshot({ snapshotAt: at(-600) })],
      sites: [],
      captured: { a: { side: 'a', at: at(-60), sha256: 'now', previousSha256: 'before' }, b: null },
      ticks: { watch: { tickAt: at(-30), finishedAt: null }, protect: { tickAt: at(-600), finishedAt: at(-500) } },
      needs: null,
    },
    table: { hasPointInTimeRecovery: true, isProtected: true },
    functions: [{ name: 'judge-pair', region: 'eu-north-1', deployed: { roleArn: 'arn:role', differs: [] } }],
    rights: { asked: 300, missing: [] },
    machines: ['watch', 'protect', 'failover'].map((name) => ({
      name: names.stateMachineName(name),
      exists: true,
      isActive: true,
      isCurrent: true,
    })),
    schedules: ['watch', 'protect'].map((name) => ({
      name: names.stateMachineName(name),
      exists: true,
      isEnabled: true,
    })),
    topic: { confirmed: 1, pending: [] },
    clock: { aheadSeconds: 1 },
    manifest: { snapshotId: '000001-one', openedUponCreation: [] },
    captured: { of: 'a', sha256: 'now', airflowVersion: '2.10.3', objections: [] },
  };
}

/** What is seen of its two sites; with backup-restore there is no environment of site b. */
export function readySites(config: PairConfig): SiteValues {
  const names = namesOf(config);
  const other = { a: 'b', b: 'a' } as const;
  const there = <T>(side: Side, value: T): T | null =>
    config.strategy === 'backup-restore' && side === 'b' ? null : value;
  return {
    executionRole: both(() => ({ notTrusted: [], missing: [] })),
    quota: both(() => ({ limit: 10, used: 1 })),
    bucket: both((side) => ({
      region: config.sites[side].region,
      isVersioned: true,
      keyId,
      rules: [{ isEnabled: true, prefix: 'demo/', destination: names.siteBucket(other[side]) }],
    })),
    key: both(() => ({ keyId, isMultiRegion: true, isEnabled: true, notOpened: null })),
    environment: both((side) =>
      there(side, {
        name: config.sites[side].environment,
        status: 'AVAILABLE',
        airflowVersion: '2.10.3',
        webServerAccess: 'PUBLIC_ONLY',
        sourceBucket: config.sites[side].dagBucket,
        executionRoleArn: config.sites[side].executionRoleArn,
        dagPath: 'dags',
        objects: [],
        hidesHeartbeat: [],
        opensNewDags: false,
        madeFor: { pair: null, site: null },
      }),
    ),
    airflow: both((side) =>
      there(side, {
        helpers: helpers.map((dagId) => ({ dagId, isPaused: false, isActive: true })),
        scheduler: 'healthy',
      }),
    ),
    heartbeat: both((side) =>
      there(side, { periodSeconds: 60, periods: 10_080, empty: 3, usualSeconds: 60, worstGapSeconds: 60 }),
    ),
    stamp: both((side) =>
      there(side, {
        at: at(-30),
        mode: side === 'a' ? 'active' : 'standby',
        isPaused: false,
        helperVersion,
        gate: null,
        storedAt: at(-29),
        versionId: `stamp-${side}`,
      }),
    ),
    replica: both((side) => there(side, { at: at(-90), versionId: 'older' })),
    dagBucket: both(() => ({ isVersioned: true, helperVersion, missing: [] })),
    network: both((side) =>
      config.sites[side].create === undefined
        ? null
        : {
            subnets: [
              { id: 'subnet-1', found: { zone: 'x', freeAddresses: 100, vpc: 'vpc' } },
              { id: 'subnet-2', found: { zone: 'y', freeAddresses: 100, vpc: 'vpc' } },
            ],
            groups: [{ id: 'sg-1', vpc: 'vpc' }],
          },
    ),
  };
}

const notSeen = { seen: false, why: 'AccessDenied: not allowed', isDenied: true } as const;

/** The values as looks; those in `blind` could not be made. */
export function looksOf(pair: PairValues, site: SiteValues, blind: readonly LookName[] = []): Looks {
  const seen = <T>(name: string, value: T): Seen<T> =>
    blind.some((one) => one === name) ? notSeen : { seen: true, value };
  return {
    pair: Object.fromEntries(Object.entries(pair).map(([name, value]) => [name, seen<unknown>(name, value)])),
    site: Object.fromEntries(
      Object.entries(site).map(([name, { a, b }]) => [name, { a: seen<unknown>(name, a), b: seen<unknown>(name, b) }]),
    ),
  };
}
