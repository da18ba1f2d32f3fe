import type { OpReport, ReportStep, Timeline } from '../op-report.ts';
import { secondsBetween, spoken } from '../time-text.ts';
import { type Bar, type BarKind, chart, type Guide, type Row } from './chart.ts';
import { legend } from './legend.ts';
import { type Html, html } from './markup.ts';
import { section, table } from './table.ts';
import { length, offset, time } from './times.ts';

/** The section with the picture: what waited for what, and when production was down. */
export function timelineSection(report: OpReport): Html {
  const zero = zeroOf(report);
  const { from, to } = wholeOf(report);
  const guides = guidesOf(report);
  const rows = rowsOf(report, to);
  const close = closeUpOf(report, from, to);
  const inClose = close && rows.filter((row) => row.isLane || row.bars.some((bar) => touches(bar, close)));
  return section(
    'timeline',
    'Timeline',
    html`<p>Times are counted from ${report.op.detectedAt ? 'the detection' : 'the beginning of the op'},
${time(zero)}. The picture ends at ${time(to)}, ${report.op.endedAt ? 'when the op ended' : 'when this report was made'}.</p>
<figure><figcaption>The whole op, ${spoken(secondsBetween(from, to))}</figcaption>
${chart({ from, to, zero, guides, rows })}${legend}</figure>`,
    close &&
      inClose &&
      html`<figure><figcaption>Close-up: from ${close.name}, ${spoken(secondsBetween(close.from, close.to))}</figcaption>
${chart({ from: close.from, to: close.to, zero, guides, rows: inClose })}</figure>`,
    html`<h3 id="moments">Moments</h3>`,
    table({
      caption: 'What happened when',
      isNamed: true,
      columns: ['What', 'When (UTC)', 'From zero'],
      rows: report.timeline.moments.map(({ what, at }) => [
        what,
        time(at),
        html`<span class="together">${offset(at, zero)}</span>`,
      ]),
      none: 'Nothing is known.',
    }),
  );
}

/** The instant that everything is counted from. */
export const zeroOf = ({ op }: OpReport): string => op.detectedAt ?? op.beganAt;

const earliest = (instants: readonly string[]): string =>
  instants.toSorted((a, b) => Date.parse(a) - Date.parse(b))[0] ?? '';
const latest = (instants: readonly string[]): string =>
  instants.toSorted((a, b) => Date.parse(b) - Date.parse(a))[0] ?? '';

function wholeOf({ op, timeline, madeAt }: OpReport): { from: string; to: string } {
  const from = earliest([op.beganAt, ...timeline.production.map((span) => span.from)]);
  return { from, to: latest([op.endedAt ?? madeAt, ...op.steps.flatMap((step) => step.endedAt ?? [])]) };
}

const touches = (bar: Bar, window: { from: string; to: string }): boolean =>
  secondsBetween(bar.from, window.to) > 0 && secondsBetween(window.from, bar.to) >= 0;

/** The part that matters most, when it is too small to be seen beside a long wait. */
function closeUpOf({ op, timeline }: OpReport, from: string, to: string) {
  const withdrawn = timeline.grant.find((span) => span.holder === 'none')?.from;
  const last = latest(op.steps.flatMap((step) => step.endedAt ?? []));
  const start = withdrawn ?? from;
  if (last === '' || secondsBetween(start, last) <= 0) return null;
  if (secondsBetween(start, last) > 0.35 * secondsBetween(from, to)) return null;
  return { from: start, to: last, name: withdrawn ? 'the withdrawal of the grant' : 'the first step' };
}

function guidesOf({ op, timeline }: OpReport): Guide[] {
  const none = timeline.grant.find((span) => span.holder === 'none');
  const running = timeline.production.find((span) => span.state === 'running');
  const marks: ReadonlyArray<readonly [string, string | null | undefined]> = [
    ['detected', op.detectedAt],
    ['withdrawn', none?.from],
    ['given', none?.to],
    ['proved', running?.from],
  ];
  return marks.flatMap(([name, at]) => (at ? [{ name, at }] : []));
}

function rowsOf(report: OpReport, end: string): Row[] {
  const held = report.timeline.held.map((span) => ({ kind: 'held' as const, from: span.from, to: span.to ?? end }));
  return [
    productionRow(report, end),
    grantRow(report, end),
    ...report.op.steps.map((step) => stepRow(step, end)),
    ...held.map((bar) => ({
      name: 'Stood still until a person acted',
      length: spoken(secondsBetween(bar.from, bar.to)),
      says: '',
      isLane: false,
      bars: [bar],
    })),
  ];
}

const productionKinds: Readonly<Record<ProductionSpan['state'], BarKind>> = {
  silent: 'silent',
  down: 'down',
  suspected: 'silent',
  returning: 'returning',
  running: 'running',
};

function productionRow({ timeline, op }: OpReport, end: string): Row {
  const says = timeline.production.map((span) => inWords(span, length(secondsBetween(span.from, span.to ?? end))));
  return {
    name: 'Production',
    length: timeline.downSeconds === null ? '' : spoken(timeline.downSeconds),
    says: says.length > 0 ? inSequence(says) : `site ${op.from} was not judged lost`,
    isLane: true,
    bars: timeline.production.map(({ state, from, to }) => ({ kind: productionKinds[state], from, to: to ?? end })),
  };
}

type ProductionSpan = Timeline['production'][number];

function inWords({ state, to, site }: ProductionSpan, lasted: Html): Html {
  if (state === 'silent') return html`no sign of life ${lasted}`;
  if (state === 'down') return html`${to === null ? 'still down,' : 'down'} ${lasted}`;
  if (state === 'suspected') return html`judged lost ${lasted}; this op did not touch it`;
  return state === 'returning' ? html`coming back ${lasted}` : html`runs on site ${site}`;
}

const inSequence = (parts: readonly Html[]): Html =>
  html`${parts.map((part, n) => html`${n > 0 && ', then '}${part}`)}`;

function grantRow({ timeline, op }: OpReport, end: string): Row {
  const kinds = { none: 'holder-none', [op.from]: 'holder-from', [op.target]: 'holder-target' } as const;
  const start = new Date(0).toISOString();
  const says = timeline.grant.map(({ holder, from, to }) =>
    holder === 'none' ? html`nobody ${length(secondsBetween(from ?? start, to ?? end))}` : html`site ${holder}`,
  );
  return {
    name: 'Grant to run production',
    length: '',
    says: inSequence(says),
    isLane: true,
    bars: timeline.grant.map(({ holder, from, to }) => ({
      kind: kinds[holder] ?? 'holder-from',
      from: from ?? start,
      to: to ?? end,
    })),
  };
}

function stepRow(step: ReportStep, end: string): Row {
  const to = step.endedAt ?? end;
  const { waited } = step;
  const kind = step.outcome === 'failed' ? 'failed' : 'work';
  const bars: Bar[] = waited
    ? [
        { kind, from: step.startedAt, to: waited.from },
        { kind: 'wait', from: waited.from, to: waited.to ?? end },
        ...(waited.to ? [{ kind, from: waited.to, to } as const] : []),
      ]
    : [{ kind, from: step.startedAt, to }];
  return {
    name: step.name,
    length:
      step.seconds === null
        ? `${step.outcome} for ${spoken(secondsBetween(step.startedAt, end))}`
        : spoken(step.seconds),
    says: waited && waited.seconds >= 1 ? html`waited ${length(waited.seconds)} for ${waited.forWhat}` : null,
    isLane: false,
    bars: bars.filter((bar) => secondsBetween(bar.from, bar.to) > 0 || bar.kind !== 'work' || bars.length === 1),
  };
}
