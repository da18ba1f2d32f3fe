import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeartbeatGaps } from '../../../lib/contracts/control.ts';
import type { Observation, Verdict } from '../../../lib/contracts/observation.ts';
import { Timing } from '../../../lib/contracts/timing.ts';
import { gapDays, gapLimitSeconds, withGapsOf, worstGap } from '../../../lib/core/heartbeat-gap.ts';
import { verdict } from '../../support/core-fixtures.ts';

const timing = Timing.parse({});
const { windowPeriods, ingestionLagSeconds } = timing;
const minute = 60_000;
const start = Date.parse('2026-11-20T12:00:00.000Z');
const instant = (ms: number) => new Date(ms).toISOString();

/** One minute of a site: whether its scheduler beat, and how many minutes late CloudWatch says so. */
type Minute = { readonly beats: boolean; readonly late: number };
const well: Minute = { beats: true, late: 0 };
const silent: Minute = { beats: false, late: 0 };

const observed = (periods: NonNullable<Observation['evidence']['periods']>, now: Date): Observation => ({
  site: 'a',
  signal: 'heartbeat',
  vantage: 'eu-north-1',
  outcome: 'alive',
  at: now.toISOString(),
  cause: 'read',
  evidence: { periods },
});

/** What a look at `now` reads: the window's complete periods, with what has arrived by then. */
function lookAt(minutes: readonly Minute[], now: number): Observation {
  const newest = Math.floor((now - ingestionLagSeconds * 1000 - start) / minute) - 1;
  const periods = Array.from({ length: windowPeriods }, (_, index) => newest - index)
    .filter((n) => n >= 0 && n < minutes.length)
    .map((n) => {
      const { beats, late } = minutes[n] ?? silent;
      const arrived = now >= start + (n + 1 + late) * minute + ingestionLagSeconds * 1000;
      return {
        start: instant(start + n * minute),
        heartbeats: beats && arrived ? 12 : null,
        schedulerSamples: null,
        otherSamples: 1,
      };
    });
  return observed(periods, new Date(now));
}

type Look = { readonly skipped?: boolean; readonly diagnosis?: Verdict['diagnosis'] };

/** Gaps after a look a minute, until every period has left the window. */
function watched(minutes: readonly Minute[], looks: (minuteNo: number) => Look = () => ({})) {
  let gaps: HeartbeatGaps | null = null;
  let now = start;
  for (let n = 0; n < minutes.length + windowPeriods + 4; n += 1) {
    now = start + n * minute + 7000;
    const { skipped = false, diagnosis = 'HEALTHY' } = looks(n);
    const observations = skipped ? [] : [lookAt(minutes, now)];
    gaps = withGapsOf(gaps, verdict({ site: 'a', diagnosis, observations }), timing, new Date(now));
  }
  if (gaps === null) throw new Error('nothing was looked at');
  return { gaps, worst: worstGap(gaps, timing, new Date(now)) };
}

/** Longest run of minutes without a beat. */
const longest = (minutes: readonly Minute[]): number =>
  minutes.reduce(
    ({ run, most }, { beats }) => {
      const next = beats ? 0 : run + 1;
      return { run: next, most: Math.max(most, next) };
    },
    { run: 0, most: 0 },
  ).most;

const anyMinute = fc.record({ beats: fc.boolean(), late: fc.integer({ min: 0, max: windowPeriods - 1 }) });
const anyMinutes = fc.array(anyMinute, { minLength: 1, maxLength: 40 });

describe('the worst heartbeat gap', () => {
  it('is the longest run of periods without a heartbeat, however late the others were told', () => {
    fc.assert(
      fc.property(anyMinutes, (minutes) => {
        expect(watched(minutes).worst?.seconds ?? 0).toBe(longest(minutes) * 60);
      }),
    );
  });

  it('is never made longer by looks that could read nothing', () => {
    fc.assert(
      fc.property(anyMinutes, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (minutes, skips) => {
        const prompt = minutes.map(({ beats }) => ({ beats, late: 0 }));
        const some = watched(prompt, (n) => ({ skipped: skips[n] ?? false })).worst?.seconds ?? 0;
        expect(some).toBeLessThanOrEqual(longest(prompt) * 60);
      }),
    );
  });

  it('keeps one size and passes its schema, whatever was seen', () => {
    fc.assert(
      fc.property(anyMinutes, (minutes) => {
        const { gaps } = watched(minutes);
        expect(HeartbeatGaps.parse(gaps)).toEqual(gaps);
        expect(gaps.window.length).toBeLessThanOrEqual(windowPeriods);
        expect(gaps.days.length).toBeLessThanOrEqual(gapDays);
      }),
    );
  });

  it('is corrected when an empty period is filled later', () => {
    const late: Minute = { beats: true, late: 2 };
    const minutes = [well, well, silent, late, silent, well];
    const before = withGapsOf(
      null,
      verdict({ observations: [lookAt(minutes, start + 7 * minute)] }),
      timing,
      new Date(start + 7 * minute),
    );
    expect(worstGap(before, timing, new Date(start + 7 * minute))?.seconds).toBe(180);
    expect(watched(minutes).worst?.seconds).toBe(60);
  });

  it('says when it began, and is nothing while every period has a heartbeat', () => {
    expect(watched([well, silent, silent, well]).worst).toEqual({ seconds: 120, from: instant(start + minute) });
    expect(watched([well, well]).worst).toBeNull();
  });

  it.each(['PLANNED', 'PLANNED_OVERDUE', 'ENV_GONE'] as const)('leaves out what was silent in %s', (diagnosis) => {
    const minutes = [well, ...Array.from({ length: 10 }, () => silent), well, well, well, silent, well];
    const inPlan = (n: number) => n >= 3 && n <= 12;
    expect(watched(minutes, (n) => (inPlan(n) ? { diagnosis } : {})).worst?.seconds).toBe(60);
    expect(watched(minutes).worst?.seconds).toBe(600);
  });

  it('leaves out what was silent while the environment settles after a change', () => {
    const now = new Date(start + 10 * minute);
    const changed: Observation = {
      ...observed([], now),
      signal: 'environment',
      outcome: 'planned',
      evidence: { status: 'UPDATING', endedAt: instant(start + 8 * minute) },
    };
    const observations = [
      changed,
      lookAt(
        Array.from({ length: 8 }, () => silent),
        now.getTime(),
      ),
    ];
    const gaps = withGapsOf(null, verdict({ observations }), timing, now);
    expect(worstGap(gaps, timing, now)).toBeNull();
  });

  it('goes on over midnight, and is forgotten after 30 days', () => {
    const night = Date.parse('2026-11-21T00:00:00.000Z');
    const minutes = Array.from({ length: 13 * 60 }, (_, n) =>
      Math.abs(start + n * minute - night) < 5 * minute ? silent : well,
    );
    const { gaps, worst } = watched(minutes);
    expect(worst).toEqual({ seconds: 9 * 60, from: instant(night - 4 * minute) });
    const later = (days: number) => new Date(night + days * 86_400_000);
    expect(worstGap(gaps, timing, later(29))?.seconds).toBe(540);
    expect(worstGap(gaps, timing, later(31))).toBeNull();
  });

  it('has the limit of the judgement beside it', () => {
    expect(gapLimitSeconds(timing)).toBe(180);
  });
});
