import { describe, expect, it } from 'vitest';
import { policyActor } from '../../../lib/core/actor.ts';
import { isAutomatic } from '../../../lib/core/approval.ts';
import { approve } from '../../../lib/core/approve.ts';
import { at, legal, now, op, opId, ruleOf } from '../../support/core-fixtures.ts';

const ask = (changes: Partial<Parameters<typeof approve>[0]> = {}) =>
  approve({ op: op(), by: 'arn:oncall', planHash: 'hash-of-the-plan', epoch: 2, ttlSeconds: 60, now, ...changes });

describe('an approval', () => {
  it('is bound to op, epoch and plan, and expires', () => {
    expect(legal(ask()).approval).toEqual({
      op: opId,
      epoch: 2,
      planHash: 'hash-of-the-plan',
      by: 'arn:oncall',
      at: at(0),
      expiresAt: at(60),
    });
  });

  it.each([
    ['another plan was shown', { planHash: 'another' }, 'S26'],
    ['an op of another epoch was shown', { epoch: 3 }, 'S26'],
    ['the op has ended', { op: op({ endedAt: at(-1) }) }, 'op-ended'],
    ['the op has withdrawn the grant', { op: op({ phase: 'withdrawn' as const }) }, 'op-ended'],
    ['the policy only prepares', { by: policyActor.prepare }, 'mode'],
  ])('is refused when %s', (_, changes, rule) => {
    expect(ruleOf(ask(changes))).toBe(rule);
  });

  it('of the policy makes the op automatic, that of a person does not', () => {
    const byPolicy = legal(ask({ by: policyActor.automatic, planHash: null, epoch: null })).approval;
    expect(isAutomatic(op(), byPolicy)).toBe(true);
    expect(isAutomatic(op(), legal(ask()).approval)).toBe(false);
    expect(isAutomatic(op({ automatic: true }), legal(ask()).approval)).toBe(true);
  });
});
