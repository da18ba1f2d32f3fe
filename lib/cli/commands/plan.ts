import { Command as Verb } from 'commander';
import { type Invocation, type Result, type Runner, readOptions, verb } from '../cli.ts';
import { exitCodes } from '../exit-codes.ts';
import { FailoverOptions, wishesOf, withFailoverOptions } from '../failover-options.ts';
import { type FailoverPlan, planFailover } from '../failover-plan.ts';
import { planLines } from '../failover-plan-text.ts';
import { readPair } from '../pair-facts.ts';

const examples = [
  'lifeboat plan failover',
  'lifeboat plan failover --json',
  'lifeboat plan failover --accept-recovery-point 2d',
];

export const planCommand = (run: Runner): Verb =>
  new Verb('plan')
    .description('shows what an op would do; changes nothing')
    .addHelpText('after', ['', 'Examples:', ...examples.map((example) => `  ${example}`)].join('\n'))
    .addCommand(
      withFailoverOptions(
        verb('failover', {
          summary:
            'shows target, snapshot and its age, interrupted runs, fence and steps of a failover; changes nothing',
          examples,
          exitCodes: [0, 1, 2, 4, 5, 8],
        }),
      ).action(run(plan)),
    );

async function plan({ pair, options }: Invocation): Promise<Result> {
  const wishes = wishesOf(readOptions(FailoverOptions, options));
  const planned = await planFailover(pair, await readPair(pair.table), wishes);
  return { exitCode: exitCodeOf(planned), document: planned, lines: planLines(planned) };
}

/** A healthy holder is no reason to fail: people look at plans on quiet days. */
function exitCodeOf({ blockers }: FailoverPlan) {
  const kinds = new Set(blockers.map((blocker) => blocker.kind));
  if (kinds.has('op-in-progress')) return exitCodes.opInProgress;
  if (kinds.has('not-ready')) return exitCodes.notReady;
  return kinds.has('no-snapshot') ? exitCodes.noSnapshot : exitCodes.done;
}
