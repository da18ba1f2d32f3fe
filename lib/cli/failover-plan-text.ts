import { spoken } from '../report/time-text.ts';
import type { FailoverPlan, Interrupted } from './failover-plan.ts';

/** The plan as lines of text. */
export function planLines(plan: FailoverPlan): string[] {
  const runs = plan.interrupted;
  const snapshot = plan.snapshot;
  return [
    `FAILOVER of ${plan.pair}: site ${plan.from} -> site ${plan.target}, grant epoch ${plan.epoch} -> ${plan.epoch + 1}`,
    `  Verdict on ${plan.from}: ${plan.diagnosis ?? 'none'}${plan.health ? ` (${plan.health})` : ''}: ${plan.because.join('; ')}`,
    snapshot
      ? `  Snapshot: ${snapshot.id}, ${spoken(snapshot.ageSeconds)} old: what ran since then on ${plan.from} is not known on ${plan.target}`
      : '  Snapshot: none that may be imported',
    ...plan.passedOver.map((reason) => `    passed over: ${reason}`),
    ...(plan.creates ? [creationLine(plan.creates)] : []),
    `  Oldest snapshot accepted: ${spoken(plan.worstRecoveryPointSeconds)}`,
    `  Least fence: ${plan.leastRung}${plan.leastRung === 'R0' ? `, so ${plan.from} may go on running tasks: both sites at once` : ''}`,
    `  Moves on: ${plan.diagnoses.join(', ')}`,
    ...interruptedLines(runs),
    `  Steps: ${plan.steps.join(' > ')}`,
    '  Up to "Withdraw the grant" production is untouched. After it, tasks that run on the losing site are stopped; that cannot be undone.',
    ...plan.blockers.map((blocker) => `  NOT NOW: ${blocker.because}. Fix: ${blocker.fix}`),
  ];
}

/** The time is what the user guide of Amazon MWAA gives for a creation. */
const creationLine = ({ environment, region }: NonNullable<FailoverPlan['creates']>): string =>
  `  Creates: environment ${environment} in ${region}, from the captured configuration; on AWS that takes 20 to 30 minutes`;

function interruptedLines(runs: readonly Interrupted[] | null): string[] {
  if (runs === null) return ['  Interrupted runs: not known (the manifest was not read)'];
  if (runs.length === 0) return ['  Interrupted runs: none at the recovery point'];
  return [
    `  Interrupted runs: ${runs.length}`,
    ...runs.map((run) => `    ${run.dagId} ${run.runId}: ${run.tasks.join(', ') || 'no task had begun'}`),
  ];
}
