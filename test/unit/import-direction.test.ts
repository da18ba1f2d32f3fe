import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = path.dirname(path.dirname(import.meta.dirname));
const biome = path.join(root, 'node_modules', '.bin', 'biome');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lifeboat-lint-'));
  const configuration = JSON.parse(readFileSync(path.join(root, 'biome.json'), 'utf8'));
  // The rules are those of this repository; that they look at git is not what is tested.
  writeFileSync(path.join(folder, 'biome.json'), JSON.stringify({ ...configuration, vcs: { enabled: false } }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Lints a planted file under the repository's rules; returns what the linter says. */
function lint(file: string, source: string): { ok: boolean; said: string } {
  const planted = path.join(folder, file);
  mkdirSync(path.dirname(planted), { recursive: true });
  writeFileSync(planted, source);
  const run = spawnSync(biome, ['lint', file], { cwd: folder, encoding: 'utf8' });
  return { ok: run.status === 0, said: `${run.stdout}${run.stderr}` };
}

const importing = (what: string) => `import * as planted from '${what}';\nexport const used = planted;\n`;

test.each([
  ['lib/core/planted.ts', '../steps/step.ts'],
  ['lib/core/planted.ts', '../ports/world.ts'],
  ['lib/core/planted.ts', 'node:fs'],
  ['lib/core/planted.ts', '@aws-sdk/client-s3'],
  ['lib/contracts/planted.ts', '../core/judge.ts'],
  ['lib/ports/planted.ts', '../adapters/aws-clients.ts'],
  ['lib/steps/planted.ts', '../adapters/aws-clients.ts'],
  ['lib/adapters/planted.ts', '../steps/step.ts'],
  ['lib/adapters/planted.ts', 'aws-cdk-lib'],
  ['lib/infra/planted.ts', '../adapters/aws-clients.ts'],
  ['lib/cli/planted.ts', 'aws-cdk-lib'],
  ['functions/planted/handler.ts', 'aws-cdk-lib'],
  ['lib/steps/planted.ts', '../../functions/judge-pair/handler.ts'],
  ['sandbox/planted.ts', '../test/run.ts'],
])('refuses that %s imports %s', (file, what) => {
  const { ok, said } = lint(file, importing(what));
  expect(said).toContain('noRestrictedImports');
  expect(ok).toBe(false);
});

test.each([
  ['lib/core/planted.ts', './judge.ts'],
  ['lib/steps/planted.ts', '../core/judge.ts'],
  ['functions/planted/handler.ts', '../../lib/adapters/aws-clients.ts'],
  ['sandbox/planted.ts', '../lib/adapters/aws-clients.ts'],
])('lets %s import %s', (file, what) => {
  const { said } = lint(file, importing(what));
  expect(said).not.toContain('noRestrictedImports');
});

test('runs on the Node version that Lambda will run', () => {
  expect(process.version).toMatch(/^v24\./);
});
