import type { BarKind } from './chart.ts';
import { html } from './markup.ts';

const swatches: ReadonlyArray<readonly [BarKind, string]> = [
  ['work', 'a function at work'],
  ['wait', 'waiting: it looked again and again'],
  ['failed', 'failed'],
  ['held', 'stood still for a person'],
  ['silent', 'no sign of life, or judged lost by an op that did not touch it'],
  ['down', 'production down'],
  ['returning', 'production coming back'],
  ['running', 'production runs'],
  ['holder-from', 'grant at the losing site'],
  ['holder-none', 'grant at nobody'],
  ['holder-target', 'grant at the target'],
];

/** What each kind of bar means. */
export const legend = html`<details class="legend"><summary>What the patterns mean</summary><ul>${swatches.map(
  ([kind, name]) =>
    html`<li><svg width="28" height="14" aria-hidden="true"><rect class="bar swatch ${kind}" x="1" y="0" width="26" height="14" rx="1.5"/></svg> ${name}</li>`,
)}</ul></details>`;

/** Patterns that the bars of all pictures share. */
export const patterns = html`<svg class="patterns" width="0" height="0" aria-hidden="true"><defs>
<pattern id="p-wait" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="f-wait-soft" width="6" height="6"/><rect class="f-wait" width="2" height="6"/></pattern>
<pattern id="p-held" width="6" height="6" patternUnits="userSpaceOnUse"><rect class="f-bad-soft" width="6" height="6"/><circle class="f-bad" cx="3" cy="3" r="1.4"/></pattern>
<pattern id="p-silent" width="5" height="5" patternUnits="userSpaceOnUse"><rect class="f-bad-soft" width="5" height="5"/><rect class="f-bad" width="1.5" height="5"/></pattern>
<pattern id="p-down" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="f-bad" width="6" height="6"/><path class="s-bad-soft" d="M0 3h6M3 0v6"/></pattern>
<pattern id="p-returning" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect class="f-good-soft" width="6" height="6"/><rect class="f-good" width="2.5" height="6"/></pattern>
<pattern id="p-none" width="8" height="14" patternUnits="userSpaceOnUse"><rect class="f-card" width="8" height="14"/><path class="s-quiet" d="M1 7h4"/></pattern>
</defs></svg>`;
