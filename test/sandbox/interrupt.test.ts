import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { findTagged } from '../../sandbox/host/tagged-processes.ts';
import { projectRoot, sandboxPlace } from '../../sandbox/place.ts';

/** Runs the sandbox's own program; `onLine` may interrupt it. Resolves with its exit code and all it said. */
function runSandbox(args: readonly string[], onLine: (line: string, interrupt: () => void) => void = () => undefined) {
  return new Promise<{ code: number | null; said: string }>((resolve) => {
    const child = spawn(process.execPath, [path.join(projectRoot, 'sandbox', 'main.ts'), ...args], {
      cwd: projectRoot,
    });
    let said = '';
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      onLine(chunk.toString(), () => child.kill('SIGINT'));
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', (code) => resolve({ code, said }));
  });
}

describe('the sandbox as a program', () => {
  const name = 'test-interrupt';
  const { id, stateDir, stateFile } = sandboxPlace(name);

  test.each([
    ['while it starts', 'synthesising'],
    ['while Airflow starts', 'is CREATING'],
  ])('leaves no process behind when Ctrl-C comes %s', async (_when, sign) => {
    const { code, said } = await runSandbox(['up', '--no-production', '--name', name], (line, interrupt) => {
      if (line.includes(sign)) interrupt();
    });
    expect(said).toContain('ending everything');
    expect(code).toBe(130);
    expect(findTagged({ sandbox: id })).toEqual([]);
  });

  test('is not ended by a second start of its name, and at Ctrl-C leaves neither process nor state file', async () => {
    const others: { code: number | null; said: string }[] = [];
    const { code, said } = await runSandbox(['up', '--no-production', '--name', name], (line, interrupt) => {
      if (!line.includes('The sandbox is up')) return;
      const second = runSandbox(['up', '--no-production', '--name', name]);
      const status = second.then(() => runSandbox(['status', '--name', name]));
      void Promise.all([second, status]).then((both) => {
        others.push(...both);
        interrupt();
      });
    });
    expect(others[0]?.said).toContain(`sandbox ${name} is already up`);
    expect(others[0]?.said).toContain(`npm run sandbox -- down --name ${name}`);
    expect(others.map((other) => other.code)).toEqual([20, 0]);
    expect(others[1]?.said).toMatch(/[1-9]\d* processes/);
    expect(said).toContain('ending everything');
    expect(code).toBe(130);
    expect(findTagged({ sandbox: id })).toEqual([]);
    expect(existsSync(stateFile)).toBe(false);
  });

  test('says which port is taken and what to do, and starts nothing', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const log = path.join(stateDir, 'kept.log');
    mkdirSync(stateDir, { recursive: true });
    writeFileSync(log, 'what the last one left');
    const { code, said } = await runSandbox(['up', '--name', name, '--port', String(port)]);
    server.close();
    expect(existsSync(log), 'nothing is deleted before it is known that a new one can run').toBe(true);
    expect(said).toMatch(new RegExp(`${port}.*(taken|use)`));
    expect(code).toBe(15);
    expect(findTagged({ sandbox: id })).toEqual([]);
  });

  test.each([
    ['was never up', 'never-up', null],
    ['died and left its state file', name, 'http://127.0.0.1:9'],
  ])('says that a sandbox which %s is not up, and how to start it', async (_, which, endpoint) => {
    if (endpoint) {
      mkdirSync(stateDir, { recursive: true });
      const rest = { configFile: 'pair.json', accessKeyId: 'AKCLI', secretAccessKey: 's', pid: process.pid };
      writeFileSync(stateFile, JSON.stringify({ endpoint, ...rest }));
    }
    for (const words of [['status'], ['break', 'nothing']]) {
      const { code, said } = await runSandbox([...words, '--name', which]);
      expect(said).toContain(`the sandbox ${which} is not up`);
      expect(said).toContain(`Fix: npm run sandbox -- up --name ${which}`);
      expect(code).toBe(4);
    }
    const { code, said } = await runSandbox(['down', '--name', which]);
    expect(said).toContain(`sandbox ${which} was not up`);
    expect(code).toBe(0);
    expect(existsSync(stateFile)).toBe(false);
  });
});
