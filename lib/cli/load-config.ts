import { readFile } from 'node:fs/promises';
import type { PairConfig } from '../contracts/config.ts';
import { parseConfigFile } from '../contracts/config-file.ts';
import { PairConfigError } from '../contracts/parse-config.ts';
import { ConfigInvalidError } from './errors.ts';

/**
 * Reads and checks the pair configuration.
 * @throws ConfigInvalidError that names the field, what was expected and what was found
 */
export async function loadConfig(file: string): Promise<PairConfig> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : String(error);
    throw new ConfigInvalidError(
      `the pair configuration ${file} cannot be read: ${why}`,
      'name it with --config <file> (examples/pair.json is one), or use --sandbox',
    );
  }
  try {
    return parseConfigFile(text, file);
  } catch (error) {
    if (!(error instanceof PairConfigError)) throw error;
    throw new ConfigInvalidError(
      `${file}: ${error.faults.join('; ')}`,
      'correct what is named; examples/pair.json is a whole one, examples/pair.schema.json says what each field takes',
    );
  }
}
