import { readFile } from 'node:fs/promises';
import { PairConfig } from '../contracts/config.ts';
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
    const why =
      error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'there is no such file' : String(error);
    throw new ConfigInvalidError(
      `the pair configuration ${file} cannot be read: ${why}`,
      'name it with --config <file> (examples/pair.json is one), or use --sandbox',
    );
  }
  return parseConfig(file, text);
}

function parseConfig(file: string, text: string): PairConfig {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigInvalidError(`${file} is not JSON: ${why}`, 'correct the file at that place');
  }
  const parsed = PairConfig.safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the document'}: ${issue.message}`);
  throw new ConfigInvalidError(
    `${file}: ${faults.join('; ')}`,
    'correct these fields; examples/pair.json shows all of them',
  );
}
