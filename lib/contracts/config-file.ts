import { type ParseError, parse, printParseErrorCode, visit } from 'jsonc-parser';
import type { PairConfig } from './config.ts';
import { checkPairConfig, PairConfigError } from './parse-config.ts';

/**
 * Parses the file of a pair configuration: JSON in which a person may leave comments and trailing commas. Functions get
 * plain JSON and do not come here. `document` is what messages call the file.
 *
 * @throws PairConfigError with line and column when it is no such JSON; else it names every wrong field.
 */
export function parseConfigFile(text: string, document: string): PairConfig {
  const errors: ParseError[] = [];
  // Editors of Windows put a mark before the first character.
  const source = text.replace(/^\uFEFF/, '');
  const parsed: unknown = parse(source, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first === undefined) {
    refuseDoubles(source, document);
    return checkPairConfig(parsed, document);
  }
  const expected = printParseErrorCode(first.error)
    .replace(/\B[A-Z]/g, (letter) => ` ${letter}`)
    .toLowerCase();
  throw new PairConfigError(document, [`it is no JSON: ${placeOf(source, first.offset)}: ${expected}`]);
}

/** JSON takes the last of two values without a word; a person who wrote both meant one of them. */
function refuseDoubles(source: string, document: string): void {
  const open: Set<string>[] = [];
  const doubles: string[] = [];
  visit(source, {
    onObjectBegin: () => void open.push(new Set()),
    onObjectEnd: () => void open.pop(),
    onObjectProperty: (name, offset) => {
      if (open.at(-1)?.has(name)) doubles.push(`${name}: found it a second time at ${placeOf(source, offset)}`);
      open.at(-1)?.add(name);
    },
  });
  if (doubles.length > 0) throw new PairConfigError(document, doubles);
}

function placeOf(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
}
