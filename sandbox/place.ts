import path from 'node:path';
import { SandboxNotUpError } from '../lib/cli/errors.ts';
import { readSandbox, SandboxName, type SandboxState } from '../lib/cli/sandbox-state.ts';
import { AlreadyUpError } from './host/errors.ts';
import { sandboxIdOf } from './host/processes.ts';

export const projectRoot = path.dirname(import.meta.dirname);
export const stateRoot = path.join(projectRoot, '.lifeboat');

/**
 * Where a sandbox of this name keeps its state, and the id that its processes carry.
 * @throws ZodError when the name could lead to another folder: what is at this place is deleted at a start
 */
export function sandboxPlace(name: string): { stateDir: string; stateFile: string; id: string } {
  const stateDir = path.join(stateRoot, 'sandbox', SandboxName.parse(name));
  return { stateDir, stateFile: path.join(stateDir, 'state.json'), id: sandboxIdOf(stateDir) };
}

/** State of the sandbox of this name, or null when it is not up. `root` is the folder that holds `.lifeboat`. */
export async function sandboxThatIsUp(name: string, root = projectRoot): Promise<SandboxState | null> {
  try {
    return await readSandbox(root, name);
  } catch (error) {
    if (error instanceof SandboxNotUpError) return null;
    throw error;
  }
}

/**
 * Keeps a start from ending a sandbox of the same name that somebody uses. What a dead one left behind is no obstacle.
 * @throws AlreadyUpError when its process is alive and its endpoint answers
 */
export async function refuseIfUp(name: string, root = projectRoot): Promise<void> {
  const state = await sandboxThatIsUp(name, root);
  if (state === null || !isAlive(state.pid)) return;
  throw new AlreadyUpError({
    cause: `sandbox ${name} is already up (process ${state.pid}, ${state.endpoint}).`,
    fix: `End it: npm run sandbox -- down --name ${name}. Or start another one beside it with another --name.`,
  });
}

/** True while a process of this id runs, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
