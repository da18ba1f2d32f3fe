import { Command as Verb } from 'commander';
import { z } from 'zod';
import { OpId } from '../contracts/ids.ts';
import { UsageError } from './errors.ts';
import { type ExitCode, exitCodeMeanings } from './exit-codes.ts';
import type { PairAccess } from './pair-access.ts';
import type { Screen } from './screen.ts';
import type { SetupAccess } from './setup-access.ts';

/** What a command ended with: its exit code, its document for `--json` and its lines for people. */
export type Result = { readonly exitCode: ExitCode; readonly document: unknown; readonly lines: readonly string[] };

/** Options of every command. */
export const CommonOptions = z.object({
  json: z.boolean().default(false),
  config: z.string().optional(),
  sandbox: z.union([z.boolean(), z.string()]).default(false),
});
export type CommonOptions = z.infer<typeof CommonOptions>;

/** What has to be repeated on every command to reach the same pair. */
export function addressingOf({ config, sandbox }: CommonOptions): string {
  const file = config === undefined ? '' : ` --config ${/^[\w./~-]+$/.test(config) ? config : JSON.stringify(config)}`;
  if (sandbox === false) return file;
  return `${file} --sandbox${typeof sandbox === 'string' ? ` ${sandbox}` : ''}`;
}

/** The screen for progress and questions, and the words of a command. */
type Spoken = {
  readonly screen: Screen;
  readonly json: boolean;
  readonly operands: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
};
/** What a command gets that acts on a pair. */
export type Invocation = Spoken & { readonly pair: PairAccess };
/** What a command gets that needs no controller. */
export type SetupInvocation = Spoken & { readonly setup: SetupAccess };

type Running<Given> = (body: (given: Given) => Promise<Result>) => (...words: unknown[]) => Promise<void>;
/** Runs the body of a command against the pair that its options name, and shows its result. */
export type Runner = Running<Invocation>;
/** The same for a command that needs no controller. */
export type SetupRunner = Running<SetupInvocation>;

type VerbText = {
  readonly summary: string;
  readonly examples: readonly string[];
  readonly exitCodes: readonly ExitCode[];
  /** The command writes the pair configuration and reads none. */
  readonly writesConfig?: boolean;
};

/** One command with the options that all have, examples and exit codes in its help. */
export function verb(signature: string, text: VerbText): Verb {
  const help = [
    '',
    'Examples:',
    ...text.examples.map((example) => `  ${example}`),
    '',
    'Exit codes:',
    ...text.exitCodes.map((code) => `  ${String(code).padStart(2)}  ${exitCodeMeanings[code]}`),
  ];
  const made = new Verb(signature)
    .description(text.summary)
    .option('--json', 'print one JSON document on stdout; progress goes to stderr');
  if (!text.writesConfig) made.option('--config <file>', 'pair configuration (default: ./pair.json)');
  return made
    .option('--sandbox [name]', 'act on the sandbox of this name (default name: demo)')
    .addHelpText('after', help.join('\n'));
}

/**
 * Reads the id of an op from the command line.
 * @throws UsageError
 */
export function opOperand(operands: readonly string[]): string {
  const parsed = OpId.safeParse(operands[0]?.toLowerCase());
  if (parsed.success) return parsed.data;
  throw new UsageError(
    `${operands[0] ?? ''} is not the id of an op: ids have 26 characters`,
    'lifeboat history lists the ops',
  );
}

/**
 * Reads the options of a command through its schema.
 * @throws UsageError that names the option
 */
export function readOptions<T>(schema: z.ZodType<T>, options: unknown): T {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const option = String(issue?.path[0] ?? '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UsageError(
    `--${option}: ${issue?.message ?? 'not valid'}`,
    'add --help to the command to see its options and examples',
  );
}
