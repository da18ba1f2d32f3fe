import { describe, expect, it } from 'vitest';
import { parseDuration, relative, spoken, when } from '../../../lib/report/time-text.ts';

describe('times in text', () => {
  it.each([
    [0.85, '850 ms'],
    [12.34, '12.3 s'],
    [59.96, '60 s'],
    [245, '4 min 5 s'],
    [7800, '2 h 10 min'],
    [86_400, '1 d'],
  ])('says %d seconds as %s', (seconds, text) => expect(spoken(seconds)).toBe(text));

  it('gives UTC and how long ago, or ahead', () => {
    const now = new Date('2026-11-24T12:00:00Z');
    expect(when('2026-11-24T13:57:00+02:00', now)).toBe('2026-11-24 11:57:00Z (3 min ago)');
    expect(relative('2026-11-24T14:00:00Z', now)).toBe('in 2 h');
  });

  it.each([
    ['90s', 90],
    ['1h30m', 5400],
    ['2d', 172_800],
    ['', null],
    ['2', null],
    ['-2h', null],
  ])('reads %j as %s seconds', (text, seconds) => expect(parseDuration(text)).toBe(seconds));
});
