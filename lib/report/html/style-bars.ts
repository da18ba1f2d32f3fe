/** The style of the pictures: rows, bars and what fills them. */
export const barStyle = `
figure { margin: 1.25rem 0 1.75rem; }
figcaption { font-weight: 600; margin-bottom: .5rem; }
.chart { display: grid; }
.axis, .guides { overflow: visible; margin-left: 16.5rem; width: calc(100% - 22.5rem); }
.axis text, .guides text { font: .75rem var(--sans); fill: var(--quiet); font-variant-numeric: tabular-nums; }
.axis line { stroke: var(--strong-line); }
.rows { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--strong-line); }
.row { display: grid; grid-template-columns: 16rem minmax(0, 1fr) 5.5rem; column-gap: .5rem; align-items: center; max-width: none; margin: 0; min-height: 2rem; font-size: .9375rem; line-height: 1.3; }
.row + .row:not(.lane) { border-top: 1px solid var(--line); }
.row.lane + .row:not(.lane) { border-top: 1px solid var(--strong-line); }
.row .name { grid-area: 1 / 1; padding-top: .3rem; }
.row.lane .name { font-weight: 650; }
.row .bars { grid-area: 1 / 2 / 3 / 3; align-self: stretch; position: relative; min-height: 2rem; }
.row .bars svg { position: absolute; inset: 0; overflow: visible; }
.row .length { grid-area: 1 / 3; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; padding-top: .3rem; }
.row .says { grid-area: 2 / 1; font-size: .8125rem; color: var(--quiet); padding-bottom: .3rem; }
.guide { stroke: var(--strong-line); stroke-dasharray: 2 3; }
.bar { transform: translateY(-7px); stroke-width: 1.5; }
.bar.swatch { transform: none; }
.bar.work { fill: var(--work); stroke: var(--work); }
.bar.wait { fill: url(#p-wait); stroke: var(--wait); }
.bar.failed { fill: var(--bad); stroke: var(--bad); stroke-dasharray: 3 2; }
.bar.held { fill: url(#p-held); stroke: var(--bad); }
.bar.silent { fill: url(#p-silent); stroke: var(--bad); stroke-dasharray: 3 2; }
.bar.down { fill: url(#p-down); stroke: var(--bad); }
.bar.returning { fill: url(#p-returning); stroke: var(--good); }
.bar.running { fill: var(--good); stroke: var(--good); }
.bar.holder-from { fill: var(--from); stroke: var(--from); }
.bar.holder-none { fill: url(#p-none); stroke: var(--quiet); stroke-dasharray: 3 2; }
.bar.holder-target { fill: var(--target); stroke: var(--target); }
.f-wait { fill: var(--wait); } .f-wait-soft { fill: var(--wait-soft); } .f-bad { fill: var(--bad); } .f-bad-soft { fill: var(--bad-soft); }
.f-good { fill: var(--good); } .f-good-soft { fill: var(--good-soft); } .f-card { fill: var(--card); }
.s-bad-soft { stroke: var(--bad-soft); } .s-quiet { stroke: var(--quiet); stroke-width: 1.5; }
.patterns { position: absolute; }
.legend { margin-top: .5rem; }
.legend ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .2rem 1rem; list-style: none; padding: 0; font-size: .875rem; }
.legend svg { vertical-align: -2px; margin-right: .4rem; overflow: visible; }
@media screen and (max-width: 43.75rem) {
  .axis { margin-left: 0; width: 100%; }
  .guides { display: none; }
  .row { grid-template-columns: minmax(0, 1fr) auto; }
  .row .bars { grid-area: 3 / 1 / 4 / 3; min-height: 1.75rem; }
  .row .length { grid-area: 1 / 2; }
  .row .says { grid-area: 2 / 1 / 3 / 3; padding-bottom: 0; }
}
`;
