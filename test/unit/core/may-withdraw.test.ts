import { describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../../lib/contracts/observation.ts';
import { policyActor } from '../../../lib/core/actor.ts';
import { mayWithdraw } from '../../../lib/core/may-withdraw.ts';
import {
  at,
  config,
  lost,
  now,
  op,
  opId,
  standby,
  timing,
  unfencedWord,
  verdict,
} from '../../support/core-fixtures.ts';

const approval = {
  op: opId,
  epoch: 2,
  planHash: 'hash-of-the-plan',
  by: 'arn:aws:iam::123456789012:role/oncall',
  at: at(-60),
  expiresAt: at(60),
};
const byPolicy = { ...approval, by: policyActor.automatic };
const unfencedPlan = op({ plan: { ...op().plan, leastRung: 'R0' } });

type Input = Parameters<typeof mayWithdraw>[0];
const ask = (changes: Partial<Input> = {}) =>
  mayWithdraw({
    op: op(),
    approval,
    losing: lost(),
    target: standby(),
    snapshotAt: at(-60),
    config: config(),
    now,
    ...changes,
  });
const withDiagnosis = (diagnosis: Diagnosis) => ({ ...lost(), diagnosis });

describe('the withdrawal', () => {
  it('goes when the loss is seen, approved, and the target is well', () => {
    expect(ask()).toEqual({ outcome: 'go', because: 'site a is ENV_DOWN: as the fixture says' });
  });

  it('stands down when the site is HEALTHY', () => {
    expect(ask({ losing: verdict(), approval: null }).outcome).toBe('stand-down');
  });

  it('stands down when what would be restored has become older than the plan accepts', () => {
    expect(ask({ snapshotAt: at(-3600) }).outcome).toBe('go');
    expect(ask({ snapshotAt: at(-3700) })).toEqual({
      outcome: 'stand-down',
      because: `the newest snapshot that can be restored, of ${at(-3700)}, has become 62 min old; the plan accepts at most 60 min`,
    });
    expect(ask({ snapshotAt: null }).outcome).toBe('stand-down');
  });

  it.each(['PLANNED', 'OBSERVER_FAULT'] as const)('waits on %s, even when the plan names it', (diagnosis) => {
    const named = op({ plan: { ...op().plan, diagnoses: [diagnosis] } });
    expect(ask({ losing: withDiagnosis(diagnosis), op: named }).outcome).toBe('wait');
  });

  it('of a person goes on a diagnosis that the plan names, and waits on any other', () => {
    const named = op({ plan: { ...op().plan, diagnoses: ['WORKERS_STUCK'] } });
    expect(ask({ losing: withDiagnosis('WORKERS_STUCK'), op: named }).outcome).toBe('go');
    expect(ask({ losing: withDiagnosis('WORKERS_STUCK') })).toEqual({
      outcome: 'wait',
      because: 'site a is WORKERS_STUCK, which the approval does not name',
    });
  });

  it.each([
    ['an automatic op', op({ automatic: true, plan: { ...op().plan, diagnoses: ['WORKERS_STUCK'] } }), approval],
    ['an op that only the policy approved', op({ plan: { ...op().plan, diagnoses: ['WORKERS_STUCK'] } }), byPolicy],
  ])('of %s goes on a sure loss only', (_, asked, given) => {
    expect(ask({ op: asked, approval: given }).outcome).toBe('go');
    expect(ask({ op: asked, approval: given, losing: withDiagnosis('WORKERS_STUCK') }).outcome).toBe('wait');
  });

  it.each([
    ['missing', null],
    ['expired', { ...approval, expiresAt: at(0) }],
    ['of another plan', { ...approval, planHash: 'another' }],
    ['of another epoch', { ...approval, epoch: 3 }],
    ['of another op', { ...approval, op: 'other' }],
  ])('asks again when the approval is %s', (_, given) => {
    expect(ask({ approval: given }).outcome).toBe('ask-again');
  });

  it.each([
    ['the losing site was never judged', { losing: null }],
    ['the target was never judged', { target: null }],
    ["the losing site's verdict is old", { losing: { ...lost(), judgedAt: at(-3 * timing.tickSeconds - 1) } }],
    ["the target's verdict is old", { target: standby({ judgedAt: at(-3 * timing.tickSeconds - 1) }) }],
    ['the target is not HEALTHY', { target: standby({ diagnosis: 'METRICS_PIPELINE' }) }],
  ])('waits when %s', (_, changes) => {
    expect(ask(changes).outcome).toBe('wait');
  });

  it('waits where the fence cannot reach the rung of the plan', () => {
    const away = lost('REGION_UNREACHABLE', false);
    expect(ask({ losing: away })).toEqual({
      outcome: 'wait',
      because: 'site a cannot be fenced from here, and the plan needs R2: approve a plan with least rung R0',
    });
    expect(ask({ losing: away, op: unfencedPlan }).outcome).toBe('go');
  });

  it('without a person goes unfenced only with a word that is still valid', () => {
    const away = { losing: lost('REGION_UNREACHABLE', false), op: unfencedPlan, approval: byPolicy };
    expect(ask(away).outcome).toBe('wait');
    expect(ask({ ...away, config: config({ preAuthorisedUnfenced: unfencedWord }) }).outcome).toBe('go');
  });
});
