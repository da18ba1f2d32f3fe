import type { Command, CommandReply } from '../contracts/command.ts';
import { CommandRefusedError, RefusedError } from './errors.ts';
import type { PairAccess } from './pair-access.ts';

/**
 * Sends a command and returns the reply of a function that accepted it.
 * @throws RefusedError in mode observe, CommandRefusedError, CommandNotSentError
 */
export async function send(pair: PairAccess, command: Command): Promise<Extract<CommandReply, { ok: true }>> {
  if (pair.config.mode === 'observe') {
    throw new RefusedError(
      'mode observe takes no commands: nothing is deployed that could carry one out',
      'change mode in the pair configuration and deploy it (docs/getting-started.md)',
    );
  }
  const reply = await pair.commands.send(command);
  if (!reply.ok) throw new CommandRefusedError(reply.error);
  return reply;
}
