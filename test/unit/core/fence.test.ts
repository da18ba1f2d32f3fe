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
const quiet: FenceReading = { dags: paused, tasks: [task('success'), task('running', 'lifeboat_canary')] };
const next = (record: FenceRecord, reading: FenceReading, when = now) =>
  nextFenceAction({ record, reading, timing, now: when });
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

  it('keeps the state in which it first met a task', () => {
    const action = next(fence({ stopped: [task('running')] }), { dags: paused, tasks: [task('queued')] });
    expect(action.record.stopped).toEqual([task('running')]);
  });

  it('reads nothing active twice, the second time when every worker has had time to kill', () => {
    const changed = fence({ lastChangeAt: at(0) });
    const first = next(changed, quiet, later(5));
    expect(first).toMatchObject({ action: 'wait', waitSeconds: settle - 5, record: { rung: 'R1', zeroReadAt: at(5) } });
    const early = next(first.record, quiet, later(settle - 1));
    expect(early).toMatchObject({ action: 'wait', waitSeconds: 1, record: { zeroReadAt: at(5) } });
    const second = next(early.record, quiet, later(settle));
    expect(second).toMatchObject({ action: 'acknowledge', record: { rung: 'R2', acknowledgedAt: at(settle) } });
  });

  it('does not take one reading for two', () => {
    const first = next(fence({ startedAt: at(-9999) }), quiet);
    expect(first.action).toBe('wait');
    expect(next(first.record, quiet).action).toBe('wait');
    expect(next(first.record, quiet, later(1)).action).toBe('acknowledge');
  });

  it('begins to count again when a task shows up between the readings', () => {
    const first = next(fence({ lastChangeAt: at(0) }), quiet, later(5));
    const again = next(first.record, { dags: paused, tasks: [task('running')] }, later(80));
    expect(next(again.record, quiet, later(90))).toMatchObject({ action: 'wait', waitSeconds: settle - 10 });
  });

  it('that found nothing to change waits from its start', () => {
    const first = next(fence({ startedAt: at(0) }), quiet, later(1));
    expect(next(first.record, quiet, later(2)).action).toBe('wait');
  });
});

describe('the waiver', () => {
  const plan = { ...op().plan, leastRung: 'R0' as const };
  const approval = { op: opId, epoch: 2, planHash: op().planHash, by: 'arn:oncall', at: at(-600), expiresAt: at(60) };
  const ask = (changes: Partial<Parameters<typeof waiveFence>[0]> = {}) =>
    waiveFence({
      record: fence(),
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

  it('comes only after the fence has tried for long enough', () => {
    expect(ruleOf(ask({ record: fence({ startedAt: at(-299) }) }))).toBe('fence-still-tries');
  });

  it('is bound to the op and its plan', () => {
    expect(ruleOf(ask({ approval: { ...approval, planHash: 'another' } }))).toBe('S26');
    expect(ruleOf(ask({ record: fence({ op: 'other' }) }))).toBe('S26');
  });
});
