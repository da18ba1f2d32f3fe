import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Runs the sandbox's command line; its exit code and what it wrote on stderr. */
const sandbox = (...words: string[]): Promise<{ code: unknown; stderr: string }> =>
  new Promise((done) => {
    execFile(process.execPath, ['sandbox/main.ts', ...words], { cwd: root, timeout: 30_000 }, (error, _, stderr) =>
      done({ code: error?.code ?? 0, stderr }),
    );
  });

describe('a wrong command line of the sandbox', () => {
  it.each([
    [['status', '--no-such-option'], 'npm run sandbox -- status --help'],
    [['break', 'everything'], 'npm run sandbox -- break --help'],
    [['flyover'], 'npm run sandbox -- --help'],
  ])('%j ends with 2 and names the help to read', { timeout: 40_000 }, async (words, fix) => {
    const { code, stderr } = await sandbox(...words);
    expect(code).toBe(2);
    expect(stderr).toContain(`Fix: ${fix}\n`);
  });
});
