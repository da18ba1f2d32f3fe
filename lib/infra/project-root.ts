import { fileURLToPath } from 'node:url';

/** Folder of package.json: everything that is bundled or read at synthesis lies below it. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
