import type { CommandRefusal } from '../contracts/command.ts';
import { ControlTableMissingError } from '../ports/control-table.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';

/** An error that a person can act on: one line of cause, one line of fix. */
abstract class CliError extends Error {
  abstract override readonly name: string;
  abstract readonly exitCode: ExitCode;
  readonly fix: string;

  constructor(cause: string, fix: string) {
    super(cause);
    this.fix = fix;
  }
}

/** The command line itself was wrong. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';
  override readonly exitCode = exitCodes.usage;
}

/** The pair configuration is missing or does not parse. */
export class ConfigInvalidError extends CliError {
  override readonly name = 'ConfigInvalidError';
  override readonly exitCode = exitCodes.usage;
}

export class SandboxNotUpError extends CliError {
  override readonly name = 'SandboxNotUpError';
  override readonly exitCode = exitCodes.notReady;
}

/** The pair was never adopted: no site holds the grant because there is none. */
export class NotAdoptedError extends CliError {
  override readonly name = 'NotAdoptedError';
  override readonly exitCode = exitCodes.notReady;
}

export class NotReadyError extends CliError {
  override readonly name = 'NotReadyError';
  override readonly exitCode = exitCodes.notReady;
}

export class OpNotFoundError extends CliError {
  override readonly name = 'OpNotFoundError';
  override readonly exitCode = exitCodes.usage;
}

/** A safety rule forbids it. */
export class RefusedError extends CliError {
  override readonly name = 'RefusedError';
  override readonly exitCode = exitCodes.refused;
}

export class OpInProgressError extends CliError {
  override readonly name = 'OpInProgressError';
  override readonly exitCode = exitCodes.opInProgress;
}

export class NoSnapshotError extends CliError {
  override readonly name = 'NoSnapshotError';
  override readonly exitCode = exitCodes.noSnapshot;
}

export class HolderHealthyError extends CliError {
  override readonly name = 'HolderHealthyError';
  override readonly exitCode = exitCodes.holderHealthy;
}

/** AWS did not answer, or answered that it cannot. */
export class ControllerUnreachableError extends CliError {
  override readonly name = 'ControllerUnreachableError';
  override readonly exitCode = exitCodes.unexpected;
}

/** The function that accepts commands could not be asked. */
export class CommandNotSentError extends CliError {
  override readonly name = 'CommandNotSentError';
  override readonly exitCode = exitCodes.unexpected;
}

/** The function that accepts commands said no; its own name for the reason is `refusal.name`. */
export class CommandRefusedError extends CliError {
  override readonly name = 'CommandRefusedError';
  override readonly exitCode: ExitCode;
  readonly refusal: CommandRefusal;

  constructor(refusal: CommandRefusal) {
    const { message, rule } = refusal;
    super(rule ? `${message} (rule ${rule})` : message, refusal.fix ?? ruleFixes[rule ?? ''] ?? 'lifeboat status');
    this.refusal = refusal;
    this.exitCode = ruleExitCodes[rule ?? ''] ?? refusalExitCodes[refusal.name] ?? exitCodes.refused;
  }
}

const ruleExitCodes: Readonly<Record<string, ExitCode>> = { 'op-in-progress': exitCodes.opInProgress };
const ruleFixes: Readonly<Record<string, string>> = {
  'op-in-progress': 'see how far it is: lifeboat status',
  'expected-epoch': 'look at the pair again: lifeboat plan failover',
  'claim-too-young': 'wait until the newest claim is old enough, then: lifeboat resume <op>',
  'still-running': 'nothing to do: lifeboat report <op> shows its steps',
  paused: 'lifeboat pause --end',
  mode: 'change mode in the pair configuration and deploy it',
};
const refusalExitCodes: Readonly<Record<string, ExitCode>> = {
  OpInProgressError: exitCodes.opInProgress,
  PairNotAdoptedError: exitCodes.notReady,
  TargetNotReadyError: exitCodes.notReady,
  NoSnapshotError: exitCodes.noSnapshot,
  HolderHealthyError: exitCodes.holderHealthy,
  EventInvalidError: exitCodes.usage,
  UnknownOpError: exitCodes.usage,
  UnknownPairError: exitCodes.usage,
};

/** An error in the form of `--json`. */
export type ErrorDocument = { name: string; message: string; fix: string; exitCode: ExitCode };

/** Brings any error into cause, fix and exit code. Errors of the AWS SDK are known by their names. */
export function describeError(error: unknown): ErrorDocument {
  if (error instanceof CommandRefusedError) {
    return { name: error.refusal.name, message: error.message, fix: error.fix, exitCode: error.exitCode };
  }
  if (error instanceof CliError) {
    return { name: error.name, message: error.message, fix: error.fix, exitCode: error.exitCode };
  }
  const name = error instanceof Error ? error.name : 'Error';
  const message = error instanceof Error ? error.message.split('\n', 1).join('') : String(error);
  const exitCode = error instanceof ControlTableMissingError ? exitCodes.notReady : exitCodes.unexpected;
  return { name, message: message || name, fix: fixOf(name), exitCode };
}

const fixesByName: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /Credential|ExpiredToken|UnrecognizedClient|InvalidClientToken/,
    'sign in to AWS (for example: aws sso login) and check AWS_PROFILE',
  ],
  [
    /AccessDenied|NotAuthorized|Forbidden/,
    'use a role that may read the control table and invoke the function URL (docs/cli.md, Permissions)',
  ],
  [
    /ResourceNotFound|ControlTableMissing/,
    'check pair, account and controllerRegion in the pair configuration, and that the controller is deployed',
  ],
  [/RecordInvalid/, 'use the version of lifeboat that wrote the control table'],
];

function fixOf(name: string): string {
  return (
    fixesByName.find(([pattern]) => pattern.test(name))?.[1] ??
    'run the command again; if it stays, report it with this text'
  );
}
