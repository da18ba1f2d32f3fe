import { describe, expect, it } from 'vitest';
import * as errors from '../../../lib/core/errors.ts';

describe('errors', () => {
  it.each(Object.entries(errors).map(([name, type]) => ({ name, type })))(
    '$name carries its own name, which state machines match',
    ({ name, type }) => {
      const error = Reflect.construct(type, [{ name: 'StaleEpochError', message: 'old', rule: 'S2', because: 'old' }]);
      expect(name).toMatch(/Error$/);
      expect(error).toBeInstanceOf(Error);
      expect(error.name).toBe(name);
    },
  );

  it('of rules and helpers say which rule or helper error it was', () => {
    expect(new errors.RefusedByRuleError({ rule: 'S5', because: 'no fence' })).toMatchObject({
      rule: 'S5',
      message: 'no fence',
    });
    expect(new errors.HelperRefusedError({ name: 'StaleEpochError', message: 'epoch 1' })).toMatchObject({
      helperError: 'StaleEpochError',
      message: 'StaleEpochError: epoch 1',
    });
  });
});
