import type { PairConfig } from '../contracts/config.ts';
import type { MwaaControlPlane } from '../ports/mwaa.ts';

/** What a command may touch that comes before there is a controller. Built in `main.ts`; tests build it from fakes. */
export type SetupAccess = {
  readonly mwaa: Pick<MwaaControlPlane, 'getEnvironment'>;
  /**
   * Reads the pair configuration that the options name.
   * @throws ConfigInvalidError
   */
  readonly config: () => Promise<PairConfig>;
  /** The clone of this repository: the helper DAGs and the schema of the configuration lie in it. */
  readonly projectRoot: string;
  /** Where a relative path of the command line begins. */
  readonly workingFolder: string;
  readonly now: () => Date;
  /** What has to be repeated on every command to reach the same AWS, for example `--sandbox`. */
  readonly addressing: string;
};
