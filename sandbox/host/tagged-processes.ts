import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Names the sandbox that a process belongs to. */
export const SANDBOX_VARIABLE = 'LIFEBOAT_SANDBOX';

/** Names the part of a sandbox that a process plays, for example `a/scheduler`. */
export const PART_VARIABLE = 'LIFEBOAT_PART';

/** Which processes are meant: those of one sandbox, those of one part of it, or (empty) those of every sandbox on this machine. */
export interface Tag {
  readonly sandbox?: string | undefined;
  readonly part?: string | undefined;
}

/** A running process and the environment it was started with. */
export interface ProcessEnvironment {
  readonly pid: number;
  readonly variables: readonly string[];
}

/** Says whether an environment carries the tag. An empty tag means any sandbox at all. */
export function carriesTag(variables: readonly string[], tag: Tag): boolean {
  const inSandbox =
    tag.sandbox === undefined
      ? variables.some((entry) => entry.startsWith(`${SANDBOX_VARIABLE}=`))
      : variables.includes(`${SANDBOX_VARIABLE}=${tag.sandbox}`);
  return inSandbox && (tag.part === undefined || variables.includes(`${PART_VARIABLE}=${tag.part}`));
}

/** Reads `ps -axww -E` style output: a pid, then command and environment divided by blanks. */
export function parsePsOutput(output: string): ProcessEnvironment[] {
  return output.split('\n').flatMap((line) => {
    const [pid, ...words] = line.trim().split(/\s+/);
    return pid !== undefined && /^\d+$/.test(pid) ? [{ pid: Number(pid), variables: words }] : [];
  });
}

/**
 * Finds the running processes that carry the tag; never this process itself.
 * It is synchronous so that it still works while Node is exiting. Processes of other users are not seen.
 */
export function findTagged(tag: Tag): number[] {
  const all = process.platform === 'linux' ? readProc() : readPs();
  return all.filter(({ pid, variables }) => pid !== process.pid && carriesTag(variables, tag)).map(({ pid }) => pid);
}

/** Sends a signal to each process; one that has ended meanwhile is no error. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // The process ended between the look and the signal, which is what the signal is for.
    }
  }
}

function readProc(): ProcessEnvironment[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        // A zombie has an empty environment, so it never counts as running.
        return [{ pid: Number(entry), variables: readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0') }];
      } catch {
        return [];
      }
    });
}

function readPs(): ProcessEnvironment[] {
  return parsePsOutput(execFileSync('ps', ['axeww', '-o', 'pid=,command='], { encoding: 'utf8', maxBuffer: 64 << 20 }));
}
