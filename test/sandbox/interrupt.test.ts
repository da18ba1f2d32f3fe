import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { findTagged } from '../../sandbox/host/tagged-processes.ts';
import { projectRoot, sandboxPlace } from '../../sandbox/up.ts';

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
  const { id } = sandboxPlace(name);

  test.each([
    ['while it starts', 'synthesising'],
    ['while Airflow starts', 'is CREATING'],
    ['when it is up', 'The sandbox is up'],
  ])('leaves no process behind when Ctrl-C comes %s', async (_when, sign) => {
    const { code, said } = await runSandbox(['up', '--no-production', '--name', name], (line, interrupt) => {
      if (line.includes(sign)) interrupt();
    });
    expect(said).toContain('ending everything');
    expect(code).toBe(130);
    expect(findTagged({ sandbox: id })).toEqual([]);
  });

  test('says which port is taken and what to do, and starts nothing', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const { code, said } = await runSandbox(['up', '--name', name, '--port', String(port)]);
    server.close();
    expect(said).toMatch(new RegExp(`${port}.*(taken|use)`));
    expect(code).toBe(15);
    expect(findTagged({ sandbox: id })).toEqual([]);
  });

  test('says that a sandbox is not up and how to start it', async () => {
    const { code, said } = await runSandbox(['status', '--name', 'never-up']);
    expect(said).toContain('npm run sandbox -- up');
    expect(code).toBe(2);
  });
});
