import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../lib/infra/project-root.ts';
import { readPairConfig } from '../../lib/infra/read-config.ts';
import { exampleConfig } from '../support/synthesised.ts';

const folder = mkdtempSync(join(tmpdir(), 'lifeboat-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let written = 0;
const fileWith = (content: unknown): string => {
  written += 1;
  const file = join(folder, `${written}.json`);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
};
const { pair, ...withoutPair } = exampleConfig();

/** A configuration with times that do not go together. */
const times = (timing: Record<string, number>, message: RegExp): [string, unknown, RegExp] => [
  `the times ${JSON.stringify(timing)}`,
  { pair, ...withoutPair, timing },
  message,
];

describe('reading a pair configuration', () => {
  it.each<[string, unknown, RegExp]>([
    ['a missing field', withoutPair, /pair: found nothing, expected string/],
    ['a wrong value', { pair, ...withoutPair, account: 12 }, /account: found 12, expected string/],
    ['a wrong text', { pair: 'Demo', ...withoutPair }, /pair: found "Demo", expected 1 to 20 lower-case letters/],
    ['an unknown word', { pair, ...withoutPair, mode: 'auto' }, /mode: found "auto", expected .*observe.*manual/],
    ['an unknown field', { pair, ...withoutPair, modus: 'x' }, /unknown field modus/],
    [
      'one environment for both sites',
      { pair, ...withoutPair, sites: { a: withoutPair.sites.a, b: withoutPair.sites.a } },
      /sites\.b\.environment: expected another environment than site a, found the same/,
    ],
    ['text that is no JSON', '{', /is no JSON/],
    times({ tickSeconds: 90 }, /timing\.tickSeconds: expected whole minutes \(a multiple of 60\), found 90/),
    times({ tickSeconds: 30 }, /timing\.tickSeconds: expected whole minutes/),
    times({ heartbeatPeriodSeconds: 5 }, /timing\.heartbeatPeriodSeconds: expected whole minutes.*found 5/),
    times({ recoveryPointSeconds: 100 }, /timing\.recoveryPointSeconds: expected whole minutes.*found 100/),
    times({ longestFunctionSeconds: 869 }, /timing\.longestFunctionSeconds: expected at least 870.*found 869/),
    times(
      { canaryStaleSeconds: 120 },
      /timing\.canaryStaleSeconds: expected more than two canaries \(120\), found 120/,
    ),
    times({ deadPeriods: 6 }, /timing\.deadPeriods: expected at most windowPeriods \(5\), found 6/),
  ])('names field, found and expected of %s', (_, content, message) => {
    expect(() => readPairConfig(fileWith(content))).toThrow(message);
  });

  it('names every wrong field at once', () => {
    const file = fileWith({ pair, ...withoutPair, account: 'x', mode: 'auto' });
    expect(() => readPairConfig(file)).toThrow(/account:.*\n.*mode:/);
  });

  it('lets a sandbox have times shorter than AWS can keep, but none that contradict each other', () => {
    const sandbox = (timing: Record<string, number>) =>
      fileWith({ pair, ...withoutPair, sandbox: true, timing: { ...short, ...timing } });
    const short = { tickSeconds: 2, heartbeatPeriodSeconds: 5, recoveryPointSeconds: 20, longestFunctionSeconds: 130 };
    expect(readPairConfig(sandbox({})).timing.tickSeconds).toBe(2);
    expect(() => readPairConfig(sandbox({ canarySeconds: 120 }))).toThrow(/canaryStaleSeconds/);
    expect(() => readPairConfig(sandbox({ windowPeriods: 2 }))).toThrow(/deadPeriods/);
  });

  it('says which file cannot be read', () => {
    expect(() => readPairConfig('/nowhere/pair.json')).toThrow('/nowhere/pair.json cannot be read');
  });

  it('ends the synthesis with exit code 2 and without a stack trace', () => {
    const context = JSON.stringify({ config: fileWith({ pair, ...withoutPair, mode: 'auto' }) });
    const run = spawnSync(process.execPath, ['lib/app.ts'], {
      cwd: projectRoot,
      encoding: 'utf8',
      env: { ...process.env, CDK_CONTEXT_JSON: context },
    });
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/mode: found "auto"/);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });
});
