import { z } from 'zod';
import { OpKind } from './control.ts';
import { OpId, Side } from './ids.ts';
import { Diagnosis } from './observation.ts';

const reason = z.string().trim().min(1, 'expected a reason');

/**
 * What a person asks the function `accept-command` for. Who asks is not in here: the caller's identity comes from the
 * signature of the request, never from its own word.
 */
export const Command = z.discriminatedUnion('command', [
  z.strictObject({
    command: z.literal('begin'),
    kind: OpKind,
    target: Side.optional().describe('The site that shall take over; without it the one that does not hold the grant.'),
    reason,
    expectEpoch: z.int().positive().describe('Grant epoch that the person saw; any other epoch refuses the command.'),
    acceptUnfenced: z.boolean().optional().describe('Go on although the losing site cannot be fenced (least rung R0).'),
    acceptRecoveryPointSeconds: z.number().positive().optional().describe('Oldest snapshot that the person accepts.'),
    diagnoses: z.array(Diagnosis).optional().describe('Diagnoses on which the op may withdraw the grant.'),
  }),
  z.strictObject({ command: z.literal('approve'), op: OpId, planHash: z.string().min(1), epoch: z.int().positive() }),
  z.strictObject({ command: z.literal('resume'), op: OpId }),
  z.strictObject({ command: z.literal('pause'), seconds: z.int().positive(), reason }),
  z.strictObject({ command: z.literal('unpause') }),
  z.strictObject({ command: z.literal('acknowledge'), op: OpId }),
]);
export type Command = z.infer<typeof Command>;

/** Why a command was refused. `rule` names the safety rule, when it was one. */
export const CommandRefusal = z.object({
  name: z.string().min(1),
  message: z.string().min(1),
  rule: z.string().optional(),
  fix: z.string().optional(),
});
export type CommandRefusal = z.infer<typeof CommandRefusal>;

/** Reply of `accept-command`: HTTP 200 with `ok: true`, or a 4xx with `ok: false`. */
export const CommandReply = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    op: OpId.optional(),
    execution: z.string().optional(),
    message: z.string(),
  }),
  z.object({ ok: z.literal(false), error: CommandRefusal }),
]);
export type CommandReply = z.infer<typeof CommandReply>;
