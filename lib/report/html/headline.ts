import type { OpReport } from '../op-report.ts';
import { secondsBetween, spoken } from '../time-text.ts';
import { icon, type Tone, toned } from './icons.ts';
import { type Html, html, type Part } from './markup.ts';
import { statusOf } from './status.ts';
import { section } from './table.ts';
import { time, timeAgo } from './times.ts';

/** Title, how it stands, and the figures. */
export function headline(report: OpReport): Html {
  const { op, pair, madeAt } = report;
  const status = statusOf(report);
  return html`<header class="top"><p class="brand">Lifeboat <span>report of op <code>${op.id}</code></span></p>
<h1>Failover of <bdi>${pair}</bdi>: site ${op.from} to site ${op.target}</h1>
<p class="status ${status.tone}">${icon(status.tone)}<strong>${status.word}</strong></p>
<p class="lede">${status.sentence}</p>
<p class="quiet">Began ${time(op.beganAt)}${op.endedAt ? html`, ended ${timeAgo(op.endedAt, madeAt)}` : html`, has not ended`}.</p>
</header>
`;
}

/** What a person still has to do; null when there is nothing. */
export function toDoSection(report: OpReport): Html | null {
  const { op, leftPausedCount, fence, mayStillRun } = report;
  const items: Part[] = [
    op.needs && html`<strong>The op waits for you.</strong> ${op.needs}`,
    op.failure && html`<strong>It ended after an error.</strong> ${op.failure}`,
    fence?.waiver &&
      html`<strong>Site ${op.from} was not fenced</strong>, by the word of ${fence.waiver.by}. Keep it from coming back to work: see <a href="#fence">fence</a>.`,
    fence?.reopenedAt &&
      html`<strong>Production was found at work on site ${op.from}</strong> behind its fence at ${time(fence.reopenedAt)}: look for doubled runs.`,
    leftPausedCount > 0 &&
      html`<strong>${dags(leftPausedCount)} left paused.</strong> Read why: <a href="#left-paused">left paused</a>.`,
    mayStillRun.length > 0 &&
      html`<strong>Look at site ${op.from} by hand.</strong> What <a href="#may-still-run">may still run</a> there.`,
  ];
  const open = items.filter((item) => item !== null && item !== false && item !== '' && item !== undefined);
  if (open.length === 0) return null;
  return section(
    'to-do',
    'What is left to do',
    html`<ul class="to-do">${open.map((item) => html`<li>${item}</li>`)}</ul>`,
  );
}

const dags = (count: number): string => (count === 1 ? '1 DAG was' : `${count} DAGs were`);

/** The lengths of time that people ask for; of an op that has ended only those that it has. */
export function figuresSection(report: OpReport): Html {
  const all = [recoveryTime(report), recoveryPoint(report), down(report), withoutGrant(report), controller(report)];
  const shown = all.filter(({ value }) => value !== null || report.op.endedAt === null);
  if (shown.length === 0) return html``;
  return section('figures', 'Figures', html`<div class="figures">${shown.map(figure)}</div>`);
}

type Figure = { readonly name: string; readonly value: string | null; readonly notes: readonly Part[] };

const figure = ({ name, value, notes }: Figure): Html =>
  html`<div class="figure"><h3>${name}</h3><p class="value">${value ?? 'not yet'}</p>${notes.map(
    (note) => note && html`<p class="note">${note}</p>`,
  )}</div>`;

const orNull = (seconds: number | null): string | null => (seconds === null ? null : spoken(seconds));

/** A length that may still grow. */
function soFar(seconds: number | null, since: string | undefined, madeAt: string): string | null {
  if (seconds !== null) return spoken(seconds);
  return since === undefined ? null : `${spoken(secondsBetween(since, madeAt))} so far`;
}

function recoveryTime({ recoveryTimeSeconds, targets }: OpReport): Figure {
  const target = targets.recoveryTimeSeconds;
  const isMet = recoveryTimeSeconds !== null && target !== null && recoveryTimeSeconds <= target;
  const met: [Tone, string] = isMet ? ['good', 'within'] : ['bad', 'beyond'];
  return {
    name: 'Recovery time',
    value: orNull(recoveryTimeSeconds),
    notes: [
      'From the detection until the DAGs were opened.',
      target === null
        ? 'No target is configured.'
        : recoveryTimeSeconds !== null &&
          html`${toned(...met)} the target: <span class="together">${spoken(target)}</span>.`,
    ],
  };
}

function recoveryPoint({ recoveryPointSeconds, targets, op }: OpReport): Figure {
  const limit = targets.worstRecoveryPointSeconds;
  const isMet = recoveryPointSeconds !== null && recoveryPointSeconds <= limit;
  const met: [Tone, string] = isMet ? ['good', 'within'] : ['bad', 'beyond'];
  const moved = op.outcome === 'recovered' || op.outcome === null;
  return {
    name: moved ? 'Recovery point' : 'Recovery point of the snapshot',
    value: orNull(recoveryPointSeconds),
    notes: [
      moved
        ? 'From the snapshot to the detection: assume this as lost.'
        : 'Nothing was lost: production was not moved.',
      recoveryPointSeconds !== null &&
        html`${toned(...met)} the limit of this op: <span class="together">${spoken(limit)}</span>.`,
      html`Exported each <span class="together">${spoken(targets.exportSeconds)}</span>.`,
    ],
  };
}

function down({ timeline, madeAt }: OpReport): Figure {
  const span = timeline.production.find(({ state }) => state === 'down');
  const silent = timeline.production.find(({ state }) => state === 'silent');
  const before = silent?.to
    ? `Its last sign of life was ${spoken(secondsBetween(silent.from, silent.to))} earlier: it may have been down that much longer.`
    : 'No sign of life from before it is known.';
  return {
    name: 'Production down',
    value: soFar(timeline.downSeconds, span?.from, madeAt),
    notes: ['From the detection until a site proved that it runs.', before],
  };
}

const withoutGrant = ({ timeline, madeAt }: OpReport): Figure => ({
  name: 'No site had the grant',
  value: soFar(
    timeline.withoutGrantSeconds,
    timeline.grant.find(({ holder }) => holder === 'none')?.from ?? undefined,
    madeAt,
  ),
  notes: ['From the withdrawal until a site had it: nobody may run production in this time.'],
});

const controller = ({ controllerSeconds }: OpReport): Figure => ({
  name: 'Controller',
  value: orNull(controllerSeconds),
  notes: ['From its beginning until the DAGs were opened, without the wait for an approval.'],
});
