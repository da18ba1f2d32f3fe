import { describe, expect, it } from 'vitest';
import { EventInvalidError } from '../../../functions/_runtime/handler.ts';
import { refusalOf } from '../../../functions/accept-command/refusal.ts';
import { PairNotAdoptedError, RefusedByRuleError, UnknownOpError } from '../../../lib/core/errors.ts';
import { CommitConflictError } from '../../../lib/ports/control-table.ts';

describe('a command that is refused', () => {
  it.each([
    ['by a rule', new RefusedByRuleError({ rule: 'S26', because: 'another plan' }), 409, { rule: 'S26' }],
    ['by a conflict', new CommitConflictError(['grant']), 409, { fix: expect.stringContaining('repeat') }],
    ['before the adoption', new PairNotAdoptedError('no grant yet'), 409, { fix: 'lifeboat adopt' }],
    ['for an op that nobody knows', new UnknownOpError('no such op'), 404, {}],
    ['for its shape', new EventInvalidError('body: expected a JSON document'), 400, {}],
  ])('%s says so', (_, error, status, more) => {
    expect(refusalOf(error)).toEqual({ status, error: { name: error.name, message: error.message, ...more } });
  });

  it('is no fault of ours', () => {
    expect(refusalOf(new TypeError('x is not a function'))).toBeNull();
  });
});
