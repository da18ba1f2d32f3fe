import type { Command, CommandReply } from '../contracts/command.ts';
import { CommandRefusedError } from './errors.ts';
import type { PairAccess } from './pair-access.ts';

/**
 * Sends a command and returns the reply of a function that accepted it.
 * @throws CommandRefusedError, CommandNotSentError
 */
export async function send(pair: PairAccess, command: Command): Promise<Extract<CommandReply, { ok: true }>> {
  const reply = await pair.commands.send(command);
  if (!reply.ok) throw new CommandRefusedError(reply.error);
  return reply;
}
