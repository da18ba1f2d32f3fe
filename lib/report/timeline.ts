import { Instant, type Side } from '../contracts/ids.ts';
import { endOf, stepNamed } from './journal-output.ts';
import type { ReportVerdict, Timeline } from './op-report.ts';
import type { ReportRecords } from './report-records.ts';
import { secondsBetween } from './time-text.ts';

/** When each thing happened; null when it did not, or not yet. */
type Times = {
  readonly lastSign: string | null;
  readonly detected: string | null;
  readonly withdrawn: string | null;
  /** When a site had the grant again, and which. */
  readonly given: string | null;
  readonly holder: Side;
  /** When production was proved to run there. */
  readonly running: string | null;
};

/** What happened when: moments, and the spans between them. */
export function timelineOf(found: ReportRecords, verdicts: readonly ReportVerdict[]): Timeline {
  const times = timesOf(found, verdicts);
  const { detected, withdrawn, given, running } = times;
  const downFrom = detected ?? withdrawn;
  return {
    moments: momentsOf(found, times),
    production: productionOf(found, times),
    grant: grantOf(found, times),
    held: heldOf(found),
    downSeconds: withdrawn && downFrom && running ? secondsBetween(downFrom, running) : null,
    withoutGrantSeconds: withdrawn && given ? secondsBetween(withdrawn, given) : null,
  };
}

function timesOf({ op, steps, period }: ReportRecords, verdicts: readonly ReportVerdict[]): Times {
  const withdrawn = endOf(steps, 'Withdraw the grant');
  const remembered = Instant.safeParse(stepNamed(steps, 'Withdraw the grant')?.output?.withdrawnAt);
  const holder = period?.holder ?? op.plan.target;
  const given = period?.since ?? endOf(steps, 'Give the grant');
  const isBack = holder === op.plan.from;
  return {
    lastSign: lastSignOf(verdicts, op.detectedAt ?? op.beganAt),
    detected: op.detectedAt,
    withdrawn: withdrawn && remembered.success ? remembered.data : withdrawn,
    given: withdrawn ? given : null,
    holder,
    running: isBack ? (op.outcome === 'given-back' ? op.endedAt : null) : endOf(steps, 'Verify the site'),
  };
}

/** The newest stamp or heartbeat that was seen from before the detection. */
function lastSignOf(verdicts: readonly ReportVerdict[], before: string): string | null {
  const signs = verdicts.flatMap(({ observations }) =>
    observations.flatMap(({ evidence }) => [
      ...(evidence.stampAt ? [evidence.stampAt] : []),
      ...(evidence.periods ?? []).filter((period) => (period.heartbeats ?? 0) > 0).map((period) => period.start),
    ]),
  );
  return (
    signs
      .filter((at) => secondsBetween(at, before) > 0)
      .toSorted(byTime)
      .at(-1) ?? null
  );
}

const byTime = (one: string, other: string): number => Date.parse(one) - Date.parse(other);

function momentsOf({ op, fence, approval, steps }: ReportRecords, times: Times): Timeline['moments'] {
  const { from, target } = op.plan;
  const waived = fence?.waiver ? endOf(steps, 'Fence the losing site') : null;
  const found: ReadonlyArray<readonly [string, string | null | undefined]> = [
    [`Last sign of life of site ${from}`, times.lastSign],
    [`Site ${from} judged lost`, times.detected],
    ['Op began', op.beganAt],
    [`Approved by ${approval?.by}`, approval?.at],
    [`Grant withdrawn from site ${from}`, times.withdrawn],
    [`Site ${from} proved to be stopped`, fence?.acknowledgedAt],
    [`Fence of site ${from} waived by ${fence?.waiver?.by}`, waived],
    [`Production found at work behind the fence of site ${from}`, fence?.reopenedAt],
    [times.holder === from ? `Grant given back to site ${from}` : `Grant given to site ${target}`, times.given],
    ['DAGs opened', endOf(steps, 'Promote the site')],
    [`First proof that site ${target} runs production`, endOf(steps, 'Verify the site')],
    ['Held for a person', endOf(steps, 'Hold for a person')],
    [`Op ended: ${op.outcome}`, op.endedAt],
  ];
  return found.flatMap(([what, at]) => (at ? [{ what, at }] : [])).toSorted((one, other) => byTime(one.at, other.at));
}

function productionOf({ op }: ReportRecords, times: Times): Timeline['production'] {
  const { lastSign, detected, withdrawn, given, holder, running } = times;
  const { from } = op.plan;
  const lostAt = detected ?? withdrawn;
  const silent = lastSign && lostAt ? [{ state: 'silent' as const, site: from, from: lastSign, to: lostAt }] : [];
  if (lostAt === null) return [];
  if (op.outcome === 'stood-down') {
    return [...silent, { state: 'suspected', site: from, from: lostAt, to: op.endedAt }];
  }
  return [
    ...silent,
    { state: 'down', site: from, from: lostAt, to: given },
    ...(given ? [{ state: 'returning' as const, site: holder, from: given, to: running }] : []),
    ...(running ? [{ state: 'running' as const, site: holder, from: running, to: null }] : []),
  ];
}

function grantOf({ op }: ReportRecords, { withdrawn, given, holder }: Times): Timeline['grant'] {
  return [
    { holder: op.plan.from, from: null, to: withdrawn },
    ...(withdrawn ? [{ holder: 'none' as const, from: withdrawn, to: given }] : []),
    ...(given ? [{ holder, from: given, to: null }] : []),
  ];
}

/** The journal has one record of it: of an op that was held twice, the last time. */
function heldOf({ op, steps }: ReportRecords): Timeline['held'] {
  const from = endOf(steps, 'Hold for a person');
  if (from === null) return [];
  const resumed = steps.map((step) => step.startedAt).filter((at) => secondsBetween(from, at) > 0);
  return [{ from, to: resumed.toSorted(byTime)[0] ?? op.endedAt }];
}
