import { describe, expect, it } from 'vitest';
import { measureHeartbeats } from '../../../lib/core/preflight/heartbeats.ts';
import { heartbeatHiddenBy, opensNewDags } from '../../../lib/core/preflight/options.ts';

describe('the heartbeat', () => {
  it.each([
    ['without options', {}, []],
    ['with an allow list that has it', { 'metrics.metrics_allow_list': 'executor, scheduler' }, []],
    [
      'with an allow list that has not',
      { 'metrics.metrics_allow_list': 'executor,pool' },
      ['metrics.metrics_allow_list'],
    ],
    ['with an empty allow list', { 'metrics.metrics_allow_list': '' }, []],
    ['with a block list that has it', { 'metrics.metrics_block_list': 'scheduler' }, ['metrics.metrics_block_list']],
    ['with a block list of others', { 'metrics.metrics_block_list': 'dag_processing' }, []],
    [
      'with both, of which the allow list wins',
      { 'metrics.metrics_allow_list': 'scheduler', 'metrics.metrics_block_list': 'scheduler' },
      [],
    ],
    ['with the old name of the allow list', { 'scheduler.statsd_allow_list': 'pool' }, ['scheduler.statsd_allow_list']],
    ['with StatsD off', { 'metrics.statsd_on': 'False' }, ['metrics.statsd_on']],
    ['with StatsD off by its old name', { 'scheduler.statsd_on': 'false' }, ['scheduler.statsd_on']],
    [
      'with a pattern',
      { 'metrics.metrics_use_pattern_match': 'True', 'metrics.metrics_block_list': '.*heartbeat$' },
      ['metrics.metrics_block_list'],
    ],
    [
      'with a pattern that is none',
      { 'metrics.metrics_use_pattern_match': 'True', 'metrics.metrics_allow_list': '[' },
      ['metrics.metrics_allow_list'],
    ],
  ])('is hidden by the options that are named: %s', (_, options, expected) => {
    expect(heartbeatHiddenBy(options)).toEqual(expected);
  });

  it('comes up with DAGs that are open only when the option says False', () => {
    expect(opensNewDags({ 'core.dags_are_paused_at_creation': ' False ' })).toBe(true);
    expect(opensNewDags({ 'core.dags_are_paused_at_creation': 'True' })).toBe(false);
    expect(opensNewDags({})).toBe(false);
  });
});

describe('the measure of a week', () => {
  const minutes = (...list: number[]) => list.map((minute) => minute * 60_000);

  it('has no gap when every period has a heartbeat', () => {
    expect(measureHeartbeats(minutes(0, 1, 2, 3), 4 * 60_000, 60)).toEqual({
      periodSeconds: 60,
      periods: 4,
      empty: 0,
      usualSeconds: 60,
      worstGapSeconds: 0,
    });
  });

  it('knows the worst gap, also at the end', () => {
    expect(measureHeartbeats(minutes(0, 1, 5, 6), 7 * 60_000, 60)).toMatchObject({ empty: 3, worstGapSeconds: 180 });
    expect(measureHeartbeats(minutes(0, 1), 10 * 60_000, 60)).toMatchObject({ empty: 8, worstGapSeconds: 480 });
  });

  it('knows what is usual: a heartbeat each five minutes', () => {
    expect(measureHeartbeats(minutes(0, 5, 10, 15), 20 * 60_000, 60)).toMatchObject({ usualSeconds: 300 });
  });

  it('counts from the first heartbeat and has nothing to count without one', () => {
    expect(measureHeartbeats([], 60_000, 60)).toMatchObject({ periods: 0, empty: 0 });
    expect(measureHeartbeats(minutes(100), 101 * 60_000, 60)).toMatchObject({ periods: 1, empty: 0 });
  });
});
