import { PairConfig } from '../lib/contracts/config.ts';
import type { Side } from '../lib/contracts/ids.ts';
import { environmentNames } from '../lib/contracts/names.ts';
import { ACCOUNT, CALLERS } from './cloud/callers.ts';

export const sandboxAirflowVersion = '2.10.3';

/** Access key of a site's Airflow, and of the metrics that MWAA publishes for it. */
export const siteKey: Readonly<Record<Side, string>> = { a: CALLERS.siteA, b: CALLERS.siteB };

export const environmentName = (pair: string, side: Side) => `${pair}-${side}`;
export const dagBucketName = (pair: string, side: Side) => `${pair}-dags-${side}`;

/** Networks of the sites' Regions: no other subnet exists there. */
export const sandboxNetwork: Readonly<Record<Side, { subnetIds: [string, string]; securityGroupIds: string[] }>> = {
  a: { subnetIds: ['subnet-11111111', 'subnet-22222222'], securityGroupIds: ['sg-11111111'] },
  b: { subnetIds: ['subnet-33333333', 'subnet-44444444'], securityGroupIds: ['sg-22222222'] },
};

/** An option that names the Region it is used in, so that the other site needs another value. */
export const regionalOptions = (region: string) => ({ 'smtp.smtp_host': `email-smtp.${region}.amazonaws.com` });

/** Names that an environment of a site may have: with backup-restore one that is created may get a suffix. */
export function namesOfSite(config: PairConfig, side: Side): string[] {
  const { environment } = config.sites[side];
  return config.strategy === 'backup-restore' ? environmentNames(environment) : [environment];
}

/** What a test or a command line may want otherwise than the demo. */
export type PairChoices = {
  readonly mode?: PairConfig['mode'];
  readonly strategy?: PairConfig['strategy'];
  readonly timing?: Partial<PairConfig['timing']>;
};

/**
 * The pair of the sandbox: three Regions, minutes of MWAA fitted into seconds. With strategy backup-restore both sites
 * say how they would be created; site a exists when the sandbox is up, site b does not.
 */
export function sandboxPair(pair: string, { mode, strategy = 'warm-standby', timing }: PairChoices = {}): PairConfig {
  const site = (side: Side, region: string) => ({
    region,
    environment: environmentName(pair, side),
    dagBucket: dagBucketName(pair, side),
    executionRoleArn: `arn:aws:iam::${ACCOUNT}:role/${pair}-airflow-${side}`,
    ...(strategy === 'backup-restore' && {
      create: { ...sandboxNetwork[side], airflowConfigurationOptions: regionalOptions(region) },
    }),
  });
  return PairConfig.parse({
    pair,
    account: ACCOUNT,
    controllerRegion: 'eu-north-1',
    strategy,
    mode: mode ?? 'automatic',
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
      prepareTtlSeconds: 120,
      creationTimeoutSeconds: 240,
      ...timing,
    },
  });
}
