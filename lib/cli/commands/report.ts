import type { Command as Verb } from 'commander';
import { createReport } from '../../report/create-report.ts';
import { reportLines } from '../../report/text.ts';
import { type Invocation, opOperand, type Result, type Runner, verb } from '../cli.ts';
import { exitCodes } from '../exit-codes.ts';
import { readReportRecords } from '../report-records.ts';

export const reportCommand = (run: Runner): Verb =>
  verb('report', {
    summary: 'shows one op: steps with times, verdict, recovery point, fence, interrupted runs, what runs next',
    examples: [
      'lifeboat report 01k9zq4w8h3m5n7p9r1s2t4v6x',
      'lifeboat report 01k9zq4w8h3m5n7p9r1s2t4v6x --json > report.json',
    ],
    exitCodes: [0, 1, 2, 4],
  })
    .argument('<op>', 'id of the op')
    .action(run(report));

async function report({ pair, operands }: Invocation): Promise<Result> {
  const made = createReport(await readReportRecords(pair, opOperand(operands)), pair.now());
  return { exitCode: exitCodes.done, document: made, lines: reportLines(made) };
}
