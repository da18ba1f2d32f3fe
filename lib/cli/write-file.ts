import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from './errors.ts';

/**
 * Writes a whole file or none: whoever reads it meanwhile sees the old one or the new one.
 *
 * @param options `replace`: an existing file may be replaced
 * @throws UsageError when the file exists and may not be replaced, or cannot be written; it is as it was then.
 */
export async function writeWholeFile(file: string, text: string, options: { replace: boolean }): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(part, text);
    // A link is made only when nothing has that name, also when another process writes at the same time.
    if (options.replace) await rename(part, file);
    else await link(part, file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'EEXIST')
      throw new UsageError(`${file} exists already`, 'name another file with --out, or add --force');
    throw new UsageError(
      `${file} cannot be written: ${error instanceof Error ? error.message : error}`,
      'choose another file',
    );
  } finally {
    await rm(part, { force: true });
  }
}
