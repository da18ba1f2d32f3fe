import type { CommandRefusal } from '../../lib/contracts/command.ts';
import { PairNotAdoptedError, RefusedByRuleError, UnknownOpError } from '../../lib/core/errors.ts';
import { CommitConflictError } from '../../lib/ports/control-table.ts';
import { EventInvalidError } from '../_runtime/handler.ts';

/** What a person is told who asked for something that is not done, with its HTTP status; null for a fault of ours. */
export function refusalOf(error: unknown): { readonly status: number; readonly error: CommandRefusal } | null {
  if (error instanceof RefusedByRuleError) return refuse(409, error, { rule: error.rule });
  if (error instanceof CommitConflictError) {
    return refuse(409, error, { fix: 'look at the pair again and repeat the command' });
  }
  if (error instanceof PairNotAdoptedError) return refuse(409, error, { fix: 'lifeboat adopt' });
  if (error instanceof UnknownOpError) return refuse(404, error);
  if (error instanceof EventInvalidError) return refuse(400, error);
  return null;
}

const refuse = (status: number, { name, message }: Error, more: Partial<CommandRefusal> = {}) => ({
  status,
  error: { name, message, ...more },
});
