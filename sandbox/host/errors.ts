/** What went wrong on this machine, why, and what the person in front of it can do. `exitCode` is stable: scripts may test for it. */
export interface HostFailure {
  readonly cause: string;
  readonly fix: string;
}

/** Base of every error by which the sandbox refuses to start or to go on. */
export class SandboxHostError extends Error {
  override readonly name: string = 'SandboxHostError';
  readonly exitCode: number = 1;
  readonly fix: string;

  constructor(failure: HostFailure) {
    super(`${failure.cause}\n  Fix: ${failure.fix}`);
    this.fix = failure.fix;
  }
}

export class PythonMissingError extends SandboxHostError {
  override readonly name = 'PythonMissingError';
  override readonly exitCode = 10;
}

export class PythonVersionError extends SandboxHostError {
  override readonly name = 'PythonVersionError';
  override readonly exitCode = 11;
}

export class VenvMissingError extends SandboxHostError {
  override readonly name = 'VenvMissingError';
  override readonly exitCode = 12;
}

export class DiskSpaceError extends SandboxHostError {
  override readonly name = 'DiskSpaceError';
  override readonly exitCode = 13;
}

export class MemoryError extends SandboxHostError {
  override readonly name = 'MemoryError';
  override readonly exitCode = 14;
}

export class PortTakenError extends SandboxHostError {
  override readonly name = 'PortTakenError';
  override readonly exitCode = 15;
}

export class NodeVersionError extends SandboxHostError {
  override readonly name = 'NodeVersionError';
  override readonly exitCode = 16;
}

export class PlatformError extends SandboxHostError {
  override readonly name = 'PlatformError';
  override readonly exitCode = 17;
}

export class InstallError extends SandboxHostError {
  override readonly name = 'InstallError';
  override readonly exitCode = 18;
}

/** A sandbox of this name is up; starting another one would end it. */
export class AlreadyUpError extends SandboxHostError {
  override readonly name = 'AlreadyUpError';
  override readonly exitCode = 20;
}

/** A process of the sandbox did not start, or ended when it should have gone on. */
export class ProcessStartError extends SandboxHostError {
  override readonly name = 'ProcessStartError';
  override readonly exitCode = 19;
}
