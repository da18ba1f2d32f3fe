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

describe('reading a pair configuration', () => {
  it.each([
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
  ])('names field, found and expected of %s', (_, content, message) => {
    expect(() => readPairConfig(fileWith(content))).toThrow(message);
  });

  it('names every wrong field at once', () => {
    const file = fileWith({ pair, ...withoutPair, account: 'x', mode: 'auto' });
    expect(() => readPairConfig(file)).toThrow(/account:.*\n.*mode:/);
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
