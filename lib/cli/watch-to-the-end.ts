import { createReport } from '../report/create-report.ts';
import { reportLines } from '../report/text.ts';
import { addressed } from './addressed.ts';
import type { Invocation, Result } from './cli.ts';
import { exitCodes } from './exit-codes.ts';
import { followedResult, followOp, readPatiently } from './follow-op.ts';
import { readReportRecords } from './report-records.ts';

/**
 * Follows an op until it has ended or needs a person, and ends with its report; with `wait` false returns at once. The
 * command was sent before: whatever fails from here on stops the watching alone.
 */
export async function watchToTheEnd(invocation: Invocation, op: string, wait: boolean): Promise<Result> {
  const { pair, screen } = invocation;
  if (!wait) {
    const sentence = addressed(`op ${op} goes on by itself. Look: lifeboat report ${op}`, pair.addressing);
    return { exitCode: exitCodes.stoppedWaiting, document: { op, followed: false, sentence }, lines: [sentence] };
  }
  screen.progress(`Following op ${op}; Ctrl-C stops the watching, not the op.`);
  const followed = await followOp(pair, screen, op);
  if (followed.how === 'stopped') return await stoppedWaiting(invocation, op);
  const read = await readPatiently(pair, screen, () => readReportRecords(pair, op));
  if (read === null) return await stoppedWaiting(invocation, op);
  const report = createReport(read, pair.now());
  const { exitCode, sentence: plain } = followedResult(followed, report.warnings);
  const sentence = addressed(plain, pair.addressing);
  return {
    exitCode,
    document: { op, followed: true, how: followed.how, sentence, report },
    lines: followed.how === 'ended' ? [...reportLines(report), sentence] : [sentence],
  };
}

async function stoppedWaiting({ pair }: Invocation, op: string): Promise<Result> {
  const sentence = addressed(`stopped waiting; op ${op} continues. Look again: lifeboat report ${op}`, pair.addressing);
  // The report so far is for who pressed Ctrl-C; without a network there is none.
  const read = await readReportRecords(pair, op).catch(() => null);
  const report = read && createReport(read, pair.now());
  return {
    exitCode: exitCodes.stoppedWaiting,
    document: { op, followed: true, how: 'stopped', sentence, report },
    lines: [sentence],
  };
}
