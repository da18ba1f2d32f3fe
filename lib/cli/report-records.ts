import { records } from '../contracts/records.ts';
import type { ReportRecords } from '../report/create-report.ts';
import type { PairAccess } from './pair-access.ts';
import { readOp } from './pair-facts.ts';

/**
 * Reads everything that the report of an op is made of.
 * @throws OpNotFoundError
 */
export async function readReportRecords(pair: PairAccess, op: string): Promise<ReportRecords> {
  const [facts, snapshots] = await Promise.all([readOp(pair.table, op), pair.table.list(records.snapshots())]);
  return {
    op: facts.record,
    steps: facts.steps,
    approval: facts.approval,
    fence: facts.fence,
    snapshots: snapshots.map((snapshot) => snapshot.value),
  };
}
