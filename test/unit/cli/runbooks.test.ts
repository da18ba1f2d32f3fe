import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import type { Runner, SetupRunner } from '../../../lib/cli/cli.ts';
import { exitCodeMeanings } from '../../../lib/cli/exit-codes.ts';
import { buildProgram } from '../../../lib/cli/program.ts';
import { alarms } from '../../../lib/infra/alarms.ts';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const pages = readdirSync(new URL('runbooks/', root)).filter((name) => name.endsWith('.md'));
const documents = [
  ...pages.map((name) => `runbooks/${name}`),
  'README.md',
  'docs/cli.md',
  'docs/getting-started.md',
  'docs/deploying.md',
].filter((path) => existsSync(new URL(path, root)));

/** Every `lifeboat ...` of a document: lines of its code blocks, and code within its sentences. */
function commandsIn(text: string): string[] {
  const blocks = [...text.matchAll(/```[a-z]*\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.split('\n'));
  const prose = text.replaceAll(/```[\s\S]*?```/g, '');
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  return [...blocks, ...spans]
    .map((line) =>
      line
        .trim()
        .replace(/^(npx |npm run |\$ )/, '')
        .replace(/^lifeboat -- /, 'lifeboat '),
    )
    .filter((line) => line.startsWith('lifeboat '));
}

const wordsOf = (command: string): string[] =>
  [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '').slice(1);

/** The command line, whose commands do nothing. */
function idleProgram() {
  const idle: Runner & SetupRunner = () => async () => {};
  return buildProgram(idle, idle);
}

/** Parses a command line without running it; throws what the argument parser objects to. */
async function parse(command: string): Promise<void> {
  const program = idleProgram();
  const settle = (verb: typeof program) => {
    verb.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    for (const child of verb.commands) settle(child);
  };
  settle(program);
  const words = wordsOf(command.split(/ [>|] /)[0] ?? '');
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error;
  }
}

describe('the commands in the documents', () => {
  it.each(documents)('of %s exist as they are written', async (path) => {
    for (const command of commandsIn(read(path))) {
      await expect(parse(command), command).resolves.toBeUndefined();
    }
  });

  it('would be found out if they did not exist', async () => {
    await expect(parse('lifeboat failback')).rejects.toThrow("unknown command 'failback'");
    await expect(parse('lifeboat failover --force --reason x')).rejects.toThrow("unknown option '--force'");
    await expect(parse('lifeboat approve')).rejects.toThrow("missing required argument 'op'");
    expect(commandsIn('a `lifeboat status` and\n```sh\nlifeboat history\n```\n')).toEqual([
      'lifeboat history',
      'lifeboat status',
    ]);
  });

  it('are many', () => {
    expect(documents.flatMap((path) => commandsIn(read(path))).length).toBeGreaterThan(30);
  });
});

describe('the runbooks', () => {
  const headings = [
    'What you see',
    'What it means',
    'Verify',
    'Decide',
    'Act',
    'Confirm',
    'If it fails',
    'Undo',
    'Escalate',
  ];

  it.each(alarms.map(({ name }) => name))('have a page for the alarm %s, which the table names', (name) => {
    expect(pages).toContain(`${name}.md`);
    expect(read('runbooks/README.md')).toContain(`[${name}.md](${name}.md)`);
  });

  it.each(pages.filter((name) => name !== 'README.md'))('%s goes from what you see to whom you escalate', (name) => {
    const found = [...read(`runbooks/${name}`).matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(found.slice(0, headings.length)).toEqual(headings);
  });

  it.each(pages)('%s links only to what exists', (name) => {
    const text = read(`runbooks/${name}`);
    for (const [, file = '', anchor] of text.matchAll(/\]\(([^)#]+)(?:#([^)]+))?\)/g)) {
      const target = new URL(file, new URL('runbooks/', root));
      expect(existsSync(target), `${name} links to ${file}`).toBe(true);
      if (anchor === undefined) continue;
      const anchors = [...readFileSync(target, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
        heading.toLowerCase().replaceAll(' ', '-'),
      );
      expect(anchors, `${name} links to ${file}#${anchor}`).toContain(anchor);
    }
  });
});

describe('docs/cli.md', () => {
  it('lists every exit code with its meaning', () => {
    for (const [code, meaning] of Object.entries(exitCodeMeanings)) {
      expect(read('docs/cli.md')).toContain(`| ${code} | ${meaning} |`);
    }
  });

  it('has a section for every command', () => {
    const text = read('docs/cli.md');
    for (const { name } of idleProgram().commands.map((verb) => ({ name: verb.name() }))) {
      expect(text).toContain(`### ${name}`);
    }
  });
});
