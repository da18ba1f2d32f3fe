import { CommanderError, Command as Verb } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { addressed } from './addressed.ts';
import { addressingOf, CommonOptions, type Result, type Runner, readOptions, type SetupRunner } from './cli.ts';
import { acknowledgeCommand } from './commands/acknowledge.ts';
import { adoptCommand } from './commands/adopt.ts';
import { approveCommand } from './commands/approve.ts';
import { doctorCommand } from './commands/doctor.ts';
import { failoverCommand } from './commands/failover.ts';
import { helpersCommand } from './commands/helpers.ts';
import { historyCommand } from './commands/history.ts';
import { initCommand } from './commands/init.ts';
import { pauseCommand } from './commands/pause.ts';
import { planCommand } from './commands/plan.ts';
import { reportCommand } from './commands/report.ts';
import { resumeCommand } from './commands/resume.ts';
import { statusCommand } from './commands/status.ts';
import { ControllerUnreachableError, describeError, UsageError } from './errors.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import type { PairAccess } from './pair-access.ts';
import { reachedTable, unreachable } from './reached.ts';
import { showError } from './render.ts';
import type { Screen } from './screen.ts';
import type { SetupAccess } from './setup-access.ts';

/** Builds what a command may touch, from its common options. */
export type Connect = (options: CommonOptions) => Promise<PairAccess>;
/** The same for the commands that come before there is a controller. */
export type SetUp = (options: CommonOptions) => Promise<SetupAccess>;

const commands = [
  statusCommand,
  doctorCommand,
  planCommand,
  failoverCommand,
  approveCommand,
  resumeCommand,
  pauseCommand,
  acknowledgeCommand,
  historyCommand,
  reportCommand,
  adoptCommand,
];

const setupCommands = [initCommand, helpersCommand];

/** Commands that only read. */
const readOnly: ReadonlySet<string> = new Set(['status', 'doctor', 'plan', 'history', 'report']);

/** All commands; each runs its body through `run`, those that need no controller through `setUp`. */
export function buildProgram(run: Runner, setUp: SetupRunner): Verb {
  const program = new Verb('lifeboat')
    .description('disaster recovery for Amazon MWAA: judges, fences, imports and promotes, and never runs two sites')
    .version(packageJson.version, '--version', 'print the version')
    .addHelpText(
      'after',
      [
        '',
        'Start with: lifeboat init, for a new pair; lifeboat status (add --sandbox for the sandbox)',
        `Exit codes: ${Object.values(exitCodes).join(', ')}; docs/cli.md says what each means`,
      ].join('\n'),
    );
  for (const command of setupCommands) program.addCommand(command(setUp));
  for (const command of commands) program.addCommand(command(run));
  return program;
}

/**
 * Runs one command line and returns its exit code. Never throws: an error is shown as one line of cause and one of
 * fix, or under `--json` as the only document on stdout.
 */
export async function runCommandLine(
  words: readonly string[],
  screen: Screen,
  connect: Connect,
  setUp: SetUp,
): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.done;
  let addressing = '';
  const show = (common: CommonOptions, result: Result) => {
    if (common.json) screen.document(result.document);
    else for (const line of result.lines) screen.line(line);
    exitCode = result.exitCode;
  };
  const run: Runner =
    (body) =>
    async (...given) => {
      const { common, spoken } = spokenOf(given, screen);
      addressing = addressingOf(common);
      const connected = await connect(common);
      addressing = connected.addressing;
      const pair = { ...connected, table: reachedTable(connected.table, connected.config.controllerRegion) };
      show(common, await body({ pair, ...spoken }));
    };
  const runSetup: SetupRunner =
    (body) =>
    async (...given) => {
      const { common, spoken } = spokenOf(given, screen);
      addressing = addressingOf(common);
      show(common, await body({ setup: await setUp(common), ...spoken }));
    };
  const json = words.includes('--json');
  const program = withoutExits(buildProgram(run, runSetup), screen);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done;
    const known = error instanceof CommanderError ? usageOf(error, words) : unreachable(error, 'AWS');
    const described = describeError(known);
    const unchanged = known instanceof ControllerUnreachableError && readOnly.has(words[0] ?? '');
    const fix = unchanged ? `${described.fix}; nothing was changed by this command` : described.fix;
    showError(screen, { ...described, fix: addressed(fix, addressing) }, json);
    return described.exitCode;
  }
}

/** What commander hands over: the operands, then the options, then the command itself. */
function spokenOf(given: readonly unknown[], screen: Screen) {
  const options = given.at(-2);
  const operands = given.slice(0, -2).filter((word) => typeof word === 'string');
  const common = readOptions(CommonOptions, options);
  const own = typeof options === 'object' && options !== null ? { ...options } : {};
  return { common, spoken: { screen, json: common.json, operands, options: own } };
}

/** The argument parser may neither print errors nor end the process: both are done in one place. */
function withoutExits(program: Verb, screen: Screen): Verb {
  const settle = (verb: Verb) => {
    verb.exitOverride().configureOutput({ writeOut: (text) => screen.plain(text), writeErr: () => {} });
    for (const child of verb.commands) settle(child);
  };
  settle(program);
  return program;
}

function usageOf(error: CommanderError, words: readonly string[]): UsageError {
  const verbs = words.filter((word) => /^[a-z]+$/.test(word)).slice(0, words[0] === 'plan' ? 2 : 1);
  if (error.code === 'commander.help') return new UsageError('a command is missing', 'lifeboat --help lists them');
  const cause = error.message.replace(/^error: /, '');
  if (error.code === 'commander.unknownCommand') return new UsageError(cause, 'lifeboat --help lists the commands');
  return new UsageError(cause, ['lifeboat', ...verbs, '--help'].join(' '));
}
