import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseConfigFile } from '../../../lib/contracts/config-file.ts';
import { parsePairConfig } from '../../../lib/contracts/parse-config.ts';

const example = readFileSync(new URL('../../../examples/pair.json', import.meta.url), 'utf8');

describe('the file of a pair configuration', () => {
  it('may hold comments and trailing commas', () => {
    const commented = example
      .replace('"pair"', '// the name\n  "pair" /* of it */')
      .replace(/\n\}\s*$/, ',\n}\n// the end\n');
    expect(parseConfigFile(`\uFEFF${commented}`, 'pair.json')).toEqual(parsePairConfig(example, 'pair.json'));
  });

  it.each([
    ['{\n  "pair" "demo"\n}', 'line 2, column 10: colon expected'],
    ['{\n  "pair": "demo"\n  "account": 1\n}', 'line 3, column 3: comma expected'],
    ['{', 'line 1, column 2: close brace expected'],
    ['', 'line 1, column 1: value expected'],
    ['{}\n/* for ever', 'line 2, column 1: unexpected end of comment'],
  ])('%j is no JSON, and the message says where', (text, place) => {
    expect(() => parseConfigFile(text, 'pair.json')).toThrow(`it is no JSON: ${place}`);
  });

  it('refuses a field that stands there twice, and says where', () => {
    const doubled = example.replace('"homeSite"', '"mode": "automatic",\n  "homeSite"');
    expect(() => parseConfigFile(doubled, 'pair.json')).toThrow(/mode: found it a second time at line \d+, column 3/);
    expect(() => parseConfigFile(example, 'pair.json')).not.toThrow();
  });

  it('names every wrong field, as plain JSON does', () => {
    const wrong = example.replace('"demo"', '"Demo" /* too large */');
    expect(() => parseConfigFile(wrong, 'pair.json')).toThrow('pair: found "Demo"');
  });
});

describe('the configuration that a function gets', () => {
  it('is plain JSON', () => {
    expect(() => parsePairConfig('{} // no', 'LIFEBOAT_CONFIG')).toThrow('it is no JSON');
  });
});
