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
    helperTimeoutSeconds: seconds(3600).describe('Longest run of a helper DAG before its step fails.'),
  })
  .prefault({});
export type Timing = z.infer<typeof Timing>;
