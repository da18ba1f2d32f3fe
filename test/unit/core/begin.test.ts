import { describe, expect, it } from 'vitest';
import { policyActor } from '../../../lib/core/actor.ts';
import { type BeginRequest, backOffLimit, begin, canonicalPlan } from '../../../lib/core/begin.ts';
import { at, config, control, grant, legal, now, op, opId, ruleOf, unfencedWord } from '../../support/core-fixtures.ts';

const byPerson: BeginRequest = {
  op: opId,
  kind: 'failover',
  automatic: false,
  by: 'arn:aws:iam::123456789012:role/oncall',
  reason: 'the scheduler is gone',
  leastRung: 'R2',
  worstRecoveryPointSeconds: 3600,
  diagnoses: ['REGION_UNREACHABLE', 'ENV_DOWN'],
};
const prepared: BeginRequest = { ...byPerson, by: policyActor.prepare };
const automatic: BeginRequest = { ...byPerson, automatic: true, by: policyActor.automatic };

type Changes = Partial<Omit<Parameters<typeof begin>[0], 'hash' | 'now'>>;
const ask = (changes: Changes = {}) =>
  begin({
    control: control(),
    grant: grant(),
    openOps: [],
    request: byPerson,
    config: config(),
    bound: {},
    now,
    hash: (text) => `hash of ${text}`,
    ...changes,
  });

describe('begin', () => {
  it('fixes epoch, target and plan, and takes the lease', () => {
    const begun = legal(ask({ grant: grant({ epoch: 4 }) }));
    expect(begun.op).toMatchObject({ op: opId, epoch: 5, attempt: 1, phase: 'open', beganAt: at(0), endedAt: null });
    expect(begun.op.plan).toMatchObject({ from: 'a', target: 'b', diagnoses: ['ENV_DOWN', 'REGION_UNREACHABLE'] });
    expect(begun.op.planHash).toBe(`hash of ${canonicalPlan(begun.op.plan)}`);
    expect(begun.control).toEqual({ ...control(), rev: 8, op: opId });
  });

  it.each<[string, Changes, string]>([
    ['another op has the lease', { control: control({ op: 'other' }) }, 'op-in-progress'],
    ['another op is open', { openOps: [op({ op: 'other' })] }, 'op-in-progress'],
    ['the grant has another epoch', { request: { ...byPerson, expectEpoch: 3 } }, 'expected-epoch'],
    ['no site holds the grant', { grant: grant({ holder: 'none' }) }, 'no-holder'],
    ['the target holds the grant', { request: { ...byPerson, target: 'a' } }, 'target-holds-grant'],
    ['the mode only observes', { control: control({ mode: 'observe' }) }, 'mode'],
    ['the policy asks in mode manual', { config: config({ mode: 'manual' }), request: prepared }, 'mode'],
    ['an automatic op is asked in mode prepare', { config: config({ mode: 'prepare' }), request: automatic }, 'mode'],
    ['a person asks for an automatic op', { request: { ...byPerson, automatic: true } }, 'mode'],
    ['the pair is paused', { control: control({ pausedUntil: at(1) }) }, 'paused'],
    ['the policy asks in the cooldown', { control: control({ cooldownUntil: at(1) }), request: prepared }, 'cooldown'],
    [
      'an acknowledgement is owed',
      { control: control({ acknowledgementOwed: opId }), request: automatic },
      'acknowledgement',
    ],
    [
      'one was withdrawn this month',
      { control: control({ automaticCommits: [at(-9)] }), request: automatic },
      'monthly-limit',
    ],
    ['an automatic op may not go unfenced', { request: { ...automatic, leastRung: 'R0' } }, 'unfenced'],
  ])('refuses when %s', (_, changes, rule) => {
    expect(ruleOf(ask(changes))).toBe(rule);
  });

  it('lets a person begin within cooldown, acknowledgement and monthly limit', () => {
    const limits = { cooldownUntil: at(60), acknowledgementOwed: opId, automaticCommits: [at(-60)] };
    expect(ruleOf(ask({ control: control(limits) }))).toBeNull();
  });

  it('lets the policy begin an automatic op, unfenced with a valid word', () => {
    const word = config({ preAuthorisedUnfenced: unfencedWord });
    expect(ruleOf(ask({ request: automatic }))).toBeNull();
    expect(ruleOf(ask({ request: { ...automatic, leastRung: 'R0' }, config: word }))).toBeNull();
  });

  it('tells a person what to do about a pause', () => {
    const paused = ask({ control: control({ pausedUntil: at(60), pauseReason: 'game day' }) });
    expect(paused).toMatchObject({
      refusal: { because: 'the pair is paused until 2025-03-01T12:01:00.000Z (game day); lift the pause first' },
    });
  });
});

describe('the policy', () => {
  const since = at(-4000);
  const failed = (endedAt: string, changes = {}) =>
    op({ outcome: 'stood-down', failure: 'NoSnapshotError: none', detectedAt: since, endedAt, ...changes });
  const ask = (ops: ReturnType<typeof op>[], seconds = 0) =>
    backOffLimit({ ops, from: 'a', since, tickSeconds: 60, now: new Date(at(seconds)) });

  it('lets ten ticks pass after an op that failed, and as many more after each further one', () => {
    expect(ask([failed(at(-1))], 598)).toBe(
      `1 op about this loss failed, the next one begins after ${at(599)}; the last was ${opId}: NoSnapshotError: none`,
    );
    expect(ask([failed(at(-1))], 600)).toBeNull();
    const two = [failed(at(-700)), failed(at(-1))];
    expect(ask(two, 1198)).toContain(`after ${at(1199)}`);
    expect(ask(two, 1200)).toBeNull();
  });

  it('lets an hour pass at most', () => {
    const many = Array.from({ length: 30 }, () => failed(at(-1)));
    expect(ask(many, 3598)).not.toBeNull();
    expect(ask(many, 3600)).toBeNull();
  });

  it.each([
    ['no op has ended', [op({ detectedAt: since })]],
    ['the newest op did not end by an error', [failed(at(-60)), failed(at(-1), { failure: null })]],
    ['the newest op moved production', [failed(at(-60)), failed(at(-1), { outcome: 'recovered' })]],
    ['it was another loss', [failed(at(-1), { detectedAt: at(-5000) })]],
    ['it was a loss of the other site', [failed(at(-1), { plan: { ...op().plan, from: 'b' } })]],
  ])('begins at once when %s', (_, ops) => {
    expect(ask(ops)).toBeNull();
  });
});

describe('the canonical plan', () => {
  const { plan } = op();

  it('does not depend on the order of fields or diagnoses', () => {
    const reversed = Object.fromEntries(Object.entries(plan).reverse()) as typeof plan;
    expect(canonicalPlan({ ...reversed, diagnoses: [...plan.diagnoses].reverse() })).toBe(canonicalPlan(plan));
  });

  it('changes with everything that an approval is bound to', () => {
    const changes = [
      { target: 'a' },
      { leastRung: 'R0' },
      { worstRecoveryPointSeconds: 1 },
      { diagnoses: ['UNCLEAR'] },
    ] as const;
    const texts = changes.map((change) => canonicalPlan({ ...plan, ...change } as typeof plan));
    expect(new Set([canonicalPlan(plan), ...texts]).size).toBe(changes.length + 1);
  });
});
