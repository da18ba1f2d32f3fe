import { z } from 'zod';
import { stepNamed } from './journal-output.ts';
import type { OpReport } from './op-report.ts';
import type { ReportRecords } from './report-records.ts';

/** What the journal may hold of it; a member of another shape is not known. */
const Found = z.object({
  environment: z.string().nullable().catch(null),
  passedOver: z.array(z.object({ environment: z.string(), why: z.string() })).catch([]),
  notes: z.array(z.string()).catch([]),
});

/**
 * The environment of the target under strategy backup-restore: from the record of the site while that is still this
 * op's, and from what Prepare the site left in the journal. Null when neither knows of one.
 */
export function createdOf({ op, steps, site }: ReportRecords): OpReport['created'] {
  if (op.plan.strategy !== 'backup-restore') return null;
  const step = stepNamed(steps, 'Prepare the site');
  const own = site?.op === op.op ? site : null;
  if (!step && !own) return null;
  const journal = Found.parse({ ...step?.progress, ...step?.output });
  return {
    environment: own?.environment ?? journal.environment,
    state: own?.state ?? null,
    askedAt: own?.askedAt ?? null,
    passedOver: own?.passedOver ?? journal.passedOver,
    notes: journal.notes,
    because: step?.error ? `${step.error.name}: ${step.error.message}` : String(step?.output?.because ?? ''),
  };
}
