import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A process as `sandbox/host/processes.ts` starts it. */
export type TaggedProcess = { readonly pid: number; readonly exited: Promise<unknown>; isRunning(): boolean };

/** Starts a process that carries the tag of the sandbox in its environment; output goes to `logFile`. */
export type SpawnTagged = (options: {
  command: string;
  args: string[];
  env: Record<string, string>;
  logFile: string;
  name: string;
}) => Promise<TaggedProcess>;

export class MotoNotReadyError extends Error {
  override readonly name = 'MotoNotReadyError';
}

export type Moto = {
  port: number;
  pid: number;
  /** Ends moto and waits until it is gone. All its state is lost. */
  close(): Promise<void>;
};

const SERVER = fileURLToPath(new URL('./moto_server.py', import.meta.url));

/**
 * Starts moto on a free port of loopback and waits until it answers. Its engine of Step Functions runs state machines and invokes
 * functions through the front. Throws MotoNotReadyError (with the log's place) when it ends or stays silent.
 */
export async function startMoto(options: {
  /** Python with `moto[server]`. */
  python: string;
  frontPort: number;
  /** Folder for its log and port file. */
  stateDir: string;
  spawn: SpawnTagged;
  /** Default 60 000. */
  readyWithinMs?: number;
}): Promise<Moto> {
  mkdirSync(options.stateDir, { recursive: true });
  const portFile = path.join(options.stateDir, 'moto.port');
  const logFile = path.join(options.stateDir, 'moto.log');
  rmSync(portFile, { force: true });
  const child = await options.spawn({
    command: options.python,
    args: [SERVER, '--front-port', String(options.frontPort), '--port-file', portFile],
    env: { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1', AWS_DEFAULT_REGION: 'eu-west-1' },
    logFile,
    name: 'moto',
  });
  const close = async (): Promise<void> => {
    if (child.isRunning()) process.kill(child.pid, 'SIGKILL');
    await child.exited;
  };
  const deadline = Date.now() + (options.readyWithinMs ?? 60_000);
  while (!existsSync(portFile)) {
    const gone = !child.isRunning();
    if (gone || Date.now() > deadline) {
      await close();
      throw new MotoNotReadyError(`moto ${gone ? 'ended at its start' : 'did not come up in time'}; see ${logFile}`);
    }
    await sleep(50);
  }
  const port = Number(readFileSync(portFile, 'utf8'));
  const answer = await fetch(`http://127.0.0.1:${port}/moto-api/data.json`).catch(() => null);
  if (!answer?.ok) {
    await close();
    throw new MotoNotReadyError(`moto does not answer on port ${port}; see ${logFile}`);
  }
  return { port, pid: child.pid, close };
}
