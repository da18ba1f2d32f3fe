import type { Identity } from './lambda-api.ts';

/** The one account of the sandbox. */
export const ACCOUNT = '123456789012';

/** Access key id of each class of caller: what a fault's `source` names, and what the request log shows. */
export const CALLERS = {
  /** Functions in the controller's Region. */
  controller: 'AKCONTROLLER',
  /** Functions in the Regions of the sites. */
  probeA: 'AKPROBEA',
  probeB: 'AKPROBEB',
  /** Airflow of the sites, and the metrics that MWAA publishes for them. */
  siteA: 'AKSITEA',
  siteB: 'AKSITEB',
  /** The command line of a person. */
  cli: 'AKCLI',
  /** The sandbox itself: never met by a fault. */
  harness: 'AKSANDBOX',
  /** The engine of Step Functions: met only by rules that name it. */
  engine: 'AKENGINE',
  /** S3 replication. */
  replication: 'AKREPLICATION',
} as const;

/** Who the callers are to a function behind a URL. */
export const IDENTITIES: Record<string, Identity> = Object.fromEntries(
  [
    [CALLERS.cli, 'user/on-call'],
    [CALLERS.harness, 'user/sandbox'],
  ].map(([key = '', name = '']) => {
    const userId = `AIDA${key}`;
    return [key, { accountId: ACCOUNT, userArn: `arn:aws:iam::${ACCOUNT}:${name}`, userId, callerId: userId }];
  }),
);
