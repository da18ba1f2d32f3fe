import { describe, expect, it } from 'vitest';
import type { StepRecord } from '../../../lib/contracts/control.ts';
import { type ClaimRequest, claim } from '../../../lib/core/journal.ts';
import { mayTakeOver } from '../../../lib/core/takeover.ts';
import { at, later, legal, now, op, opId, ruleOf } from '../../support/core-fixtures.ts';

const request: ClaimRequest = {
  op: opId,
  state: 'Import it',
  iteration: 0,
  attempt: 2,
  owner: `${opId}-2`,
  inputHash: 'input',
  now,
  replays: true,
};
const record = (changes: Partial<StepRecord> = {}): StepRecord => ({
  op: opId,
  state: 'Import it',
  iteration: 0,
  attempt: 1,
  owner: `${opId}-1`,
  status: 'claimed',
  inputHash: 'input',
  progress: { run: 3 },
  output: null,
  error: null,
  startedAt: at(-100),
  claimedAt: at(-50),
  endedAt: null,
  ...changes,
});
const done = record({ status: 'done', output: { outcome: 'done' }, endedAt: at(-1) });

describe('a claim', () => {
  it('of a step that nobody began runs it', () => {
    expect(claim(null, request)).toMatchObject({
      kind: 'run',
      record: { status: 'claimed', attempt: 2, progress: {}, startedAt: at(0), claimedAt: at(0) },
    });
  });

  it('of a done step returns its output', () => {
    expect(claim(done, request)).toEqual({ kind: 'replay', output: { outcome: 'done' } });
  });

  it('of a done step that is never replayed runs it without memory', () => {
    expect(claim(done, { ...request, replays: false })).toMatchObject({
      kind: 'run',
      record: { progress: {}, output: null, startedAt: at(0) },
    });
  });

  it('of a claimed step goes on with its progress and its start', () => {
    expect(claim(record(), request)).toMatchObject({
      kind: 'run',
      record: { attempt: 2, owner: `${opId}-2`, progress: { run: 3 }, startedAt: at(-100), claimedAt: at(0) },
    });
  });

  it('of a failed step runs it again with its progress', () => {
    const failed = record({ status: 'failed', error: { name: 'HelperFailedError', message: 'no result' } });
    expect(claim(failed, request)).toMatchObject({
      kind: 'run',
      record: { status: 'claimed', error: null, progress: { run: 3 }, startedAt: at(0) },
    });
  });

  it.each(['claimed', 'done', 'failed'] as const)('of a lower attempt is refused on a %s step', (status) => {
    expect(claim(record({ attempt: 3, status }), request)).toEqual({
      kind: 'refused',
      because: `attempt 2 of ${opId} may not write "Import it": attempt 3 has taken over`,
    });
  });
});

describe('a take-over', () => {
  const ask = (changes: Partial<Parameters<typeof mayTakeOver>[0]> = {}) =>
    mayTakeOver({
      op: op(),
      executionStatus: 'FAILED',
      newestClaimAt: later(-901),
      now,
      longestFunctionSeconds: 900,
      ...changes,
    });

  it.each(['FAILED', 'TIMED_OUT', 'ABORTED', 'SUCCEEDED', 'ABSENT'])(
    'raises the attempt after %s',
    (executionStatus) => {
      expect(legal(ask({ executionStatus })).op.attempt).toBe(2);
    },
  );

  it('is refused while the execution runs, or a function of it may', () => {
    expect(ruleOf(ask({ executionStatus: 'RUNNING' }))).toBe('still-running');
    expect(ruleOf(ask({ newestClaimAt: later(-900) }))).toBe('claim-too-young');
  });

  it('of an op that claimed nothing counts from its beginning', () => {
    expect(ruleOf(ask({ newestClaimAt: null }))).toBe('claim-too-young');
    expect(ruleOf(ask({ newestClaimAt: null, op: op({ beganAt: at(-901) }) }))).toBeNull();
  });

  it('is refused to an op that has ended', () => {
    expect(ruleOf(ask({ op: op({ endedAt: at(-1) }) }))).toBe('op-ended');
  });
});
