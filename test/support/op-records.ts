import type { OpRecord, StepRecord } from '../../lib/contracts/control.ts';

/* Plain records of one op for tests of what people see: of the command line and of the report. */

export const opId = '01k9zq4w8h3m5n7p9r1s2t4v6x';
export const at = (seconds: number): string =>
  new Date(Date.parse('2026-11-24T12:00:00.000Z') + seconds * 1000).toISOString();

export const op = (more: Partial<OpRecord> = {}): OpRecord => ({
  op: opId,
  kind: 'failover',
  pair: 'demo',
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
