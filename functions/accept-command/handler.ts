import { z } from 'zod';
import { Command, type CommandReply } from '../../lib/contracts/command.ts';
import { acceptCommand } from '../../lib/steps/accept-command.ts';
import { EventInvalidError, type Handler, parseEvent } from '../_runtime/handler.ts';
import { worldOfFunction } from '../_runtime/world.ts';
import { refusalOf } from './refusal.ts';

/** Function URL event, payload version 2.0: the caller is who signed the request. */
const UrlEvent = z.object({
  body: z.string(),
  isBase64Encoded: z.boolean().default(false),
  requestContext: z.object({ authorizer: z.object({ iam: z.object({ userArn: z.string().min(1) }) }) }),
});
type UrlReply = { statusCode: number; headers: Record<string, string>; body: string };

const reply = (statusCode: number, body: CommandReply): UrlReply => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** What people ask for through the CLI. The function URL requires a signed request (AWS_IAM). */
export const handler: Handler<UrlReply> = async (event) => {
  try {
    const { body, isBase64Encoded, requestContext } = parseEvent(UrlEvent, event);
    const text = isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
    const command = parseEvent(Command, parseJson(text));
    const world = await worldOfFunction({ command: command.command });
    return reply(200, await acceptCommand(world, command, requestContext.authorizer.iam.userArn));
  } catch (error) {
    const refused = refusalOf(error);
    if (!refused) throw error;
    return reply(refused.status, { ok: false, error: refused.error });
  }
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new EventInvalidError('body: expected a JSON document', { cause: error });
  }
}
