import { describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../../lib/contracts/observation.ts';
import { records } from '../../../lib/contracts/records.ts';
import { pagePeople } from '../../../lib/steps/page-people.ts';
import { verdict } from '../../support/core-fixtures.ts';
import { Simulation } from '../../support/simulation-world.ts';

/** A pair whose verdicts a test sets; `tick` is what the state machine does at a tick that pages. */
function pagedPair() {
  const { world, table, clock, pager } = new Simulation();
  let ticks = 0;
  const tick = async (a: Diagnosis, decision = 'page') => {
    ticks += 1;
    table.seed(records.verdict('a'), verdict({ site: 'a', diagnosis: a }));
    table.seed(records.verdict('b'), verdict({ site: 'b' }));
    const because = `site a holds the grant and is ${a}; the canary is ${ticks * 60} s old`;
    const said = await pagePeople(world, { pair: 'demo', tickAt: clock.iso, state: 'Page people', decision, because });
    clock.advance(60);
    return said.because.split(':')[0];
  };
  return { tick, pager, clock, table };
}

describe('people', () => {
  it('are paged once for what stays as it is, although its ages change at every tick', async () => {
    const { tick, pager } = pagedPair();
    for (let n = 0; n < 15; n += 1) await tick('ENV_DOWN');
    expect(pager.pages).toHaveLength(1);
    expect(await tick('ENV_DOWN')).toBe('paged');
    expect(pager.pages).toHaveLength(2);
  });

  it('are paged at once when the diagnosis changes', async () => {
    const { tick, pager } = pagedPair();
    await tick('ENV_DOWN');
    await tick('REGION_UNREACHABLE');
    expect(pager.pages.map(({ text }) => text)).toEqual([
      expect.stringContaining('ENV_DOWN'),
      expect.stringContaining('REGION_UNREACHABLE'),
    ]);
  });

  it('are not paged again when it flips back within a quarter of an hour', async () => {
    const { tick, pager } = pagedPair();
    for (let n = 0; n < 7; n += 1) {
      await tick('ENV_DOWN');
      await tick('REGION_UNREACHABLE');
    }
    expect(pager.pages).toHaveLength(2);
  });

  it('are not paged by what is only counted, which keeps no page from going out', async () => {
    const { tick, pager, table } = pagedPair();
    expect(await tick('ENV_DOWN', 'count')).toBe('counted');
    expect(pager.pages).toEqual([]);
    await tick('ENV_DOWN');
    expect(pager.pages).toHaveLength(1);
    expect((await table.get(records.page()))?.value.counted).toBe(1);
  });

  it('learn how often mode observe would have acted: once for a loss, however long it lasts, and what was last', async () => {
    const { tick, clock, table } = pagedPair();
    const begun = clock.iso;
    for (let n = 0; n < 20; n += 1) await tick('ENV_DOWN', 'count');
    const first = (await table.get(records.page()))?.value;
    expect(first).toMatchObject({ counted: 1, lastCounted: { since: begun } });
    expect(first?.lastCounted?.because).toContain('ENV_DOWN; the canary is 1200 s old');
    clock.advance(900);
    const again = clock.iso;
    await tick('REGION_UNREACHABLE', 'count');
    await tick('ENV_DOWN');
    const page = (await table.get(records.page()))?.value;
    expect(page).toMatchObject({ counted: 2, lastCounted: { since: again, at: again } });
    expect(page?.lastCounted?.because).toContain('REGION_UNREACHABLE');
  });

  it('are paged at the next tick when the page could not go out', async () => {
    const { tick, pager } = pagedPair();
    pager.outage = new Error('SNS is away');
    await expect(tick('ENV_DOWN')).rejects.toThrow('SNS is away');
    pager.outage = null;
    await tick('ENV_DOWN');
    expect(pager.pages).toHaveLength(1);
  });
});
