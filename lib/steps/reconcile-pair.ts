import type { FenceRecord, Grant } from '../contracts/control.ts';
import { helperDagPrefix } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import type { StepOutput } from '../contracts/step.ts';
import { RefusedByRuleError } from '../core/errors.ts';
import type { World } from '../ports/world.ts';
import { fenceOnce, fencesToFinish } from './fence-once.ts';
import { takeOverOp } from './take-over-op.ts';

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
  if (!op || op.value.needs !== null || op.value.attempt >= mostAttempts) return [];
  try {
    const taken = await takeOverOp(world, opId, 'policy:reconcile');
    return [`op ${opId} had lost its execution; attempt ${taken.attempt} goes on`];
  } catch (error) {
    // An op at work is the rule here, not a fault.
    if (error instanceof RefusedByRuleError) return [];
    throw error;
  }
}

async function fenceReturned(world: World, grant: Grant, openOp: string | null): Promise<string[]> {
  const fences = (await world.table.list(records.fences())).map(({ value }) => value);
  const did: string[] = [];
  for (const fence of fencesToFinish(grant, fences)) {
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
  await world.pager.page({
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
  await world.pager.page({
    subject: `${world.config.pair}: production DAGs were opened on the fenced site ${fence.side}`,
    text: `${open.join(', ')}\nThey are paused again. Runbook: runbooks/fence-not-acknowledged.md`,
  });
  return [`paused again on the fenced site ${fence.side}: ${open.join(', ')}`];
}
