import { z } from 'zod';
import type { Invocation } from './cli.ts';
import { UsageError } from './errors.ts';

/** Options of a command that moves production. */
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
 * Makes sure that a person means this pair in its present state: by typing its name, or by `--yes` together with the
 * epoch they saw, so that a command pasted from last month cannot act.
 * @param epoch grant epoch as it is now
 * @throws UsageError when it was not confirmed
 */
export async function confirm(invocation: Invocation, options: ConfirmOptions, epoch: number): Promise<void> {
  const { pair } = invocation.pair.config;
  if (options.expectEpoch !== undefined && options.expectEpoch !== epoch) {
    throw new UsageError(`expected grant epoch ${options.expectEpoch}, found ${epoch}`, 'look again: lifeboat status');
  }
  if (options.yes) {
    if (options.expectEpoch !== undefined) return;
    throw new UsageError(
      '--yes works only together with --expect-epoch',
      `add --expect-epoch ${epoch} if that is what you saw`,
    );
  }
  const answer = await invocation.screen.ask(`Type the name of the pair (${pair}) to go on: `);
  if (answer === null) {
    throw new UsageError('nobody is here to confirm', `add --yes --expect-epoch ${epoch}`);
  }
  if (answer.trim() !== pair) {
    throw new UsageError('not confirmed; nothing was done', `type ${pair}, or add --yes --expect-epoch ${epoch}`);
  }
}
