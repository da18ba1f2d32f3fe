import type { Command as Verb } from 'commander';
import { type Invocation, type Result, type Runner, verb } from '../cli.ts';
import { exitCodes } from '../exit-codes.ts';

export const adoptCommand = (run: Runner): Verb =>
  verb('adopt', {
    summary: 'first step after the first deployment: gives site a the grant and marks both sites; safe to repeat',
    examples: ['lifeboat adopt', 'lifeboat adopt --sandbox'],
    exitCodes: [0, 1, 2, 3, 4],
  }).action(run(adopt));

async function adopt({ pair }: Invocation): Promise<Result> {
  const did = await pair.adopt();
  return { exitCode: exitCodes.done, document: { pair: pair.config.pair, did }, lines: did };
}
