import type { Machine } from '../../lib/infra/functions.ts';
import type { Reply } from './scripted-functions.ts';

/** One way through a shipped definition. */
export type Scenario = {
  readonly rule: string;
  readonly machine: Machine;
  readonly script: Readonly<Record<string, readonly Reply[]>>;
  /** Name of the state it ends in. */
  readonly endsIn: string;
};

const approved = { 'Wait for approval': ['pending', 'done'], 'Judge again': ['go'] } as const;
const scenario = (machine: Machine, rule: string, endsIn: string, script: Scenario['script']): Scenario => ({
  machine,
  rule,
  endsIn,
  script,
});

export const scenarios: readonly Scenario[] = [
  scenario('watch', 'a pair that is well is left alone', 'Nothing more to do', { 'Judge the pair': ['hold'] }),
  scenario('watch', 'a late tick does nothing at all', 'Nothing to do', { 'Judge the pair': ['stale-tick'] }),
  scenario('watch', 'a verdict that needs people pages them', 'Nothing more to do', { 'Judge the pair': ['page'] }),
  scenario('watch', 'a lost site begins an op', 'Nothing more to do', { 'Judge the pair': ['fail-over'] }),
  scenario('watch', 'a failed Reconcile does not hold up an op, and fails the tick', 'Reconcile failed', {
    'Judge the pair': ['prepare'],
    Reconcile: [{ throws: 'SiteUnreachableError' }],
  }),
  scenario('watch', 'a judge that fails fails the tick', 'Tick failed', {
    'Judge the pair': [{ throws: 'PairNotAdoptedError' }],
  }),
  scenario('watch', 'an unknown decision is not taken for hold', 'Outcome unknown', { 'Judge the pair': ['shrug'] }),

  scenario('protect', 'export and verification are polled', 'Protected', {
    'Export the snapshot': ['pending', 'pending', 'done'],
    'Verify the snapshot': ['pending', 'done'],
  }),
  scenario('protect', 'a tick beside a running one is skipped', 'Skipped', { 'Capture the configuration': ['skip'] }),
  scenario('protect', 'the ages are published after a failed export too', 'Snapshot not taken', {
    'Export the snapshot': ['pending', { throws: 'HelperFailedError' }],
  }),
  scenario('protect', 'a service that does not answer for a moment is asked again', 'Protected', {
    'Publish the ages': [{ throws: 'TransientError' }, 'done'],
  }),
  scenario('protect', 'the ages are published after a failed verification too', 'Snapshot not taken', {
    'Verify the snapshot': [{ throws: 'SnapshotInvalidError' }],
  }),

  scenario('failover', 'production comes up on the other site', 'Recovered', {
    ...approved,
    'Import the snapshot': ['pending', 'done'],
    'Fence the losing site': ['pending', 'done'],
    'Promote the site': ['pending', 'done'],
  }),
  scenario('failover', 'a bad snapshot is replaced by the next older one', 'Recovered', {
    ...approved,
    'Import the snapshot': ['choose-again', 'done'],
    'Import the rest': ['choose-again', 'done'],
  }),
  scenario('failover', 'a site that is well again stands the op down', 'Stood down', {
    ...approved,
    'Judge again': ['pending', 'stand-down'],
  }),
  scenario('failover', 'an expired approval stands the op down', 'Stood down', { 'Wait for approval': ['expired'] }),
  scenario('failover', 'an error before the withdrawal stands the op down', 'Stood down after an error', {
    'Prepare the site': [{ throws: 'TargetNotReadyError' }],
  }),
  scenario('failover', 'a withdrawal that was committed although it failed gives back', 'Given back', {
    ...approved,
    'Withdraw the grant': [{ throws: 'RefusedByRuleError' }],
    'Stand down after an error': ['withdrawn'],
    'Give back': ['given-back'],
  }),
  scenario('failover', 'an error between withdrawal and gift gives back', 'Given back', {
    ...approved,
    'Import the rest': [{ throws: 'HelperRefusedError' }],
    'Give back': ['given-back'],
  }),
  scenario('failover', 'a grant that cannot be given back is held for a person', 'Held', {
    ...approved,
    'Fence the losing site': [{ throws: 'FenceNotPossibleError' }],
    'Give back': ['held'],
    'Hold for a person': ['held'],
  }),
  scenario('failover', 'an error after the gift is held for a person', 'Held', {
    ...approved,
    'Promote the site': [{ throws: 'HelperTimeoutError' }],
    'Hold for a person': ['held'],
  }),
  scenario('failover', 'an execution that was superseded touches nothing more', 'Superseded', {
    ...approved,
    'Fence the losing site': ['pending', { throws: 'StaleAttemptError' }],
  }),
  scenario('failover', 'a history that fails is a warning', 'Recovered', {
    ...approved,
    'Import the history': ['pending', { throws: 'HelperFailedError' }],
  }),
  scenario('failover', 'a commit conflict is tried again', 'Recovered', {
    ...approved,
    'Withdraw the grant': [{ throws: 'CommitConflictError' }, { throws: 'CommitConflictError' }, 'done'],
  }),
  scenario('failover', 'a service that does not answer for a moment is asked again', 'Recovered', {
    ...approved,
    'Fence the losing site': [{ throws: 'TransientError' }, 'done'],
  }),
  scenario('failover', 'a withdrawal that would not be right any more is judged again', 'Recovered', {
    ...approved,
    'Withdraw the grant': ['judge-again', 'done'],
  }),
  scenario('failover', 'a grant is given back in as many looks as its DAGs need', 'Given back', {
    ...approved,
    'Import the rest': [{ throws: 'HelperFailedError' }],
    'Give back': ['pending', 'pending', 'given-back'],
  }),
  scenario('failover', 'a function that keeps crashing is an error like any other', 'Stood down after an error', {
    'Choose the snapshot': [{ throws: 'Runtime.ExitError' }],
  }),
];
