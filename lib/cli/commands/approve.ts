import type { Command as Verb } from 'commander';
import { z } from 'zod';
import { spoken, when } from '../../report/time-text.ts';
import { type Invocation, opOperand, type Result, type Runner, readOptions, verb } from '../cli.ts';
import { ConfirmOptions, confirm, confirmable } from '../confirm.ts';
import { RefusedError } from '../errors.ts';
import { type OpFacts, readOp, readPair } from '../pair-facts.ts';
import { send } from '../send.ts';
import { watchToTheEnd } from '../watch-to-the-end.ts';

const Options = ConfirmOptions.extend({ wait: z.boolean().default(true) });

export const approveCommand = (run: Runner): Verb =>
  verb('approve', {
    summary: 'approves a prepared op; from then on it takes the grant from the losing site',
    examples: [
      'lifeboat approve 01k9zq4w8h3m5n7p9r1s2t4v6x',
      'lifeboat approve 01k9zq4w8h3m5n7p9r1s2t4v6x --yes --expect-epoch 1 --no-wait',
    ],
    exitCodes: [0, 1, 2, 3, 4, 6, 7, 10],
  })
    .argument('<op>', 'id of the op')
    .option('--yes', 'do not ask; only together with --expect-epoch')
    .option('--expect-epoch <n>', 'grant epoch you saw; any other refuses the command')
    .option('--no-wait', 'approve and return; the op goes on by itself')
    .action(run(approve));

async function approve(invocation: Invocation): Promise<Result> {
  const { pair, screen } = invocation;
  const options = confirmable(readOptions(Options, invocation.options));
  const op = await readOp(pair.table, opOperand(invocation.operands));
  const { grant } = await readPair(pair.table);
  if (op.record.phase !== 'open') {
    throw new RefusedError(`op ${op.record.op} is ${op.record.phase}: there is nothing to approve`, 'lifeboat status');
  }
  for (const line of approvalLines(op, pair.now())) screen.progress(line);
  await confirm(invocation, options, grant.epoch);
  const { planHash, epoch } = op.record;
  const reply = await send(pair, { command: 'approve', op: op.record.op, planHash, epoch });
  screen.progress(reply.message);
  return await watchToTheEnd(invocation, op.record.op, options.wait);
}

/** What the approval covers, in words: it is bound to exactly this. */
function approvalLines({ record, steps }: OpFacts, now: Date): string[] {
  const { plan } = record;
  const prepared = steps.filter((step) => step.status === 'done').map((step) => step.state);
  return [
    `APPROVE ${record.kind} ${record.op}: site ${plan.from} -> site ${plan.target}`,
    `  Began ${when(record.beganAt, now)} by ${record.by}: ${record.reason}`,
    `  Prepared: ${prepared.join(', ') || 'nothing yet'}`,
    `  Moves on: ${plan.diagnoses.join(', ')}; oldest snapshot ${spoken(plan.worstRecoveryPointSeconds)}`,
    plan.leastRung === 'R0'
      ? `  Least fence R0: site ${plan.from} may go on running tasks. Your approval is the waiver.`
      : `  Least fence ${plan.leastRung}: no site runs production until site ${plan.from} is proved to be stopped.`,
  ];
}
