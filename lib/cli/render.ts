import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import type { ErrorDocument } from './errors.ts';
import type { Screen } from './screen.ts';

type Terminal = Writable & { isTTY?: boolean };
type Streams = { readonly stdin: Readable & { isTTY?: boolean }; readonly stdout: Terminal; readonly stderr: Terminal };

const codes = { good: 32, warning: 33, bad: 31 } as const;
// Words that carry a meaning get a colour; the words themselves stay, so nothing is lost without it.
const words: ReadonlyArray<readonly [RegExp, keyof typeof codes]> = [
  [/\b(active|healthy|done|recovered|verified)\b/g, 'good'],
  [/\b(degraded|unknown|waiting|held|warning|paused|UNPROTECTED|stale)\b/g, 'warning'],
  [/\b(down|failed|refused|Error)\b/g, 'bad'],
];

function coloured(text: string): string {
  return words.reduce(
    (line, [pattern, tone]) => line.replaceAll(pattern, (word) => `\u001b[${codes[tone]}m${word}\u001b[0m`),
    text,
  );
}

/** The screen of a terminal or of a pipe. Colours only on a terminal, and not when NO_COLOR is set. */
export function createScreen(streams: Streams, environment: NodeJS.ProcessEnv): Screen {
  const paint = (stream: Terminal, text: string) =>
    stream.isTTY === true && !environment.NO_COLOR ? coloured(text) : text;
  return {
    line: (text) => void streams.stdout.write(`${paint(streams.stdout, text)}\n`),
    document: (value) => void streams.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    progress: (text) => void streams.stderr.write(`${paint(streams.stderr, text)}\n`),
    plain: (text) => void streams.stdout.write(text),
    ask: async (question) => {
      if (streams.stdin.isTTY !== true) return null;
      // The question goes to stderr, so that stdout stays the result alone.
      const reader = createInterface({ input: streams.stdin, output: streams.stderr });
      const closed = new AbortController();
      reader.once('SIGINT', () => closed.abort());
      try {
        return await reader.question(question, { signal: closed.signal });
      } catch (error) {
        if (closed.signal.aborted) return '';
        throw error;
      } finally {
        reader.close();
      }
    },
  };
}

/** Shows an error: one line of cause and one of fix, or the document of `--json` as the only thing on stdout. */
export function showError(screen: Screen, error: ErrorDocument, json: boolean): void {
  if (json) screen.document({ error });
  else {
    screen.progress(`${error.name}: ${error.message}`);
    screen.progress(`Fix: ${error.fix}`);
  }
}
