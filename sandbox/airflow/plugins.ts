import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Writes the plugins.zip of this project with the command that a user has, and returns it. Throws with what that printed. */
export async function buildPlugins(python: string, projectRoot: string): Promise<Buffer> {
  return inScratch(async (folder) => {
    const out = path.join(folder, 'plugins.zip');
    await run(python, [path.join(projectRoot, 'python', 'build_plugins.py'), '--out', out]);
    return readFile(out);
  });
}

/**
 * Makes a site's plugins folder what a plugins.zip holds, as MWAA does before it starts a container; empty without one.
 * Throws when it is no zip.
 */
export async function unpackPlugins(python: string, pluginsFolder: string, zip: Uint8Array | null): Promise<void> {
  await rm(pluginsFolder, { recursive: true, force: true });
  await mkdir(pluginsFolder, { recursive: true });
  if (zip === null) return;
  await inScratch(async (folder) => {
    const file = path.join(folder, 'plugins.zip');
    await writeFile(file, zip);
    await run(python, ['-m', 'zipfile', '-e', file, pluginsFolder]);
  });
}

async function inScratch<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(path.join(tmpdir(), 'lifeboat-plugins-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
