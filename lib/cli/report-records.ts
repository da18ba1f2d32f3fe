import { records } from '../contracts/records.ts';
import type { ReportRecords } from '../report/report-records.ts';
import type { PairAccess } from './pair-access.ts';
import { readOp } from './pair-facts.ts';

/**
 * Reads everything that the report of an op is made of.
 * @throws OpNotFoundError
 */
export async function readReportRecords(pair: PairAccess, op: string): Promise<ReportRecords> {
  const [facts, snapshots] = await Promise.all([readOp(pair.table, op), pair.table.list(records.snapshots())]);
  const { epoch, plan } = facts.record;
  const [period, site] = await Promise.all([
    pair.table.get(records.grantPeriod(epoch)),
    pair.table.get(records.site(plan.target)),
  ]);
  return {
    op: facts.record,
    steps: facts.steps,
    approval: facts.approval,
    fence: facts.fence,
    snapshots: snapshots.map((snapshot) => snapshot.value),
    // An op that never withdrew has an epoch that another op may have used since.
    period: facts.steps.some((step) => step.state === 'Withdraw the grant' && step.status === 'done')
      ? (period?.value ?? null)
      : null,
    site: site?.value ?? null,
    config: pair.config,
  };
}
