import { createReport } from '../report/create-report.ts';
import { reportLines } from '../report/text.ts';
import type { Invocation, Result } from './cli.ts';
import { exitCodes } from './exit-codes.ts';
import { followedResult, followOp } from './follow-op.ts';
import { readReportRecords } from './report-records.ts';

/** Follows an op until it has ended or needs a person, and ends with its report; with `wait` false returns at once. */
export async function watchToTheEnd(invocation: Invocation, op: string, wait: boolean): Promise<Result> {
  const { pair, screen } = invocation;
  if (!wait) {
    const sentence = `op ${op} goes on by itself. Look: lifeboat report ${op}${pair.addressing}`;
    return { exitCode: exitCodes.stoppedWaiting, document: { op, followed: false, sentence }, lines: [sentence] };
  }
  screen.progress(`Following op ${op}; Ctrl-C stops the watching, not the op.`);
  const followed = await followOp(pair, screen, op);
  const report = createReport(await readReportRecords(pair, op), pair.now());
  const { exitCode, sentence } = followedResult(followed, report.warnings);
  return {
    exitCode,
    document: { op, followed: true, how: followed.how, sentence, report },
    lines: followed.how === 'ended' ? [...reportLines(report), sentence] : [sentence],
  };
}
