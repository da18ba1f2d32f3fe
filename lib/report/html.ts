import { fenceSection, mayStillRunSection } from './html/fence.ts';
import { figuresSection, headline, toDoSection } from './html/headline.ts';
import { patterns } from './html/legend.ts';
import { Html, html } from './html/markup.ts';
import { interruptedSection, leftPausedSection, nextRunsSection, warningsSection } from './html/runs.ts';
import { aboutSection, createdSection, recoveryPointSection, stepsSection } from './html/sections.ts';
import { statusOf } from './html/status.ts';
import { style } from './html/style.ts';
import { timelineSection } from './html/timeline.ts';
import { time } from './html/times.ts';
import { verdictSection } from './html/verdict.ts';
import type { OpReport } from './op-report.ts';

/**
 * The report as one page of HTML that needs nothing else: no script, no font, no picture from anywhere. What the records
 * hold is text in it and never markup. `sha256` gives the digest of a text in base64: by it the page allows its own style
 * sheet and no other.
 */
export function reportPage(report: OpReport, sha256: (text: string) => string): string {
  const { op, pair, madeAt } = report;
  const policy = `default-src 'none'; style-src 'sha256-${sha256(style)}'; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${statusOf(report).word}: failover of ${pair}, op ${op.id}</title>
<style>${new Html(style)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the report</a>
${patterns}
<div class="page">
${headline(report)}
${contents(report)}
<main id="content" tabindex="-1">
${toDoSection(report)}
${figuresSection(report)}
${timelineSection(report)}
${stepsSection(report)}
${verdictSection(report)}
${recoveryPointSection(report)}
${createdSection(report)}
${fenceSection(report)}
${mayStillRunSection(report)}
${interruptedSection(report)}
${nextRunsSection(report)}
${leftPausedSection(report)}
${warningsSection(report)}
${aboutSection(report)}
</main>
<footer class="bottom"><p>Made ${time(madeAt)} from the records of pair <bdi>${pair}</bdi>. Times are UTC; “ago” is counted
from the moment this page was made. What each figure means: <code>docs/report.md</code> of mwaa-lifeboat.</p></footer>
</div>
</body>
</html>
`;
  return page.text;
}

const contents = ({ op, created }: OpReport): Html =>
  html`<nav class="contents" aria-label="Contents"><ul>${[
    ['timeline', 'Timeline'],
    ['steps', 'Steps'],
    ['verdict', 'Verdict'],
    ['recovery-point', 'Recovery point'],
    ...(created ? [['created', 'Environment']] : []),
    ['fence', 'Fence'],
    ['may-still-run', `May still run on ${op.from}`],
    ['interrupted', 'Interrupted'],
    ['next-runs', 'Ran next'],
    ['left-paused', 'Left paused'],
    ['about', 'About'],
  ].map(([id, name]) => html`<li><a href="#${id ?? ''}">${name ?? ''}</a></li>`)}</ul></nav>`;
