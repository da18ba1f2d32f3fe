import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Command as Verb } from 'commander';
import { z } from 'zod';
import { createReport } from '../../report/create-report.ts';
import { reportPage } from '../../report/html.ts';
import type { OpReport } from '../../report/op-report.ts';
import { reportLines } from '../../report/text.ts';
import { type Invocation, opOperand, type Result, type Runner, readOptions, verb } from '../cli.ts';
import { UsageError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { readReportRecords } from '../report-records.ts';
import type { Screen } from '../screen.ts';
import { writeWholeFile } from '../write-file.ts';

export const reportCommand = (run: Runner): Verb =>
  verb('report', {
    summary: 'shows one op: steps with times, verdict, recovery point, fence, interrupted runs, what runs next',
    examples: [
      'lifeboat report 01k9zq4w8h3m5n7p9r1s2t4v6x',
      'lifeboat report 01k9zq4w8h3m5n7p9r1s2t4v6x --html',
      'lifeboat report 01k9zq4w8h3m5n7p9r1s2t4v6x --json > report.json',
    ],
    exitCodes: [0, 1, 2, 4],
  })
    .argument('<op>', 'id of the op')
    .option('--html [file]', 'write one page of HTML instead (default: ./lifeboat-report-<op>.html; - is stdout)')
    .action(run(report));

const Options = z.object({ html: z.union([z.boolean(), z.string().min(1, 'expected a file')]).default(false) });

async function report({ pair, screen, json, operands, options }: Invocation): Promise<Result> {
  const op = opOperand(operands);
  const { html } = readOptions(Options, options);
  if (json && html !== false) {
    throw new UsageError('--html and --json exclude each other', 'run the command twice, once with each');
  }
  const made = createReport(await readReportRecords(pair, op), pair.now());
  const lines = html === false ? reportLines(made) : await writePage(made, html, screen);
  return { exitCode: exitCodes.done, document: made, lines };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');

/** Writes the page; returns the lines that say where it is. */
async function writePage(made: OpReport, html: string | true, screen: Screen): Promise<string[]> {
  const page = reportPage(made, sha256);
  if (html === '-') {
    screen.plain(page);
    return [];
  }
  const file = resolve(html === true ? `lifeboat-report-${made.op.id}.html` : html);
  await writeWholeFile(file, page, { replace: true });
  return [`report written to ${file}`];
}
