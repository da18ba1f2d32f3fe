import { describe, expect, it } from 'vitest';
import type { Observation } from '../../../lib/contracts/observation.ts';
import { judgeCanary } from '../../../lib/core/canary.ts';
import { judge } from '../../../lib/core/judge.ts';
import {
  at,
  cutOffLooks,
  judgeInput,
  later,
  now,
  observe,
  regions,
  seen,
  stamp,
  timing,
} from '../../support/core-fixtures.ts';

const canary = (outcome: Observation['outcome'], evidence: Observation['evidence'] = {}) =>
  observe('canary', regions.controller, outcome, evidence);
const judged = (looked: Observation[], changes: Partial<Parameters<typeof judgeCanary>[0]> = {}) =>
  judgeCanary({ seen: looked, remembered: [], grantSince: later(-3600), grantEpoch: 1, timing, now, ...changes });

describe('the canary', () => {
  it('is fresh up to its age limit and stale behind it', () => {
    expect(judged([canary('alive', stamp(timing.canaryStaleSeconds))]).state).toBe('fresh');
    expect(judged([canary('alive', stamp(timing.canaryStaleSeconds + 1))]).state).toBe('stale');
  });

  it('goes by the newest stamp that any vantage read', () => {
    expect(judged([canary('alive', stamp(600)), canary('alive', stamp(10))]).state).toBe('fresh');
  });

  it.each([
    ['its bucket cannot be read', canary('unreadable', stamp(600))],
    ['it is paused', canary('planned', stamp(600))],
    ['it never stamped', canary('dead')],
    ['its stamps are of an older epoch than the grant', canary('alive', stamp(600, 0))],
    ['its newest stamp is from before the grant', canary('alive', stamp(7200))],
    ['its stamp has no epoch', canary('alive', { stampAt: at(-600) })],
    ['its stamp lies far in the future', canary('alive', stamp(-3600))],
  ])('is neither fresh nor stale when %s', (_, observation) => {
    expect(judged([observation]).state).toBe('neither');
  });

  it('is judged by the newest stamp known before when its bucket is unreachable', () => {
    const remembered = [canary('alive', stamp(600))];
    expect(judged([canary('unreachable')], { remembered })).toEqual({
      state: 'stale',
      because:
        'canary stale: newest stamp 10 min old, stale after 4 min ' +
        '(the previous verdict, because its bucket is unreachable: canary was unreachable)',
    });
    expect(judged([canary('unreachable')]).state).toBe('neither');
  });

  it('that was paused when it was last seen is no evidence when its bucket is unreachable', () => {
    expect(judged([canary('unreachable')], { remembered: [canary('unreadable', stamp(600))] }).state).toBe('neither');
  });

  it('of the site without the grant counts whatever epoch it stamps', () => {
    expect(judged([canary('alive', stamp(30, 0))], { grantSince: null, grantEpoch: 4 }).state).toBe('fresh');
  });

  it('keeps its newest stamp through any number of ticks that could not read it', () => {
    let previous = judge(judgeInput(seen({ canary: ['alive', stamp(600)] })));
    for (const outcome of ['unreadable', 'unreachable', 'unreachable'] as const) {
      previous = judge(judgeInput(seen({ ...cutOffLooks, canary: [outcome] }), { previous }));
    }
    expect(previous.diagnosis).toBe('REGION_UNREACHABLE');
  });
});
