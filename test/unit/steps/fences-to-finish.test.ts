import { describe, expect, it } from 'vitest';
import { fencesToFinish } from '../../../lib/steps/fence-once.ts';
import { at, fence } from '../../support/core-fixtures.ts';

const period = (epoch: number, holder: 'a' | 'b', until: string | null = null) => ({
  epoch,
  holder,
  since: at(0),
  until,
});

describe('the fence of a site', () => {
  it('matters while the other site runs production, and while nobody does', () => {
    expect(fencesToFinish([period(1, 'a', at(1))], [fence()])).toEqual([fence()]);
    expect(fencesToFinish([period(1, 'a', at(1)), period(2, 'b')], [fence()])).toEqual([fence()]);
  });

  it('is over for good once the site has got the grant back', () => {
    const givenBack = [period(1, 'a', at(1)), period(2, 'a')];
    expect(fencesToFinish(givenBack, [fence()])).toEqual([]);
    const withdrawnAgain = [period(1, 'a', at(1)), period(2, 'a', at(2))];
    expect(fencesToFinish(withdrawnAgain, [fence()])).toEqual([]);
    expect(fencesToFinish(withdrawnAgain, [fence(), fence({ epoch: 3 })])).toEqual([fence({ epoch: 3 })]);
  });

  it('gives way to a newer one of the same site only', () => {
    const newer = fence({ epoch: 4 });
    const other = fence({ epoch: 3, side: 'b' });
    expect(fencesToFinish([period(1, 'a', at(1))], [fence(), newer, other])).toEqual([newer, other]);
  });
});
