import { z } from 'zod';
import { stepNamed } from './journal-output.ts';
import type { OpReport } from './op-report.ts';
import type { ReportRecords } from './report-records.ts';

const Chosen = z.object({ snapshotId: z.string(), snapshotAt: z.string() });

/** The snapshot that was, or would be, imported, and the newer ones that were refused, newest first. */
export function recoveryPointOf({ op, steps, snapshots }: ReportRecords): OpReport['recoveryPoint'] {
  const record = snapshots.find((snapshot) => snapshot.snapshotId === op.snapshotId);
  const outputs = ['Import the rest', 'Choose the last snapshot', 'Choose the snapshot'];
  const parsed = outputs
    .map((state) => Chosen.safeParse(stepNamed(steps, state)?.output))
    .find(({ success }) => success);
  const chosen = record ?? parsed?.data;
  if (!chosen) return null;
  const invalid = snapshots
    .filter(
      (snapshot) =>
        snapshot.invalid !== null &&
        snapshot.snapshotAt > chosen.snapshotAt &&
        snapshot.snapshotAt <= (op.endedAt ?? '9999'),
    )
    .map((snapshot) => ({ snapshotId: snapshot.snapshotId, why: snapshot.invalid ?? '' }));
  return { snapshotId: chosen.snapshotId, snapshotAt: chosen.snapshotAt, passedOver: invalid };
}
