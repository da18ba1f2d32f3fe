import { describe, expect, it } from 'vitest';
import type { SiteRecord } from '../../../../lib/contracts/control.ts';
import { nextOfCreation, type SeenEnvironment } from '../../../../lib/core/creation/look.ts';
import { at, now, op, opId } from '../../../support/core-fixtures.ts';

const earlier = '01k9zq0000000000000000000z';
const ours = { pair: 'demo', site: 'b', op: opId, request: 'sha' };
const seen = (status: string, tags: NonNullable<SeenEnvironment>['tags'] = ours, error: string | null = null) => ({
  status,
  tags,
  error,
});
const record = (changes: Partial<SiteRecord> = {}): SiteRecord => ({
  side: 'b',
  region: 'eu-central-1',
  keptBecause: null,
  environment: 'demo-b',
  state: 'creating',
  op: opId,
  requestSha256: 'sha',
  passedOver: [],
  failedAt: null,
  askedAt: at(-60),
  ...changes,
});
const look = (changes: Partial<Parameters<typeof nextOfCreation>[0]> = {}) =>
  nextOfCreation({
    name: 'demo-b',
    isConfiguredName: true,
    seen: null,
    record: null,
    op: op(),
    madeFor: null,
    requestSha256: 'sha',
    creationTimeoutSeconds: 9000,
    now,
    ...changes,
  });

describe('an environment that has to exist', () => {
  it('is asked for when nobody has its name', () => {
    expect(look()).toMatchObject({ action: 'create' });
    expect(look({ record: record() })).toMatchObject({ action: 'create' });
  });

  it.each(['CREATING', 'UPDATING', 'MAINTENANCE', 'CREATING_SNAPSHOT', 'ROLLING_BACK', 'A_NEWER_WORD'])(
    'is waited for while it is %s',
    (status) => {
      expect(look({ seen: seen(status), record: record() })).toMatchObject({ action: 'wait' });
    },
  );

  it.each(['AVAILABLE', 'UPDATE_FAILED'])('is ready when it is %s', (status) => {
    expect(look({ seen: seen(status), record: record() })).toMatchObject({ action: 'ready' });
  });

  it('is found by its tags when the call that made it was never answered', () => {
    expect(look({ seen: seen('AVAILABLE'), record: null })).toMatchObject({ action: 'ready' });
  });

  it('is a matter for a person while it is PENDING', () => {
    const action = look({ seen: seen('PENDING'), record: record() });
    expect(action).toMatchObject({ action: 'wait-for-person' });
    expect(action.because).toMatch(/VPC endpoints/);
  });

  it('is waited for two hours, and no longer than the limit', () => {
    const creating = seen('CREATING');
    expect(look({ seen: creating, record: record({ askedAt: at(-7200) }) })).toMatchObject({ action: 'wait' });
    expect(look({ seen: creating, record: record({ askedAt: at(-9001) }) })).toMatchObject({
      action: 'refuse',
      why: 'failed',
    });
    expect(look({ record: record({ askedAt: at(-9001) }) })).toMatchObject({ action: 'refuse', why: 'failed' });
    expect(look({ record: record({ askedAt: at(-9000) }) })).toMatchObject({ action: 'create' });
  });

  it('that could not be created is passed over once, and then it is over', () => {
    const failed = seen('CREATE_FAILED', ours, 'no route');
    expect(look({ seen: failed, record: record() })).toEqual({
      action: 'pass-over',
      because: 'demo-b is CREATE_FAILED: no route',
      failed: true,
    });
    const again = record({ environment: 'demo-b-2', failedAt: at(-10) });
    expect(look({ name: 'demo-b-2', seen: failed, record: again })).toMatchObject({ action: 'refuse', why: 'failed' });
    const ofOther = record({ environment: 'demo-b-2', op: earlier, failedAt: at(-10) });
    expect(look({ name: 'demo-b-2', seen: failed, record: ofOther })).toMatchObject({ action: 'pass-over' });
  });

  it.each(['DELETING', 'DELETED'])('that is %s is passed over', (status) => {
    expect(look({ seen: seen(status), record: record() })).toMatchObject({ action: 'pass-over', failed: false });
  });

  it('whose deletion is decided is passed over although it still stands', () => {
    const going = record({ state: 'deleting', op: earlier });
    expect(look({ seen: seen('AVAILABLE'), record: going })).toMatchObject({ action: 'pass-over', failed: false });
  });
});

describe('an environment of a stranger', () => {
  it.each([
    ['without tags', {}],
    ['of another pair', { ...ours, pair: 'other' }],
    ['of the other site', { ...ours, site: 'a' }],
  ])('is refused under the configured name and stepped aside for under another: %s', (_, tags) => {
    expect(look({ seen: seen('AVAILABLE', tags) })).toMatchObject({ action: 'refuse', why: 'taken' });
    const aside = look({ name: 'demo-b-2', isConfiguredName: false, seen: seen('AVAILABLE', tags) });
    expect(aside).toMatchObject({ action: 'pass-over', failed: false });
  });
});

describe('an environment of an earlier op', () => {
  const of = (changes: Parameters<typeof op>[0]) => op({ op: earlier, ...changes });
  const stoodDown = of({ endedAt: at(-100), outcome: 'stood-down' });
  const theirs = { ...ours, op: earlier };
  const kept = record({ op: earlier, state: 'prepared' });

  it('is adopted when that op has ended without it', () => {
    const adopted = look({ seen: seen('AVAILABLE', theirs), madeFor: stoodDown, record: kept });
    expect(adopted).toMatchObject({ action: 'ready' });
    const half = look({ seen: seen('CREATING', theirs), madeFor: stoodDown, record: record({ op: earlier }) });
    expect(half).toMatchObject({ action: 'wait' });
  });

  it('is adopted when nothing is known of that op any more', () => {
    expect(look({ seen: seen('AVAILABLE', theirs), madeFor: null })).toMatchObject({ action: 'ready' });
  });

  it.each([
    ['has not ended', of({ endedAt: null }), /has not ended/],
    ['has given it the grant', of({ endedAt: at(-100), outcome: 'recovered' }), /gave it the grant/],
  ])('is passed over when that op %s', (_, madeFor, said) => {
    const action = look({ seen: seen('AVAILABLE', theirs), madeFor, record: kept });
    expect(action).toMatchObject({ action: 'pass-over', failed: false });
    expect(action.because).toMatch(said);
  });

  it('is passed over when it was made for another configuration', () => {
    const older = { ...theirs, request: 'another' };
    const action = look({ seen: seen('AVAILABLE', older), madeFor: stoodDown, record: kept });
    expect(action).toMatchObject({ action: 'pass-over', failed: false });
    expect(action.because).toMatch(/earlier configuration/);
  });

  it('that this op has adopted stays its own, whatever is captured meanwhile', () => {
    const adopted = record({ op: opId, state: 'creating' });
    const action = look({
      seen: seen('CREATING', theirs),
      madeFor: stoodDown,
      record: adopted,
      requestSha256: 'newer',
    });
    expect(action).toMatchObject({ action: 'wait' });
  });
});
