import { PairConfig } from '../lib/contracts/config.ts';
import type { Side } from '../lib/contracts/ids.ts';
import { ACCOUNT, CALLERS } from './cloud/callers.ts';

export const sandboxAirflowVersion = '2.10.3';

/** Access key of a site's Airflow, and of the metrics that MWAA publishes for it. */
export const siteKey: Readonly<Record<Side, string>> = { a: CALLERS.siteA, b: CALLERS.siteB };

export const environmentName = (pair: string, side: Side) => `${pair}-${side}`;
export const dagBucketName = (pair: string, side: Side) => `${pair}-dags-${side}`;

/**
 * The pair of the sandbox: three Regions, minutes of MWAA fitted into seconds. `mode` and `timing` may be changed by a
 * test that wants to see something else than the demo.
 */
export function sandboxPair(
  pair: string,
  overrides: { mode?: PairConfig['mode']; timing?: Partial<PairConfig['timing']> } = {},
): PairConfig {
  const site = (side: Side, region: string) => ({
    region,
    environment: environmentName(pair, side),
    dagBucket: dagBucketName(pair, side),
    executionRoleArn: `arn:aws:iam::${ACCOUNT}:role/${pair}-airflow-${side}`,
  });
  return PairConfig.parse({
    pair,
    account: ACCOUNT,
    controllerRegion: 'eu-north-1',
    mode: overrides.mode ?? 'automatic',
    sandbox: true,
    sites: { a: site('a', 'eu-west-1'), b: site('b', 'eu-central-1') },
    timing: {
      tickSeconds: 2,
      heartbeatPeriodSeconds: 5,
      deadPeriods: 3,
      windowPeriods: 5,
      ingestionLagSeconds: 2,
      canarySeconds: 10,
      canaryStaleSeconds: 30,
      recoveryPointSeconds: 20,
      unclearPageSeconds: 60,
      cooldownSeconds: 600,
      pollSeconds: 1,
      killedTaskCleanupSeconds: 5,
      fenceReachSeconds: 20,
      longestFunctionSeconds: 130,
      helperTimeoutSeconds: 120,
      ...overrides.timing,
    },
  });
}
