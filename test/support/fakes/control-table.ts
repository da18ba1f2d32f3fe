import { parseRecord, parseWrites } from '../../../lib/adapters/parse-record.ts';
import type { RecordKey, RecordRange } from '../../../lib/contracts/records.ts';
import type { ControlTable, Versioned, Write } from '../../../lib/ports/control-table.ts';
import { CommitConflictError } from '../../../lib/ports/control-table.ts';

type Stored = { readonly json: string; readonly version: number; readonly expiresAt: number | undefined };

/**
 * The control records of one pair in memory; passes the same contract suite as the one in DynamoDB. Set `beforeCommit`
 * to throw before anything is written, `afterCommit` to lose the answer of a commit that was written.
 */
export class InMemoryControlTable implements ControlTable {
  beforeCommit: ((writes: readonly Write[]) => void | Promise<void>) | null = null;
  afterCommit: ((writes: readonly Write[]) => void | Promise<void>) | null = null;
  /** Thrown by every call while it is set. */
  outage: Error | null = null;
  /** Keys of each commit that was written, checks included, in order. */
  readonly commits: string[][] = [];
  readonly #records = new Map<string, Stored>();

  async get<T>(key: RecordKey<T>): Promise<Versioned<T> | null> {
    this.#orOutage();
    const stored = this.#records.get(key.sk);
    return stored === undefined
      ? null
      : { value: parseRecord(key.sk, key.schema, JSON.parse(stored.json)), version: stored.version };
  }

  async list<T>(range: RecordRange<T>): Promise<Versioned<T>[]> {
    this.#orOutage();
    return this.keys()
      .filter((sk) => sk.startsWith(range.prefix))
      .flatMap((sk) => {
        const stored = this.#records.get(sk);
        if (stored === undefined) return [];
        return [{ value: parseRecord(sk, range.schema, JSON.parse(stored.json)), version: stored.version }];
      });
  }

  async commit(writes: readonly Write[]): Promise<void> {
    this.#orOutage();
    const parsed = parseWrites(writes);
    await this.beforeCommit?.(writes);
    const changed = writes.filter((write) => !this.#isAsExpected(write)).map((write) => write.key.sk);
    if (changed.length > 0) throw new CommitConflictError(changed);
    for (const { write, value } of parsed) {
      if (value === undefined) continue;
      const version = write.expect === 'absent' ? 1 : write.expect + 1;
      this.#records.set(write.key.sk, { json: JSON.stringify(value), version, expiresAt: write.expiresAt });
    }
    this.commits.push(writes.map((write) => write.key.sk));
    await this.afterCommit?.(writes);
  }

  /** Writes a record whatever is there, as test data; returns its new version. */
  seed<T>(key: RecordKey<T>, value: T): number {
    const version = (this.#records.get(key.sk)?.version ?? 0) + 1;
    const json = JSON.stringify(parseRecord(key.sk, key.schema, value));
    this.#records.set(key.sk, { json, version, expiresAt: undefined });
    return version;
  }

  /** Writes what no schema has seen, to test readers of it. */
  corrupt(sk: string, raw: unknown): void {
    const version = (this.#records.get(sk)?.version ?? 0) + 1;
    this.#records.set(sk, { json: JSON.stringify(raw), version, expiresAt: undefined });
  }

  /** Sort keys of all records, in order. */
  keys(): string[] {
    return [...this.#records.keys()].sort();
  }

  /** Everything as plain data, for comparisons: sort key -> {version, record, expiresAt?}. */
  dump(): Record<string, { version: number; record: unknown; expiresAt?: number }> {
    const entries = [...this.#records].sort(([left], [right]) => (left < right ? -1 : 1));
    return Object.fromEntries(
      entries.map(([sk, stored]) => {
        const expiry = stored.expiresAt === undefined ? {} : { expiresAt: stored.expiresAt };
        return [sk, { version: stored.version, record: JSON.parse(stored.json), ...expiry }];
      }),
    );
  }

  /** A table of its own with the same records, to go on twice from one point. Hooks and outage are not copied. */
  clone(): InMemoryControlTable {
    const copy = new InMemoryControlTable();
    for (const [sk, stored] of this.#records) copy.#records.set(sk, stored);
    return copy;
  }

  #isAsExpected(write: Write): boolean {
    const stored = this.#records.get(write.key.sk);
    return write.expect === 'absent' ? stored === undefined : stored?.version === write.expect;
  }

  #orOutage(): void {
    if (this.outage !== null) throw this.outage;
  }
}
