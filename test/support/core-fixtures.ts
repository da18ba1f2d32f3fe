import type { PairConfig } from '../../lib/contracts/config.ts';
import type { ControlRecord, FenceRecord, Grant, OpRecord, SnapshotRecord } from '../../lib/contracts/control.ts';
import type { Observation, Outcome, Period, Signal, Verdict } from '../../lib/contracts/observation.ts';
import { Timing } from '../../lib/contracts/timing.ts';
import type { JudgeInput } from '../../lib/core/facts.ts';
import type { Rule, Ruled } from '../../lib/core/refusal.ts';
import { pairConfig } from './pair-config.ts';

/** The moment of all fixtures; every other time is written as seconds before or after it. */
export const now = new Date('2025-03-01T12:00:00.000Z');
export const at = (seconds: number): string => new Date(now.getTime() + seconds * 1000).toISOString();
export const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);

export const timing = Timing.parse({});
export const regions = { a: 'eu-west-1', b: 'eu-central-1', controller: 'eu-north-1' } as const;
/** The vantages that count for site a. */
export const vantages = [regions.controller, regions.b] as const;
export const opId = '01jnq0000000000000000000aa';

export const observe = (
  signal: Signal,
  vantage: string,
  outcome: Outcome,
  evidence: Observation['evidence'] = {},
  cause = `${signal} was ${outcome}`,
): Observation => ({ site: 'a', signal, vantage, outcome, at: at(0), cause, evidence });

/** `count` complete periods, oldest first, with the values that `of(age)` gives; age 0 is the newest complete one. */
export const periods = (of: (age: number) => Omit<Period, 'start'>, count = 5): Period[] =>
  Array.from({ length: count }, (_, index) => {
    const age = count - 1 - index;
    return { start: at(-(timing.heartbeatPeriodSeconds * (age + 1) + timing.ingestionLagSeconds)), ...of(age) };
  });
export const beating = () => periods(() => ({ heartbeats: 12, schedulerSamples: 1, otherSamples: 1 }));
export const silent = () => periods(() => ({ heartbeats: null, schedulerSamples: null, otherSamples: 1 }));
export const blank = () => periods(() => ({ heartbeats: null, schedulerSamples: null, otherSamples: 0 }));

type Look = readonly [Outcome, Observation['evidence']?];
export type Looks = Partial<Record<Signal, Look>>;

export const stamp = (ageSeconds: number, epoch = 1) => ({ stampAt: at(-ageSeconds), stampEpoch: epoch });
export const healthyLooks: Record<Signal, Look> = {
  self: ['alive'],
  heartbeat: ['alive', { periods: beating() }],
  containers: ['alive', { periods: beating() }],
  environment: ['alive', { status: 'AVAILABLE' }],
  airflow: ['alive'],
  canary: ['alive', stamp(30)],
  region: ['alive', { services: { s3: 'alive', sqs: 'alive', kms: 'unreachable' } }],
};
/** What is seen of a site whose scheduler and workers died while its Region is well. */
export const lostLooks: Looks = {
  heartbeat: ['dead', { periods: silent() }],
  containers: ['dead', { periods: silent() }],
  airflow: ['dead', { components: { scheduler: 'unhealthy' } }],
  canary: ['alive', stamp(600)],
};
/** What a vantage sees of a Region that does not answer. */
export const cutOffLooks: Looks = {
  heartbeat: ['unreachable'],
  containers: ['unreachable'],
  environment: ['unreachable'],
  airflow: ['unreachable'],
  canary: ['unreachable'],
  region: ['unreachable', { services: { s3: 'unreachable', sqs: 'unreachable', kms: 'unreachable' } }],
};

/** All signals seen from each vantage: those of a healthy site unless `looks` says otherwise. */
export const seen = (looks: Looks = {}, from: readonly string[] = vantages): Observation[] =>
  from.flatMap((vantage) =>
    Object.entries({ ...healthyLooks, ...looks }).map(([signal, [outcome, evidence]]) =>
      observe(signal as Signal, vantage, outcome, evidence),
    ),
  );

export const judgeInput = (observations: Observation[], changes: Partial<JudgeInput> = {}): JudgeInput => ({
  site: 'a',
  observations,
  previous: null,
  controllerRegion: regions.controller,
  siteRegion: regions.a,
  webServerAccess: 'PUBLIC_ONLY',
  grantSince: later(-86_400),
  grantEpoch: 1,
  timing,
  now,
  tickAt: at(0),
  ...changes,
});

export const verdict = (changes: Partial<Verdict> = {}): Verdict => ({
  site: 'a',
  diagnosis: 'HEALTHY',
  health: 'healthy',
  because: ['as the fixture says'],
  judgedAt: at(-1),
  tickAt: at(-2),
  since: at(-3600),
  healthyTicks: 100,
  observations: [],
  ...changes,
});
/** A verdict of loss; `canFence` says whether the web server answered the controller. */
export const lost = (diagnosis: 'ENV_DOWN' | 'REGION_UNREACHABLE' = 'ENV_DOWN', canFence = true): Verdict =>
  verdict({
    diagnosis,
    health: 'down',
    healthyTicks: 0,
    observations: [observe('airflow', regions.controller, canFence ? 'dead' : 'unreachable')],
  });
export const standby = (changes: Partial<Verdict> = {}): Verdict => verdict({ site: 'b', ...changes });

export const control = (changes: Partial<ControlRecord> = {}): ControlRecord => ({
  pair: 'demo',
  rev: 7,
  mode: 'automatic',
  op: null,
  pausedUntil: null,
  pauseReason: null,
  cooldownUntil: null,
  acknowledgementOwed: null,
  automaticCommits: [],
  ...changes,
});
export const grant = (changes: Partial<Grant> = {}): Grant => ({
  holder: 'a',
  epoch: 1,
  since: at(-86_400),
  ...changes,
});

type Config = Pick<
  PairConfig,
  | 'pair'
  | 'mode'
  | 'strategy'
  | 'interruptedTasks'
  | 'preAuthorisedUnfenced'
  | 'timing'
  | 'controllerRegion'
  | 'sites'
  | 'homeSite'
>;
export const config = (changes: Partial<Config> = {}): Config => ({
  pair: 'demo',
  mode: 'automatic',
  strategy: 'warm-standby',
  interruptedTasks: 'fail',
  timing,
  controllerRegion: regions.controller,
  sites: pairConfig().sites,
  homeSite: 'a',
  ...changes,
});
export const unfencedWord = { by: 'Ada', reason: 'the jobs can run twice', until: at(86_400) };

export const op = (changes: Partial<OpRecord> = {}): OpRecord => ({
  op: opId,
  kind: 'failover',
  pair: 'demo',
  epoch: 2,
  plan: {
    from: 'a',
    target: 'b',
    strategy: 'warm-standby',
    leastRung: 'R2',
    worstRecoveryPointSeconds: 3600,
    diagnoses: ['ENV_DOWN', 'REGION_UNREACHABLE'],
  },
  planHash: 'hash-of-the-plan',
  automatic: false,
  by: 'arn:aws:iam::123456789012:role/oncall',
  reason: 'the scheduler is gone',
  attempt: 1,
  phase: 'open',
  beganAt: at(-600),
  detectedAt: null,
  endedAt: null,
  outcome: null,
  failure: null,
  snapshotId: null,
  needs: null,
  interruptedPolicy: 'fail',
  bound: {},
  ...changes,
});

export const fence = (changes: Partial<FenceRecord> = {}): FenceRecord => ({
  op: opId,
  side: 'a',
  epoch: 2,
  rung: 'R0',
  markerWritten: true,
  pauseMap: null,
  stopped: [],
  stoppedCount: 0,
  zeroReadAt: null,
  lastChangeAt: null,
  acknowledgedAt: null,
  waiver: null,
  lastError: null,
  unreachedSince: null,
  reopenedAt: null,
  startedAt: at(-600),
  ...changes,
});

export const snapshot = (changes: Partial<SnapshotRecord> = {}): SnapshotRecord => ({
  snapshotId: '000001-one',
  kind: 'snapshot',
  site: 'a',
  epoch: 1,
  snapshotAt: at(-900),
  sealedAt: at(-890),
  manifestKey: 'demo/snapshots/000001-one/manifest.json',
  manifestSha256: 'f'.repeat(64),
  versionId: 'v1',
  alembicHeads: ['head'],
  airflowVersion: '2.10.3',
  bytes: 1,
  verified: { side: 'b', at: at(-800) },
  invalid: null,
  ...changes,
});

/** Fails the test where a legal move is refused; otherwise the move. */
export function legal<T>(ruled: Ruled<T>): T {
  if (!ruled.ok) throw new Error(`refused by ${ruled.refusal.rule}: ${ruled.refusal.because}`);
  return ruled;
}
/** The rule that refuses, or null when nothing does. */
export const ruleOf = (ruled: Ruled<unknown>): Rule | null => (ruled.ok ? null : ruled.refusal.rule);
