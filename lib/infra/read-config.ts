import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { PairConfig } from '../contracts/config.ts';

/** The pair configuration cannot be used. The message has one line for each wrong field. */
export class PairConfigError extends Error {
  override readonly name = 'PairConfigError';
}

/**
 * Reads and parses a pair configuration.
 *
 * @throws PairConfigError when the file cannot be read, is no JSON, or has a wrong field: field, found, expected.
 */
export function readPairConfig(path: string): PairConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PairConfigError(`${path} cannot be read; give its path with: -c config=<path>`, { cause });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new PairConfigError(`${path} is no JSON: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  const result = PairConfig.safeParse(parsed, { reportInput: true });
  if (result.success) return result.data;
  throw new PairConfigError(`${path} is no pair configuration:\n${result.error.issues.map(describe).join('\n')}`);
}

/** Field, found and expected of one issue, on one line. */
function describe(issue: z.core.$ZodIssue): string {
  const field = issue.path.join('.') || 'the document';
  const found = issue.input === undefined ? 'nothing' : JSON.stringify(issue.input);
  // Rules of our own say what they found themselves; the schema's rules do not.
  if (issue.code === 'custom') return `  ${field}: ${issue.message}`;
  if (issue.code === 'unrecognized_keys') return `  ${field}: unknown field ${issue.keys.join(', ')}`;
  return `  ${field}: found ${found}, ${expectation(issue)}`;
}

function expectation(issue: z.core.$ZodIssue): string {
  const text = issue.message.replace(/^Invalid input: /, '').replace(/, received .*$/, '');
  return text.startsWith('expected') ? text : `expected otherwise: ${text}`;
}
