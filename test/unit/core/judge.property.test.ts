import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factsOf } from '../../../lib/core/facts.ts';
import { judge } from '../../../lib/core/judge.ts';
import { anyReadings, anyVerdict, unreadableObservation } from '../../support/core-arbitraries.ts';
import { judgeInput, later, observe, regions, timing } from '../../support/core-fixtures.ts';

const previous = fc.option(anyVerdict, { nil: null });
const options = { numRuns: 1000 };

describe('unknown is never down', () => {
  it('when every observation is unreadable or missing', () => {
    const readings = fc.array(unreadableObservation, { maxLength: 30 });
    fc.assert(
      fc.property(readings, previous, fc.boolean(), (observations, before, isWell) => {
        const selves = isWell
          ? [observe('self', regions.controller, 'alive'), observe('self', regions.b, 'alive')]
          : [];
        const readable = observations.filter(({ signal }) => signal !== 'self' || !isWell);
        expect(judge(judgeInput([...readable, ...selves], { previous: before })).health).toBe('unknown');
      }),
      options,
    );
  });

  it('without a stale canary', () => {
    let downs = 0;
    fc.assert(
      fc.property(anyReadings, previous, (observations, before) => {
        const input = judgeInput(observations, { previous: before });
        if (judge(input).health !== 'down') return;
        downs += 1;
        expect(factsOf(input).canary.state).toBe('stale');
        const limit = later(-timing.canaryStaleSeconds).getTime();
        const stamps = observations.filter(
          ({ signal, outcome, vantage }) =>
            signal === 'canary' &&
            (outcome === 'alive' || outcome === 'dead') &&
            factsOf(input).vantages.includes(vantage),
        );
        for (const { evidence } of stamps) expect(Date.parse(evidence.stampAt ?? '1970-01-01')).toBeLessThan(limit);
      }),
      options,
    );
    expect(downs).toBeGreaterThan(10);
  });

  it('by one more observation that is unreadable', () => {
    fc.assert(
      fc.property(anyReadings, unreadableObservation, previous, (observations, extra, before) => {
        const without = judge(judgeInput(observations, { previous: before }));
        const withIt = judge(judgeInput([...observations, extra], { previous: before }));
        if (withIt.health === 'down') expect(without.health).toBe('down');
      }),
      options,
    );
  });

  it('by an observation that is taken away and was unreachable', () => {
    fc.assert(
      fc.property(anyReadings, previous, (observations, before) => {
        const answers = observations.filter(({ outcome }) => outcome !== 'unreachable');
        if (judge(judgeInput(answers, { previous: before })).diagnosis === 'REGION_UNREACHABLE')
          expect.fail('no path was cut');
      }),
      options,
    );
  });

  it('and judging is deterministic in the order of observations', () => {
    fc.assert(
      fc.property(anyReadings, previous, (observations, before) => {
        const forwards = judge(judgeInput(observations, { previous: before }));
        const backwards = judge(judgeInput([...observations].reverse(), { previous: before }));
        expect([backwards.diagnosis, backwards.health]).toEqual([forwards.diagnosis, forwards.health]);
      }),
      options,
    );
  });
});
