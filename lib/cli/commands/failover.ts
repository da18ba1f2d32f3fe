import type { Command as Verb } from 'commander';
import { z } from 'zod';
import { type Invocation, type Result, type Runner, readOptions, verb } from '../cli.ts';
import { ConfirmOptions, confirm, confirmable } from '../confirm.ts';
import {
  CommandNotSentError,
  HolderHealthyError,
  NoSnapshotError,
  NotReadyError,
  OpInProgressError,
} from '../errors.ts';
import { FailoverOptions, wishesOf, withFailoverOptions } from '../failover-options.ts';
import { type Blocker, type FailoverPlan, planFailover } from '../failover-plan.ts';
import { planLines } from '../failover-plan-text.ts';
import { readPair } from '../pair-facts.ts';
import { send } from '../send.ts';
import { watchToTheEnd } from '../watch-to-the-end.ts';

const Options = FailoverOptions.extend(ConfirmOptions.shape).extend({
  reason: z.string('expected a reason: it stands in the audit and in the report').trim().min(1, 'expected a reason'),
  wait: z.boolean().default(true),
});

export const failoverCommand = (run: Runner): Verb =>
  withFailoverOptions(
    verb('failover', {
      summary: 'moves production away from a lost site, after you have seen the plan and typed the name of the pair',
      examples: [
        'lifeboat failover --reason "eu-west-1 is down"',
        'lifeboat failover --reason "eu-west-1 is down" --accept-unfenced',
        'lifeboat failover --reason "game day" --yes --expect-epoch 1 --json',
      ],
      exitCodes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    }),
  )
    .requiredOption('--reason <text>', 'why; stands in the audit and in the report')
    .option('--yes', 'do not ask; only together with --expect-epoch')
    .option('--expect-epoch <n>', 'grant epoch you saw; any other refuses the command')
    .option('--no-wait', 'begin the op and return; it goes on by itself')
    .action(run(failover));

/** Typing the pair's name under the plan is the approval: the controller records it with the beginning of the op. */
async function failover(invocation: Invocation): Promise<Result> {
  const { pair, screen } = invocation;
  const options = confirmable(readOptions(Options, invocation.options));
  const wishes = wishesOf(options);
  const plan = await planFailover(pair, await readPair(pair.table), wishes);
  for (const line of planLines(plan)) screen.progress(line);
  refuseWhenBlocked(plan);
  await confirm(invocation, options, plan.epoch);
  const reply = await send(pair, {
    command: 'begin',
    kind: 'failover',
    target: plan.target,
    reason: options.reason,
    expectEpoch: plan.epoch,
    acceptUnfenced: wishes.acceptUnfenced,
    ...(wishes.acceptRecoveryPointSeconds ? { acceptRecoveryPointSeconds: wishes.acceptRecoveryPointSeconds } : {}),
    diagnoses: [...plan.diagnoses],
  });
  screen.progress(reply.message);
  if (!reply.op)
    throw new CommandNotSentError('the controller accepted the command but named no op', 'lifeboat status');
  return await watchToTheEnd(invocation, reply.op, options.wait);
}

function refuseWhenBlocked(plan: FailoverPlan): void {
  const first = (kind: Blocker['kind']) => plan.blockers.find((blocker) => blocker.kind === kind);
  const running = first('op-in-progress');
  if (running) throw new OpInProgressError(running.because, running.fix);
  const healthy = first('healthy');
  if (healthy) throw new HolderHealthyError(healthy.because, healthy.fix);
  const notReady = first('not-ready');
  if (notReady) throw new NotReadyError(notReady.because, notReady.fix);
  const nothing = first('no-snapshot');
  if (nothing) throw new NoSnapshotError(nothing.because, nothing.fix);
}
