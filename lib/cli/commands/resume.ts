import type { Command as Verb } from 'commander';
import { z } from 'zod';
import { type Invocation, opOperand, type Result, type Runner, readOptions, verb } from '../cli.ts';
import { send } from '../send.ts';
import { watchToTheEnd } from '../watch-to-the-end.ts';

const Options = z.object({ wait: z.boolean().default(true) });

export const resumeCommand = (run: Runner): Verb =>
  verb('resume', {
    summary: 'takes up an op that is held or whose execution is gone; finished steps are not done again',
    examples: ['lifeboat resume 01k9zq4w8h3m5n7p9r1s2t4v6x', 'lifeboat resume 01k9zq4w8h3m5n7p9r1s2t4v6x --no-wait'],
    exitCodes: [0, 1, 2, 3, 4, 6, 7, 10],
  })
    .argument('<op>', 'id of the op')
    .option('--no-wait', 'take it up and return; the op goes on by itself')
    .action(run(resume));

async function resume(invocation: Invocation): Promise<Result> {
  const options = readOptions(Options, invocation.options);
  const op = opOperand(invocation.operands);
  const reply = await send(invocation.pair, { command: 'resume', op });
  invocation.screen.progress(reply.message);
  return await watchToTheEnd(invocation, op, options.wait);
}
