import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { PairConfig } from '../lib/contracts/config.ts';
import { breaks } from './breaks.ts';
import { beginProduction, runDemo } from './demo/run.ts';
import { demoSummary } from './demo/summary.ts';
import { SandboxHostError } from './host/errors.ts';
import { installCleanup, killTagged, sweep } from './host/processes.ts';
import { findTagged } from './host/tagged-processes.ts';
import { sandboxPair } from './pair.ts';
import { progress, result, timedProgress } from './print.ts';
import { type Sandbox, sandboxPlace, startSandbox } from './up.ts';

const State = z.object({ endpoint: z.url(), configFile: z.string(), pid: z.int() });

/** The sandbox of this name is not up, so there is nothing to look at or to break. */
class SandboxDownError extends Error {
  override readonly name = 'SandboxDownError';
}

type Place = { readonly name: string; readonly port?: number };

async function demo(options: Place & { json?: boolean; keep?: boolean }): Promise<void> {
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

async function up(options: Place & { production: boolean }): Promise<void> {
  const tell = timedProgress();
  const sandbox = await openSandbox(options, tell);
  if (options.production) await beginProduction(sandbox, tell);
  await stayUp(sandbox);
}

async function openSandbox({ name, port }: Place, tell: (line: string) => void): Promise<Sandbox> {
  installCleanup(sandboxPlace(name).id, async () => progress('ending everything this sandbox started'));
  return await startSandbox({ name, port, config: sandboxPair('demo'), progress: tell });
}

/** Keeps the process, and with it the sandbox, until Ctrl-C or `down`. */
async function stayUp(sandbox: Sandbox): Promise<never> {
  for (const side of ['a', 'b'] as const)
    progress(`site ${side}: ${sandbox.site(side).url}  user admin  password ${sandbox.password}`);
  progress(`look:   npm run lifeboat -- status --sandbox ${sandbox.name}`);
  progress(`break:  npm run sandbox -- break scheduler --name ${sandbox.name}`);
  progress('The sandbox is up. Ctrl-C, or npm run sandbox -- down, ends it.');
  return await new Promise<never>(() => {
    // An open timer keeps the process; the servers of the sandbox alone might not.
    setInterval(() => undefined, 60_000);
  });
}

async function readState(name: string) {
  const { stateDir, id } = sandboxPlace(name);
  const text = await readFile(path.join(stateDir, 'state.json'), 'utf8').catch(() => null);
  if (text === null) throw new SandboxDownError(`sandbox ${name} is not up: npm run sandbox -- up`);
  const state = State.parse(JSON.parse(text));
  return { ...state, id, config: PairConfig.parse(JSON.parse(await readFile(state.configFile, 'utf8'))) };
}

async function down({ name }: { name: string }): Promise<void> {
  const { id } = sandboxPlace(name);
  const state = await readState(name).catch(() => null);
  if (state) {
    try {
      process.kill(state.pid, 'SIGTERM');
    } catch {
      // It has ended without taking its state file with it; the sweep below finds what it left.
    }
  }
  const swept = await sweep({ sandbox: id });
  result(`sandbox ${name} is down (${swept.length} processes ended)`);
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
  if (!chosen)
    throw new SandboxDownError(`${what} cannot be broken; known: ${breaks.map((one) => one.name).join(', ')}, nothing`);
  const kill = chosen.kill?.(state.config);
  if (kill) {
    const site = state.config.sites[kill.side].environment.replaceAll('-', '_');
    await killTagged({ sandbox: state.id, part: `${site}/${kill.part}` });
  }
  const rules = chosen.faults?.(state.config);
  if (rules) await fetch(faultsUrl, { method: 'POST', body: JSON.stringify(rules) });
  result(chosen.says);
}

function program(): Command {
  const named = (command: Command) => command.option('--name <name>', 'name of the sandbox', 'demo');
  const placed = (command: Command) =>
    named(command).option('--port <port>', 'port of the AWS endpoint (default: any free one)', portNumber);
  const root = new Command('sandbox').description(
    'Three Regions on this machine: two real Airflow sites and the controller.',
  );
  placed(root.command('demo'))
    .description('lose a site for real and watch the controller bring production up on the other one')
    .option('--json', 'one JSON document on stdout; progress goes to stderr')
    .option('--keep', 'leave the sandbox up afterwards')
    .addHelpText('after', '\nExamples:\n  npm run demo\n  npm run demo -- --json\n  npm run demo -- --keep')
    .action(demo);
  placed(root.command('up'))
    .description('boot a sandbox and keep it until Ctrl-C')
    .option('--no-production', 'do not adopt the pair and start production on site a')
    .action(up);
  named(root.command('down')).description('end a sandbox and everything it started').action(down);
  named(root.command('status')).description('say what runs and which faults are in force').action(status);
  named(root.command('break <what>'))
    .description('break something in a sandbox that is up')
    .addHelpText(
      'after',
      `\n${breaks.map((one) => `  ${one.name.padEnd(22)}${one.says}`).join('\n')}\n  ${'nothing'.padEnd(22)}lifts every fault`,
    )
    .action(breakIt);
  return root.exitOverride();
}

/** Reads a port. @throws InvalidArgumentError, which names the option */
function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError(`expected a port from 1 to 65535, found ${text}`);
}

/** Exit codes: 0 done, 1 unexpected, 2 usage; those of this machine's faults stand with the error classes. */
async function main(): Promise<number> {
  try {
    await program().parseAsync(process.argv);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof SandboxHostError) {
      progress(`${error.name}: ${error.message}`);
      return error.exitCode;
    }
    progress(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    return error instanceof SandboxDownError ? 2 : 1;
  }
}

process.exit(await main());
