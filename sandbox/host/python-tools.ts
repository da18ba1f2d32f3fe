import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { InstallError } from './errors.ts';

/** Name of the file in an environment that holds the digest of what is installed in it; written last. */
const STAMP = 'lifeboat-installed.txt';

/** Gets one line of progress at a time. */
export type Progress = (line: string) => void;

/** Where Python environments are installed from and to. `python` is a command for Python 3.11 or 3.12 (see `preflight`). */
export interface InstallOptions {
  /** Folder `.lifeboat`. */
  readonly stateRoot: string;
  /** Folder `python` of the repository: the locked requirement files. */
  readonly lockFolder: string;
  readonly python: string;
  readonly progress: Progress;
}

/** An installed Python environment. */
export interface PythonEnvironment {
  readonly folder: string;
  readonly python: string;
  /** Path of a program of this environment, for example `airflow`. */
  program(name: string): string;
}

/** Installs uv, moto, boto3 and the Python checkers into `.lifeboat/tools`. Does nothing where the lock is installed already. Throws `InstallError`. */
export async function installTools(options: InstallOptions): Promise<PythonEnvironment> {
  return install(options, 'tools', ['tools.txt']);
}

/** Installs one version of Airflow with pytest beside it into `.lifeboat/airflow-<version>`. Does nothing where the lock is installed already. Throws `InstallError`. */
export async function installAirflow(options: InstallOptions, version: string): Promise<PythonEnvironment> {
  const lock = `airflow-${version}.txt`;
  if (!existsSync(path.join(options.lockFolder, lock))) {
    throw new InstallError({
      cause: `There is no lock file for Airflow ${version}.`,
      fix: `Use a version that has a file airflow-<version>.txt in ${options.lockFolder}.`,
    });
  }
  const tests = `airflow-${version}-tests.txt`;
  const locks = existsSync(path.join(options.lockFolder, tests)) ? [lock, tests] : [lock];
  return install(options, `airflow-${version}`, locks);
}

/** Says whether an environment holds exactly what its lock files ask for. */
export async function isInstalled(
  stateRoot: string,
  lockFolder: string,
  name: string,
  locks: readonly string[],
): Promise<boolean> {
  const stamp = path.join(stateRoot, name, STAMP);
  return existsSync(stamp) && (await readFile(stamp, 'utf8')) === (await digestOf(lockFolder, locks));
}

/** Says whether the tools and this version of Airflow are installed as locked, so that nothing needs the network. */
export async function allInstalled(stateRoot: string, lockFolder: string, version: string): Promise<boolean> {
  const airflow = `airflow-${version}`;
  return (
    (await isInstalled(stateRoot, lockFolder, 'tools', ['tools.txt'])) &&
    (await isInstalled(stateRoot, lockFolder, airflow, [`${airflow}.txt`, `${airflow}-tests.txt`]))
  );
}

async function install(options: InstallOptions, name: string, locks: readonly string[]): Promise<PythonEnvironment> {
  const environment = environmentIn(path.join(options.stateRoot, name));
  if (await isInstalled(options.stateRoot, options.lockFolder, name, locks)) return environment;
  const began = performance.now();
  options.progress(`Installing ${name} (once) ...`);
  await mkdir(options.stateRoot, { recursive: true });
  const uv = await findUv(options);
  // A virtual environment cannot be moved, so a half-finished one is known by its missing stamp and made anew.
  await rm(path.join(environment.folder, STAMP), { force: true });
  const clear = name === 'tools' ? [] : ['--clear'];
  if (clear.length > 0 || !existsSync(environment.python)) {
    await step(`make the environment ${name}`, uv, [
      'venv',
      ...clear,
      '--no-project',
      '--python',
      options.python,
      environment.folder,
    ]);
  }
  const files = locks.flatMap((lock) => ['-r', path.join(options.lockFolder, lock)]);
  await step(`install ${name}`, uv, ['pip', 'install', '--no-progress', '--python', environment.python, ...files]);
  await writeFile(path.join(environment.folder, STAMP), await digestOf(options.lockFolder, locks));
  options.progress(`Installed ${name} in ${((performance.now() - began) / 1000).toFixed(1)} s.`);
  return environment;
}

/** The user's own uv where there is one; else uv is installed by pip into the tools environment. */
async function findUv(options: InstallOptions): Promise<string> {
  const tools = environmentIn(path.join(options.stateRoot, 'tools'));
  const own = tools.program('uv');
  if (existsSync(own) && (await works(own))) return own;
  if (await works('uv')) return 'uv';
  options.progress('Installing uv ...');
  await step('make the environment tools', options.python, ['-m', 'venv', tools.folder]);
  await step('install uv', tools.python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'uv']);
  return own;
}

function environmentIn(folder: string): PythonEnvironment {
  const program = (name: string): string => path.join(folder, 'bin', name);
  return { folder, python: program('python'), program };
}

async function digestOf(lockFolder: string, locks: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const lock of locks) {
    const file = path.join(lockFolder, lock);
    hash.update(existsSync(file) ? await readFile(file) : '');
  }
  return hash.digest('hex');
}

async function works(uv: string): Promise<boolean> {
  return (await outputOf(uv, ['--version'])).code === 0;
}

async function step(what: string, command: string, args: readonly string[]): Promise<void> {
  const { code, output } = await outputOf(command, args);
  if (code === 0) return;
  const end = output.trimEnd().split('\n').slice(-15).join('\n');
  throw new InstallError({
    cause: `Could not ${what}. The last lines of the installer:\n${end}`,
    fix: 'Check the network and, behind a proxy or a mirror, HTTPS_PROXY and UV_DEFAULT_INDEX; check that python3 is 3.11 or 3.12; then start again (it goes on where it stopped).',
  });
}

/** Installers inherit our whole environment: that is where proxies, mirrors and certificates are named. */
function outputOf(command: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => resolve({ code: null, output: `${command}: ${error.message}` }));
    child.once('close', (code) => resolve({ code, output }));
  });
}
