import type { OpReport } from '../op-report.ts';
import { toned } from './icons.ts';
import { type Html, html, type Part } from './markup.ts';
import { facts, section, table } from './table.ts';
import { timeAgo } from './times.ts';
import { rungInWords } from './words.ts';

export function fenceSection(report: OpReport): Html {
  const { fence, op, madeAt } = report;
  if (!fence) {
    return section(
      'fence',
      'Fence and waiver',
      html`<p class="none">Site ${op.from} was not fenced by this op: the grant was never withdrawn, or the fence had not begun.</p>`,
    );
  }
  const ago = (at: string | null): Part => at && timeAgo(at, madeAt);
  return section(
    'fence',
    'Fence and waiver',
    html`<p class="verdict">${fence.acknowledgedAt ? toned('good', 'Proved to be stopped') : toned('bad', 'Not proved to be stopped')}:
site ${op.from} is at rung <strong>${fence.rung}</strong>, ${rungInWords(fence.rung)}.</p>`,
    fence.waiver &&
      html`<blockquote><p>${fence.waiver.reason}</p><footer>waived by <span class="long">${fence.waiver.by}</span></footer></blockquote>`,
    facts([
      ['Begun', ago(fence.startedAt)],
      ['Acknowledged', fence.acknowledgedAt ? ago(fence.acknowledgedAt) : 'not'],
      ['Production found behind it', ago(fence.reopenedAt)],
      ['Site unreachable since', ago(fence.unreachedSince)],
      [
        'Marker',
        fence.markerWritten
          ? `is in the bucket of site ${op.from}: if the site returns it fences itself`
          : 'not written',
      ],
      ['Tasks it stopped', String(fence.stoppedCount)],
      ['Last error', fence.lastError],
    ]),
    html`<h3>Tasks that the fence stopped</h3>`,
    fence.stoppedCount > fence.stopped.length &&
      html`<p>${fence.stopped.length} of ${fence.stoppedCount} are named here; <code>fence-stopped.json</code> of the op in the bucket of site ${op.target} has all of them.</p>`,
    table({
      caption: 'Tasks that the fence set failed, with the state they were in',
      isNamed: true,
      columns: ['DAG', 'Run', 'Task', 'Was'],
      rows: fence.stopped.map((task) => [
        html`<code>${task.dagId}</code>`,
        html`<code>${task.runId}</code>`,
        html`<code>${task.taskId}${task.mapIndex >= 0 && `[${task.mapIndex}]`}</code>`,
        task.state ?? 'without state',
      ]),
      none: 'None.',
    }),
  );
}

export const mayStillRunSection = ({ mayStillRun, op }: OpReport): Html =>
  section(
    'may-still-run',
    `What may still run on site ${op.from}`,
    mayStillRun.length === 0
      ? html`<p class="none">Nothing is to be feared from this op: it did not take production from site ${op.from}.</p>`
      : html`<ul>${mayStillRun.map((sentence) => html`<li>${sentence}</li>`)}</ul>`,
  );
