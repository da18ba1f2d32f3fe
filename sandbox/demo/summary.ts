import type { DemoResult } from './run.ts';

/** The end of the demo for people: what was measured, what was interrupted, what came next. */
export function demoSummary(measured: DemoResult): string {
  const { runs } = measured;
  const list = (title: string, rows: readonly unknown[]) =>
    `${title}: ${rows.length === 0 ? 'none' : ''}${rows.map((row) => `\n    ${JSON.stringify(row)}`).join('')}`;
  return [
    '',
    `Pair ${measured.pair} ${measured.outcome}: ${measured.op.kind} ${measured.op.id}, epoch ${measured.op.epoch}`,
    `  strategy                 ${measured.op.strategy}`,
    `  loss detected after      ${measured.detectionSeconds} s`,
    `  first production run     ${measured.recoveryTimeSeconds} s after the loss (recovery time)`,
    `  data lost                ${measured.recoveryPointSeconds} s before the loss (recovery point)`,
    `  controller               ${measured.controllerSeconds} s from the verdict to open DAGs`,
    ...(measured.creation
      ? [
          `  creation                 ${measured.creation.seconds} s until ${measured.creation.environment} was AVAILABLE`,
        ]
      : []),
    `  fence                    ${measured.fence.rung}${measured.fence.waiver ? ' (waived)' : ''}: what runs on site a was stopped`,
    `  runs                     ${runs.beforeLoss} finished on a before the loss, ${runs.afterRecovery} on b since`,
    `  ${list('doubled', runs.doubled)}`,
    `  ${list('skipped', runs.skipped)}`,
    `  ${list('repeated (finished on a after the recovery point)', runs.repeated)}`,
    `  ${list('interrupted', measured.interrupted)}`,
    `  ${list('came next', measured.nextRuns)}`,
    `  ${list('left paused', measured.leftPaused)}`,
    `  Airflow ${measured.versions.airflow}, PostgreSQL ${measured.versions.postgres}`,
    `  report: ${measured.report}, as a page: ${measured.page}`,
  ].join('\n');
}
