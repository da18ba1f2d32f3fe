import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessStartError } from './errors.ts';
import { findTagged, PART_VARIABLE, SANDBOX_VARIABLE, signalAll, type Tag } from './tagged-processes.ts';

/** A process to start. It gets exactly `environment` plus the tags and what every program needs (`inheritedEnvironment`). */
export interface ProcessSpec {
  readonly sandbox: string;
  /** Part of the sandbox, for example `a/scheduler`; all processes below it inherit it. */
  readonly part: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  readonly logFile: string;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A started process in a process group of its own. */
export interface StartedProcess {
  readonly part: string;
  readonly pid: number;
  readonly logFile: string;
  readonly exited: Promise<ProcessExit>;
  isRunning(): boolean;
}

/** Starts a tagged process in its own process group with its output appended to `logFile`. Throws `ProcessStartError` if it cannot be started at all. */
export async function startProcess(spec: ProcessSpec): Promise<StartedProcess> {
  mkdirSync(path.dirname(spec.logFile), { recursive: true });
  const log = openSync(spec.logFile, 'a');
  const child = spawn(spec.command, spec.args, {
    cwd: spec.directory,
    detached: true,
    stdio: ['ignore', log, log],
    env: {
      ...inheritedEnvironment(process.env),
      ...spec.environment,
      [SANDBOX_VARIABLE]: spec.sandbox,
      [PART_VARIABLE]: spec.part,
      // Python's setproctitle would otherwise write the title over the environment, and the tags with it.
      SPT_NOENV: '1',
    },
    ...spec.user,
  });
  closeSync(log);
  const exited = exitOf(child);
  const pid = await startedPid(child, spec);
  return {
    part: spec.part,
    pid,
    logFile: spec.logFile,
    exited,
    isRunning: () => child.exitCode === null && child.signalCode === null,
  };
}

/** Picks from our own environment the few variables that any program needs; nothing of AWS, Airflow or Python comes through. */
export function inheritedEnvironment(own: NodeJS.ProcessEnv): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'USER', 'LOGNAME', 'TZ'];
  return Object.fromEntries(names.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]]])));
}

/** The id by which the processes of one state folder are tagged: stable across runs, different for two checkouts on one machine. */
export function sandboxIdOf(stateFolder: string): string {
  const digest = createHash('sha256').update(path.resolve(stateFolder)).digest('hex').slice(0, 8);
  return `${path.basename(stateFolder)}-${digest}`;
}

/**
 * Ends every process that carries the tag: SIGTERM, after `graceMilliseconds` SIGINT (on which PostgreSQL and Celery no longer wait for
 * anybody), 2 s later SIGKILL, until none is left.
 * Returns the pids that were found at first. An empty tag means every sandbox on this machine, also those of other checkouts.
 */
export async function sweep(tag: Tag, graceMilliseconds = 3000): Promise<number[]> {
  const found = findTagged(tag);
  const rounds = [
    { signal: 'SIGTERM', waitMilliseconds: graceMilliseconds },
    { signal: 'SIGINT', waitMilliseconds: Math.min(2000, graceMilliseconds) },
  ] as const;
  for (const { signal, waitMilliseconds } of rounds) {
    signalAll(findTagged(tag), signal);
    const deadline = Date.now() + waitMilliseconds;
    while (findTagged(tag).length > 0 && Date.now() < deadline) await delay(50);
  }
  await killTagged(tag);
  return found;
}

/** Sends SIGKILL to every process that carries the tag, again for those forked meanwhile, until none is left. Throws `ProcessStartError` after 10 s. */
export async function killTagged(tag: Tag): Promise<number> {
  const killed = new Set<number>();
  const deadline = Date.now() + 10_000;
  for (;;) {
    const left = findTagged(tag);
    if (left.length === 0) return killed.size;
    if (Date.now() > deadline) {
      throw new ProcessStartError({ cause: `Processes ${left.join(', ')} do not end.`, fix: 'End them by hand.' });
    }
    signalAll(left, 'SIGKILL');
    for (const pid of left) killed.add(pid);
    await delay(20);
  }
}

/**
 * Makes sure that nothing of this sandbox outlives this process: on SIGINT, SIGTERM and SIGHUP it sweeps and exits with 128 + n,
 * on any other exit it kills what is left. `beforeSweep` may write down or print something; its failure does not stop the sweep.
 * Returns a function that takes the handlers away again, for a sandbox that is meant to go on running.
 */
export function installCleanup(sandbox: string, beforeSweep: () => Promise<void> = async () => {}): () => void {
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    const exitCode = 128 + (signal === 'SIGHUP' || signal === 'SIGINT' || signal === 'SIGTERM' ? numbers[signal] : 0);
    void beforeSweep()
      .catch(() => {})
      .then(() => sweep({ sandbox }))
      .catch(() => {})
      .then(() => process.exit(exitCode));
  };
  const onExit = (): void => {
    // Only synchronous work runs here; twice, because a process may fork between the look and the signal.
    for (let round = 0; round < 2; round += 1) signalAll(findTagged({ sandbox }), 'SIGKILL');
  };
  const signals = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  process.on('exit', onExit);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
    process.off('exit', onExit);
  };
}

/** The last `lines` lines of a log file, or an empty text where there is none. */
export function logTail(logFile: string, lines = 15): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

/**
 * Asks `ready` every `everyMilliseconds` until it says true. Throws `ProcessStartError` with the end of the log when the process ends before
 * or the time is over. A `ready` that throws counts as "not yet".
 */
export async function untilReady(
  started: StartedProcess,
  ready: () => Promise<boolean>,
  limits: { readonly timeoutMilliseconds: number; readonly everyMilliseconds?: number },
): Promise<void> {
  const deadline = Date.now() + limits.timeoutMilliseconds;
  while (!(await ready().catch(() => false))) {
    const over = Date.now() > deadline;
    if (started.isRunning() && !over) {
      await delay(limits.everyMilliseconds ?? 100);
      continue;
    }
    const what = over ? `was not ready within ${limits.timeoutMilliseconds / 1000} s` : 'ended before it was ready';
    throw new ProcessStartError({
      cause: `${started.part} ${what}. End of its log:\n${logTail(started.logFile)}`,
      fix: `Read ${started.logFile}; if the machine is busy, free memory and processor time and start again.`,
    });
  }
}

function exitOf(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
}

function startedPid(child: ChildProcess, spec: ProcessSpec): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid ?? 0));
    child.once('error', (error) =>
      reject(
        new ProcessStartError({
          cause: `${spec.part} cannot be started: ${error.message}`,
          fix: `Check that ${spec.command} exists and may be run.`,
        }),
      ),
    );
  });
}
