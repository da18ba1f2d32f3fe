import { PairConfig } from '../../../lib/contracts/config.ts';
import type { OpRecord, SnapshotRecord, StepRecord } from '../../../lib/contracts/control.ts';
import type { Verdict } from '../../../lib/contracts/observation.ts';

/* Plain records of one op. They import contracts only, so that a page can be made of them without the command line. */

export const opId = '01k9zq4w8h3m5n7p9r1s2t4v6x';
export const at = (seconds: number): string =>
  new Date(Date.parse('2026-11-24T12:00:00.000Z') + seconds * 1000).toISOString();

const site = (region: string, environment: string) => ({
  region,
  environment,
  dagBucket: `${environment}-dags`,
  executionRoleArn: `arn:aws:iam::123456789012:role/${environment}`,
});

export const config = PairConfig.parse({
  pair: 'orders',
  account: '123456789012',
  controllerRegion: 'eu-north-1',
  sites: { a: site('eu-west-1', 'orders-a'), b: site('eu-central-1', 'orders-b') },
});

export const lost: Verdict = {
  site: 'a',
  diagnosis: 'ENV_DOWN',
  health: 'down',
  because: ['no heartbeat in 3 of 5 periods'],
  judgedAt: at(0),
  tickAt: at(0),
  since: at(0),
  healthyTicks: 0,
  observations: [],
};

export const snapshot = (more: Partial<SnapshotRecord> = {}): SnapshotRecord => ({
  snapshotId: '000001-01k9zq0000000000000000000a',
  kind: 'snapshot',
  site: 'a',
  epoch: 1,
  snapshotAt: at(-840),
  sealedAt: at(-830),
  manifestKey: 'orders/snapshots/000001-01k9zq0000000000000000000a/manifest.json',
  manifestSha256: 'f'.repeat(64),
  versionId: null,
  alembicHeads: ['5f2621c13b39'],
  airflowVersion: '2.10.3',
  bytes: 1000,
  verified: { side: 'b', at: at(-820) },
  invalid: null,
  ...more,
});

export const op = (more: Partial<OpRecord> = {}): OpRecord => ({
  op: opId,
  kind: 'failover',
  pair: 'orders',
  epoch: 2,
  plan: {
    from: 'a',
    target: 'b',
    strategy: 'warm-standby',
    leastRung: 'R2',
    worstRecoveryPointSeconds: 86_400,
    diagnoses: ['ENV_DOWN', 'REGION_UNREACHABLE'],
  },
  planHash: 'hash-of-the-plan',
  automatic: false,
  by: 'arn:aws:iam::123456789012:user/ada',
  reason: 'eu-west-1 is down',
  attempt: 1,
  phase: 'open',
  beganAt: at(-30),
  detectedAt: at(-60),
  endedAt: null,
  outcome: null,
  failure: null,
  snapshotId: null,
  needs: null,
  interruptedPolicy: 'fail',
  bound: {},
  ...more,
});

export const step = (state: string, more: Partial<StepRecord> = {}): StepRecord => ({
  op: opId,
  state,
  iteration: 0,
  attempt: 1,
  owner: `${opId}-1`,
  status: 'done',
  inputHash: 'hash',
  progress: {},
  output: { outcome: 'done', waitSeconds: 0, because: 'it was done' },
  error: null,
  startedAt: at(-20),
  claimedAt: at(-20),
  endedAt: at(-10),
  ...more,
});
