import { describe, expect, it } from 'vitest';
import type { Period } from '../../../lib/contracts/observation.ts';
import { completePeriods, heartbeatSeries } from '../../../lib/core/periods.ts';
import { at, beating, later, now, periods, silent, timing } from '../../support/core-fixtures.ts';

const read = (window: readonly Period[], when = now) =>
  heartbeatSeries(completePeriods([window], timing, when), timing);
const missing = (ages: readonly number[], otherSamples = 1) =>
  periods((age) => ({ heartbeats: ages.includes(age) ? 0 : 12, schedulerSamples: null, otherSamples }));

describe('the heartbeat', () => {
  it('is alive when the newest complete period has beats, whatever came before', () => {
    expect(read(missing([1, 2, 3, 4])).state).toBe('alive');
  });

  it('is dead when M of the last N periods have none while something else was published', () => {
    expect(read(missing([0, 1, 2]))).toEqual({
      state: 'dead',
      because:
        'no heartbeat in 3 of the last 5 complete periods, ' +
        'while the rest of the environment (database, workers) reported 3 samples in them',
    });
  });

  it('looks past a newest period for which nothing was published yet', () => {
    const late = (beats: number) =>
      periods((age) => ({
        heartbeats: age === 0 ? null : beats,
        schedulerSamples: null,
        otherSamples: age === 0 ? 0 : 1,
      }));
    expect(read(late(12)).state).toBe('alive');
    expect(read(late(0)).state).toBe('dead');
  });

  it('is unknown while fewer than M periods are dead', () => {
    expect(read(missing([0, 1])).state).toBe('unknown');
  });

  it('is not dead by periods in which nothing else was published: the last one with data counts', () => {
    expect(read(missing([0, 1, 2], 0)).state).toBe('alive');
  });

  it('is empty when no period has any sample', () => {
    expect(read(missing([0, 1, 2, 3, 4], 0)).state).toBe('empty');
  });

  it('is unknown before any period is complete', () => {
    expect(read([]).state).toBe('unknown');
  });

  it('counts a period only after its end and the ingestion lag', () => {
    const tooYoung = { start: at(-timing.ingestionLagSeconds), heartbeats: 0, schedulerSamples: null, otherSamples: 1 };
    expect(read([...missing([0, 1]), tooYoung]).state).toBe('unknown');
    expect(read([...missing([0, 1]), tooYoung], later(timing.heartbeatPeriodSeconds)).state).toBe('dead');
  });

  it('is corrected by data that arrives late', () => {
    const first = silent();
    expect(read(first).state).toBe('dead');
    expect(read(first.map((period, index) => (index === 4 ? { ...period, heartbeats: 12 } : period))).state).toBe(
      'alive',
    );
  });

  it('takes the larger value where two vantages read the same period at different moments', () => {
    const merged = completePeriods([silent(), beating()], timing, now);
    expect(merged).toHaveLength(5);
    expect(heartbeatSeries(merged, timing).state).toBe('alive');
  });

  it('ignores periods older than its window', () => {
    const old = silent().map((period) => ({
      ...period,
      start: new Date(Date.parse(period.start) - 3_600_000).toISOString(),
    }));
    expect(read(old).state).toBe('unknown');
  });
});
