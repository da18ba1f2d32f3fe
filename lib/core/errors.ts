import type { Refusal, Rule } from './refusal.ts';

/*
 * Every error that a Catch or a Retry of a state machine names. The names are literals because ASL matches them and
 * bundlers shorten class names.
 */

/** A newer execution has taken the op over; this one must stop without writing anything. */
export class StaleAttemptError extends Error {
  override readonly name = 'StaleAttemptError';
}

/** The control table has no control or grant record of this pair: the first deployment has not adopted it. */
export class PairNotAdoptedError extends Error {
  override readonly name = 'PairNotAdoptedError';
}

/** The function serves another pair than the one its input names. */
export class UnknownPairError extends Error {
  override readonly name = 'UnknownPairError';
}

/** No op of this pair has the id that the input names. */
export class UnknownOpError extends Error {
  override readonly name = 'UnknownOpError';
}

/** A safety rule forbids the move; `rule` says which one. */
export class RefusedByRuleError extends Error {
  override readonly name = 'RefusedByRuleError';
  readonly rule: Rule;
  constructor(refusal: Refusal) {
    super(refusal.because);
    this.rule = refusal.rule;
  }
}

/** No snapshot is verified, legal and young enough to be imported. */
export class NoSnapshotError extends Error {
  override readonly name = 'NoSnapshotError';
}

/** The site that should take over is not well enough to do it. */
export class TargetNotReadyError extends Error {
  override readonly name = 'TargetNotReadyError';
}

/** The losing site cannot be stopped, and nobody has allowed to go on without. */
export class FenceNotPossibleError extends Error {
  override readonly name = 'FenceNotPossibleError';
}

/** A helper DAG refused its request; `helperError` is the name it gave, such as StaleEpochError. */
export class HelperRefusedError extends Error {
  override readonly name = 'HelperRefusedError';
  readonly helperError: string;
  constructor(error: { readonly name: string; readonly message: string }) {
    super(`${error.name}: ${error.message}`);
    this.helperError = error.name;
  }
}

/** The run of a helper DAG failed without a result. */
export class HelperFailedError extends Error {
  override readonly name = 'HelperFailedError';
}

/** The run of a helper DAG did not end within timing.helperTimeoutSeconds. */
export class HelperTimeoutError extends Error {
  override readonly name = 'HelperTimeoutError';
}

/** A snapshot is not what its manifest or its record says. */
export class SnapshotInvalidError extends Error {
  override readonly name = 'SnapshotInvalidError';
}

/** A site did not answer a call that the step cannot do without. */
export class SiteUnreachableError extends Error {
  override readonly name = 'SiteUnreachableError';
}

/** A service did not answer, or was full, for longer than its client tries: the same call may succeed soon. */
export class TransientError extends Error {
  override readonly name = 'TransientError';
}

/** The captured configuration cannot be honoured where it would be created; each objection names its field. */
export class ConfigurationRefusedError extends Error {
  override readonly name = 'ConfigurationRefusedError';
}

/** Fields that an op was begun with have changed in the configuration since. */
export class ConfigurationChangedError extends Error {
  override readonly name = 'ConfigurationChangedError';
}

/** An environment of the site's name exists and is not the pair's: it is never touched. */
export class NameTakenError extends Error {
  override readonly name = 'NameTakenError';
}

/** The environment could not be created, not even once more under another name. */
export class CreationFailedError extends Error {
  override readonly name = 'CreationFailedError';
}
