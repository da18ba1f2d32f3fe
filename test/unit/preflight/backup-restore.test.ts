import { describe, expect, it } from 'vitest';
import type { PairConfig } from '../../../lib/contracts/config.ts';
import type { SiteRecord } from '../../../lib/contracts/control.ts';
import { opId } from '../../support/core-fixtures.ts';
import { type Change, findings, put, some, told } from './examined.ts';
import { at, backupRestore, type PairValues, readySites, type SiteValues, warm } from './fixture.ts';

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
