import { describe, expect, it } from 'vitest';
import { records } from '../../lib/contracts/records.ts';
import { CommitConflictError, type ControlTable, RecordInvalidError } from '../../lib/ports/control-table.ts';

/** A table with no records, and a way past every schema. */
export type ControlTableCase = {
  table: ControlTable;
  writeRaw: (sk: string, record: unknown) => Promise<void>;
};

const at = '2026-11-24T12:00:00.000Z';
const grant = (epoch: number, holder: 'a' | 'b' | 'none' = 'a') => ({ holder, epoch, since: at });
const audit = (id: string, detail: Record<string, unknown> = {}) => ({
  id,
  at,
  actor: 'test',
  what: 'wrote',
  op: null,
  epoch: null,
  detail,
});

/** What every control table does; `make` gives an empty one at each call. */
export function controlTableContract(make: () => Promise<ControlTableCase>): void {
  const rejection = (promise: Promise<unknown>) =>
    promise.then(
      () => {
        throw new Error('expected a rejection');
      },
      (error: unknown) => error,
    );

  describe('reading', () => {
    it('gives null for a record that does not exist', async () => {
      const { table } = await make();
      expect(await table.get(records.grant())).toBeNull();
      expect(await table.list(records.ops())).toEqual([]);
    });

    it('gives the record as it was written, nulls, floats and nested values included', async () => {
      const { table } = await make();
      const value = audit('1', { empty: '', none: null, list: [1, 2.5, { deep: true }], map: {} });
      await table.commit([{ key: records.audit('1'), expect: 'absent', value }]);
      expect(await table.get(records.audit('1'))).toEqual({ value, version: 1 });
    });

    it('lists the records of a prefix only, in the order of their keys', async () => {
      const { table } = await make();
      const period = (epoch: number) => ({ epoch, holder: 'a' as const, since: at, until: null });
      await table.commit([
        { key: records.grant(), expect: 'absent', value: grant(10) },
        { key: records.grantPeriod(10), expect: 'absent', value: period(10) },
        { key: records.grantPeriod(9), expect: 'absent', value: period(9) },
        { key: records.audit('1'), expect: 'absent', value: audit('1') },
      ]);
      const found = await table.list(records.grantPeriods());
      expect(found.map((one) => one.value.epoch)).toEqual([9, 10]);
    });

    it('lists more than one page of records', async () => {
      const { table } = await make();
      const ids = Array.from({ length: 40 }, (_, index) => String(index).padStart(3, '0'));
      const text = 'x'.repeat(60_000);
      for (const id of ids) {
        await table.commit([{ key: records.audit(id), expect: 'absent', value: audit(id, { text }) }]);
      }
      const found = await table.list(records.audits());
      expect(found.map((one) => one.value.id)).toEqual(ids);
    });

    it('names the record and the field that is not as expected', async () => {
      const { table, writeRaw } = await make();
      await writeRaw('grant', { holder: 'a', epoch: 'three', since: at });
      const error = await rejection(table.get(records.grant()));
      expect(error).toBeInstanceOf(RecordInvalidError);
      expect(String(error)).toMatch(/grant.*epoch/);
    });
  });

  describe('committing', () => {
    it('raises the version by one at each write', async () => {
      const { table } = await make();
      await table.commit([{ key: records.grant(), expect: 'absent', value: grant(1) }]);
      await table.commit([{ key: records.grant(), expect: 1, value: grant(2) }]);
      expect(await table.get(records.grant())).toEqual({ value: grant(2), version: 2 });
    });

    it('refuses a record that exists already where it must be absent', async () => {
      const { table } = await make();
      await table.commit([{ key: records.grant(), expect: 'absent', value: grant(1) }]);
      const error = await rejection(table.commit([{ key: records.grant(), expect: 'absent', value: grant(9) }]));
      expect(error).toBeInstanceOf(CommitConflictError);
      expect((await table.get(records.grant()))?.value.epoch).toBe(1);
    });

    it('refuses a version where the record does not exist', async () => {
      const { table } = await make();
      const error = await rejection(table.commit([{ key: records.grant(), expect: 1, value: grant(2) }]));
      expect(error).toBeInstanceOf(CommitConflictError);
      expect(await table.get(records.grant())).toBeNull();
    });

    it('writes nothing when one expectation fails, and names only that record', async () => {
      const { table } = await make();
      await table.commit([{ key: records.grant(), expect: 'absent', value: grant(1) }]);
      const commit = table.commit([
        { key: records.audit('1'), expect: 'absent', value: audit('1') },
        { key: records.grant(), expect: 7, value: grant(8) },
        { key: records.audit('2'), expect: 'absent', value: audit('2') },
      ]);
      const error = await rejection(commit);
      expect(error).toMatchObject({ name: 'CommitConflictError', keys: ['grant'] });
      expect(await table.list(records.audits())).toEqual([]);
    });

    it('names every record whose expectation failed', async () => {
      const { table } = await make();
      const commit = table.commit([
        { key: records.grant(), expect: 1, value: grant(2) },
        { key: records.audit('1'), expect: 'absent', value: audit('1') },
        { key: records.audit('2'), expect: 3 },
      ]);
      expect(await rejection(commit)).toMatchObject({ keys: ['grant', 'audit#2'] });
    });

    it('checks a write without a value and leaves it as it is', async () => {
      const { table } = await make();
      await table.commit([{ key: records.grant(), expect: 'absent', value: grant(1) }]);
      await table.commit([
        { key: records.grant(), expect: 1 },
        { key: records.audit('1'), expect: 'absent', value: audit('1') },
      ]);
      expect((await table.get(records.grant()))?.version).toBe(1);
      await table.commit([{ key: records.grant(), expect: 1, value: grant(2) }]);
      const late = table.commit([
        { key: records.grant(), expect: 1 },
        { key: records.audit('2'), expect: 'absent', value: audit('2') },
      ]);
      expect(await rejection(late)).toMatchObject({ keys: ['grant'] });
      expect(await table.get(records.audit('2'))).toBeNull();
    });

    it('lets exactly one of twenty writers win from the same version', async () => {
      const { table } = await make();
      await table.commit([{ key: records.grant(), expect: 'absent', value: grant(1) }]);
      const writers = Array.from({ length: 20 }, (_, index) =>
        table.commit([
          { key: records.grant(), expect: 1, value: grant(index + 2) },
          { key: records.audit(String(index)), expect: 'absent', value: audit(String(index)) },
        ]),
      );
      const ends = await Promise.allSettled(writers);
      const lost = ends.filter((end) => end.status === 'rejected');
      expect(lost).toHaveLength(19);
      for (const end of lost) expect(end.reason).toMatchObject({ name: 'CommitConflictError', keys: ['grant'] });
      const winner = ends.findIndex((end) => end.status === 'fulfilled');
      expect(await table.get(records.grant())).toEqual({ value: grant(winner + 2), version: 2 });
      expect((await table.list(records.audits())).map((one) => one.value.id)).toEqual([String(winner)]);
    });

    it('lets exactly one of twenty create a record', async () => {
      const { table } = await make();
      const ends = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          table.commit([{ key: records.grant(), expect: 'absent', value: grant(index + 1) }]),
        ),
      );
      expect(ends.filter((end) => end.status === 'fulfilled')).toHaveLength(1);
    });

    it('never writes a value that its schema could not read again', async () => {
      const { table } = await make();
      const commit = table.commit([
        { key: records.audit('1'), expect: 'absent', value: audit('1') },
        { key: records.grant(), expect: 'absent', value: { holder: 'c', epoch: 1, since: at } },
      ]);
      const error = await rejection(commit);
      expect(error).toBeInstanceOf(RecordInvalidError);
      expect(String(error)).toMatch(/grant.*holder/);
      expect(await table.list(records.audits())).toEqual([]);
    });

    it('takes 100 writes, and neither more, none, nor the same record twice', async () => {
      const { table } = await make();
      const writes = Array.from({ length: 101 }, (_, index) => ({
        key: records.audit(String(index)),
        expect: 'absent' as const,
        value: audit(String(index)),
      }));
      await table.commit(writes.slice(0, 100));
      expect(await table.list(records.audits())).toHaveLength(100);
      expect(await rejection(table.commit(writes))).toBeInstanceOf(RangeError);
      expect(await rejection(table.commit([]))).toBeInstanceOf(RangeError);
      const twice = { key: records.grant(), expect: 'absent' as const, value: grant(1) };
      expect(await rejection(table.commit([twice, twice]))).toBeInstanceOf(RangeError);
    });
  });
}
