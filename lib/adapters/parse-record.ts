import type { z } from 'zod';
import type { Write } from '../ports/control-table.ts';
import { RecordInvalidError } from '../ports/control-table.ts';

/**
 * Reads one control record through its schema. Throws RecordInvalidError that names the record and the first field
 * that is not as expected.
 */
export function parseRecord<T>(sk: string, schema: z.ZodType<T>, raw: unknown): T {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.map(String).join('.') || '(the whole record)';
  throw new RecordInvalidError(`control record ${sk}, field ${field}: ${issue?.message ?? 'invalid'}`, {
    cause: parsed.error,
  });
}

/** Most writes that DynamoDB takes in one transaction. */
const MOST_WRITES = 100;

/**
 * The values of a commit, through their schemas: what could not be read again is never written. Throws
 * RecordInvalidError, and RangeError for a commit that no table could take.
 */
export function parseWrites(writes: readonly Write[]): { write: Write; value: unknown }[] {
  if (writes.length === 0 || writes.length > MOST_WRITES) {
    throw new RangeError(`a commit has 1 to ${MOST_WRITES} writes, this one has ${writes.length}`);
  }
  const keys = new Set(writes.map((write) => write.key.sk));
  if (keys.size < writes.length) throw new RangeError('a commit writes each control record once');
  return writes.map((write) => ({
    write,
    value: write.value === undefined ? undefined : parseRecord(write.key.sk, write.key.schema, write.value),
  }));
}
