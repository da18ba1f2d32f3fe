import type { z } from 'zod';
import { PairConfig } from './config.ts';

/** A text is no pair configuration. The message has one line for each fault. */
export class PairConfigError extends Error {
  override readonly name = 'PairConfigError';
  /** One sentence for each fault: field, found, expected. */
  readonly faults: readonly string[];

  constructor(document: string, faults: readonly string[], options?: ErrorOptions) {
    super(`${document} is no pair configuration:\n${faults.map((fault) => `  ${fault}`).join('\n')}`, options);
    this.faults = faults;
  }
}

/**
 * Parses the text of a pair configuration as programs write it, without comments; `document` is what messages call it.
 *
 * @throws PairConfigError when it is no JSON or has a wrong field; it names all of them.
 */
export function parsePairConfig(text: string, document: string): PairConfig {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PairConfigError(document, [`it is no JSON: ${why}`], { cause });
  }
  return checkPairConfig(parsed, document);
}

/** Checks what was read as a pair configuration. @throws PairConfigError when it has a wrong field; it names all of them. */
export function checkPairConfig(parsed: unknown, document: string): PairConfig {
  const result = PairConfig.safeParse(parsed, { reportInput: true });
  if (result.success) return result.data;
  throw new PairConfigError(document, result.error.issues.map(describe));
}

/** Field, found and expected of one issue. */
function describe(issue: z.core.$ZodIssue): string {
  const field = issue.path.join('.') || 'the document';
  const found = issue.input === undefined ? 'nothing' : JSON.stringify(issue.input);
  // Rules of our own say what they found themselves; the schema's rules do not.
  if (issue.code === 'custom') return `${field}: ${issue.message}`;
  if (issue.code === 'unrecognized_keys') return `${field}: unknown field ${issue.keys.join(', ')}`;
  return `${field}: found ${found}, ${expectation(issue)}`;
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `expected one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_format' && issue.format === 'datetime') {
    return 'expected an instant such as 2026-12-31T18:00:00Z';
  }
  const text = issue.message.replace(/^Invalid input: /, '').replace(/, received .*$/, '');
  return text.startsWith('expected') ? text : `expected otherwise: ${text}`;
}
