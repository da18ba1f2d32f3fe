import { PairConfig } from '../../../lib/contracts/config.ts';
import type { OpRecord, SnapshotRecord } from '../../../lib/contracts/control.ts';
import type { Verdict } from '../../../lib/contracts/observation.ts';
import { op as anyOp, at } from '../../support/op-records.ts';

export { at, opId, step } from '../../support/op-records.ts';

/* Plain records of one op. They import contracts only, so that a page can be made of them without the command line. */

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

export const op = (more: Partial<OpRecord> = {}): OpRecord => anyOp({ pair: 'orders', ...more });
