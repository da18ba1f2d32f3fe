/** Exit codes of the command line. Stable: scripts may test for them. */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  usage: 2,
  refused: 3,
  notReady: 4,
  opInProgress: 5,
  warnings: 6,
  stoppedWaiting: 7,
  noSnapshot: 8,
  holderHealthy: 9,
  waitsForPerson: 10,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What each exit code means, for help texts and documentation. */
export const exitCodeMeanings: Readonly<Record<ExitCode, string>> = {
  0: 'done; for status: healthy',
  1: 'unexpected error, or AWS could not be reached',
  2: 'usage or configuration error; nothing was done',
  3: 'refused by a safety rule, or the op ended without moving production',
  4: 'not ready: the pair is not deployed or not adopted, a site cannot be the target, or the sandbox is not up',
  5: 'another op is in progress',
  6: 'done with warnings (not fenced, DAGs left paused, fields left to fill in); for status: needs attention',
  7: 'stopped waiting; the op continues',
  8: 'no restorable snapshot within the limit',
  9: 'the active site is healthy',
  10: 'waiting for a person: an approval, or the action of a held op',
};
