import type { Command as Verb } from 'commander';
import { z } from 'zod';
import type { AuditRecord, GrantPeriod, OpRecord } from '../../contracts/control.ts';
import { records } from '../../contracts/records.ts';
import { clock, secondsBetween, spoken, when } from '../../report/time-text.ts';
import { type Invocation, type Result, type Runner, readOptions, verb } from '../cli.ts';
import { exitCodes } from '../exit-codes.ts';

const Options = z.object({
  limit: z.coerce.number('expected a number').int('expected a whole number').positive('expected 1 or more').default(20),
});

export const historyCommand = (run: Runner): Verb =>
  verb('history', {
    summary: 'lists the ops, who held the grant when, and the audit, newest first',
    examples: ['lifeboat history', 'lifeboat history --limit 100 --json'],
    exitCodes: [0, 1, 2, 4],
  })
    .option('--limit <n>', 'how many ops and audit entries (default: 20)')
    .action(run(history));

async function history({ pair, options }: Invocation): Promise<Result> {
  const { limit } = readOptions(Options, options);
  const [ops, periods, audits] = await Promise.all([
    pair.table.list(records.ops()),
    pair.table.list(records.grantPeriods()),
    pair.table.list(records.audits()),
  ]);
  // The ids are ULIDs: their order is the order of time.
  const newestOps = ops
    .map(({ value }) => value)
    .toSorted(byText((op) => op.op))
    .slice(0, limit);
  const newestAudits = audits
    .map(({ value }) => value)
    .toSorted(byText((audit) => audit.id))
    .slice(0, limit);
  const grants = periods
    .map(({ value }) => value)
    .toSorted((x, y) => y.epoch - x.epoch || byText<GrantPeriod>((p) => p.since)(x, y));
  const now = pair.now();
  return {
    exitCode: exitCodes.done,
    document: { pair: pair.config.pair, ops: newestOps, grants, audit: newestAudits },
    lines: [
      'OPS',
      ...orNone(newestOps.map((op) => opLine(op, now))),
      'GRANT',
      ...orNone(grants.map((period) => grantLine(period))),
      'AUDIT',
      ...orNone(newestAudits.map((audit) => auditLine(audit))),
    ],
  };
}

const byText =
  <T>(textOf: (value: T) => string) =>
  (x: T, y: T): number =>
    textOf(x) < textOf(y) ? 1 : -1;

const orNone = (lines: readonly string[]): readonly string[] => (lines.length > 0 ? lines : ['  none']);

function opLine(op: OpRecord, now: Date): string {
  const took = op.endedAt ? ` in ${spoken(secondsBetween(op.beganAt, op.endedAt))}` : '';
  const how = op.outcome ?? op.phase;
  return `  ${op.op}  ${when(op.beganAt, now)}  ${op.kind} ${op.plan.from} -> ${op.plan.target}  ${how}${took}  by ${op.by}: ${op.reason}`;
}

const grantLine = (period: GrantPeriod): string =>
  `  epoch ${period.epoch}  site ${period.holder}  ${clock(period.since)} to ${period.until ? clock(period.until) : 'now'}`;

const auditLine = (audit: AuditRecord): string =>
  `  ${clock(audit.at)}  ${audit.what}${audit.op ? `  op ${audit.op}` : ''}${audit.epoch ? `  epoch ${audit.epoch}` : ''}  by ${audit.actor}`;
