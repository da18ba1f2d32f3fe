import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { type StartedProcess, startProcess, untilReady } from '../host/processes.ts';
import type { PythonEnvironment } from '../host/python-tools.ts';
import { findTagged, type Tag } from '../host/tagged-processes.ts';
import { readHealth, schedulerBeatsSince } from './health.ts';

/** The kinds of process a site is made of. */
export const SITE_PARTS = ['scheduler', 'worker', 'webserver', 'triggerer'] as const;
export type SitePart = (typeof SITE_PARTS)[number];

/** What is needed to start a part of a site. */
export interface PartOptions {
  readonly sandbox: string;
  readonly siteName: string;
  readonly home: string;
  readonly airflow: PythonEnvironment;
  readonly environment: Readonly<Record<string, string>>;
  readonly webServerPort: number;
}

/** The tag of all processes of one part. */
export function tagOf(options: Pick<PartOptions, 'sandbox' | 'siteName'>, part: SitePart): Tag & { part: string } {
  return { sandbox: options.sandbox, part: `${options.siteName}/${part}` };
}

/** Starts one part and waits until it is well; does nothing where it runs already. Throws `ProcessStartError`. */
export async function startPart(options: PartOptions, part: SitePart, timeoutMilliseconds: number): Promise<void> {
  const tag = tagOf(options, part);
  if (findTagged(tag).length > 0) return;
  const [program = '', ...args] = commandOf(part, options.webServerPort);
  const logFile = path.join(options.home, 'process-logs', `${part}.log`);
  const logStart = existsSync(logFile) ? (await stat(logFile)).size : 0;
  const began = new Date();
  const started = await startProcess({
    sandbox: options.sandbox,
    part: tag.part,
    command: options.airflow.program(program),
    args,
    environment: {
      ...options.environment,
      PATH: `${path.join(options.airflow.folder, 'bin')}:${process.env.PATH ?? ''}`,
    },
    directory: options.home,
    logFile,
  });
  await untilReady(started, () => isWell(part, options, started, logStart, began), {
    timeoutMilliseconds,
    everyMilliseconds: 250,
  });
}

async function isWell(
  part: SitePart,
  options: PartOptions,
  started: StartedProcess,
  logStart: number,
  began: Date,
): Promise<boolean> {
  if (part === 'worker') {
    // Airflow's health says nothing about workers; Celery writes this line when it takes its first message.
    return / ready\.$/m.test((await readFile(started.logFile)).subarray(logStart).toString());
  }
  const health = await readHealth(`http://127.0.0.1:${options.webServerPort}`);
  switch (part) {
    case 'scheduler':
      return schedulerBeatsSince(health, began);
    case 'triggerer':
      return health.triggerer.status === 'healthy';
    case 'webserver':
      return health.metadatabase.status === 'healthy';
  }
}

/** Program and arguments of a part. Log servers are left out: all parts read the same disk, and each would need a port and memory. */
function commandOf(part: SitePart, webServerPort: number): readonly string[] {
  switch (part) {
    case 'scheduler':
      return ['airflow', 'scheduler', '--skip-serve-logs'];
    case 'worker':
      return ['airflow', 'celery', 'worker', '--without-gossip', '--without-mingle', '--skip-serve-logs'];
    case 'triggerer':
      return ['airflow', 'triggerer', '--skip-serve-logs'];
    case 'webserver':
      // This is what `airflow webserver` starts after it has loaded the same application twice for nothing: half the time and memory.
      return ['gunicorn', '--bind', `127.0.0.1:${webServerPort}`, '--timeout', '120', 'airflow.www.app:cached_app()'];
  }
}
