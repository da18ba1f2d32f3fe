import { describe, expect, it } from 'vitest';
import { compareRuns, type RunRow } from '../../../sandbox/demo/run-lists.ts';

const start = Date.parse('2026-11-24T12:00:00.000Z');
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString();
const lostAt = new Date(at(300));
const givenAt = new Date(at(360));

/** A run of the slot that begins `slot` minutes after the start. */
function run(slot: number, began: number | null, more: Partial<RunRow> = {}): RunRow {
  const ended = began === null ? null : at(began + 5);
  return {
    dagId: 'billing',
    runId: `scheduled__${at(slot * 60)}`,
    logicalDate: at(slot * 60),
    state: began === null ? 'queued' : 'success',
    end: ended,
    tasks: [{ taskId: 'bill', mapIndex: -1, start: began === null ? null : at(began), end: ended }],
    ...more,
  };
}

/** What was skipped, as numbers of slots, when it is measured `measured` seconds after the start. */
const skipped = (a: readonly RunRow[], b: readonly RunRow[], measured: number) =>
  compareRuns({
    a,
    b,
    snapshotAt: new Date(at(280)),
    lostAt,
    givenAt,
    measuredAt: new Date(at(measured)),
    slots: { billing: 60 },
  }).skipped.map(({ logicalDate }) => (Date.parse(logicalDate) - start) / 60_000);

/** Slots 0 to 3 ended on a before it was lost, and b knows them from the snapshot. */
const before = [0, 1, 2, 3].map((slot) => run(slot, slot * 60 + 61));

describe('a slot of a catchup DAG is skipped', () => {
  it('not when b ran it and all after it', () => {
    expect(skipped(before, [...before, run(4, 370), run(5, 380)], 430)).toEqual([]);
  });

  it('when b ran a later one and neither site has a row of it', () => {
    expect(skipped(before, [...before, run(5, 380)], 430)).toEqual([4]);
  });

  it('when b never began to work on its DAG although it is late', () => {
    expect(skipped(before, before, 430)).toEqual([4, 5]);
    expect(skipped(before, [], 430)).toEqual([4, 5]);
  });

  it('not while it is due for less than a minute, or b works through those before it', () => {
    expect(skipped(before, before, 359)).toEqual([]);
    expect(skipped(before, [...before, run(4, 400)], 900)).toEqual([]);
  });

  it('when it was only queued on a', () => {
    const a = [...before, run(4, null)];
    expect(skipped(a, before, 430)).toEqual([4, 5]);
    expect(skipped(a, [...before, run(5, 400)], 430)).toEqual([4]);
  });

  it('when it is queued on b and a later one has ended there', () => {
    expect(skipped(before, [...before, run(4, null), run(5, 400)], 430)).toEqual([4]);
  });

  it('not while it is queued or running on b and none after it has ended', () => {
    const running = run(5, null, { state: 'running' });
    expect(skipped(before, [...before, run(4, 370), running, run(6, 490, { state: 'running' })], 500)).toEqual([]);
  });

  it('not when a task of it had started on a, which the comparison counts elsewhere', () => {
    const interrupted = run(4, 301, { state: 'running', end: null });
    expect(skipped([...before, interrupted], [...before, run(5, 400)], 430)).toEqual([]);
  });

  it('not when it ended without a task, as a run that the policy set failed', () => {
    const failed = run(4, null, { state: 'failed', end: at(365) });
    expect(skipped(before, [...before, failed, run(5, 400)], 430)).toEqual([]);
  });
});
