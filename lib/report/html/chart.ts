import { secondsBetween, spoken } from '../time-text.ts';
import { type Html, html, type Part } from './markup.ts';

/** How a bar looks; each kind has a pattern of its own beside its colour. */
export type BarKind =
  | 'work'
  | 'wait'
  | 'failed'
  | 'held'
  | 'silent'
  | 'down'
  | 'returning'
  | 'running'
  | 'holder-from'
  | 'holder-none'
  | 'holder-target';
export type Bar = { readonly kind: BarKind; readonly from: string; readonly to: string };
export type Row = {
  readonly name: string;
  /** The length beside the bar. */
  readonly length: string;
  /** What the bars say, in words. */
  readonly says: Part;
  readonly isLane: boolean;
  readonly bars: readonly Bar[];
};
export type Guide = { readonly at: string; readonly name: string };
export type Chart = {
  readonly from: string;
  readonly to: string;
  /** The instant that the axis counts from. */
  readonly zero: string;
  readonly guides: readonly Guide[];
  readonly rows: readonly Row[];
};

/**
 * The picture: one line for each row, its bar drawn to the scale of time. Positions are shares of the width, so that it
 * fits every screen and its words keep their size.
 */
export function chart({ from, to, zero, guides, rows }: Chart): Html {
  const scale = scaleOf(from, to);
  const lines = guides.map(({ at }) => scale(at)).filter((x) => x >= 0 && x <= 100);
  return html`<div class="chart">
${axis(from, to, zero, scale)}
${guideNames(guides, scale)}
<ol class="rows">${rows.map((row) => chartRow(row, lines, scale))}</ol>
</div>`;
}

type Scale = (at: string) => number;

const scaleOf = (from: string, to: string): Scale => {
  const length = Math.max(0.001, secondsBetween(from, to));
  return (at) => (secondsBetween(from, at) / length) * 100;
};

const share = (x: number): string => `${Number(x.toFixed(3))}%`;
const within = (x: number): number => Math.min(100, Math.max(0, x));

const chartRow = (row: Row, lines: readonly number[], scale: Scale): Html => html`
<li class="row${row.isLane ? ' lane' : ''}"><span class="name">${row.name}</span> <span class="length">${row.length}</span>
<span class="bars"><svg width="100%" height="100%" aria-hidden="true">
${lines.map((x) => html`<line class="guide" x1="${share(x)}" x2="${share(x)}" y1="0" y2="100%"/>`)}
${row.bars.map((bar) => barOf(bar, scale))}
</svg></span>
<span class="says">${row.says}</span></li>`;

function barOf({ kind, from, to }: Bar, scale: Scale): Html | null {
  const [x, end] = [scale(from), scale(to)];
  if (end < 0 || x > 100) return null;
  const [left, right] = [within(x), within(end)];
  return html`<rect class="bar ${kind}" x="${share(left)}" width="${share(right - left)}" y="50%" height="14" rx="1.5"/>`;
}

/** Lengths between two marks of the axis, in seconds. */
const strides = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400];
const mostMarks = 5;

function axis(from: string, to: string, zero: string, scale: Scale): Html {
  const [first, last] = [secondsBetween(zero, from), secondsBetween(zero, to)];
  const stride =
    strides.find((length) => (last - first) / length <= mostMarks) ?? Math.ceil((last - first) / mostMarks);
  const marks: number[] = [];
  for (let at = Math.ceil(first / stride) * stride; at <= last; at += stride) marks.push(at);
  const instant = (seconds: number) => new Date(Date.parse(zero) + seconds * 1000).toISOString();
  return html`<svg class="axis" width="100%" height="22" aria-hidden="true">${marks.map((seconds) => {
    const x = within(scale(instant(seconds)));
    const anchor = x < 4 ? 'start' : x > 92 ? 'end' : 'middle';
    return html`<text x="${share(x)}" y="12" text-anchor="${anchor}">${markName(seconds)}</text><line x1="${share(x)}" x2="${share(x)}" y1="17" y2="22"/>`;
  })}</svg>`;
}

const markName = (seconds: number): string =>
  seconds === 0 ? '0' : seconds < 0 ? `\u2212${spoken(-seconds)}` : spoken(seconds);

/** Names of the lines; one that would run into the one before it is left to the list of moments. */
function guideNames(guides: readonly Guide[], scale: Scale): Html | null {
  let free = 0;
  const shown = guides.flatMap(({ at, name }) => {
    const x = scale(at);
    if (x < free || x > 92) return [];
    free = x + 2 + name.length;
    return [html`<text x="${share(x)}" dx="3" y="12">${name}</text>`];
  });
  return shown.length === 0
    ? null
    : html`<svg class="guides" width="100%" height="18" aria-hidden="true">${shown}</svg>`;
}
