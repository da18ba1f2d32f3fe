import { readFileSync } from 'node:fs';
import type { PairConfig } from '../contracts/config.ts';
import { parseConfigFile } from '../contracts/config-file.ts';

/** The file of the pair configuration cannot be read. */
export class ConfigUnreadableError extends Error {
  override readonly name = 'ConfigUnreadableError';
}

/**
 * Reads a pair configuration for the synthesis.
 *
 * @throws ConfigUnreadableError when the file cannot be read; PairConfigError when it is no pair configuration.
 */
export function readPairConfig(path: string): PairConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigUnreadableError(`${path} cannot be read; give its path with: -c config=<path>`, { cause });
  }
  return parseConfigFile(text, path);
}
