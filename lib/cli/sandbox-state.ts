import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SandboxNotUpError } from './errors.ts';

/** What a running sandbox says about itself in its `state.json`; the harness writes more than this. */
export const SandboxState = z.object({
  endpoint: z.url(),
  configFile: z.string().min(1),
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  /** Process of the harness. */
  pid: z.int().positive(),
});
export type SandboxState = z.infer<typeof SandboxState>;

export const defaultSandbox = 'demo';

/** Name of a sandbox. It becomes the name of a folder that is deleted, so it may not lead anywhere else. */
export const SandboxName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'expected up to 40 lower-case letters, digits and hyphens');

/** Any HTTP answer at all proves that a sandbox listens. */
export const answers = (endpoint: string): Promise<boolean> =>
  fetch(endpoint, { signal: AbortSignal.timeout(3000) }).then(
    () => true,
    () => false,
  );

/**
 * Reads where a sandbox listens.
 * @param root folder that holds `.lifeboat`
 * @throws SandboxNotUpError when it is not up or does not answer
 */
export async function readSandbox(
  root: string,
  name: string,
  isUp: (endpoint: string) => Promise<boolean> = answers,
): Promise<SandboxState> {
  const notUp = (why: string) =>
    new SandboxNotUpError(`the sandbox ${name} is not up: ${why}`, `npm run sandbox -- up${nameOption(name)}`);
  const named = SandboxName.safeParse(name);
  if (!named.success) throw notUp(`no sandbox has such a name, ${named.error.issues[0]?.message}`);
  const text = await readFile(join(root, '.lifeboat', 'sandbox', name, 'state.json'), 'utf8').catch(() => null);
  if (text === null) throw notUp('it has no state file');
  const parsed = SandboxState.safeParse(parseJson(text));
  if (!parsed.success) throw notUp('its state file is not complete');
  if (!(await isUp(parsed.data.endpoint))) throw notUp(`nothing answers at ${parsed.data.endpoint}`);
  return parsed.data;
}

const nameOption = (name: string): string =>
  name === defaultSandbox || !SandboxName.safeParse(name).success ? '' : ` --name ${name}`;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Half a file is what a harness leaves that was killed while it wrote.
    return null;
  }
}
