import { z } from 'zod';
import type { OpRecord, StepRecord } from '../contracts/control.ts';
import { Instant } from '../contracts/ids.ts';
import type { ReportStep } from './op-report.ts';
import { secondsBetween } from './time-text.ts';

/** One step for the report; `now` measures what still goes on. */
export function reportStep(step: StepRecord, op: OpRecord, now: Date): ReportStep {
  return {
    name: step.state,
    iteration: step.iteration,
    outcome: outcomeOf(step),
    because: step.error ? `${step.error.name}: ${step.error.message}` : String(step.output?.because ?? ''),
    startedAt: step.startedAt,
    endedAt: step.endedAt,
    seconds: step.endedAt ? secondsBetween(step.startedAt, step.endedAt) : null,
    attempt: step.attempt,
    waited: waitedOf(step, op, now),
  };
}

function outcomeOf(step: StepRecord): string {
  if (step.status === 'done') return String(step.output?.outcome ?? 'done');
  if (step.status === 'claimed') return 'running';
  return step.status;
}

/**
 * A poll is claimed anew by each look: what lies between the moment from which it waits and the last look is waiting.
 * What it waits from it has remembered; when it has not, it waits from its first look.
 */
function waitedOf(step: StepRecord, op: OpRecord, now: Date): ReportStep['waited'] {
  // An environment is waited for from the moment it is asked for; what Prepare remembers is only its last wait.
  const creates = step.state === 'Prepare the site' && op.plan.strategy === 'backup-restore';
  const remembered = (creates ? [] : ['startedAt', 'waitingSince', 'since']).flatMap((field) => {
    const parsed = Instant.safeParse(step.progress[field]);
    return parsed.success ? [parsed.data] : [];
  });
  const from = remembered.find((at) => secondsBetween(step.startedAt, at) >= 0) ?? step.startedAt;
  const to = step.status === 'waiting' ? null : step.claimedAt;
  const seconds = secondsBetween(from, to ?? now);
  return seconds > 0 ? { from, to, seconds, forWhat: waitsFor(step, op) } : null;
}

const Waived = z.object({ waiver: z.object({ by: z.string() }) });

function waitsFor({ state, output }: StepRecord, { plan }: OpRecord): string {
  const isWaived = Waived.safeParse(output).success;
  const words: Readonly<Record<string, string>> = {
    'Prepare the site':
      plan.strategy === 'backup-restore'
        ? `the environment of site ${plan.target} to be created and ready`
        : `site ${plan.target} to be ready`,
    'Import the snapshot': `lifeboat_import on site ${plan.target}`,
    'Wait for approval': 'a person to approve',
    'Judge again': 'a verdict that lets it go on',
    'Fence the losing site': isWaived
      ? `site ${plan.from} to answer`
      : `the tasks of site ${plan.from} to stop, proved by two readings`,
    'Import the rest': `lifeboat_import on site ${plan.target}`,
    'Promote the site': `lifeboat_promote on site ${plan.target}`,
    'Verify the site': `the first stamp of site ${plan.target}`,
    'Import the history': `lifeboat_import on site ${plan.target}`,
    'Give back': `the DAGs of site ${plan.from} to open`,
  };
  return words[state] ?? 'another look';
}
