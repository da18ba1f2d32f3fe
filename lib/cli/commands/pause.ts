import type { Command as Verb } from 'commander';
import { z } from 'zod';
import type { Command } from '../../contracts/command.ts';
import { type Invocation, type Result, type Runner, readOptions, verb } from '../cli.ts';
import { UsageError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { DurationOption } from '../failover-options.ts';
import { send } from '../send.ts';

const Options = z.object({
  for: DurationOption.optional(),
  reason: z.string().trim().min(1, 'expected a reason').optional(),
  end: z.boolean().default(false),
});

export const pauseCommand = (run: Runner): Verb =>
  verb('pause', {
    summary: 'keeps ops from beginning for a while; judging, exports and pages go on. Always ends by itself',
    examples: ['lifeboat pause --for 2h --reason "network change CHG-1042"', 'lifeboat pause --end'],
    exitCodes: [0, 1, 2, 3, 4],
  })
    .option('--for <time>', 'how long, for example 90m or 2h')
    .option('--reason <text>', 'why; status shows it')
    .option('--end', 'end the pause now')
    .action(run(pause));

async function pause({ pair, options }: Invocation): Promise<Result> {
  const reply = await send(pair, commandOf(readOptions(Options, options)));
  return { exitCode: exitCodes.done, document: { message: reply.message }, lines: [reply.message] };
}

function commandOf(options: z.infer<typeof Options>): Command {
  if (options.end) {
    if (options.for === undefined) return { command: 'unpause' };
    throw new UsageError('--end and --for contradict each other', 'leave one of them out');
  }
  if (options.for === undefined || options.reason === undefined) {
    throw new UsageError('a pause needs a length and a reason', 'lifeboat pause --for 2h --reason "..."');
  }
  return { command: 'pause', seconds: options.for, reason: options.reason };
}
