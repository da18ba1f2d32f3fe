import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort, freeUdpPort, portTaken } from '../../../sandbox/host/ports.ts';
import {
  inheritedEnvironment,
  killTagged,
  logTail,
  type StartedProcess,
  sandboxIdOf,
  startProcess,
  sweep,
  untilReady,
} from '../../../sandbox/host/processes.ts';
import { carriesTag, findTagged, parsePsOutput } from '../../../sandbox/host/tagged-processes.ts';

let folder: string;
let sandbox: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'lifeboat-processes-'));
  sandbox = sandboxIdOf(folder);
});

afterEach(async () => {
  await killTagged({ sandbox });
  await rm(folder, { recursive: true, force: true });
});

function startShell(part: string, script: string): Promise<StartedProcess> {
  const logFile = path.join(folder, `${part.replace('/', '-')}.log`);
  return startProcess({ sandbox, part, command: '/bin/sh', args: ['-c', script], logFile });
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('not within 10 s');
    await delay(20);
  }
}

describe('startProcess', () => {
  it('gives a process its tags, its variables and nothing else of ours', async () => {
    process.env.AWS_PROFILE = 'of-the-user';
    const started = await startProcess({
      sandbox,
      part: 'a/worker',
      command: '/usr/bin/env',
      args: [],
      environment: { COLOUR: 'red' },
      logFile: path.join(folder, 'env.log'),
    });
    delete process.env.AWS_PROFILE;

    expect(await started.exited).toEqual({ code: 0, signal: null });
    const seen = (await readFile(started.logFile, 'utf8')).split('\n');
    expect(seen).toEqual(
      expect.arrayContaining([`LIFEBOAT_SANDBOX=${sandbox}`, 'LIFEBOAT_PART=a/worker', 'COLOUR=red']),
    );
    expect(seen).not.toContain('AWS_PROFILE=of-the-user');
  });

  it('refuses a program that does not exist', async () => {
    const logFile = path.join(folder, 'none.log');
    const spec = { sandbox, part: 'a/none', command: '/nonexistent/program', args: [], logFile };

    await expect(startProcess(spec)).rejects.toMatchObject({ name: 'ProcessStartError', exitCode: 19 });
  });
});

describe('untilReady', () => {
  it('shows the end of the log when the process ends first', async () => {
    const started = await startShell('a/web', 'echo the port is taken; exit 3');

    const waiting = untilReady(started, async () => false, { timeoutMilliseconds: 5000 });

    await expect(waiting).rejects.toThrow(/a\/web ended before it was ready.*the port is taken/s);
  });

  it('gives up after its time', async () => {
    const started = await startShell('a/web', 'sleep 60');

    const waiting = untilReady(started, async () => false, { timeoutMilliseconds: 50, everyMilliseconds: 5 });

    await expect(waiting).rejects.toThrow(/not ready within 0.05 s/);
  });

  it('takes a question that fails for "not yet"', async () => {
    const started = await startShell('a/web', 'sleep 60');
    const answers = [() => Promise.reject(new Error('refused')), async () => true];

    const ready = (): Promise<boolean> => (answers.shift() ?? (async () => true))();

    await expect(
      untilReady(started, ready, { timeoutMilliseconds: 5000, everyMilliseconds: 1 }),
    ).resolves.toBeUndefined();
  });
});

describe('sweep', () => {
  it('ends a process with all it forked, also those in other sessions and those that ignore SIGTERM', async () => {
    await startShell('a/stubborn', "trap '' TERM; (sleep 300) & exec sleep 300");
    await startShell('a/escaped', 'command -v setsid >/dev/null && setsid sleep 300 & sleep 300');
    await until(() => findTagged({ sandbox }).length >= 3);

    const found = await sweep({ sandbox }, 200);

    expect(found.length).toBeGreaterThanOrEqual(3);
    expect(findTagged({ sandbox })).toEqual([]);
  });

  it('leaves other sandboxes and this process alone', async () => {
    const other = await startShell('a/worker', 'exec sleep 300');

    await sweep({ sandbox: `${sandbox}-other` });

    expect(other.isRunning()).toBe(true);
    expect(findTagged({})).not.toContain(process.pid);
  });
});

describe('killTagged', () => {
  it('kills one part only', async () => {
    const scheduler = await startShell('a/scheduler', 'exec sleep 300');
    const worker = await startShell('a/worker', 'exec sleep 300');

    expect(await killTagged({ sandbox, part: 'a/scheduler' })).toBe(1);

    expect(await scheduler.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(worker.isRunning()).toBe(true);
  });
});

describe('installCleanup', () => {
  const owner = async (end: string): Promise<StartedProcess> => {
    const modules = path.resolve(import.meta.dirname, '../../../sandbox/host/processes.ts');
    const script = path.join(folder, 'owner.ts');
    await writeFile(
      script,
      `import { installCleanup, startProcess } from ${JSON.stringify(modules)};
       const sandbox = ${JSON.stringify(sandbox)};
       installCleanup(sandbox, async () => { process.stdout.write('bye\\n'); });
       await startProcess({ sandbox, part: 'child', command: 'sleep', args: ['300'], logFile: ${JSON.stringify(path.join(folder, 'child.log'))} });
       process.stdout.write('started\\n');
       ${end}`,
    );
    // The owner has another tag than its children, as the owner of a real sandbox has none.
    const logFile = path.join(folder, 'owner.log');
    const started = await startProcess({
      sandbox: `${sandbox}-owner`,
      part: 'owner',
      command: process.execPath,
      args: [script],
      logFile,
    });
    await until(() => logTail(logFile).includes('started'));
    return started;
  };

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('sweeps on %s and exits with %i', async (signal, code) => {
    const started = await owner('setInterval(() => {}, 1000);');

    process.kill(started.pid, signal);

    expect(await started.exited).toEqual({ code, signal: null });
    expect(logTail(started.logFile)).toContain('bye');
    expect(findTagged({ sandbox })).toEqual([]);
  });

  it('kills what is left when the owner ends by an error', async () => {
    const started = await owner("throw new Error('out of luck');");

    expect(await started.exited).toEqual({ code: 1, signal: null });
    expect(findTagged({ sandbox })).toEqual([]);
  });

  it('cannot help when the owner is killed, but the next start finds the rest', async () => {
    const started = await owner('setInterval(() => {}, 1000);');
    process.kill(started.pid, 'SIGKILL');
    await started.exited;

    expect(await sweep({ sandbox })).toHaveLength(1);
  });
});

describe('tags', () => {
  it('match whole values only', () => {
    const variables = ['HOME=/', 'LIFEBOAT_SANDBOX=demo-1', 'LIFEBOAT_PART=a/scheduler'];

    expect(carriesTag(variables, {})).toBe(true);
    expect(carriesTag(variables, { sandbox: 'demo-1' })).toBe(true);
    expect(carriesTag(variables, { sandbox: 'demo' })).toBe(false);
    expect(carriesTag(variables, { sandbox: 'demo-1', part: 'a/worker' })).toBe(false);
    expect(carriesTag(['HOME=/'], {})).toBe(false);
  });

  it('are read from ps where there is no /proc', () => {
    const output = '  12 sleep 300 HOME=/ LIFEBOAT_SANDBOX=demo-1\n 345 /bin/zsh\n\n';

    expect(parsePsOutput(output)).toEqual([
      { pid: 12, variables: ['sleep', '300', 'HOME=/', 'LIFEBOAT_SANDBOX=demo-1'] },
      { pid: 345, variables: ['/bin/zsh'] },
    ]);
  });

  it('differ for two state folders of one name, and stay the same for one', () => {
    expect(sandboxIdOf('/x/demo')).toBe(sandboxIdOf('/x/y/../demo'));
    expect(sandboxIdOf('/x/demo')).not.toBe(sandboxIdOf('/y/demo'));
    expect(sandboxIdOf('/x/demo')).toMatch(/^demo-[0-9a-f]{8}$/);
  });
});

describe('inheritedEnvironment', () => {
  it('takes what programs need and nothing of AWS, Airflow or Python', () => {
    const own = { PATH: '/bin', HOME: '/home/x', AWS_REGION: 'x', AIRFLOW_HOME: 'x', PYTHONPATH: 'x' };

    expect(inheritedEnvironment(own)).toEqual({ PATH: '/bin', HOME: '/home/x' });
  });
});

describe('ports', () => {
  it('are free and never handed out twice', async () => {
    const ports = await Promise.all(Array.from({ length: 20 }, freePort));

    expect(new Set(ports).size).toBe(20);
    expect(await portTaken(ports[0] ?? 0)).toBe(false);
    expect(await freeUdpPort()).toBeGreaterThan(1023);
  });

  it('are seen as taken while somebody listens', async () => {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));

    expect(await portTaken(port)).toBe(true);

    await new Promise((resolve) => server.close(resolve));
  });
});
