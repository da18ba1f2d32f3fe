import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

const page = new URL('../../runbooks/break-glass.md', import.meta.url);

/** What a person pastes, and what the page promises to be seen then; `…` and `<...>` in it stand for anything. */
export type Block = { readonly heading: string; readonly command: string; readonly expected: readonly string[] };

/** The bash blocks of runbooks/break-glass.md in their order. */
export function breakGlassBlocks(): Block[] {
  const blocks: Block[] = [];
  const parts = readFileSync(page, 'utf8').split(/^(#{2,3} .+|```bash\n[\s\S]*?^```)$/m);
  let heading = '';
  for (const [index, part] of parts.entries()) {
    if (/^#{2,3} /.test(part)) heading = part.replace(/^#+ /, '');
    const command = /^```bash\n([\s\S]*)```$/.exec(part)?.[1];
    if (command !== undefined) blocks.push({ heading, command, expected: expectedIn(parts[index + 1] ?? '') });
  }
  return blocks;
}

/** Code in the sentence that begins with "Expect", right behind a block. */
function expectedIn(prose: string): string[] {
  const sentence = /^\s*Expect ((?:`[^`]*`|[^.`])*)\./.exec(prose)?.[1] ?? '';
  return [...sentence.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replaceAll(/\s+/g, ' '));
}

/** A block of variables with other values. @throws Error when it sets one that `values` does not have. */
function withValues({ command }: Block, values: Readonly<Record<string, string>>): string {
  const names = [...command.matchAll(/\b([A-Z_]+)=/g)].map(([, name = '']) => name);
  return names
    .map((name) => {
      const value = values[name];
      if (value === undefined) throw new Error(`the page sets ${name}, for which the test has no value`);
      return `export ${name}='${value}'\n`;
    })
    .join('');
}

/** The blocks in which a person puts in the values of the own pair; nothing else of the page is to be changed. */
const isOfVariables = ({ command }: Block): boolean => /^export (PAIR|TARGET_ROLE)=/.test(command);

const pattern = (expected: string): RegExp =>
  new RegExp(
    expected
      .split(/…|<[^>]+>/)
      .map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*'),
  );

/** One bash into which blocks are pasted one after another, as into the terminal of a person. */
export class Terminal {
  readonly #shell: ChildProcess;
  #seen = '';

  constructor(environment: Readonly<Record<string, string>>) {
    this.#shell = spawn('bash', ['--noprofile', '--norc'], {
      env: { ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#shell.stdout?.on('data', (chunk: Buffer) => {
      this.#seen += chunk.toString('utf8');
    });
    // In one stream, as on a screen.
    this.#shell.stdin?.write('exec 2>&1\n');
  }

  /** What a command printed. @throws Error after `seconds`, or when the shell is gone. */
  async type(command: string, seconds = 240): Promise<string> {
    const mark = randomUUID();
    const from = this.#seen.length;
    this.#shell.stdin?.write(`${command}\necho ${mark}\n`);
    const ends = Date.now() + seconds * 1000;
    while (!this.#seen.includes(mark, from)) {
      const said = this.#seen.slice(from);
      if (this.#shell.exitCode !== null) throw new Error(`the shell ended at:\n${command}\n${said}`);
      if (Date.now() > ends) throw new Error(`no end within ${seconds} s:\n${command}\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return this.#seen.slice(from, this.#seen.indexOf(mark, from));
  }

  /** Pastes all blocks below a heading, one after another, and says what was seen. @throws Error as `#paste` does. */
  async follow(heading: string, values: Readonly<Record<string, string>> = {}): Promise<string> {
    const blocks = breakGlassBlocks().filter((block) => block.heading.startsWith(heading));
    if (blocks.length === 0) throw new Error(`the page has no command below ${heading}`);
    let seen = '';
    for (const block of blocks) {
      seen += await this.#paste(isOfVariables(block) ? { ...block, command: withValues(block, values) } : block);
    }
    return seen;
  }

  /** Throws Error when not everything is seen that the page promises, or a step says STOP. */
  async #paste({ heading, command, expected }: Block): Promise<string> {
    const said = await this.type(command);
    const missing = expected.filter((text) => !pattern(text).test(said));
    if (missing.length > 0 || /^STOP/m.test(said)) {
      throw new Error(`${heading}: not seen ${JSON.stringify(missing)} after\n${command}\n${said}`);
    }
    return said;
  }

  close(): void {
    this.#shell.kill('SIGKILL');
  }
}
