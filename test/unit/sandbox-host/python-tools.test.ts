import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allInstalled, installAirflow, installTools, isInstalled } from '../../../sandbox/host/python-tools.ts';

const repositoryLocks = path.resolve(import.meta.dirname, '../../../python');
let stateRoot: string;

beforeEach(async () => {
  stateRoot = await mkdtemp(path.join(tmpdir(), 'lifeboat-tools-'));
});

afterEach(async () => {
  await rm(stateRoot, { recursive: true, force: true });
});

const options = (python: string) => ({ stateRoot, lockFolder: repositoryLocks, python, progress: () => {} });

async function pretendInstalled(name: string, locks: readonly string[]): Promise<void> {
  const hash = createHash('sha256');
  for (const lock of locks) hash.update(await readFile(path.join(repositoryLocks, lock)));
  await mkdir(path.join(stateRoot, name), { recursive: true });
  await writeFile(path.join(stateRoot, name, 'lifeboat-installed.txt'), hash.digest('hex'));
}

describe('installAirflow', () => {
  it('refuses a version without a lock file', async () => {
    await expect(installAirflow(options('python3'), '1.10.15')).rejects.toMatchObject({
      name: 'InstallError',
      exitCode: 18,
    });
  });

  it('does nothing where the lock is installed', async () => {
    await pretendInstalled('airflow-2.10.3', ['airflow-2.10.3.txt', 'airflow-2.10.3-tests.txt']);

    const environment = await installAirflow(options('/nonexistent/python'), '2.10.3');

    expect(environment.program('airflow')).toBe(path.join(stateRoot, 'airflow-2.10.3', 'bin', 'airflow'));
    expect(await allInstalled(stateRoot, repositoryLocks, '2.10.3')).toBe(false);
  });
});

describe('installTools', () => {
  it('says what failed, shows the output and names a fix', async () => {
    await expect(installTools(options('/nonexistent/python'))).rejects.toMatchObject({
      name: 'InstallError',
      message: expect.stringMatching(/Could not make the environment tools.*nonexistent/s),
      fix: expect.stringContaining('HTTPS_PROXY'),
    });
  });
});

describe('isInstalled', () => {
  it('asks for a new installation when the lock has changed', async () => {
    await pretendInstalled('tools', ['tools.txt']);
    expect(await isInstalled(stateRoot, repositoryLocks, 'tools', ['tools.txt'])).toBe(true);

    const changed = await mkdtemp(path.join(stateRoot, 'locks-'));
    await writeFile(path.join(changed, 'tools.txt'), 'moto==0.0.1\n');

    expect(await isInstalled(stateRoot, changed, 'tools', ['tools.txt'])).toBe(false);
  });
});

describe('the lock files', () => {
  it('name no index, no link and no local path', async () => {
    const files = (await readdir(repositoryLocks)).filter((file) => file.endsWith('.txt'));
    expect(files).toContain('airflow-2.10.3.txt');

    for (const file of files) {
      const text = await readFile(path.join(repositoryLocks, file), 'utf8');
      expect(text).not.toMatch(/^--|:\/\/|^\/|@ file/m);
      expect(
        text
          .trimEnd()
          .split('\n')
          .every((line) => /^[a-zA-Z0-9._-]+(\[[^\]]+\])?==[^ ]+( ; .+)?$/.test(line)),
      ).toBe(true);
    }
  });
});
