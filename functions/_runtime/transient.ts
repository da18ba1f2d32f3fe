import { isTransient } from '../../lib/adapters/failure-kind.ts';
import * as ownErrors from '../../lib/core/errors.ts';

/**
 * The error by the name that a Retry of the state machines knows: a failure of a service's client that may pass soon
 * becomes TransientError with the failure as its cause and one line of it as message. Every other error is returned as
 * it is, our own ones, too: they say what they have waited for, and trying again would only wait anew.
 */
export function byRetry(error: unknown): unknown {
  if (Object.values(ownErrors).some((type) => error instanceof type)) return error;
  const { transient, cause } = isTransient(error);
  return transient ? new ownErrors.TransientError(cause, { cause: error }) : error;
}
