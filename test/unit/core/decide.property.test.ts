import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../../lib/core/decide.ts';
import { anyMode, anyVerdict } from '../../support/core-arbitraries.ts';
import { at, config, control, grant, lost, now, op, opId, unfencedWord, verdict } from '../../support/core-fixtures.ts';

/** Often what leads to an action: otherwise the rules for actions would hardly be tried. */
const judged = fc.option(fc.oneof(anyVerdict, fc.constantFrom(lost(), lost('REGION_UNREACHABLE', false), verdict())), {
  nil: null,
});

const situation = fc.record({
  a: judged,
  b: judged,
  holder: fc.constantFrom('a', 'b', 'none'),
  openOp: fc.constantFrom(null, op(), op({ phase: 'withdrawn' }), op({ phase: 'given' })),
  configured: anyMode,
  recorded: anyMode,
  pausedUntil: fc.constantFrom(null, at(60), at(-60)),
  cooldownUntil: fc.constantFrom(null, null, null, at(60)),
  acknowledgementOwed: fc.constantFrom(null, null, null, opId),
  word: fc.constantFrom(undefined, unfencedWord),
});
type Situation = typeof situation extends fc.Arbitrary<infer S> ? S : never;

const decisionIn = ({ a, b, holder, openOp, configured, recorded, word, ...limits }: Situation) =>
  decide({
    control: control({ mode: recorded, ...limits }),
    grant: grant({ holder: holder as 'a' | 'b' | 'none' }),
    config: config({ mode: configured, ...(word ? { preAuthorisedUnfenced: word } : {}) }),
    verdicts: { a, b: b && { ...b, site: 'b' } },
    created: [],
    openOp,
    now,
  });
const acts = (kind: string) => kind === 'prepare' || kind === 'fail-over';
const options = { numRuns: 1000 };

describe('the decision', () => {
  it('in mode observe or during a pause never acts', () => {
    fc.assert(
      fc.property(situation, (one) => {
        const watched = one.pausedUntil === at(60) || one.configured === 'observe' || one.recorded === 'observe';
        fc.pre(watched);
        expect(acts(decisionIn(one).kind)).toBe(false);
      }),
      options,
    );
  });

  it('is to fail over only in mode automatic on a fresh, sure loss with the other site HEALTHY', () => {
    let failOvers = 0;
    fc.assert(
      fc.property(situation, (one) => {
        if (decisionIn(one).kind !== 'fail-over') return;
        failOvers += 1;
        expect([one.configured, one.recorded]).toEqual(['automatic', 'automatic']);
        expect([one.cooldownUntil, one.acknowledgementOwed]).toEqual([null, null]);
        const [losing, other] = one.holder === 'a' ? [one.a, one.b] : [one.b, one.a];
        expect(['ENV_DOWN', 'REGION_UNREACHABLE']).toContain(losing?.diagnosis);
        expect(other?.diagnosis).toBe('HEALTHY');
        expect([losing?.judgedAt, other?.judgedAt]).toEqual([at(-1), at(-1)]);
      }),
      { numRuns: 10_000 },
    );
    expect(failOvers).toBeGreaterThan(0);
  });

  it('is to hold while no site holds the grant, and always has a reason', () => {
    fc.assert(
      fc.property(situation, (one) => {
        const decision = decisionIn(one);
        expect(decision.because.length).toBeGreaterThan(0);
        if (one.holder === 'none') expect(decision.kind).toBe('hold');
      }),
      options,
    );
  });
});
