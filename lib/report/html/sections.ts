import type { OpReport, ReportStep } from '../op-report.ts';
import { spoken } from '../time-text.ts';
import { toned } from './icons.ts';
import { type Html, html } from './markup.ts';
import { facts, section, table } from './table.ts';
import { zeroOf } from './timeline.ts';
import { offset, time, timeAgo } from './times.ts';
import { toneOf } from './words.ts';

/** Characters of a reason that are shown before the rest is folded. */
const longestReason = 160;

/** A sentence that may be long: its first words, the whole of it on demand. */
export function folded(text: string): Html {
  if (text.length <= longestReason) return html`${text}`;
  const cut = text.slice(0, longestReason).replace(/\s+\S*$/, '');
  return html`<details class="folded"><summary>${cut}…</summary><p>${text}</p></details>`;
}

export function stepsSection(report: OpReport): Html {
  const zero = zeroOf(report);
  return section(
    'steps',
    'Steps',
    table({
      caption: 'Steps of the op in the order in which they began',
      isNamed: true,
      columns: ['Step', 'Began (UTC)', 'Took', 'Outcome', 'Because'],
      rows: report.op.steps.map((step) => [
        step.name,
        html`${time(step.startedAt)} <span class="quiet">${offset(step.startedAt, zero)}</span>`,
        tookOf(step),
        html`${toned(toneOf(step.outcome), step.outcome)}${step.attempt > 1 && html` <span class="quiet">attempt ${step.attempt}</span>`}`,
        folded(step.because),
      ]),
      none: 'No step has begun.',
    }),
  );
}

const tookOf = ({ seconds, waited }: ReportStep): Html =>
  html`${seconds === null ? 'not ended' : spoken(seconds)}${
    waited &&
    waited.seconds >= 1 &&
    html` <span class="quiet">${spoken(waited.seconds)} of it waiting for ${waited.forWhat}</span>`
  }`;

export function recoveryPointSection(report: OpReport): Html {
  const { recoveryPoint: point, targets, recoveryPointSeconds, madeAt } = report;
  if (!point) return section('recovery-point', 'Recovery point', html`<p class="none">No snapshot was chosen.</p>`);
  const beyond = targets.worstRecoveryPointSeconds > targets.maxRecoveryPointSeconds;
  return section(
    'recovery-point',
    'Recovery point',
    facts([
      ['Snapshot', html`<code>${point.snapshotId}</code>`],
      ['Data of', timeAgo(point.snapshotAt, madeAt)],
      ['Before the detection', recoveryPointSeconds === null ? null : spoken(recoveryPointSeconds)],
      ['Limit of this op', spoken(targets.worstRecoveryPointSeconds)],
      [
        'Configured limit',
        html`${spoken(targets.maxRecoveryPointSeconds)}${beyond && ', which a person has widened for this op'}`,
      ],
      ['Export', `each ${spoken(targets.exportSeconds)}: the recovery point that can be expected`],
    ]),
    html`<h3>Newer snapshots that were refused</h3>`,
    table({
      caption: 'Newer snapshots that were refused',
      isNamed: true,
      columns: ['Snapshot', 'Why'],
      rows: point.passedOver.map(({ snapshotId, why }) => [html`<code>${snapshotId}</code>`, folded(why)]),
      none: 'None: it was the newest.',
    }),
  );
}

export function createdSection({ created, op, madeAt }: OpReport): Html | null {
  if (!created) return null;
  return section(
    'created',
    'Environment that was created',
    facts([
      ['Name', created.environment && html`<code>${created.environment}</code>`],
      ['For', `site ${op.target}, strategy ${op.strategy}`],
      ['State', created.state],
      ['Asked for, or taken over', created.askedAt && timeAgo(created.askedAt, madeAt)],
      ['Prepare the site says', created.because],
    ]),
    html`<h3>Names that were passed over</h3>`,
    table({
      caption: 'Names that were passed over',
      isNamed: true,
      columns: ['Name', 'Why'],
      rows: created.passedOver.map(({ environment, why }) => [html`<code>${environment}</code>`, folded(why)]),
      none: 'None.',
    }),
    html`<h3>What differs from the captured configuration</h3>`,
    created.notes.length === 0
      ? html`<p class="none">Nothing is noted.</p>`
      : html`<ul>${created.notes.map((note) => html`<li>${note}</li>`)}</ul>`,
  );
}

export function aboutSection(report: OpReport): Html {
  const { op, sites, pair, madeAt } = report;
  const place = (side: 'a' | 'b') => html`<code>${sites[side].environment}</code> in ${sites[side].region}`;
  return section(
    'about',
    'About this op',
    facts([
      ['Pair', pair],
      ['Op', html`<code>${op.id}</code>`],
      ['Site a', place('a')],
      ['Site b', place('b')],
      ['Strategy', op.strategy],
      ['Epoch', String(op.epoch)],
      ['Begun by', html`<span class="long">${op.by}</span>${op.automatic && ' (automatic)'}`],
      ['Reason', folded(op.reason)],
      ['Approved by', op.approvedBy ?? 'nobody yet'],
      ['Detected', op.detectedAt ? timeAgo(op.detectedAt, madeAt) : 'not by the watch'],
      ['Began', timeAgo(op.beganAt, madeAt)],
      ['Ended', op.endedAt ? timeAgo(op.endedAt, madeAt) : 'not yet'],
      ['Phase', op.phase],
      ['Outcome', op.outcome ?? 'none yet'],
      ['Execution', op.attempt === 1 ? 'the first' : `resumed: attempt ${op.attempt}`],
      ['Interrupted tasks', `policy ${op.interruptedPolicy}, where a DAG has no tag of its own`],
    ]),
  );
}
