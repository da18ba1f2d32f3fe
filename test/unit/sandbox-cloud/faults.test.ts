import { describe, expect, it } from 'vitest';
import { errorReply, throttleOf } from '../../../sandbox/cloud/error-reply.ts';
import { FaultBook, type FaultRule, matches } from '../../../sandbox/cloud/faults.ts';

const subject = {
  region: 'eu-west-1',
  service: 's3',
  source: 'AKCONTROLLER',
  operation: 'GetObject',
  path: '/bucket/key',
};
const hang = { effect: { kind: 'hang' } } as const;

describe('a fault rule', () => {
  it.each<[string, Partial<FaultRule>, boolean]>([
    ['without conditions', {}, true],
    ['of the Region', { region: 'eu-west-1' }, true],
    ['of another Region', { region: 'eu-central-1' }, false],
    ['of one of several Regions', { region: ['eu-central-1', 'eu-west-1'] }, true],
    ['of the service', { service: 's3' }, true],
    ['of another caller', { source: 'AKCLI' }, false],
    ['of another operation', { operation: 'PutObject' }, false],
    ['of the start of the path', { pathPrefix: '/bucket/' }, true],
    ['of another path', { pathPrefix: '/other' }, false],
  ])('%s matches: %o %s', (_what, rule, expected) => {
    expect(matches({ ...hang, ...rule }, subject)).toBe(expected);
  });

  it('never meets the harness, and the engine of state machines only by name', () => {
    expect(matches({ ...hang, source: 'AKSANDBOX' }, { ...subject, source: 'AKSANDBOX' })).toBe(false);
    expect(matches(hang, { ...subject, source: 'AKENGINE' })).toBe(false);
    expect(matches({ ...hang, source: 'AKENGINE' }, { ...subject, source: 'AKENGINE' })).toBe(true);
  });
});

describe('the fault book', () => {
  it('spends a rule after its times', () => {
    const book = new FaultBook();
    book.set({ ...hang, times: 2 });
    expect([1, 2, 3].map(() => book.take(subject) !== null)).toEqual([true, true, false]);
  });

  it('meets a share of requests', () => {
    const draws = [0.1, 0.9];
    const book = new FaultBook(() => draws.shift() ?? 1);
    book.set({ ...hang, probability: 0.5 });
    expect([1, 2].map(() => book.take(subject) !== null)).toEqual([true, false]);
  });

  it('replaces a rule of the same id and lifts it by its id', () => {
    const book = new FaultBook();
    book.set({ id: 'x', effect: { kind: 'hang' } });
    book.set({ id: 'x', effect: { kind: 'refuse' } });
    expect(book.list().map((fault) => fault.effect.kind)).toEqual(['refuse']);
    book.clear('x');
    expect(book.list()).toEqual([]);
  });

  it('knows a cut from a slow answer', () => {
    const book = new FaultBook();
    book.set({ id: 'x', region: 'eu-west-1', effect: { kind: 'delay', ms: 5 } });
    expect(book.cuts(subject)).toBe(false);
    book.set({ id: 'x', region: 'eu-west-1', effect: { kind: 'refuse' } });
    expect(book.cuts(subject)).toBe(true);
  });
});

describe('an error reply', () => {
  it.each([
    ['s3', undefined, '<Error><Code>SlowDown</Code>'],
    [
      'sns',
      'application/x-www-form-urlencoded; charset=utf-8',
      '<ErrorResponse><Error><Type>Sender</Type><Code>SlowDown</Code>',
    ],
    ['dynamodb', 'application/x-amz-json-1.0', '"__type":"SlowDown"'],
    ['lambda', undefined, '"__type":"SlowDown"'],
    ['monitoring', 'application/cbor', '__typehSlowDown'],
  ])('of %s is in the protocol of the request', (service, type, expected) => {
    const headers = type ? { 'content-type': type } : {};
    const reply = errorReply({ service, headers }, 503, 'SlowDown', 'Rate exceeded', 'id-1');
    expect(reply.body.toString('utf8')).toContain(expected);
    expect(reply.headers['x-amzn-requestid']).toBe('id-1');
  });

  it('throttles as each service does', () => {
    expect(throttleOf('s3')).toEqual([503, 'SlowDown']);
    expect(throttleOf('lambda')).toEqual([429, 'TooManyRequestsException']);
    expect(throttleOf('dynamodb')).toEqual([400, 'ThrottlingException']);
  });
});
