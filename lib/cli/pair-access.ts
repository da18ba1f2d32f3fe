import type { Command, CommandReply } from '../contracts/command.ts';
import type { PairConfig } from '../contracts/config.ts';
import type { Side } from '../contracts/ids.ts';
import type { ControlTable } from '../ports/control-table.ts';
import type { SiteBucket } from '../ports/site-bucket.ts';
import type { Preflight } from './doctor/preflight.ts';

/** The way to the function that accepts commands. */
export interface CommandChannel {
  /**
   * Sends one command signed as the caller.
   * @throws CommandNotSentError when the function could not be asked or its reply was not understood.
   */
  send(command: Command): Promise<CommandReply>;
}

/** Everything that a command of the command line may touch. Built in `main.ts`; tests build it from fakes. */
export type PairAccess = {
  readonly config: PairConfig;
  readonly table: ControlTable;
  readonly bucket: (side: Side) => SiteBucket;
  readonly commands: CommandChannel;
  /** Creates the first records of the pair; safe to repeat. Says what it did, one sentence each. */
  readonly adopt: () => Promise<readonly string[]>;
  /** Opens the eyes of `lifeboat doctor`; nothing is read before. */
  readonly preflight: () => Promise<Preflight>;
  /** States of the failover machine in the order in which they run. */
  readonly failoverSteps: readonly string[];
  readonly now: () => Date;
  /** Waits; returns early when the person stopped waiting. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** True after Ctrl-C. */
  readonly stopped: () => boolean;
  /** What has to be repeated on every command to reach the same pair, for example `--sandbox`. */
  readonly addressing: string;
};
