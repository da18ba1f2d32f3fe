import type { Command, CommandReply } from '../contracts/command.ts';
import { otherSide } from '../contracts/config.ts';
import { records } from '../contracts/records.ts';
import { approve } from '../core/approve.ts';
import { UnknownOpError } from '../core/errors.ts';
import { refuse } from '../core/refusal.ts';
import { plusSeconds } from '../core/time.ts';
import type { World } from '../ports/world.ts';
import { beginOp, executionName } from './begin-op.ts';
import { legal, readControlAndGrant } from './ruled.ts';
import { takeOverOp } from './take-over-op.ts';

type Of<K extends Command['command']> = Extract<Command, { command: K }>;
type Accepted = Extract<CommandReply, { ok: true }>;

/** A pause that somebody forgot must not leave a pair without its failover for ever. */
const longestPauseSeconds = 30 * 86_400;

/**
 * Does what a person asked for. `by` is the ARN of the signed request.
 *
 * @throws RefusedByRuleError with the rule; UnknownOpError; CommitConflictError when another writer was faster.
 */
export function acceptCommand(world: World, command: Command, by: string): Promise<Accepted> {
  switch (command.command) {
    case 'begin':
      return beginByPerson(world, command, by);
    case 'approve':
      return approveOp(world, command, by);
    case 'resume':
      return resume(world, command, by);
    case 'pause':
      return pause(world, command, by);
    case 'unpause':
      return unpause(world, by);
    case 'acknowledge':
      return acknowledge(world, command, by);
  }
}

async function beginByPerson(world: World, command: Of<'begin'>, by: string): Promise<Accepted> {
  const { grant } = await readControlAndGrant(world);
  const from = grant.value.holder === 'none' ? world.config.homeSite : grant.value.holder;
  const verdict = await world.table.get(records.verdict(from));
  // The person who begins an op has seen its plan and typed the pair's name: that is the approval.
  const op = await beginOp(
    world,
    {
      op: world.newId(),
      kind: command.kind,
      target: command.target ?? otherSide(from),
      automatic: false,
      by,
      reason: command.reason,
      expectEpoch: command.expectEpoch,
      leastRung: command.acceptUnfenced ? 'R0' : 'R2',
      worstRecoveryPointSeconds: command.acceptRecoveryPointSeconds ?? world.config.timing.maxRecoveryPointSeconds,
      diagnoses: command.diagnoses ?? ['ENV_DOWN', 'REGION_UNREACHABLE'],
      detectedAt: verdict?.value.health === 'down' ? verdict.value.since : null,
    },
    by,
  );
  return { ok: true, op: op.op, execution: executionName(op.op, op.attempt), message: `op ${op.op} began` };
}

async function approveOp(world: World, command: Of<'approve'>, by: string): Promise<Accepted> {
  const op = await world.table.get(records.op(command.op));
  if (!op) throw new UnknownOpError(`op ${command.op} of pair ${world.config.pair} does not exist`);
  const ttlSeconds = world.config.timing.approvalTtlSeconds;
  const { planHash, epoch } = command;
  const { approval } = legal(approve({ op: op.value, by, planHash, epoch, ttlSeconds, now: world.now() }));
  const key = records.approval(command.op);
  const before = await world.table.get(key);
  await world.table.commit([
    { key, expect: before?.version ?? 'absent', value: approval },
    { key: records.op(command.op), expect: op.version },
    audited(world, by, 'approve', command.op, approval.epoch, {
      planHash: approval.planHash,
      expiresAt: approval.expiresAt,
    }),
  ]);
  return { ok: true, op: command.op, message: `approved until ${approval.expiresAt}` };
}

async function resume(world: World, command: Of<'resume'>, by: string): Promise<Accepted> {
  const op = await takeOverOp(world, command.op, by);
  return {
    ok: true,
    op: op.op,
    execution: executionName(op.op, op.attempt),
    message: `attempt ${op.attempt} goes on where the journal ends`,
  };
}

async function pause(world: World, command: Of<'pause'>, by: string): Promise<Accepted> {
  if (command.seconds > longestPauseSeconds) {
    const because = `a pause ends by itself after at most 30 days (${longestPauseSeconds} s), asked were ${command.seconds} s`;
    legal(refuse('pause-too-long', `${because}: ask for less, and pause again before it ends`));
  }
  const { control } = await readControlAndGrant(world);
  const pausedUntil = plusSeconds(world.now(), command.seconds);
  const value = { ...control.value, rev: control.value.rev + 1, pausedUntil, pauseReason: command.reason };
  await world.table.commit([
    { key: records.control(), expect: control.version, value },
    audited(world, by, 'pause', null, null, { pausedUntil, reason: command.reason }),
  ]);
  return { ok: true, message: `paused until ${pausedUntil}` };
}

async function unpause(world: World, by: string): Promise<Accepted> {
  const { control } = await readControlAndGrant(world);
  const value = { ...control.value, rev: control.value.rev + 1, pausedUntil: null, pauseReason: null };
  await world.table.commit([
    { key: records.control(), expect: control.version, value },
    audited(world, by, 'unpause', null, null, {}),
  ]);
  return { ok: true, message: 'the pause is lifted' };
}

async function acknowledge(world: World, command: Of<'acknowledge'>, by: string): Promise<Accepted> {
  const { control } = await readControlAndGrant(world);
  if (control.value.acknowledgementOwed !== command.op) {
    return { ok: true, op: command.op, message: 'no acknowledgement is owed for this op' };
  }
  const value = { ...control.value, rev: control.value.rev + 1, acknowledgementOwed: null };
  await world.table.commit([
    { key: records.control(), expect: control.version, value },
    audited(world, by, 'acknowledge', command.op, null, {}),
  ]);
  return { ok: true, op: command.op, message: 'acknowledged' };
}

function audited(
  world: World,
  actor: string,
  what: string,
  op: string | null,
  epoch: number | null,
  detail: Record<string, unknown>,
) {
  const id = world.newId();
  const value = { id, at: world.now().toISOString(), actor, what, op, epoch, detail };
  return { key: records.audit(id), expect: 'absent' as const, value };
}
