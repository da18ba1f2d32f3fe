import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { helperVersionOf } from '../../../lib/adapters/preflight/recovery.ts';
import type { PairConfig } from '../../../lib/contracts/config.ts';
import { type Check, examine } from '../../../lib/core/preflight/check.ts';
import type { LookName } from '../../../lib/core/preflight/facts.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { snapshot } from '../../support/core-fixtures.ts';
import { type Change, checks, findings, put, some, told } from './examined.ts';
import { at, backupRestore, looksOf, readyPair, readySites, warm } from './fixture.ts';
import { planted } from './planted.ts';

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
