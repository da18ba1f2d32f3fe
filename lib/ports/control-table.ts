import type { RecordKey, RecordRange } from '../contracts/records.ts';

/** A record with the number that rises by one at each write of it. */
export type Versioned<T> = { readonly value: T; readonly version: number };

/**
 * One write of a commit. `expect` is the version that was read, or `absent`. A write without `value` changes nothing
 * and only requires that the record is still as it was read.
 */
export type Write = {
  readonly key: RecordKey<unknown>;
  readonly expect: number | 'absent';
  readonly value?: unknown;
  /** Unix seconds after which the record may be deleted; only ticks' journals use it. */
  readonly expiresAt?: number;
};

/**
 * The control records of one pair. Reads are strongly consistent. A commit is all or nothing: every write's
 * expectation holds, or nothing is written and CommitConflictError names the records that had changed. All throw
 * ControlTableMissingError when there is no such table.
 */
export interface ControlTable {
  get<T>(key: RecordKey<T>): Promise<Versioned<T> | null>;
  list<T>(range: RecordRange<T>): Promise<Versioned<T>[]>;
  commit(writes: readonly Write[]): Promise<void>;
}

/** Another writer was faster: read again and decide again. */
export class CommitConflictError extends Error {
  override readonly name = 'CommitConflictError';
  readonly keys: readonly string[];
  constructor(keys: readonly string[]) {
    super(`these control records changed since they were read: ${keys.join(', ')}`);
    this.keys = keys;
  }
}

/** The pair has no control table where the configuration says it is: not deployed, or another pair was meant. */
export class ControlTableMissingError extends Error {
  override readonly name = 'ControlTableMissingError';
  constructor(ask: { table: string; pair: string; region: string }, cause: unknown) {
    super(`pair ${ask.pair} has no control table: ${ask.table} does not exist in ${ask.region}`, { cause });
  }
}

/** A record in the table does not have the shape this version of the product knows. */
export class RecordInvalidError extends Error {
  override readonly name = 'RecordInvalidError';
}
