import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../lib/contracts/observation.ts';
import { judge, recoveryTicks } from '../../../lib/core/judge.ts';
import {
  at,
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
});
