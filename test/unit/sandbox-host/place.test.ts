import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive, projectRoot, refuseIfUp, sandboxPlace } from '../../../sandbox/place.ts';

describe('a sandbox of a name that is in use', () => {
  const server = createServer((_, reply) => reply.end());
  let root: string;
  let endpoint: string;
  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'lifeboat-place-'));
    await mkdir(path.join(root, '.lifeboat', 'sandbox', 'demo'), { recursive: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  });
  afterAll(async () => {
    server.close();
    await rm(root, { recursive: true });
  });
  const write = (state: { pid: number; endpoint: string }) =>
    writeFile(
      path.join(root, '.lifeboat', 'sandbox', 'demo', 'state.json'),
      JSON.stringify({ configFile: 'pair.json', accessKeyId: 'AKCLI', secretAccessKey: 's', ...state }),
    );
  const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;

  it('is not started again, and says how to go on', async () => {
    await write({ pid: process.pid, endpoint });
    await expect(refuseIfUp('demo', root)).rejects.toMatchObject({
      name: 'AlreadyUpError',
      message: expect.stringContaining('sandbox demo is already up'),
      fix: expect.stringContaining('npm run sandbox -- down --name demo'),
      exitCode: 20,
    });
  });

  it('is started where a dead one left its state file, whatever answers at its address', async () => {
    await write({ pid: deadPid(), endpoint });
    await refuseIfUp('demo', root);
  });

  it('is started where nothing answers, whoever has the number of the process now', async () => {
    await write({ pid: process.pid, endpoint: 'http://127.0.0.1:9' });
    await refuseIfUp('demo', root);
  });

  it('knows a process that runs from one that has ended', () => {
    expect([isAlive(process.pid), isAlive(1), isAlive(deadPid())]).toEqual([true, true, false]);
  });
});

describe('the name of a sandbox', () => {
  // Harmless where it is believed: it leads to a folder that does not exist.
  const leadsOut = '../nowhere';

  it('is the name of a folder below the state folder, never a way out of it', () => {
    expect(path.relative(projectRoot, sandboxPlace('demo').stateDir)).toBe('.lifeboat/sandbox/demo');
    for (const name of [leadsOut, '..', '.', '', '/tmp', 'a/b', 'Demo', '-demo']) {
      expect(() => sandboxPlace(name)).toThrow(/lower-case letters/);
    }
  });

  it.each([['demo'], ['up'], ['down'], ['status'], ['break', 'nothing']])('is refused by %s', async (...words) => {
    const args = [path.join(projectRoot, 'sandbox', 'main.ts'), ...words, '--name', leadsOut];
    const { code, said } = await new Promise<{ code: unknown; said: string }>((resolve) => {
      execFile(process.execPath, args, { cwd: projectRoot, timeout: 30_000 }, (error, stdout, stderr) => {
        resolve({ code: error?.code ?? 0, said: stdout + stderr });
      });
    });
    expect(said).toMatch(/--name.*expected up to 40 lower-case letters, digits and hyphens, found \.\.\/nowhere/);
    expect(code).toBe(2);
  });
});
