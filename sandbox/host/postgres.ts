import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { InstallError } from './errors.ts';
import { freePort } from './ports.ts';
import { postgresUser, preparePostgresBinaries } from './postgres-binaries.ts';
import { killTagged, type StartedProcess, startProcess, untilReady } from './processes.ts';
import { findTagged } from './tagged-processes.ts';

const run = promisify(execFile);
const HOST = '127.0.0.1';
const SUPERUSER = 'postgres';

/** Where a PostgreSQL server lives. `stateFolder` holds its data and is kept: starting again finds the same databases. */
export interface PostgresOptions {
  readonly sandbox: string;
  readonly stateFolder: string;
  readonly nodeModules: string;
  readonly logFile: string;
}

/** A running PostgreSQL 16 that answers on loopback only and asks no password there. */
export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** libpq address of a database, without the scheme's driver: `//postgres@127.0.0.1:5432/name`. */
  address(database: string): string;
  query(database: string, text: string, values?: readonly unknown[]): Promise<readonly unknown[]>;
  databaseExists(name: string): Promise<boolean>;
  /** Makes a database, as a copy of `template` where given; nobody may be connected to the template. */
  createDatabase(name: string, template?: string): Promise<void>;
  renameDatabase(name: string, newName: string): Promise<void>;
  /** Drops a database with all that are connected to it; one that is not there is no error. */
  dropDatabase(name: string): Promise<void>;
  isRunning(): boolean;
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL on a free port of 127.0.0.1, with a fresh data folder where there is none. Without fsync: the sandbox may lose its data with the
 * machine. Throws `PlatformError`, `InstallError`, `ProcessStartError`.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const native = await preparePostgresBinaries(options.nodeModules, path.join(options.stateFolder, 'programs'));
  const data = await prepareData(native, options.stateFolder);
  await removeStaleLock(data, options.sandbox);
  const port = await freePort();
  const settings = {
    listen_addresses: HOST,
    unix_socket_directories: '',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    max_connections: '300',
    shared_buffers: '64MB',
    // Dynamic shared memory through files works where /dev/shm is tiny, as in containers.
    dynamic_shared_memory_type: 'mmap',
    timezone: 'UTC',
  };
  const started = await startProcess({
    sandbox: options.sandbox,
    part: 'postgres',
    command: path.join(native, 'bin', 'postgres'),
    args: [
      '-D',
      data,
      '-p',
      String(port),
      ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ],
    logFile: options.logFile,
    directory: options.stateFolder,
    user: postgresUser(),
  });
  const server = serverOn(port, started, options.sandbox);
  await untilReady(started, async () => (await server.query('postgres', 'SELECT 1')).length === 1, {
    timeoutMilliseconds: 30_000,
    everyMilliseconds: 50,
  });
  return server;
}

/** Runs one statement on a connection of its own. */
async function query(port: number, database: string, text: string, values: readonly unknown[]): Promise<unknown[]> {
  const client = new pg.Client({ host: HOST, port, user: SUPERUSER, database, connectionTimeoutMillis: 5000 });
  // A server that stops while we are connected would otherwise end this process by an unhandled event.
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

function serverOn(port: number, started: StartedProcess, sandbox: string): PostgresServer {
  const statement = async (text: string): Promise<void> => {
    await query(port, 'postgres', text, []);
  };
  const quote = pg.escapeIdentifier;
  return {
    host: HOST,
    port,
    user: SUPERUSER,
    address: (database) => `//${SUPERUSER}@${HOST}:${port}/${database}`,
    query: (database, text, values = []) => query(port, database, text, values),
    databaseExists: async (name) =>
      (await query(port, 'postgres', 'SELECT 1 FROM pg_database WHERE datname = $1', [name])).length === 1,
    createDatabase: (name, template = 'template1') =>
      statement(`CREATE DATABASE ${quote(name)} TEMPLATE ${quote(template)}`),
    renameDatabase: (name, newName) => statement(`ALTER DATABASE ${quote(name)} RENAME TO ${quote(newName)}`),
    dropDatabase: (name) => statement(`DROP DATABASE IF EXISTS ${quote(name)} WITH (FORCE)`),
    isRunning: started.isRunning,
    stop: () => stop(started, sandbox),
  };
}

/** SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave. */
async function stop(started: StartedProcess, sandbox: string): Promise<void> {
  if (started.isRunning()) process.kill(started.pid, 'SIGINT');
  const timeout = setTimeout(() => process.kill(started.pid, 'SIGQUIT'), 10_000);
  await started.exited;
  clearTimeout(timeout);
  await killTagged({ sandbox, part: 'postgres' });
}

/** After a hard end the lock file names a process that may still be listed as a zombie, and PostgreSQL would take it for a running server. */
async function removeStaleLock(data: string, sandbox: string): Promise<void> {
  const running = findTagged({ sandbox, part: 'postgres' }).length > 0;
  if (!running) await rm(path.join(data, 'postmaster.pid'), { force: true });
}

async function prepareData(native: string, stateFolder: string): Promise<string> {
  const data = path.join(stateFolder, 'data');
  if (existsSync(path.join(data, 'PG_VERSION'))) return data;
  const user = postgresUser();
  await mkdir(stateFolder, { recursive: true });
  if (user !== undefined) {
    await chown(stateFolder, user.uid, user.gid);
    await chmod(stateFolder, 0o755);
  }
  const args = [
    '-D',
    data,
    '-U',
    SUPERUSER,
    '--auth=trust',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ];
  try {
    await run(path.join(native, 'bin', 'initdb'), args, { ...user, cwd: stateFolder });
  } catch (error) {
    throw new InstallError({
      cause: `PostgreSQL cannot make its data folder: ${error instanceof Error ? error.message.trim() : String(error)}`,
      fix: `Check that ${stateFolder} and the folders above it may be entered by the user PostgreSQL runs as.`,
    });
  }
  return data;
}
