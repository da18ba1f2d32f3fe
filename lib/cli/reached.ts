import { failureKind } from '../adapters/failure-kind.ts';
import { AirflowApiError } from '../ports/airflow.ts';
import type { ControlTable } from '../ports/control-table.ts';
import { ControllerUnreachableError } from './errors.ts';

const spoken: ReadonlyArray<readonly [RegExp, string]> = [
  [/^(ENOTFOUND|EAI_AGAIN)\b/, 'its name does not resolve'],
  [/^ECONNREFUSED\b/, 'the connection was refused'],
  [/^(ECONNRESET|ECONNABORTED|EPIPE|UND_ERR_SOCKET)\b/, 'the connection was cut'],
  [/^(EHOST|ENET)[A-Z]+\b/, 'there is no route to it'],
  [/^(\w*Timeout\w*|AbortError|ETIMEDOUT|UND_ERR_\w+_TIMEOUT)\b/i, 'no answer in time'],
];

/**
 * The error as ControllerUnreachableError when the far end did not answer or answered that it cannot; otherwise as it
 * is. `where` is the service and its Region in words.
 */
export function unreachable(error: unknown, where: string): unknown {
  const { kind, cause } = failureKind(error);
  // These two already say what did not answer.
  const named = error instanceof ControllerUnreachableError || error instanceof AirflowApiError;
  if (kind !== 'unreachable' || named) return error;
  // What an SDK says of it names its own parts and none of the reader's.
  const why = spoken.find(([pattern]) => pattern.test(cause))?.[1] ?? 'it answered with an error of its own';
  return new ControllerUnreachableError(
    `cannot reach ${where}: ${why}`,
    'check the network, the Region in the pair configuration and your credentials, then try again',
  );
}

/** The table, with ControllerUnreachableError for every call that does not reach it. */
export function reachedTable(table: ControlTable, region: string): ControlTable {
  const named = (error: unknown): never => {
    throw unreachable(error, `DynamoDB in ${region}`);
  };
  return {
    get: (key) => table.get(key).catch(named),
    list: (range) => table.list(range).catch(named),
    commit: (writes) => table.commit(writes).catch(named),
  };
}
