import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { functionDemands } from '../../../lib/cli/doctor/demands.ts';
import type { Side } from '../../../lib/contracts/ids.ts';
import { allChecks } from '../../../lib/core/preflight/checks.ts';
import type { PreflightReader } from '../../../lib/ports/preflight.ts';
import { pairConfig } from '../../support/pair-config.ts';
import { helperVersion, now, type PairValues, readyPair, readySites, type SiteValues } from '../preflight/fixture.ts';
import { config, PairBench } from './fixture.ts';

/** Eyes that see what the fixture says; `asked` gets the name of each look that is made. */
function eyes(pair: PairValues, site: SiteValues, asked: string[]): PreflightReader {
  const once =
    <L extends keyof PairValues>(look: L) =>
    async () => {
      asked.push(look);
      return pair[look];
    };
  const each =
    <L extends keyof SiteValues>(look: L) =>
    async (side: Side): Promise<SiteValues[L][Side]> => {
      asked.push(`${look}.${side}`);
      return site[look][side];
    };
  return {
    pair: {
      ...{ control: once('control'), table: once('table'), functions: once('functions'), rights: once('rights') },
      ...{ machines: once('machines'), schedules: once('schedules'), topic: once('topic'), clock: once('clock') },
      ...{ manifest: once('manifest'), captured: once('captured') },
    },
    site: {
      ...{ executionRole: each('executionRole'), quota: each('quota'), bucket: each('bucket'), key: each('key') },
      ...{ environment: each('environment'), airflow: each('airflow'), heartbeat: each('heartbeat') },
      ...{ stamp: each('stamp'), replica: each('replica'), dagBucket: each('dagBucket'), network: each('network') },
    },
  };
}

class DoctorBench extends PairBench {
  readonly asked: string[] = [];
  reader = eyes(readyPair(config), readySites(config), this.asked);
  override preflight = async () => ({ reader: this.reader, helperVersion });

  constructor() {
    super();
    this.clock.set(now);
  }

  blind(error: Error): this {
    const quota = () => Promise.reject(error);
    this.reader = { ...this.reader, site: { ...this.reader.site, key: quota } };
    return this;
  }
}

const Document = z.object({
  ready: z.boolean(),
  target: z.string(),
  checks: z.array(z.object({ id: z.string(), title: z.string(), state: z.string() })),
  findings: z.array(z.record(z.string(), z.string())),
});

const count = allChecks(helperVersion).length;

describe('lifeboat doctor', () => {
  it('ends with 0 and one line for each check when the pair is ready', async () => {
    const bench = new DoctorBench();
    expect(await bench.run('doctor')).toBe(0);
    expect(bench.out.at(-1)).toBe('READY     yes');
    expect(bench.stdout).toContain('  ok       key                      both sites have the same key');
    expect(bench.stdout).not.toContain('FINDINGS');
    expect(bench.stderr).toContain(`doctor: ${count} checks, read-only`);
  });

  it('ends with 4 and says cause, fix and runbook of each finding, with the command addressed to the same pair', async () => {
    const bench = new DoctorBench();
    const read = bench.reader.pair.control;
    const control = async () => {
      const found = await read();
      return found && { ...found, control: { ...found.control, acknowledgementOwed: '01jnq0000000000000000000aa' } };
    };
    bench.reader = { ...bench.reader, pair: { ...bench.reader.pair, control } };
    expect(await bench.run('doctor')).toBe(4);
    expect(bench.stdout).toContain('  fail     leftovers');
    expect(bench.out.slice(-5)).toEqual([
      '  fail leftovers: nobody has acknowledged the automatic op 01jnq0000000000000000000aa yet',
      '    cause: until a person has read its report no op begins by itself',
      '    fix:   lifeboat acknowledge 01jnq0000000000000000000aa --sandbox',
      '    see:   runbooks/doctor.md#leftovers',
      'READY     no: 1 wrong',
    ]);
  });

  it('has one stable document under --json', async () => {
    const bench = new DoctorBench();
    expect(await bench.run('doctor', '--json')).toBe(0);
    const document = Document.parse(bench.document());
    expect(document).toMatchObject({ ready: true, target: 'b', findings: [] });
    expect(document.checks).toHaveLength(count);
    expect(document.checks.every(({ state }) => state === 'ok')).toBe(true);
  });

  it('is not ready when a look could not be made, and shows no secret of its error', async () => {
    const bench = new DoctorBench().blind(new Error('denied for https://x.example/?token=hidden secret=hidden'));
    expect(await bench.run('doctor', '--json', '--only', 'key')).toBe(4);
    const { ready, findings } = Document.parse(bench.document());
    expect(ready).toBe(false);
    expect(findings).toMatchObject([
      { id: 'key', level: 'unknown' },
      { id: 'key', level: 'unknown' },
    ]);
    expect(bench.stdout).not.toContain('hidden');
  });

  it('looks only at what the chosen checks need', async () => {
    const bench = new DoctorBench();
    expect(await bench.run('doctor', '--only', 'clock, quota')).toBe(0);
    expect(new Set(bench.asked.map((name) => name.split('.')[0]))).toEqual(
      new Set(['control', 'clock', 'stamp', 'quota', 'environment']),
    );
    expect(bench.out.filter((line) => line.startsWith('  ok'))).toHaveLength(2);
  });

  it('says of how many checks it speaks when some are chosen', async () => {
    const bench = new DoctorBench();
    expect(await bench.run('doctor', '--only', 'clock')).toBe(0);
    expect(bench.out.at(-1)).toBe(`READY     in 1 of ${count} checks: yes`);
  });

  it('is not ready for checks of a pair that was never adopted, whichever are chosen', async () => {
    const bench = new DoctorBench();
    bench.reader = { ...bench.reader, pair: { ...bench.reader.pair, control: async () => null } };
    expect(await bench.run('doctor', '--only', 'leftovers,snapshot')).toBe(4);
    expect(bench.stdout).toContain('fail control-table: no site holds the grant');
  });

  it('names the checks that there are when one does not exist', async () => {
    const bench = new DoctorBench();
    expect(await bench.run('doctor', '--only', 'nonsense')).toBe(2);
    expect(bench.stderr).toMatch(/no check has the id nonsense/);
    expect(bench.stderr).toMatch(/choose of: control-table, functions/);
    expect(bench.asked).toEqual([]);
  });

  it('tells a slow look on stderr', async () => {
    const bench = new DoctorBench();
    const clock = async () => {
      bench.clock.advance(12);
      return { aheadSeconds: 0 };
    };
    bench.reader = { ...bench.reader, pair: { ...bench.reader.pair, clock } };
    await bench.run('doctor', '--only', 'clock');
    expect(bench.stderr).toContain('doctor: clock was read in 12 s');
  });
});

describe('what is asked of IAM', () => {
  it('is every statement of every function, without a wildcard in a name, in the context that its conditions want', () => {
    const demands = functionDemands(pairConfig());
    expect(demands.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['judge-pair', 'accept-command', 'probe-site']),
    );
    const resources = demands.flatMap((one) => one.demands.flatMap((demand) => demand.resources));
    expect(resources.filter((resource) => resource !== '*' && resource.includes('*'))).toEqual([]);
    const judge = demands.find(({ name }) => name === 'judge-pair')?.demands ?? [];
    expect(judge).toContainEqual({
      actions: ['kms:Decrypt'],
      resources: [expect.stringMatching(/:key\/lifeboat-doctor$/), expect.stringMatching(/:key\/lifeboat-doctor$/)],
      context: { 'kms:ResourceAliases': ['alias/lifeboat-demo'] },
    });
  });

  it('asks for less in mode observe, which has fewer functions with fewer rights', () => {
    const [all, few] = [functionDemands(pairConfig()), functionDemands(pairConfig({ mode: 'observe' }))];
    expect(few.length).toBeLessThan(all.length);
    expect(few.map(({ name }) => name)).not.toContain('promote-site');
  });
});
