import { barStyle } from './style-bars.ts';

/*
 * The style sheet of the report. Both colour schemes keep 4.5 : 1 between text and what lies behind it; a test measures
 * it in a real browser. Below 700 px the rows of tables become cards; print opens what is folded.
 */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f3f4f1; --card: #ffffff; --ink: #17211f; --quiet: #55615e; --line: #d9ddd6; --strong-line: #aab2ab;
  --link: #0a5a63; --focus: #0a5a63;
  --good: #1c6a3d; --good-soft: #dcefe1; --warn: #8a4b00; --warn-soft: #fbeed6; --bad: #a8231c; --bad-soft: #fbe3df;
  --work: #0a5a63; --wait: #b9772a; --wait-soft: #f8e6c8; --from: #77827e; --target: #2f7f87;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Open Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101615; --card: #18201e; --ink: #e6ebe8; --quiet: #a3b0ab; --line: #2c3734; --strong-line: #4c5a55;
    --link: #7fd0d6; --focus: #7fd0d6;
    --good: #7ed79c; --good-soft: #173425; --warn: #f0b866; --warn-soft: #3a2b12; --bad: #ff9a8f; --bad-soft: #43201c;
    --work: #5cbcc4; --wait: #e0a558; --wait-soft: #3f3018; --from: #8b9692; --target: #3d8f97;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.55 var(--sans); overflow-wrap: break-word; }
.page { max-width: 68rem; margin: 0 auto; padding: 1.5rem clamp(.875rem, 3vw, 2.5rem) 3rem; }
h1 { font-size: clamp(1.5rem, 1.1rem + 2vw, 2.25rem); line-height: 1.2; letter-spacing: -.015em; margin: .25rem 0 1rem; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 0 0 .75rem; letter-spacing: -.005em; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { margin: 0 0 .75rem; max-width: 72ch; }
ul { margin: 0 0 .75rem; padding-left: 1.25rem; }
li { margin: .25rem 0; max-width: 76ch; }
a { color: var(--link); text-underline-offset: .2em; }
code, .long { overflow-wrap: anywhere; unicode-bidi: isolate; }
code { font: .9em/1.4 var(--mono); }
time, .together { white-space: nowrap; font-variant-numeric: tabular-nums; }
strong { font-weight: 650; }
.quiet, .none { color: var(--quiet); }
.icon { width: 1em; height: 1em; flex: none; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; vertical-align: -.125em; }
.toned { font-weight: 600; }
.toned .icon { margin-right: .35em; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); } .plain { color: var(--ink); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 3px; border-radius: 3px; }
main:focus { outline: none; }
.skip { position: absolute; left: .5rem; top: .5rem; padding: .5rem 1rem; background: var(--card); border: 2px solid var(--focus); border-radius: 4px; transform: translateY(-200%); z-index: 1; }
.skip:focus { transform: none; }

.brand { color: var(--quiet); font-size: .875rem; margin: 0; font-weight: 650; }
.brand span { font-weight: 400; }
.brand code { color: inherit; }
.status { display: inline-flex; align-items: center; gap: .5em; margin: 0 0 .75rem; padding: .3rem .8rem; border: 1.5px solid currentColor; border-radius: 999px; }
.status.good { background: var(--good-soft); } .status.warn { background: var(--warn-soft); } .status.bad { background: var(--bad-soft); } .status.plain { background: var(--card); }
.lede { font-size: clamp(1.125rem, 1rem + .6vw, 1.375rem); line-height: 1.4; margin-bottom: .5rem; }
.contents { margin: 1.25rem 0 1.5rem; padding: .25rem 0; border-block: 1px solid var(--line); }
.contents ul { display: flex; flex-wrap: wrap; gap: 0 1.25rem; list-style: none; padding: 0; margin: 0; }
.contents li { margin: 0; }
.contents a { display: inline-block; padding: .4rem 0; font-size: .9375rem; text-decoration: none; }
.contents a:hover { text-decoration: underline; }

section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: clamp(1rem, 2.5vw, 1.75rem); margin: 0 0 1rem; }
section > :last-child { margin-bottom: 0; }
#to-do { border-color: var(--warn); border-width: 2px; }
.to-do { margin: 0; }
.top:has(.status.good) ~ main #to-do { border-color: var(--line); border-width: 1px; }
#figures { background: none; border: 0; padding: .5rem 0; }
#figures h2, caption.named { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.figures { display: flex; flex-wrap: wrap; gap: 1px; background: var(--line); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.figure { flex: 1 1 11.5rem; background: var(--card); padding: 1rem 1.125rem; }
.figure h3 { margin: 0; font-size: .9375rem; }
.figure .value { font-size: 1.75rem; font-weight: 650; line-height: 1.2; letter-spacing: -.02em; margin: .1rem 0 .4rem; font-variant-numeric: tabular-nums; }
.figure .note { font-size: .875rem; line-height: 1.4; color: var(--quiet); margin: 0 0 .3rem; }
.verdict { font-size: 1.0625rem; }
blockquote { margin: 0 0 1rem; padding: .25rem 0 .25rem 1rem; border-left: 3px solid var(--strong-line); }
blockquote p { margin: 0; font-size: 1.0625rem; }
blockquote footer { color: var(--quiet); font-size: .875rem; }
.bottom { color: var(--quiet); font-size: .875rem; margin-top: 1.5rem; }

.facts { margin: 0 0 .75rem; }
.facts > div { display: grid; grid-template-columns: minmax(9rem, 13rem) 1fr; gap: 0 1rem; padding: .35rem 0; border-top: 1px solid var(--line); }
.facts > div:first-child { border-top: 0; }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }

table { width: 100%; border-collapse: collapse; font-size: .9375rem; line-height: 1.45; margin: 0 0 .75rem; }
caption { text-align: left; color: var(--quiet); font-size: .875rem; padding: 0 0 .4rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-top: 0; border-bottom: 1.5px solid var(--strong-line); font-size: .875rem; font-weight: 600; color: var(--quiet); overflow-wrap: normal; }
tbody tr:first-child > * { border-top: 0; }
tbody th { font-weight: 600; min-width: 9rem; }
td .quiet { display: block; font-size: .875rem; }
td .label { display: none; }
ul.plain { list-style: none; padding: 0; margin: 0; }
ul.plain li:first-child { margin-top: 0; }
td .quiet { color: var(--quiet); }

summary { cursor: pointer; color: var(--link); width: fit-content; max-width: 100%; }
details.evidence > summary, details.more > summary, details.legend > summary { font-weight: 600; padding: .35rem 0; }
details[open] > summary { margin-bottom: .35rem; }
.folded summary { color: inherit; }
.folded summary::marker { color: var(--link); }
.folded[open] > summary { color: var(--quiet); }
.folded p { margin: 0; }
.readings { font-size: .875rem; margin-top: .25rem; }
${barStyle}
@media screen and (max-width: 43.75rem) {
  .page { padding-top: 1rem; }
  .facts > div { grid-template-columns: 1fr; padding: .5rem 0; }
  .facts dt { font-size: .875rem; }
  table, tbody, tr, th, td { display: block; width: 100%; }
  caption { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { padding: .65rem 0; border-top: 1px solid var(--strong-line); }
  tbody tr:first-child { border-top: 1.5px solid var(--strong-line); }
  tbody th, tbody td { border: 0; padding: .1rem 0; min-width: 0; }
  tbody td { display: grid; grid-template-columns: 5.75rem minmax(0, 1fr); gap: .75rem; }
  td .label { display: block; color: var(--quiet); font-size: .875rem; overflow-wrap: normal; }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --ink: #000; --quiet: #444; --line: #ccc; --strong-line: #888; --link: #000; --focus: #000;
    --good: #14522e; --good-soft: #dcefe1; --warn: #6d3b00; --warn-soft: #fbeed6; --bad: #8e1a14; --bad-soft: #fbe3df;
    --work: #0a5a63; --wait: #b9772a; --wait-soft: #f8e6c8; --from: #77827e; --target: #2f7f87;
  }
  @page { margin: 14mm; }
  html { font-size: 9.5pt; }
  body { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .page { max-width: none; padding: 0; }
  tbody th { min-width: 6rem; }
  td, th { padding-right: .6rem; }
  .skip, .contents { display: none; }
  section { border: 0; border-top: 1px solid #888; border-radius: 0; padding: .75rem 0; margin: 0; }
  #to-do, .top:has(.status.good) ~ main #to-do { border: 1.5px solid var(--strong-line); padding: .75rem; margin-bottom: .75rem; }
  h2, h3, caption, figcaption { break-after: avoid; }
  tr, .figure, .row, .facts > div { break-inside: avoid; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
  summary { color: inherit; list-style: none; }
  .folded > summary { display: none; }
}
`;
