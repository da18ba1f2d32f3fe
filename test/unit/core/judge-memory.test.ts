import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../lib/contracts/observation.ts';
import { judge, recoveryTicks } from '../../../lib/core/judge.ts';
import {
  at,
  cutOffLooks,
  judgeInput,
  type Looks,
  later,
  lostLooks,
  seen,
  stamp,
  timing,
  verdict,
} from '../../support/core-fixtures.ts';

/** Judges one tick after another, `timing.tickSeconds` apart, with readings that stay as they are. */
const ticks = (looks: readonly Looks[], first: Verdict | null): Verdict[] => {
  const verdicts: Verdict[] = [];
  for (const [index, look] of looks.entries()) {
    const previous = verdicts.at(-1) ?? first;
    verdicts.push(judge(judgeInput(seen(look), { previous, tickAt: at(index * timing.tickSeconds) })));
  }
  return verdicts;
};
const times = (count: number, look: Looks) => Array.from({ length: count }, () => look);
const needed = recoveryTicks(timing);

describe('the return to healthy', () => {
  it('takes three times the window', () => {
    expect(needed).toBe(15);
  });

  it('is not owed by a site that was never down', () => {
    expect(ticks([{}], null)[0]?.diagnosis).toBe('HEALTHY');
  });

  it('shows a site that was down as recovering until it looked healthy for that long', () => {
    const verdicts = ticks([lostLooks, ...times(needed, {})], null);
    expect(verdicts.map(({ diagnosis }) => diagnosis)).toEqual([
      'ENV_DOWN',
      ...Array.from({ length: needed - 1 }, () => 'UNCLEAR'),
      'HEALTHY',
    ]);
    expect(verdicts[1]?.because[0]).toBe(
      'recovering: it was down, and looks healthy for 1 of the 15 ticks it takes to be sure',
    );
  });

  it('begins again after a tick that did not look healthy, also when that tick was not down', () => {
    const verdicts = ticks([lostLooks, ...times(needed - 1, {}), { canary: ['alive', stamp(600)] }, {}], null);
    expect(verdicts.at(-1)?.diagnosis).toBe('UNCLEAR');
    expect(verdicts.at(-1)?.healthyTicks).toBe(1);
  });

  it('is not disturbed by a tick that was unclear while the site was well', () => {
    expect(ticks([{}, { heartbeat: ['unreadable'] }, {}], null).map(({ diagnosis }) => diagnosis)).toEqual([
      'HEALTHY',
      'UNCLEAR',
      'HEALTHY',
    ]);
  });

  it('does not count two looks within one tick twice', () => {
    const previous = verdict({ diagnosis: 'UNCLEAR', healthyTicks: 3, tickAt: at(0) });
    expect(judge(judgeInput(seen(), { previous, tickAt: at(0) })).healthyTicks).toBe(3);
  });
});

describe('since', () => {
  it('stays while the diagnosis stays, and is now when it changes', () => {
    const previous = verdict({ since: at(-500) });
    expect(judge(judgeInput(seen(), { previous })).since).toBe(at(-500));
    expect(judge(judgeInput(seen(lostLooks), { previous })).since).toBe(at(0));
  });
});

/** A look so many seconds later, whose stamps and periods are as old as those of the fixture. */
const lateBy = (seconds: number, looks: Looks) =>
  seen(looks).map((one) => ({
    ...one,
    at: at(seconds),
    evidence: {
      ...one.evidence,
      ...(one.evidence.periods
        ? {
            periods: one.evidence.periods.map((period) => ({
              ...period,
              start: new Date(Date.parse(period.start) + seconds * 1000).toISOString(),
            })),
          }
        : {}),
    },
  }));
const lostAt = (seconds: number, previous: Verdict, looks: Looks = lostLooks) =>
  judge(judgeInput(lateBy(seconds, looks), { previous, now: later(seconds) }));

describe('a planned state', () => {
  const updating: Looks = { ...lostLooks, environment: ['planned', { status: 'UPDATING' }] };
  const afterMaximum = later(timing.plannedMaxSeconds + 1);
  const judgeLater = (previous: Verdict, looks = updating) =>
    judge(judgeInput(seen(looks), { previous, now: afterMaximum })).diagnosis;

  it('without a time of its own lasts from its first sight', () => {
    const first = judge(judgeInput(seen(updating)));
    expect(first.diagnosis).toBe('PLANNED');
    expect(judgeLater(first)).toBe('PLANNED_OVERDUE');
  });

  it('is remembered over ticks that could not look', () => {
    const first = judge(judgeInput(seen(updating)));
    const blind = judge(judgeInput(seen({ ...lostLooks, environment: ['unreadable'] }), { previous: first }));
    expect(judgeLater(blind)).toBe('PLANNED_OVERDUE');
  });

  it('that changes begins anew', () => {
    const first = judge(judgeInput(seen(updating)));
    const maintenance = seen({ ...lostLooks, environment: ['planned', { status: 'MAINTENANCE' }] }).map((one) => ({
      ...one,
      at: afterMaximum.toISOString(),
    }));
    expect(judge(judgeInput(maintenance, { previous: first, now: afterMaximum })).diagnosis).toBe('PLANNED');
  });

  it.each(['unreadable', 'unreachable'] as const)('is believed while the environment is %s, and says so', (outcome) => {
    const first = judge(judgeInput(seen(updating)));
    const blind = judge(judgeInput(seen({ ...lostLooks, environment: [outcome] }), { previous: first }));
    expect(blind).toMatchObject({ diagnosis: 'PLANNED', health: 'unknown' });
    expect(blind.because[0]).toContain('environment UPDATING for 0 s, as remembered');
  });

  it('is not believed for longer than one that is seen', () => {
    const first = judge(judgeInput(seen(updating)));
    const blind = { ...lostLooks, environment: ['unreadable'] } satisfies Looks;
    expect(judge(judgeInput(seen(blind), { previous: first, now: later(timing.plannedMaxSeconds) })).diagnosis).toBe(
      'PLANNED',
    );
    expect(lostAt(timing.plannedMaxSeconds + 1, first, blind).diagnosis).toBe('ENV_DOWN');
  });

  it('that is not remembered does not keep a loss back while the environment cannot be read', () => {
    const blind: Looks = { ...lostLooks, environment: ['unreadable'] };
    expect(judge(judgeInput(seen(blind), { previous: verdict() })).diagnosis).toBe('ENV_DOWN');
  });
});

describe('after a planned state', () => {
  const margin =
    timing.canaryStaleSeconds + timing.windowPeriods * timing.heartbeatPeriodSeconds + timing.ingestionLagSeconds;
  const during = (status: string): Looks => ({
    ...lostLooks,
    environment: [status === 'CREATING' ? 'alive' : 'planned', { status }],
  });

  it.each(['UPDATING', 'MAINTENANCE', 'CREATING'])('(%s) a loss is unclear until the site has settled', (status) => {
    const first = judge(judgeInput(seen(during(status))));
    const ended = lostAt(60, first);
    expect(ended).toMatchObject({ diagnosis: 'UNCLEAR', health: 'unknown', healthyTicks: recoveryTicks(timing) });
    const settling = lostAt(60 + margin, ended);
    expect(settling.diagnosis).toBe('UNCLEAR');
    expect(settling.because[0]).toBe(`settling after ${status}, which ended 11 min ago`);
    expect(lostAt(61 + margin, settling).diagnosis).toBe('ENV_DOWN');
  });

  it('it counts from the first sight of its end, and is remembered over ticks that could not look', () => {
    const first = judge(judgeInput(seen(during('UPDATING'))));
    const ended = lostAt(3000, first);
    expect(ended.because[0]).toBe('settling after UPDATING, which ended 0 s ago');
    const blind = lostAt(3060, ended, { ...lostLooks, environment: ['unreadable'] });
    expect(blind).toMatchObject({ diagnosis: 'UNCLEAR', health: 'unknown' });
    expect(blind.because[0]).toBe('settling after UPDATING, which ended 60 s ago');
    expect(lostAt(3000 + margin, blind).diagnosis).toBe('UNCLEAR');
  });

  it('a Region that is cut off is unclear, too', () => {
    const ended = lostAt(60, judge(judgeInput(seen(during('UPDATING')))));
    expect(lostAt(120, ended, { ...cutOffLooks }).diagnosis).toBe('UNCLEAR');
  });

  it('a site that works is healthy at once', () => {
    const first = judge(judgeInput(seen(during('UPDATING'))));
    expect(lostAt(60, first, { canary: ['alive', stamp(0)] }).diagnosis).toBe('HEALTHY');
  });

  it('the verdict forgets it when the site has settled', () => {
    const ended = lostAt(60, judge(judgeInput(seen(during('UPDATING')))));
    const planned = ({ observations }: Verdict) => observations.filter(({ outcome }) => outcome === 'planned');
    expect(planned(ended)).toHaveLength(1);
    expect(planned(lostAt(61 + margin, ended, {}))).toEqual([]);
  });
});
