import { PairConfig } from '../../lib/contracts/config.ts';

/** A pair configuration as the sandbox has it, changed at its top level by `change`. */
export function pairConfig(change: Readonly<Record<string, unknown>> = {}): PairConfig {
  return PairConfig.parse({
    pair: 'demo',
    account: '123456789012',
    controllerRegion: 'eu-north-1',
    sites: { a: siteConfig('eu-west-1', 'demo-a'), b: siteConfig('eu-central-1', 'demo-b') },
    ...change,
  });
}

/** One site of it. */
export function siteConfig(region: string, environment: string, webServerAccess = 'PUBLIC_ONLY') {
  return {
    region,
    environment,
    dagBucket: `${environment}-dags`,
    executionRoleArn: `arn:aws:iam::123456789012:role/${environment}`,
    webServerAccess,
  };
}

/** Changes that make it a pair whose site b is created on the spot. */
export const backupRestore = {
  strategy: 'backup-restore',
  sites: {
    a: siteConfig('eu-west-1', 'demo-a'),
    b: {
      ...siteConfig('eu-central-1', 'demo-b'),
      create: { subnetIds: ['subnet-b1', 'subnet-b2'], securityGroupIds: ['sg-b1'] },
    },
  },
};
