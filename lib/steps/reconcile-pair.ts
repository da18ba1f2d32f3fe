import type { FenceRecord, Grant, OpRecord } from '../contracts/control.ts';
import { helperDagPrefix } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import type { StepOutput } from '../contracts/step.ts';
import { RefusedByRuleError } from '../core/errors.ts';
import type { Versioned } from '../ports/control-table.ts';
import type { World } from '../ports/world.ts';
import { executionName } from './begin-op.ts';
import { fenceOnce, fencesToFinish } from './fence-once.ts';
import { actionFor } from './hold-op.ts';
import { takeOverOp } from './take-over-op.ts';
import { tellPeople } from './tell-people.ts';

/** Executions of one op after which a person has to look instead of another one. */
const mostAttempts = 5;

/**
 * State "Reconcile" of watch: takes up an op whose execution has died, and goes on fencing a lost site from the moment
 * it answers again. Says what it did; nothing to do is the rule.
 */
export async function reconcilePair(world: World): Promise<StepOutput> {
  const [control, grant] = await Promise.all([world.table.get(records.control()), world.table.get(records.grant())]);
  if (!control || !grant) return { outcome: 'done', waitSeconds: 0, because: 'the pair is not adopted yet' };
  const did = [
    ...(control.value.op ? await takeUpOrphan(world, control.value.op) : []),
    ...(await fenceReturned(world, grant.value, control.value.op)),
  ];
  const because = did.length > 0 ? did.join('; ') : 'nothing to reconcile';
  return { outcome: 'done', waitSeconds: 0, because };
}

async function takeUpOrphan(world: World, opId: string): Promise<string[]> {
  const op = await world.table.get(records.op(opId));
  if (!op || op.value.needs !== null) return [];
  if (op.value.attempt >= mostAttempts) return await giveUp(world, op);
  try {
    const taken = await takeOverOp(world, opId, 'policy:reconcile');
    return [`op ${opId} had lost its execution; attempt ${taken.attempt} goes on`];
  } catch (error) {
    // An op at work is the rule here, not a fault.
    if (error instanceof RefusedByRuleError) return [];
    throw error;
  }
}

/** An op whose last execution has died, too, is held: nothing goes on by itself any more, and people are told once. */
async function giveUp(world: World, op: Versioned<OpRecord>): Promise<string[]> {
  const { kind, op: id, attempt, phase, plan } = op.value;
  const status = await world.executions.status(kind, executionName(id, attempt));
  if (status === 'RUNNING' || status === 'ABSENT') return [];
  const needs = `${attempt} executions have died; ${actionFor(phase, id, plan.target)}`;
  await world.table.commit([{ key: records.op(id), expect: op.version, value: { ...op.value, needs } }]);
  await tellPeople(world, {
    subject: `${world.config.pair}: ${kind} ${id} is held`,
    text: `Phase: ${phase}\nNext: ${needs}\nRunbook: runbooks/op-held.md`,
  });
  return [`op ${id} is held after ${attempt} executions`];
}

async function fenceReturned(world: World, grant: Grant, openOp: string | null): Promise<string[]> {
  const [fences, periods] = await Promise.all([
    world.table.list(records.fences()),
    world.table.list(records.grantPeriods()),
  ]);
  const did: string[] = [];
  const open = fencesToFinish(
    periods.map(({ value }) => value),
    fences.map(({ value }) => value),
  );
  for (const fence of open) {
    // Until the op has given the grant, its own step works on this fence.
    if (fence.op === openOp && grant.holder === 'none') continue;
    did.push(...(fence.acknowledgedAt === null ? await fenceOn(world, fence) : await pauseAgain(world, fence)));
  }
  return did;
}

async function fenceOn(world: World, fence: FenceRecord): Promise<string[]> {
  const pass = await fenceOnce(world, { side: fence.side, epoch: fence.epoch, op: fence.op });
  if (!pass.reached) return [];
  if (pass.action.action !== 'acknowledge') return [`fencing site ${fence.side}: ${pass.action.because}`];
  await tellPeople(world, {
    subject: `${world.config.pair}: site ${fence.side} is back and fenced`,
    text: `It was lost unfenced at epoch ${fence.epoch}.\nSee what ran on both sites: lifeboat report ${fence.op}`,
  });
  return [`site ${fence.side} is fenced now (R2)`];
}

/** A DAG that somebody opened by hand on a fenced site is paused again and people are told. */
async function pauseAgain(world: World, fence: FenceRecord): Promise<string[]> {
  let open: string[];
  try {
    const dags = await world.airflow(fence.side).listDags();
    open = dags
      .filter((dag) => dag.isActive && !dag.isPaused && !dag.dagId.startsWith(helperDagPrefix))
      .map(({ dagId }) => dagId);
    if (open.length > 0) await world.airflow(fence.side).pauseAll();
  } catch (error) {
    world.log.warn({ side: fence.side, error: String(error) }, 'fenced site does not answer');
    return [];
  }
  if (open.length === 0) return [];
  await tellPeople(world, {
    subject: `${world.config.pair}: production DAGs were opened on the fenced site ${fence.side}`,
    text: `${open.join(', ')}\nThey are paused again. Runbook: runbooks/fence-not-acknowledged.md`,
  });
  return [`paused again on the fenced site ${fence.side}: ${open.join(', ')}`];
}
