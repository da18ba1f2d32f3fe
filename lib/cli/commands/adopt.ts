import type { Command as Verb } from 'commander';
import { NameTakenError } from '../../core/errors.ts';
import { type Invocation, type Result, type Runner, verb } from '../cli.ts';
import { NotReadyError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';

export const adoptCommand = (run: Runner): Verb =>
  verb('adopt', {
    summary:
      'first step after the first deployment: gives the home site the grant and marks both sites; safe to repeat',
    examples: ['lifeboat adopt', 'lifeboat adopt --sandbox'],
    exitCodes: [0, 1, 2, 3, 4],
  }).action(run(adopt));

async function adopt({ pair }: Invocation): Promise<Result> {
  const did = await pair.adopt().catch((error: unknown) => {
    if (!(error instanceof NameTakenError)) throw error;
    const fix =
      'set strategy warm-standby if it is the standby, or give the site another environment name; then deploy';
    throw new NotReadyError(error.message, fix);
  });
  return { exitCode: exitCodes.done, document: { pair: pair.config.pair, did }, lines: did };
}
