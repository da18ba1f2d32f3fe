import { readFile, rm } from 'node:fs/promises';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { SandboxNotUpError } from '../lib/cli/errors.ts';
import { defaultSandbox, readSandbox, SandboxName } from '../lib/cli/sandbox-state.ts';
import { Strategy } from '../lib/contracts/config.ts';
import { parsePairConfig } from '../lib/contracts/parse-config.ts';
import { breaks } from './breaks.ts';
import { beginProduction, runDemo } from './demo/run.ts';
import { demoSummary } from './demo/summary.ts';
import { SandboxHostError } from './host/errors.ts';
import { installCleanup, killTagged, sweep } from './host/processes.ts';
import { findTagged } from './host/tagged-processes.ts';
import { namesOfSite, sandboxPair } from './pair.ts';
import { isAlive, projectRoot, refuseIfUp, sandboxPlace, sandboxThatIsUp } from './place.ts';
import { progress, result, timedProgress } from './print.ts';
import { until } from './until.ts';
import { type Sandbox, startSandbox } from './up.ts';

type Place = { readonly name: string; readonly port?: number };
type Start = Place & { readonly strategy: Strategy };

async function demo(options: Start & { json?: boolean; keep?: boolean }): Promise<void> {
  const tell = timedProgress();
  const sandbox = await openSandbox(options, tell);
  try {
    const measured = await runDemo(sandbox, tell);
    result(options.json ? JSON.stringify(measured, null, 2) : demoSummary(measured));
    if (options.keep) await stayUp(sandbox);
  } finally {
    await sandbox.close();
  }
}

async function up(options: Start & { production: boolean }): Promise<void> {
  const tell = timedProgress();
  const sandbox = await openSandbox(options, tell);
  if (options.production) await beginProduction(sandbox, tell);
  await stayUp(sandbox);
}

async function openSandbox({ name, port, strategy }: Start, tell: (line: string) => void): Promise<Sandbox> {
  const { id, stateFile } = sandboxPlace(name);
  // Before there is a cleanup, which would end the one that is up.
  await refuseIfUp(name);
  installCleanup(id, async () => {
    progress('ending everything this sandbox started');
    await rm(stateFile, { force: true });
  });
  return await startSandbox({ name, port, config: sandboxPair('demo', { strategy }), progress: tell });
}

/** Keeps the process, and with it the sandbox, until Ctrl-C or `down`. */
async function stayUp(sandbox: Sandbox): Promise<never> {
  for (const side of ['a', 'b'] as const) {
    const environment = sandbox.environmentOf(side);
    progress(
      environment === null
        ? `site ${side}: no environment; it is created when it is needed`
        : `site ${side}: ${environment}  ${sandbox.site(side).url}  user admin  password ${sandbox.password}`,
    );
  }
  progress(`look:   npm run lifeboat -- status --sandbox ${sandbox.name}`);
  progress(`break:  npm run sandbox -- break scheduler --name ${sandbox.name}`);
  progress(`The sandbox is up. Ctrl-C, or npm run sandbox -- down --name ${sandbox.name}, ends it.`);
  return await new Promise<never>(() => {
    // An open timer keeps the process; the servers of the sandbox alone might not.
    setInterval(() => undefined, 60_000);
  });
}

/** What a sandbox that is up says of itself. @throws SandboxNotUpError */
async function readState(name: string) {
  const state = await readSandbox(projectRoot, name);
  const config = parsePairConfig(await readFile(state.configFile, 'utf8'), state.configFile);
  return { ...state, id: sandboxPlace(name).id, config };
}

async function down({ name }: { name: string }): Promise<void> {
  const { id, stateFile } = sandboxPlace(name);
  const state = await sandboxThatIsUp(name);
  // The process of a sandbox that does not answer may be gone, and its number another program's.
  if (state && isAlive(state.pid)) {
    process.kill(state.pid, 'SIGTERM');
    await until(`process ${state.pid} of sandbox ${name} ends`, 30, async () => !isAlive(state.pid), 100);
  }
  const swept = await sweep({ sandbox: id });
  await rm(stateFile, { force: true });
  const left = swept.length > 0 ? ` (${swept.length} processes were left over)` : '';
  result(state || left ? `sandbox ${name} is down${left}` : `sandbox ${name} was not up`);
}

async function status({ name }: { name: string }): Promise<void> {
  const state = await readState(name);
  const faults = await fetch(`${state.endpoint}/_sandbox/faults`).then((answer) => answer.json());
  result(`sandbox ${name}: ${findTagged({ sandbox: state.id }).length} processes, front ${state.endpoint}`);
  result(`faults in force: ${JSON.stringify(faults)}`);
}

async function breakIt(what: string, { name }: { name: string }): Promise<void> {
  const state = await readState(name);
  const faultsUrl = `${state.endpoint}/_sandbox/faults`;
  if (what === 'nothing') {
    await fetch(faultsUrl, { method: 'DELETE' });
    result('every fault is lifted');
    return;
  }
  const chosen = breaks.find((one) => one.name === what);
  if (!chosen) throw new Error(`${what} is listed and cannot be broken`);
  const kill = chosen.kill?.(state.config);
  if (kill) {
    for (const name of namesOfSite(state.config, kill.side)) {
      await killTagged({ sandbox: state.id, part: `${name.replaceAll('-', '_')}/${kill.part}` });
    }
  }
  const rules = chosen.faults?.(state.config);
  if (rules) await fetch(faultsUrl, { method: 'POST', body: JSON.stringify(rules) });
  result(chosen.says);
}

function program(): Command {
  const named = (command: Command) =>
    command.option('--name <name>', 'name of the sandbox', sandboxName, defaultSandbox);
  const placed = (command: Command) =>
    named(command).option('--port <port>', 'port of the AWS endpoint (default: any free one)', portNumber);
  const started = (command: Command) =>
    placed(command).addOption(
      new Option('--strategy <strategy>', 'does site b exist, or is it created when it is needed?')
        .choices(Strategy.options)
        .default('warm-standby'),
    );
  // Before there are commands: they take it over when they are made.
  const root = new Command('sandbox')
    .exitOverride()
    .description('Three Regions on this machine: real Airflow sites and the controller.');
  started(root.command('demo'))
    .description('lose a site for real and watch the controller bring production up on the other one')
    .option('--json', 'one JSON document on stdout; progress goes to stderr')
    .option('--keep', 'leave the sandbox up afterwards')
    .addHelpText(
      'after',
      '\nExamples:\n  npm run demo\n  npm run demo -- --strategy backup-restore\n  npm run --silent demo -- --json',
    )
    .action(demo);
  started(root.command('up'))
    .description('boot a sandbox and keep it until Ctrl-C')
    .option('--no-production', 'neither adopt the pair nor start production')
    .action(up);
  named(root.command('down')).description('end a sandbox and everything it started').action(down);
  named(root.command('status')).description('say what runs and which faults are in force').action(status);
  const what = new Argument('<what>').choices([...breaks.map((one) => one.name), 'nothing']);
  named(root.command('break').addArgument(what))
    .description('break something in a sandbox that is up')
    .addHelpText(
      'after',
      `\n${breaks.map((one) => `  ${one.name.padEnd(22)}${one.says}`).join('\n')}\n  ${'nothing'.padEnd(22)}lifts every fault`,
    )
    .action(breakIt);
  return root;
}

/** Reads the name of a sandbox. @throws InvalidArgumentError, which names the option */
function sandboxName(text: string): string {
  const parsed = SandboxName.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(`${parsed.error.issues[0]?.message}, found ${text}`);
}

/** Reads a port. @throws InvalidArgumentError, which names the option */
function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError(`expected a port from 1 to 65535, found ${text}`);
}

/** The exit code of a command line that was not run: help was asked for, or it was wrong, and the fix is shown. */
function usageEnd(error: CommanderError, root: Command): number {
  if (error.exitCode === 0) return 0;
  const command = root.commands.find((one) => one.name() === process.argv[2]);
  progress(`  Fix: npm run sandbox -- ${command ? `${command.name()} ` : ''}--help`);
  return 2;
}

/** Exit codes: 0 done, 1 unexpected, 2 usage, 4 not up; those of this machine's faults stand with the error classes. */
async function main(): Promise<number> {
  const root = program();
  try {
    await root.parseAsync(process.argv);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return usageEnd(error, root);
    progress(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    if (error instanceof SandboxNotUpError) progress(`  Fix: ${error.fix}`);
    return error instanceof SandboxHostError || error instanceof SandboxNotUpError ? error.exitCode : 1;
  }
}

process.exit(await main());
