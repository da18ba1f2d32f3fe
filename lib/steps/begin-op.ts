import { otherSide } from '../contracts/config.ts';
import type { ControlRecord, Grant, OpRecord } from '../contracts/control.ts';
import type { Side } from '../contracts/ids.ts';
import { records } from '../contracts/records.ts';
import type { StepOutput, TickInput } from '../contracts/step.ts';
import { policyActor } from '../core/actor.ts';
import { approve } from '../core/approve.ts';
import { type BeginRequest, backOffLimit, begin } from '../core/begin.ts';
import { boundOf } from '../core/bound.ts';
import { canFence } from '../core/fence-reach.ts';
import type { Versioned, Write } from '../ports/control-table.ts';
import type { World } from '../ports/world.ts';
import { legal, readControlAndGrant } from './ruled.ts';

/** Name of an op's execution: a new attempt is a new execution. */
export const executionName = (op: string, attempt: number) => `${op}-${attempt}`;

/** Starts, or finds started, the execution of an op's current attempt. */
export async function startExecution(world: World, op: OpRecord): Promise<string> {
  const name = executionName(op.op, op.attempt);
  await world.executions.start(op.kind, name, { pair: op.pair, op: op.op, attempt: op.attempt });
  return name;
}

/**
 * Begin: one transaction that requires no open op, the mode, no pause and no cooldown, and fixes epoch, target and
 * plan. The approval of an automatic op, and that of the person who begins one and means it, is written with it.
 *
 * @throws RefusedByRuleError with the rule; CommitConflictError when another Begin was faster.
 */
export async function beginOp(world: World, request: BeginRequest, approvedBy: string | null): Promise<OpRecord> {
  const { control, grant } = await readControlAndGrant(world);
  const ops = await world.table.list(records.ops());
  const begun = legal(
    begin({
      control: control.value,
      grant: grant.value,
      openOps: ops.map(({ value }) => value).filter((op) => op.endedAt === null),
      request,
      config: world.config,
      bound: boundOf(world.configured),
      now: world.now(),
      hash: world.sha256,
    }),
  );
  await world.table.commit(writesOf(world, begun, control, grant, approvedBy));
  world.log.info({ op: begun.op.op, epoch: begun.op.epoch, by: request.by, plan: begun.op.plan }, 'op began');
  await startExecution(world, begun.op);
  return begun.op;
}

function writesOf(
  world: World,
  begun: { op: OpRecord; control: ControlRecord },
  control: Versioned<ControlRecord>,
  grant: Versioned<Grant>,
  approvedBy: string | null,
): Write[] {
  const { op } = begun;
  const at = world.now().toISOString();
  const approval = approvedBy ? policyOrPerson(world, op, approvedBy) : null;
  const id = world.newId();
  return [
    { key: records.op(op.op), expect: 'absent', value: op },
    { key: records.control(), expect: control.version, value: begun.control },
    { key: records.grant(), expect: grant.version },
    ...(approval ? [{ key: records.approval(op.op), expect: 'absent' as const, value: approval }] : []),
    {
      key: records.audit(id),
      expect: 'absent',
      value: { id, at, actor: op.by, what: 'begin', op: op.op, epoch: op.epoch, detail: { plan: op.plan, approvedBy } },
    },
  ];
}

/** The approval that is written with Begin: the policy's own, or that of the person who begins and has seen the plan. */
function policyOrPerson(world: World, op: OpRecord, by: string) {
  const ttlSeconds = world.config.timing.approvalTtlSeconds;
  return legal(approve({ op, by, planHash: null, epoch: null, ttlSeconds, now: world.now() })).approval;
}

/** State "Begin the op" of watch: what the decision of this tick asks for, by the policy of the pair's mode. */
export async function beginByPolicy(
  world: World,
  input: TickInput & { decision: 'prepare' | 'fail-over'; because: string },
): Promise<StepOutput> {
  const { control, grant } = await readControlAndGrant(world);
  const automatic = input.decision === 'fail-over';
  if (control.value.op) return await approveWaitingOp(world, control.value.op, automatic);
  if (grant.value.holder === 'none') return { outcome: 'hold', waitSeconds: 0, because: 'no site holds the grant' };
  const from = grant.value.holder;
  const verdict = await world.table.get(records.verdict(from));
  const backOff = await failuresBefore(world, from, verdict?.value.since ?? null);
  if (backOff !== null) return { outcome: 'hold', waitSeconds: 0, because: backOff };
  const op = await beginOp(
    world,
    {
      op: world.newId(),
      kind: 'failover',
      target: otherSide(from),
      automatic,
      by: automatic ? policyActor.automatic : policyActor.prepare,
      reason: input.because,
      leastRung: verdict && canFence(verdict.value, world.config.controllerRegion) ? 'R2' : 'R0',
      worstRecoveryPointSeconds: world.config.timing.maxRecoveryPointSeconds,
      diagnoses: ['ENV_DOWN', 'REGION_UNREACHABLE'],
      detectedAt: verdict?.value.since ?? null,
    },
    automatic ? policyActor.automatic : null,
  );
  return { outcome: 'begun', waitSeconds: 0, because: `op ${op.op} began: ${input.because}` };
}

/** Why the policy lets some time pass after ops of this same loss that have failed, or null. */
async function failuresBefore(world: World, from: Side, since: string | null): Promise<string | null> {
  const ops = await world.table.list(records.ops());
  const { tickSeconds } = world.config.timing;
  return backOffLimit({ ops: ops.map(({ value }) => value), from, since, tickSeconds, now: world.now() });
}

/** A prepare op that waits gets its approval from the policy when the loss has become sure in mode automatic. */
async function approveWaitingOp(world: World, opId: string, automatic: boolean): Promise<StepOutput> {
  const op = await world.table.get(records.op(opId));
  const approval = await world.table.get(records.approval(opId));
  if (!op || !automatic || approval || op.value.phase !== 'open') {
    return { outcome: 'hold', waitSeconds: 0, because: `op ${opId} is open` };
  }
  const value = policyOrPerson(world, op.value, policyActor.automatic);
  await world.table.commit([
    { key: records.approval(opId), expect: 'absent', value },
    { key: records.op(opId), expect: op.version, value: { ...op.value, automatic: true } },
  ]);
  return { outcome: 'approved', waitSeconds: 0, because: `op ${opId} approved by policy` };
}
