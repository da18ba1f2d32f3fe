import type { OpReport } from '../op-report.ts';
import { type Html, html } from './markup.ts';
import { section, table } from './table.ts';
import { runActionInWords, taskActionInWords } from './words.ts';

const named = (shown: number, all: number, rest: string): Html | null =>
  all > shown ? html`<p>${shown} of ${all} are named here; ${rest}.</p>` : null;

const moment = (date: string | null): string | null =>
  date && Number.isFinite(Date.parse(date)) ? `${new Date(date).toISOString().slice(0, 19).replace('T', ' ')}Z` : date;

export const interruptedSection = ({ interrupted, interruptedCount, op }: OpReport): Html =>
  section(
    'interrupted',
    'What was interrupted, and what was done about it',
    named(interrupted.length, interruptedCount, 'the result of the import in the bucket has all of them'),
    table({
      caption: `Runs that were unfinished at the recovery point (policy ${op.interruptedPolicy})`,
      columns: ['DAG', 'Run', 'Tasks', 'What was done'],
      rows: interrupted.map((run) => [
        html`<code>${run.dagId}</code>`,
        html`<code>${run.runId}</code> <span class="quiet">${run.runType}${run.logicalDate && `, ${moment(run.logicalDate)}`}</span>`,
        run.tasks.length === 0
          ? 'none was at work'
          : html`<ul class="plain">${run.tasks.map(
              (task) =>
                html`<li><code>${task.taskId}${task.mapIndex >= 0 && `[${task.mapIndex}]`}</code> was ${task.state ?? 'without state'}: ${taskActionInWords(task.action)} <span class="quiet">try ${task.tryNumber}</span></li>`,
            )}</ul>`,
        html`<strong>${run.action}</strong>: ${runActionInWords(run.action)}`,
      ]),
      none: 'No run was interrupted, as far as the recovery point knows.',
    }),
  );

export const nextRunsSection = ({ nextRuns, nextRunsCount, op }: OpReport): Html =>
  section(
    'next-runs',
    'What ran next',
    named(nextRuns.length, nextRunsCount, 'the result of the promotion in the bucket has all of them'),
    table({
      caption: `First run of each DAG on site ${op.target} after the promotion`,
      columns: ['DAG', 'Logical date (UTC)'],
      rows: nextRuns.map((run) => [
        html`<code>${run.dagId}</code>`,
        moment(run.logicalDate) ?? 'when its datasets or a person start it',
      ]),
      none: 'No DAG was opened.',
    }),
  );

export const leftPausedSection = ({ leftPaused, leftPausedCount }: OpReport): Html =>
  section(
    'left-paused',
    'DAGs left paused, and why',
    named(leftPaused.length, leftPausedCount, 'the result of the promotion in the bucket has all of them'),
    table({
      caption: 'DAGs that were open on the losing site and were not opened',
      columns: ['DAG', 'Why'],
      rows: leftPaused.map((dag) => [html`<code>${dag.dagId}</code>`, dag.why]),
      none: 'None.',
    }),
  );

export const warningsSection = ({ warnings }: OpReport): Html | null =>
  warnings.length === 0
    ? null
    : section('warnings', 'Warnings', html`<ul>${warnings.map((warning) => html`<li>${warning}</li>`)}</ul>`);
