import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import type { AwsPlace } from '../../lib/adapters/aws-clients.ts';
import { type SpawnTagged, startMoto } from '../../sandbox/cloud/moto.ts';
import { freePort } from '../../sandbox/host/ports.ts';
import { choosePython, findPythons } from '../../sandbox/host/preflight.ts';
import { inheritedEnvironment, killTagged } from '../../sandbox/host/processes.ts';
import { installTools } from '../../sandbox/host/python-tools.ts';
import { SANDBOX_VARIABLE } from '../../sandbox/host/tagged-processes.ts';

declare module 'vitest' {
  interface ProvidedContext {
    motoEndpoint?: string;
  }
}

const repository = fileURLToPath(new URL('../../', import.meta.url));

/** The Python with moto, by the sandbox's own installer: nothing happens where it is installed already. */
export async function toolsPython(): Promise<string> {
  const python = choosePython(await findPythons());
  if (python instanceof Error) throw python;
  const tools = await installTools({
    stateRoot: path.join(repository, '.lifeboat'),
    lockFolder: path.join(repository, 'python'),
    python: python.command,
    progress: () => {},
  });
  return tools.python;
}

/**
 * Runs a command until it ends or its standard input does. A test worker that is killed runs no handler of its own,
 * but the pipe to it closes.
 */
const UNTIL_INPUT_ENDS = 'exec 3<&0; "$@" 3<&- & child=$!; (cat <&3 >/dev/null; kill -9 $child) & wait $child';

/** Starts moto so that it carries the tag `sandbox`, and ends with this process, however that ends. */
export function spawnWithUs(sandbox: string): SpawnTagged {
  return async ({ command, args, env, logFile }) => {
    const log = openSync(logFile, 'a');
    const child = spawn('sh', ['-c', UNTIL_INPUT_ENDS, 'sh', command, ...args], {
      env: { ...inheritedEnvironment(process.env), ...env, [SANDBOX_VARIABLE]: sandbox },
      stdio: ['pipe', log, log],
    });
    closeSync(log);
    const exited = once(child, 'exit');
    await once(child, 'spawn');
    return { pid: child.pid ?? 0, exited, isRunning: () => child.exitCode === null && child.signalCode === null };
  };
}

/** Starts the sandbox's own moto on a free port; `stop` ends it and takes its folder away. */
async function startMotoServer(): Promise<{ endpoint: string; stop: () => Promise<void> }> {
  const python = await toolsPython();
  const stateDir = await mkdtemp(path.join(tmpdir(), 'lifeboat-moto-'));
  const sandbox = `test-${path.basename(stateDir)}`;
  const stop = async () => {
    await killTagged({ sandbox });
    await rm(stateDir, { recursive: true, force: true });
  };
  try {
    // No test of ours lets the engine invoke a function, so that nothing needs to listen there.
    const frontPort = await freePort();
    const moto = await startMoto({ python, frontPort, stateDir, spawn: spawnWithUs(sandbox) });
    return { endpoint: `http://127.0.0.1:${moto.port}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As `globalSetup` of vitest: one moto for all test files. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const moto = await startMotoServer();
  project.provide('motoEndpoint', moto.endpoint);
  return moto.stop;
}

/**
 * moto for the tests of one file: the one of `globalSetup`, or else one of its own. State is shared, so tests make
 * tables and buckets with names of their own. Call `place` within a test.
 */
export function useMoto(): { place: (region?: string) => AwsPlace & { endpoint: string } } {
  let endpoint = inject('motoEndpoint');
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    if (endpoint !== undefined) return;
    const own = await startMotoServer();
    endpoint = own.endpoint;
    stop = own.stop;
  }, 120_000);
  afterAll(async () => stop?.());
  return {
    place: (region = 'eu-west-1') => {
      if (endpoint === undefined) throw new Error('moto is up only while tests run');
      return { region, endpoint, credentials: { accessKeyId: 'AKSANDBOX', secretAccessKey: 'sandbox' } };
    },
  };
}
