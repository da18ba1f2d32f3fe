import { z } from 'zod';

const seconds = (fallback: number) => z.number().positive().default(fallback);

/**
 * Every wait and limit of a pair, in seconds unless the name says otherwise. The defaults are for production;
 * the sandbox overrides them to make minutes of MWAA fit into seconds.
 */
export const Timing = z
  .strictObject({
    tickSeconds: seconds(60).describe('How often the pair is judged.'),
    heartbeatPeriodSeconds: seconds(60).describe('CloudWatch period in which SchedulerHeartbeat is summed.'),
    deadPeriods: z.int().positive().default(3).describe('M: empty periods that make the heartbeat dead.'),
    windowPeriods: z.int().positive().default(5).describe('N: complete periods that are looked at.'),
    ingestionLagSeconds: seconds(120).describe('A period counts only this long after its end.'),
    canarySeconds: seconds(60).describe('How often the canary DAG stamps.'),
    canaryStaleSeconds: seconds(240).describe('Age at which the newest stamp is stale.'),
    recoveryPointSeconds: seconds(900).describe('Interval of the metadata export.'),
    maxRecoveryPointSeconds: seconds(86_400).describe(
      'Oldest snapshot that an op may import without a person saying so.',
    ),
    plannedMaxSeconds: seconds(7200).describe('Longest planned state (UPDATING, MAINTENANCE) that is believed.'),
    unclearPageSeconds: seconds(900).describe('How long a verdict may stay unclear before people are paged.'),
    approvalTtlSeconds: seconds(43_200).describe('How long an approval is valid.'),
    cooldownSeconds: seconds(86_400).describe('No automatic op begins this soon after an op that withdrew the grant.'),
    pollSeconds: seconds(15).describe('Wait between two looks at long work (import, approval, drain).'),
    killedTaskCleanupSeconds: seconds(60).describe("The sites' core.killed_task_cleanup_time."),
    fenceReachSeconds: seconds(300).describe('How long the fence keeps trying a site that does not answer.'),
    longestFunctionSeconds: seconds(900).describe(
      'Longest Lambda time-out plus a margin; an older claim is abandoned.',
    ),
    recoveryTimeTargetSeconds: z
      .number()
      .positive()
      .optional()
      .describe('Recovery time that a report is compared with; nothing acts on it.'),
    prepareTtlSeconds: seconds(14_400).describe(
      'How long an environment that an op created is kept after the op stood down; then it is deleted.',
    ),
    creationTimeoutSeconds: seconds(9000).describe('How long the creation of an environment is waited for.'),
    helperTimeoutSeconds: seconds(3600).describe('Longest run of a helper DAG before its step fails.'),
  })
  .prefault({});
export type Timing = z.infer<typeof Timing>;

/** Longest time-out of a function of the state machines, in seconds; a test compares it with the functions. */
export const longestTimeoutSeconds = 840;
/** Seconds between a function's time-out and the moment at which its claim counts as abandoned, at least. */
const abandonMarginSeconds = 30;

/** A time that does not go together with the others or with AWS. */
export type TimingFault = { readonly field: keyof Timing; readonly message: string };

/**
 * Checks the times against each other and, unless they are those of a sandbox, against what AWS can do: CloudWatch and
 * EventBridge Scheduler count in whole minutes. Each fault says what was expected and what was found.
 */
export function timingFaults(timing: Timing, sandbox: boolean): TimingFault[] {
  const fault = (field: keyof Timing, expected: string, isRight: boolean): TimingFault[] =>
    isRight ? [] : [{ field, message: `expected ${expected}, found ${timing[field]}` }];
  const minutes = (field: 'tickSeconds' | 'heartbeatPeriodSeconds' | 'recoveryPointSeconds') =>
    fault(field, 'whole minutes (a multiple of 60)', sandbox || timing[field] % 60 === 0);
  const { deadPeriods, windowPeriods, canarySeconds } = timing;
  const abandoned = longestTimeoutSeconds + abandonMarginSeconds;
  return [
    ...minutes('tickSeconds'),
    ...minutes('heartbeatPeriodSeconds'),
    ...minutes('recoveryPointSeconds'),
    ...fault('deadPeriods', `at most windowPeriods (${windowPeriods})`, deadPeriods <= windowPeriods),
    ...fault(
      'canaryStaleSeconds',
      `more than two canaries (${2 * canarySeconds})`,
      timing.canaryStaleSeconds > 2 * canarySeconds,
    ),
    ...fault(
      'longestFunctionSeconds',
      `at least ${abandoned}, the longest time-out of a function and ${abandonMarginSeconds} s`,
      sandbox || timing.longestFunctionSeconds >= abandoned,
    ),
  ];
}
