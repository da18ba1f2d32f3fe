import type { Command as Verb } from 'commander';
import { z } from 'zod';
import { Side } from '../contracts/ids.ts';
import { parseDuration } from '../report/time-text.ts';
import type { FailoverWishes } from './failover-plan.ts';

/** A length of time on the command line, read into seconds. */
export const DurationOption = z.string().transform((text, context) => {
  const seconds = parseDuration(text);
  if (seconds !== null && seconds > 0) return seconds;
  context.addIssue({ code: 'custom', message: `expected a length of time such as 90s, 15m, 2h or 1d, found ${text}` });
  return z.NEVER;
});

export const FailoverOptions = z.object({
  target: z.enum(Side.options, 'expected a or b').optional(),
  acceptUnfenced: z.boolean().default(false),
  acceptRecoveryPoint: DurationOption.optional(),
});
export type FailoverOptions = z.infer<typeof FailoverOptions>;

/** Options that `plan failover` and `failover` have in common. */
export const withFailoverOptions = (command: Verb): Verb =>
  command
    .option('--target <site>', 'a or b: the site that takes over (default: the one without the grant)')
    .option(
      '--accept-unfenced',
      'go on although the losing site cannot be fenced; your name and reason become the waiver',
    )
    .option(
      '--accept-recovery-point <time>',
      'oldest snapshot you accept, for example 2d (default: the configuration)',
    );

export const wishesOf = (options: FailoverOptions): FailoverWishes => ({
  target: options.target,
  acceptUnfenced: options.acceptUnfenced,
  acceptRecoveryPointSeconds: options.acceptRecoveryPoint,
});
