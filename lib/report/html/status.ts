import type { OpReport } from '../op-report.ts';
import { clock } from '../time-text.ts';
import type { Tone } from './icons.ts';

/** The one word and the one sentence that a reader needs first. */
export type Status = { readonly tone: Tone; readonly word: string; readonly sentence: string };

/** How the op stands. */
export function statusOf(report: OpReport): Status {
  const { op } = report;
  if (op.outcome === 'recovered') return recovered(report);
  if (op.outcome === 'given-back') {
    return { tone: 'warn', word: 'Given back', sentence: `Production is back on ${siteName(report, op.from)}.` };
  }
  if (op.outcome === 'stood-down') {
    return op.failure === null
      ? {
          tone: 'plain',
          word: 'Stood down',
          sentence: `Production was not touched: the grant stayed at site ${op.from}.`,
        }
      : {
          tone: 'bad',
          word: 'Stood down after an error',
          sentence: `Production was not moved: the grant stayed at site ${op.from}, which may still be lost.`,
        };
  }
  const where = standing(report);
  return op.needs === null
    ? { tone: 'plain', word: 'In progress', sentence: where }
    : { tone: 'bad', word: 'Held: needs a person', sentence: where };
}

function recovered(report: OpReport): Status {
  const proved = report.timeline.production.find((span) => span.state === 'running')?.from;
  const sentence = `Production runs on ${siteName(report, report.op.target)}${proved ? ` since ${clock(proved)}` : ''}.`;
  return report.warnings.length === 0
    ? { tone: 'good', word: 'Recovered', sentence }
    : { tone: 'warn', word: 'Recovered, with warnings', sentence };
}

function standing(report: OpReport): string {
  const { op } = report;
  if (op.phase === 'open') return `Production was not touched: site ${op.from} has the grant.`;
  if (op.phase === 'withdrawn') return 'No site runs production: the grant is withdrawn.';
  return `${siteName(report, op.target)} has the grant; the op has not ended.`.replace(/^s/, 'S');
}

/** A site with what it is. */
export const siteName = ({ sites }: OpReport, side: 'a' | 'b'): string =>
  `site ${side} (${sites[side].environment}, ${sites[side].region})`;
