import { describe, expect, it } from 'vitest';
import type { FenceRecord, StoppedTask } from '../../../lib/contracts/control.ts';
import { policyActor } from '../../../lib/core/actor.ts';
import { type FenceReading, nextFenceAction, waiveFence } from '../../../lib/core/fence.ts';
import { at, fence, later, legal, now, op, opId, ruleOf, timing, unfencedWord } from '../../support/core-fixtures.ts';

const task = (state: string | null, dagId = 'sales'): StoppedTask => ({
  dagId,
  runId: 'run',
  taskId: 'load',
  mapIndex: -1,
  state,
});
const paused = [
  { dagId: 'sales', isPaused: true },
  { dagId: 'lifeboat_canary', isPaused: false },
];
type Read = Pick<FenceReading, 'dags' | 'tasks'>;
const quiet: Read = { dags: paused, tasks: [task('success'), task('running', 'lifeboat_canary')] };
/** The next action after a reading that took no time, of a site whose reserved row is fenced. */
const next = (record: FenceRecord, reading: Read & Partial<FenceReading>, when = now) =>
  nextFenceAction({ record, reading: { began: when, rowFenced: true, ...reading }, timing, now: when });
/** 15 s in which a worker notices, and 60 s in which it kills. */
const settle = 75;

describe('the fence', () => {
  it('pauses every production DAG that is not, and no helper', () => {
    const action = next(fence(), { dags: [...paused, { dagId: 'stock', isPaused: false }], tasks: [task('running')] });
    expect(action).toMatchObject({ action: 'pause', dagIds: ['stock'], record: { rung: 'R0', lastChangeAt: at(0) } });
  });

  it.each(['running', 'queued', 'deferred', 'scheduled', 'restarting'])('stops a task that is %s', (state) => {
    const action = next(fence({ zeroReadAt: at(-1) }), { dags: paused, tasks: [task(state)] });
    expect(action).toMatchObject({
      action: 'stop',
      tasks: [task(state)],
      record: { rung: 'R1', stopped: [task(state)], lastChangeAt: at(0), zeroReadAt: null },
    });
  });

  it('takes an acknowledgement back when it finds anything open or active', () => {
    const acknowledged = fence({ acknowledgedAt: at(-1) });
    const open = next(acknowledged, { dags: [{ dagId: 'stock', isPaused: false }], tasks: [] });
    const active = next(acknowledged, { dags: paused, tasks: [task('running')] });
    expect([open, active].map(({ record }) => record.acknowledgedAt)).toEqual([null, null]);
  });

  it('keeps the state in which it first met a task', () => {
    const action = next(fence({ stopped: [task('running')] }), { dags: paused, tasks: [task('queued')] });
    expect(action.record.stopped).toEqual([task('running')]);
  });

  it('names 500 stopped tasks, counts them all and hands out the full list', () => {
    const many = Array.from({ length: 501 }, (_, index) => ({ ...task('running'), mapIndex: index }));
    const first = next(fence(), { dags: paused, tasks: many });
    expect(first.record.stopped).toHaveLength(500);
    expect(first).toMatchObject({ record: { stoppedCount: 501 }, stopped: many });
    const again = nextFenceAction({
      record: first.record,
      stopped: many,
      reading: { dags: paused, tasks: [{ ...task('queued'), mapIndex: 500 }], began: now, rowFenced: true },
      timing,
      now,
    });
    expect(again).toMatchObject({ record: { stoppedCount: 501 }, stopped: many });
  });

  it('takes no DAG for a helper because its name begins like one', () => {
    const dags = [...paused, { dagId: 'lifeboat_sales', isPaused: false }];
    expect(next(fence(), { dags, tasks: [] })).toMatchObject({ action: 'pause', dagIds: ['lifeboat_sales'] });
    const tasks = [task('running', 'lifeboat_sales')];
    expect(next(fence(), { dags: paused, tasks })).toMatchObject({ action: 'stop', tasks });
  });

  it('reads nothing active twice, the second time when every worker has had time to kill since the first', () => {
    const changed = fence({ lastChangeAt: at(0) });
    const first = next(changed, quiet, later(5));
    expect(first).toMatchObject({ action: 'wait', waitSeconds: settle, record: { rung: 'R1', zeroReadAt: at(5) } });
    const early = next(first.record, quiet, later(5 + settle - 1));
    expect(early).toMatchObject({ action: 'wait', waitSeconds: 1, record: { zeroReadAt: at(5) } });
    const second = next(early.record, quiet, later(5 + settle));
    expect(second).toMatchObject({ action: 'acknowledge', record: { rung: 'R2', acknowledgedAt: at(5 + settle) } });
  });

  it('that needed 100 s to stop the tasks waits for the workers from there on, not from its first call', () => {
    const stop = next(fence(), { dags: paused, tasks: [task('running')] });
    const first = next(stop.record, quiet, later(100));
    expect(first).toMatchObject({ action: 'wait', waitSeconds: settle });
    expect(next(first.record, quiet, later(101)).action).toBe('wait');
    expect(next(first.record, quiet, later(100 + settle)).action).toBe('acknowledge');
  });

  it('counts from a change that was recorded after the first reading of nothing', () => {
    const record = fence({ zeroReadAt: at(0), lastChangeAt: at(10) });
    expect(next(record, quiet, later(settle)).action).toBe('wait');
    expect(next(record, quiet, later(10 + settle)).action).toBe('acknowledge');
  });

  it('does not count a second reading that began before the workers had their time', () => {
    const record = fence({ zeroReadAt: at(0) });
    expect(next(record, { ...quiet, began: later(settle - 1) }, later(settle + 30)).action).toBe('wait');
  });

  it('does not take one reading for two', () => {
    const first = next(fence({ startedAt: at(-9999) }), quiet);
    expect(first.action).toBe('wait');
    expect(next(first.record, quiet).action).toBe('wait');
    expect(next(first.record, quiet, later(settle)).action).toBe('acknowledge');
  });

  it('begins to count again when a task shows up between the readings', () => {
    const first = next(fence({ lastChangeAt: at(0) }), quiet, later(5));
    const again = next(first.record, { dags: paused, tasks: [task('running')] }, later(80));
    expect(next(again.record, quiet, later(90))).toMatchObject({ action: 'wait', waitSeconds: settle });
  });

  it('is not acknowledged while the reserved row is not fenced', () => {
    const record = fence({ zeroReadAt: at(0) });
    expect(next(record, { ...quiet, rowFenced: false }, later(settle))).toMatchObject({
      action: 'wait',
      because: 'nothing is active, but the reserved row is not fenced yet',
      record: { acknowledgedAt: null },
    });
  });
});

describe('the waiver', () => {
  const plan = { ...op().plan, leastRung: 'R0' as const };
  const approval = { op: opId, epoch: 2, planHash: op().planHash, by: 'arn:oncall', at: at(-600), expiresAt: at(60) };
  const ask = (changes: Partial<Parameters<typeof waiveFence>[0]> = {}) =>
    waiveFence({
      record: fence({ unreachedSince: at(-300) }),
      op: op({ plan }),
      approval,
      preAuthorised: undefined,
      fenceReachSeconds: 300,
      now,
      ...changes,
    });

  it('is the approval of a plan whose least rung is R0', () => {
    expect(legal(ask()).record.waiver).toEqual({ by: 'arn:oncall', reason: 'the scheduler is gone' });
    expect(ruleOf(ask({ op: op() }))).toBe('S5');
  });

  it("without a person is the configuration's word, if it was valid when the policy approved", () => {
    const byPolicy = { approval: { ...approval, by: policyActor.automatic } };
    expect(ruleOf(ask(byPolicy))).toBe('unfenced');
    expect(ruleOf(ask({ ...byPolicy, preAuthorised: { ...unfencedWord, until: at(-601) } }))).toBe('unfenced');
    expect(legal(ask({ ...byPolicy, preAuthorised: unfencedWord })).record.waiver).toEqual({
      by: 'Ada',
      reason: 'the jobs can run twice',
    });
  });

  it('comes only after the site was unreachable for long enough, however long the fence has worked before', () => {
    expect(ruleOf(ask({ record: fence({ startedAt: at(-9999), unreachedSince: at(-299) }) }))).toBe(
      'fence-still-tries',
    );
    expect(ruleOf(ask({ record: fence({ startedAt: at(-9999) }) }))).toBe('fence-still-tries');
  });

  it('is bound to the op and its plan', () => {
    expect(ruleOf(ask({ approval: { ...approval, planHash: 'another' } }))).toBe('S26');
    expect(ruleOf(ask({ record: fence({ op: 'other' }) }))).toBe('S26');
  });
});
