import type { Observation } from '../../contracts/observation.ts';
import type { OpReport, ReportVerdict } from '../op-report.ts';
import { spoken } from '../time-text.ts';
import { toned } from './icons.ts';
import { type Html, html, type Part } from './markup.ts';
import { facts, section, table } from './table.ts';
import { time, timeAgo } from './times.ts';
import { diagnosisInWords, signalInWords, toneOf } from './words.ts';

export function verdictSection(report: OpReport): Html {
  const { verdicts, op } = report;
  const none = html`<p class="none">The journal holds none: it is kept when the last look before the withdrawal says go.</p>
<p>The op was begun because: ${op.reason}</p>`;
  return section(
    'verdict',
    'Verdict',
    verdicts.length === 0 ? none : verdicts.map((verdict) => verdictOf(verdict, report.madeAt)),
  );
}

const verdictOf = (verdict: ReportVerdict, madeAt: string): Html => html`
<p class="verdict">Site ${verdict.site} is ${toned(toneOf(verdict.health), verdict.health)}: <strong>${verdict.diagnosis}</strong>,
${diagnosisInWords(verdict.diagnosis)}.</p>
${facts([
  ['Judged', verdict.judgedAt && timeAgo(verdict.judgedAt, madeAt)],
  ['Since', verdict.since && timeAgo(verdict.since, madeAt)],
])}
<h3>Because</h3>
<ul>${verdict.because.map((reason) => html`<li>${reason}</li>`)}</ul>
<details class="evidence"><summary>Evidence: ${verdict.observations.length} readings</summary>
${table({
  caption: `Readings of site ${verdict.site} on which the verdict was given`,
  columns: ['Signal', 'Read from', 'Reading', 'What was seen'],
  rows: grouped(verdict.observations).map(({ first, vantages }) => [
    signalInWords(first.signal),
    vantages.map((vantage) => html`<span class="together">${vantage}</span> `),
    toned(toneOf(first.outcome), first.outcome),
    html`${first.cause} ${readingsOf(first)}`,
  ]),
  none: 'None were kept.',
})}</details>`;

/** Two vantages that saw the same are one row. */
function grouped(observations: readonly Observation[]): { first: Observation; vantages: string[] }[] {
  const groups = new Map<string, { first: Observation; vantages: string[] }>();
  for (const seen of observations) {
    const key = JSON.stringify([seen.signal, seen.outcome, seen.cause, seen.evidence]);
    const group = groups.get(key);
    if (group) group.vantages.push(seen.vantage);
    else groups.set(key, { first: seen, vantages: [seen.vantage] });
  }
  return [...groups.values()];
}

function readingsOf({ evidence, at }: Observation): Html {
  const pairs = (values: Readonly<Record<string, string>> | undefined): string | null =>
    values === undefined
      ? null
      : Object.entries(values)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ');
  const known: ReadonlyArray<readonly [string, Part]> = [
    ['Read', time(at)],
    ['Status', evidence.status ?? null],
    ['Status since', evidence.statusSince ? time(evidence.statusSince) : null],
    ['Seen to be over', evidence.endedAt ? time(evidence.endedAt) : null],
    ['Newest stamp', evidence.stampAt ? time(evidence.stampAt) : null],
    ['Its age', evidence.ageSeconds === undefined ? null : spoken(evidence.ageSeconds)],
    ['Its epoch', evidence.stampEpoch ?? null],
    ['Its mode', evidence.stampMode ?? null],
    ['Services', pairs(evidence.services)],
    ['Components', pairs(evidence.components)],
  ];
  const periods = evidence.periods ?? [];
  return html`<details class="readings"><summary>Readings</summary>${facts(known)}${
    periods.length > 0 &&
    table({
      caption: 'Complete periods of CloudWatch, samples in each',
      columns: ['Period from', 'Heartbeats', 'Scheduler', 'Database, workers'],
      rows: periods.map((period) => [
        time(period.start),
        period.heartbeats ?? 'no sample',
        period.schedulerSamples ?? 'no sample',
        period.otherSamples,
      ]),
      none: '',
    })
  }</details>`;
}
