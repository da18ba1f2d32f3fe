import type { Command as Verb } from 'commander';
import { type Invocation, opOperand, type Result, type Runner, verb } from '../cli.ts';
import { exitCodes } from '../exit-codes.ts';
import { send } from '../send.ts';

export const acknowledgeCommand = (run: Runner): Verb =>
  verb('acknowledge', {
    summary: 'says that a person has read the report of an automatic op; until then no other begins by itself',
    examples: ['lifeboat acknowledge 01k9zq4w8h3m5n7p9r1s2t4v6x'],
    exitCodes: [0, 1, 2, 3, 4],
  })
    .argument('<op>', 'id of the op')
    .action(run(acknowledge));

async function acknowledge({ pair, operands }: Invocation): Promise<Result> {
  const op = opOperand(operands);
  const reply = await send(pair, { command: 'acknowledge', op });
  return { exitCode: exitCodes.done, document: { op, message: reply.message }, lines: [reply.message] };
}
