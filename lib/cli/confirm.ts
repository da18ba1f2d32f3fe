import { z } from 'zod';
import type { Invocation } from './cli.ts';
import { RefusedError, UsageError } from './errors.ts';

/** Options of a command that moves production; hand them to `confirmable` once they are read. */
export const ConfirmOptions = z.object({
  yes: z.boolean().default(false),
  expectEpoch: z.coerce
    .number('expected a number')
    .int('expected a whole number')
    .positive('expected 1 or more')
    .optional(),
});
export type ConfirmOptions = z.infer<typeof ConfirmOptions>;

/**
 * The options, when they can confirm anything; to be called before the pair is read.
 * @throws UsageError on `--yes` without the epoch that the person saw
 */
export function confirmable<T extends ConfirmOptions>(options: T): T {
  if (!options.yes || options.expectEpoch !== undefined) return options;
  throw new UsageError(
    '--yes works only together with --expect-epoch',
    'add --expect-epoch and the grant epoch you saw; it stands in: lifeboat status',
  );
}

/**
 * Makes sure that a person means this pair in its present state: by typing its name, or by `--yes` together with the
 * epoch they saw, so that a command pasted from last month cannot act.
 * @param epoch grant epoch as it is now
 * @throws RefusedError when the epoch is another one, UsageError when it was not confirmed
 */
export async function confirm(invocation: Invocation, options: ConfirmOptions, epoch: number): Promise<void> {
  const { pair } = invocation.pair.config;
  if (options.expectEpoch !== undefined && options.expectEpoch !== epoch) {
    throw new RefusedError(
      `expected grant epoch ${options.expectEpoch}, found ${epoch}`,
      'look at the pair again: lifeboat status',
    );
  }
  if (options.yes) return;
  const answer = await invocation.screen.ask(`Type the name of the pair (${pair}) to go on: `);
  if (answer === null) {
    throw new UsageError('nobody is here to confirm', `add --yes --expect-epoch ${epoch}`);
  }
  if (answer.trim() !== pair) {
    throw new UsageError('not confirmed; nothing was done', `type ${pair}, or add --yes --expect-epoch ${epoch}`);
  }
}
