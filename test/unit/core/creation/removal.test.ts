import { describe, expect, it } from 'vitest';
import type { SiteRecord } from '../../../../lib/contracts/control.ts';
import { removalOf } from '../../../../lib/core/creation/removal.ts';
import { withSiteNames } from '../../../../lib/core/creation/site-names.ts';
import { at, grant, now, op, opId } from '../../../support/core-fixtures.ts';
import { pairConfig } from '../../../support/pair-config.ts';

const record = (changes: Partial<SiteRecord> = {}): SiteRecord => ({
  side: 'b',
  region: 'eu-central-1',
  keptBecause: null,
  environment: 'demo-b-2',
  state: 'prepared',
  op: opId,
  requestSha256: 'sha',
  passedOver: [],
  failedAt: null,
  askedAt: at(-9000),
  ...changes,
});
const stoodDown = (seconds: number) => op({ endedAt: at(-seconds), outcome: 'stood-down', phase: 'stood-down' });
const ask = (changes: Partial<Parameters<typeof removalOf>[0]> = {}) =>
  removalOf({
    record: record(),
    owner: stoodDown(3600),
    openOp: null,
    grant: grant(),
    prepareTtlSeconds: 3600,
    now,
    ...changes,
  });
const passedOver = [{ environment: 'demo-b', why: 'CREATE_FAILED' }];

describe('an environment that an op created and did not use', () => {
  it('is kept for its time and then marked before anything is deleted', () => {
    expect(ask({ owner: stoodDown(3599) })).toEqual({ action: 'keep' });
    expect(ask()).toMatchObject({ action: 'mark' });
    expect(ask({ record: record({ state: 'creating' }) })).toMatchObject({ action: 'mark' });
  });

  it('is kept while its op has not ended', () => {
    expect(ask({ owner: op() })).toEqual({ action: 'keep' });
  });

  it('is marked by its own age when its op is not known any more', () => {
    expect(ask({ owner: null })).toMatchObject({ action: 'mark' });
    expect(ask({ owner: null, record: record({ askedAt: at(-10) }) })).toEqual({ action: 'keep' });
  });

  it('is not touched while an op is open, while no site holds the grant, or while its site holds it', () => {
    for (const state of ['prepared', 'deleting'] as const) {
      expect(ask({ record: record({ state, passedOver }), openOp: opId })).toEqual({ action: 'keep' });
      expect(ask({ record: record({ state, passedOver }), grant: grant({ holder: 'none' }) })).toEqual({
        action: 'keep',
      });
    }
    expect(ask({ grant: grant({ holder: 'b' }) })).toEqual({ action: 'keep' });
  });

  it('is never marked once it was in use', () => {
    expect(ask({ record: record({ state: 'in-use' }) })).toEqual({ action: 'keep' });
  });

  it('is swept with the names that were passed over once it is marked', () => {
    const swept = ask({ record: record({ state: 'deleting', passedOver }), owner: null });
    expect(swept).toEqual({ action: 'sweep', names: ['demo-b-2', 'demo-b'] });
  });

  it.each(['in-use', 'gone', 'prepared'] as const)(
    'has its passed-over names swept at once while it is %s',
    (state) => {
      const swept = ask({ record: record({ state, passedOver }), owner: stoodDown(1) });
      expect(swept).toEqual({ action: 'sweep', names: ['demo-b'] });
    },
  );
});

describe('the names of the sites', () => {
  it('are those of the environments that ops created, while they exist', () => {
    const names = (records: SiteRecord[]) => {
      const { sites } = withSiteNames(pairConfig(), records);
      return [sites.a.environment, sites.b.environment];
    };
    expect(names([])).toEqual(['demo-a', 'demo-b']);
    expect(names([record()])).toEqual(['demo-a', 'demo-b-2']);
    expect(names([record({ state: 'gone' })])).toEqual(['demo-a', 'demo-b']);
  });
});
