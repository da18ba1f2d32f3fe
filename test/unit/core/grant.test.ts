import { describe, expect, it } from 'vitest';
import { endOp } from '../../../lib/core/close.ts';
import { give, giveBack, withdraw } from '../../../lib/core/grant.ts';
import {
  at,
  control,
  fence,
  grant,
  legal,
  now,
  observe,
  op,
  opId,
  regions,
  ruleOf,
  stamp,
  verdict,
} from '../../support/core-fixtures.ts';

const leased = control({ op: opId });
const period = { epoch: 1, holder: 'a', since: at(-86_400), until: null } as const;
const withdrawn = grant({ holder: 'none', epoch: 2, since: at(-60) });
const acknowledged = fence({ rung: 'R2', acknowledgedAt: at(-1) });
const unfenced = op({ plan: { ...op().plan, leastRung: 'R0' } });

type Withdrawal = Parameters<typeof withdraw>[0];
const askWithdraw = (changes: Partial<Withdrawal> = {}) =>
  withdraw({
    grant: grant(),
    period,
    control: leased,
    op: op(),
    automatic: false,
    cooldownSeconds: 60,
    now,
    ...changes,
  });
const askGive = (changes: Partial<Parameters<typeof give>[0]> = {}) =>
  give({ grant: withdrawn, control: leased, op: op(), fence: acknowledged, now, ...changes });
const askGiveBack = (changes: Partial<Parameters<typeof giveBack>[0]> = {}) =>
  giveBack({ grant: withdrawn, control: leased, op: op(), verdict: verdict(), now, ...changes });

describe('withdraw', () => {
  it("moves the grant to none, raises the epoch by one and closes the holder's period", () => {
    const moved = legal(askWithdraw());
    expect(moved.grant).toEqual({ holder: 'none', epoch: 2, since: at(0) });
    expect(moved.period).toEqual({ ...period, until: at(0) });
    expect(moved.op.phase).toBe('withdrawn');
  });

  it('starts the cooldown, and counts only an automatic op for the limits', () => {
    expect(legal(askWithdraw()).control).toMatchObject({
      rev: 8,
      cooldownUntil: at(60),
      acknowledgementOwed: null,
      automaticCommits: [],
    });
    expect(legal(askWithdraw({ automatic: true })).control).toMatchObject({
      acknowledgementOwed: opId,
      automaticCommits: [at(0)],
    });
  });

  it.each<[string, Partial<Withdrawal>, string]>([
    ['has ended', { op: op({ endedAt: at(-1) }) }, 'op-ended'],
    ['has no lease', { control: control({ op: 'other' }) }, 'not-the-running-op'],
    ['is of another epoch', { op: op({ epoch: 3 }) }, 'S2'],
    ['takes it from a site that does not hold it', { grant: grant({ holder: 'b' }) }, 'S2'],
    ['has withdrawn it already', { grant: withdrawn }, 'S2'],
    ['finds a closed period', { period: { ...period, until: at(-9) } }, 'S2'],
  ])('is refused to an op that %s', (_, changes, rule) => {
    expect(ruleOf(askWithdraw(changes))).toBe(rule);
  });
});

describe('give', () => {
  it('moves the withdrawn grant to the target in the same epoch and opens its period', () => {
    const moved = legal(askGive());
    expect(moved.grant).toEqual({ holder: 'b', epoch: 2, since: at(0) });
    expect(moved.period).toEqual({ epoch: 2, holder: 'b', since: at(0), until: null });
    expect(moved.op.phase).toBe('given');
  });

  it('is allowed by a waiver only when the plan allows to go on unfenced', () => {
    const waived = fence({ waiver: { by: 'Ada', reason: 'the Region is gone' } });
    expect(ruleOf(askGive({ fence: waived, op: unfenced }))).toBeNull();
    expect(ruleOf(askGive({ fence: waived }))).toBe('S5');
  });

  it.each([
    ['missing', null],
    ['not acknowledged', fence({ rung: 'R1' })],
    ['of another op', { ...acknowledged, op: 'other' }],
    ['of another epoch', { ...acknowledged, epoch: 1 }],
    ['of the other site', { ...acknowledged, side: 'b' as const }],
  ])('is refused while the fence is %s', (_, record) => {
    expect(ruleOf(askGive({ fence: record }))).toBe('S5');
  });

  it('is refused when the grant is not withdrawn by this op', () => {
    expect(ruleOf(askGive({ grant: grant() }))).toBe('S2');
    expect(ruleOf(askGive({ grant: { ...withdrawn, epoch: 3 } }))).toBe('S2');
  });
});

describe('give back', () => {
  it('returns the grant to the site it came from in the same epoch', () => {
    const moved = legal(askGiveBack());
    expect(moved.grant).toEqual({ holder: 'a', epoch: 2, since: at(0) });
    expect(moved.period).toEqual({ epoch: 2, holder: 'a', since: at(0), until: null });
  });

  it('is refused while that site is not well', () => {
    expect(ruleOf(askGiveBack({ verdict: null }))).toBe('site-not-well');
    expect(ruleOf(askGiveBack({ verdict: verdict({ health: 'unknown' }) }))).toBe('site-not-well');
    expect(ruleOf(askGiveBack({ verdict: verdict({ site: 'b' }) }))).toBe('site-not-well');
  });

  it('goes to a site that works behind its fence, unless it was down', () => {
    const observations = [
      observe('heartbeat', regions.controller, 'alive'),
      observe('canary', regions.controller, 'unreadable', { ...stamp(10, 2), stampMode: 'fenced' }),
    ];
    const behindFence = verdict({ diagnosis: 'UNCLEAR', health: 'unknown', observations });
    expect(ruleOf(askGiveBack({ verdict: behindFence }))).toBeNull();
    expect(ruleOf(askGiveBack({ verdict: { ...behindFence, healthyTicks: 0 } }))).toBe('site-not-well');
    expect(ruleOf(askGiveBack({ verdict: { ...behindFence, diagnosis: 'PLANNED' } }))).toBe('site-not-well');
    expect(ruleOf(askGiveBack({ verdict: behindFence, op: op({ epoch: 3 }), grant: { ...withdrawn, epoch: 3 } }))).toBe(
      'site-not-well',
    );
  });

  it('is refused once the grant is given', () => {
    expect(ruleOf(askGiveBack({ grant: grant({ holder: 'b', epoch: 2 }) }))).toBe('S2');
  });
});

describe('the end of an op', () => {
  const held = {
    recovered: grant({ holder: 'b', epoch: 2 }),
    'stood-down': grant(),
    'given-back': grant({ holder: 'a', epoch: 2 }),
  };
  const outcomes = ['recovered', 'stood-down', 'given-back'] as const;

  it.each(outcomes)('as %s needs the grant where that outcome leaves it, and frees the lease', (outcome) => {
    const ended = legal(endOp({ control: leased, grant: held[outcome], op: op(), outcome, now }));
    expect(ended.op).toMatchObject({ outcome, endedAt: at(0) });
    expect(ended.control).toMatchObject({ op: null, rev: 8 });
    for (const other of outcomes.filter((one) => one !== outcome)) {
      expect(ruleOf(endOp({ control: leased, grant: held[other], op: op(), outcome, now }))).toBe('S2');
    }
    expect(ruleOf(endOp({ control: leased, grant: withdrawn, op: op(), outcome, now }))).toBe('S2');
  });

  it('keeps the error that led to it, as long as a record has room for it', () => {
    const end = { control: leased, grant: grant(), op: op(), outcome: 'stood-down', now } as const;
    expect(legal(endOp(end)).op.failure).toBeNull();
    expect(legal(endOp({ ...end, failure: 'x'.repeat(600) })).op.failure).toBe('x'.repeat(500));
  });

  it('comes once, and only to the op with the lease', () => {
    const ask = (changes: object) =>
      ruleOf(endOp({ control: leased, grant: grant(), op: op(), outcome: 'stood-down', now, ...changes }));
    expect(ask({ op: op({ endedAt: at(-1) }) })).toBe('op-ended');
    expect(ask({ control: control() })).toBe('not-the-running-op');
  });
});
