import type { FenceRecord, Grant, OpRecord } from '../contracts/control.ts';
import type { Side } from '../contracts/ids.ts';
import { records } from '../contracts/records.ts';
import type { StepOutput } from '../contracts/step.ts';
import { RefusedByRuleError } from '../core/errors.ts';
import { productionAtWork } from '../core/fence.ts';
import type { Versioned } from '../ports/control-table.ts';
import type { World } from '../ports/world.ts';
import { executionName } from './begin-op.ts';
import { fenceOnce, fencesToFinish, readProduction } from './fence-once.ts';
import { actionFor } from './hold-op.ts';
import { tryToOpenPausedHelpers } from './open-helpers.ts';
import { removeEnvironments } from './remove-environments.ts';
import { takeOverOp } from './take-over-op.ts';
import { tellPeople } from './tell-people.ts';

/** Executions of one op after which a person has to look instead of another one. */
const mostAttempts = 5;

/**
 * State "Reconcile" of watch: takes up an op whose execution has died, and goes on fencing a lost site from the moment
 * it answers again, deletes what ops created and nobody uses. Says what it did; nothing to do is the rule.
 */
export async function reconcilePair(world: World): Promise<StepOutput> {
  // Mode observe has no right to act: an op or a fence of an earlier mode stays as it is until the mode is changed.
  if (world.config.mode === 'observe') {
    return { outcome: 'done', waitSeconds: 0, because: 'mode observe reconciles nothing' };
  }
  const [control, grant] = await Promise.all([world.table.get(records.control()), world.table.get(records.grant())]);
  if (!control || !grant) return { outcome: 'done', waitSeconds: 0, because: 'the pair is not adopted yet' };
  // None of them may keep another from being done: a failure is thrown when all were tried.
  const done = await Promise.allSettled([
    control.value.op ? takeUpOrphan(world, control.value.op) : [],
    fenceReturned(world, grant.value, control.value.op),
    removeEnvironments(world),
  ]);
  const did = done.flatMap((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
  const because = did.length > 0 ? did.join('; ') : 'nothing to reconcile';
  return { outcome: 'done', waitSeconds: 0, because };
}

async function takeUpOrphan(world: World, opId: string): Promise<string[]> {
  const op = await world.table.get(records.op(opId));
  if (!op || op.value.needs !== null) return [];
  const { kind, attempt } = op.value;
  const status = await world.executions.status(kind, executionName(opId, attempt));
  if (status === 'RUNNING') return [];
  // An attempt whose execution was never started has not been made: it is started, however many there were before.
  if (status !== 'ABSENT' && attempt >= mostAttempts) return await giveUp(world, op);
  try {
    const taken = await takeOverOp(world, opId, 'policy:reconcile');
    return [`op ${opId} had ${status === 'ABSENT' ? 'no' : 'lost its'} execution; attempt ${taken.attempt} goes on`];
  } catch (error) {
    // An op at work is the rule here, not a fault.
    if (error instanceof RefusedByRuleError) return [];
    throw error;
  }
}

/** An op whose last execution has died, too, is held: nothing goes on by itself any more, and people are told once. */
async function giveUp(world: World, op: Versioned<OpRecord>): Promise<string[]> {
  const { kind, op: id, attempt, phase, plan } = op.value;
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
    did.push(...(fence.acknowledgedAt === null ? await fenceOn(world, fence) : await fenceAgain(world, fence)));
  }
  return did;
}

async function fenceOn(world: World, fence: FenceRecord): Promise<string[]> {
  const pass = await fenceOnce(world, { side: fence.side, epoch: fence.epoch, op: fence.op });
  if (pass.end !== 'worked') {
    world.log.warn({ side: fence.side, because: pass.because }, 'site without the grant could not be fenced');
    return [];
  }
  if (pass.action.action !== 'acknowledge') return [`fencing site ${fence.side}: ${pass.action.because}`];
  // Who was told that production was opened there knows already that it is fenced again.
  if (fence.reopenedAt === null) {
    await tellPeople(world, {
      subject: `${world.config.pair}: site ${fence.side} is back and fenced`,
      text: `It was lost unfenced at epoch ${fence.epoch}.\nSee what ran on both sites: lifeboat report ${fence.op}`,
    });
  }
  return [`site ${fence.side} is fenced now (R2)`];
}

/**
 * Production that somebody opened by hand on a fenced site, and its tasks that run since: the acknowledgement is void,
 * the fence works until R2 once more, and people are told once. Helpers that were left paused are opened.
 */
async function fenceAgain(world: World, { epoch, side }: FenceRecord): Promise<string[]> {
  const found = await lookBehind(world, side);
  if (found === null) return [];
  const key = records.fence(epoch, side);
  const fence = await world.table.get(key);
  if (!fence || fence.value.acknowledgedAt === null) return [];
  const at = world.now().toISOString();
  const id = world.newId();
  const { op, acknowledgedAt } = fence.value;
  const value: FenceRecord = { ...fence.value, rung: 'R0', acknowledgedAt: null, zeroReadAt: null, reopenedAt: at };
  const actor = 'policy:reconcile';
  const detail = { side, acknowledgedAt, found };
  const audit = { id, at, actor, what: 'fence-reopened', op, epoch, detail };
  await world.table.commit([
    { key, expect: fence.version, value },
    { key: records.audit(id), expect: 'absent', value: audit },
  ]);
  await tellPeople(world, {
    subject: `${world.config.pair}: production was opened on the fenced site ${side}`,
    text:
      `${found}\nIt is paused and stopped again, until nothing runs there. What ran meanwhile may have run on both sites.` +
      '\nRunbook: runbooks/fence-not-acknowledged.md',
  });
  return [`fencing site ${side} again: ${found}`, ...(await fenceOn(world, value))];
}

/** What of production is open or at work on a fenced site, in one sentence; null when nothing is, or nobody answers. */
async function lookBehind(world: World, side: Side): Promise<string | null> {
  try {
    const read = await readProduction(world, side);
    await tryToOpenPausedHelpers(world, side, read.dags);
    const { dags, tasks } = productionAtWork(read);
    const working = tasks.map(({ dagId, runId, taskId }) => `${dagId} ${runId} ${taskId}`);
    const open = dags.map(({ dagId }) => dagId);
    if (open.length + working.length === 0) return null;
    return `open: ${named(open)}; at work: ${named(working)}`;
  } catch (error) {
    world.log.warn({ side, error: String(error) }, 'fenced site does not answer');
    return null;
  }
}

/** Names that are said before the rest is only counted: a page and an audit record have an end. */
const mostNamed = 20;

function named(names: readonly string[]): string {
  if (names.length === 0) return 'nothing';
  const rest = names.length - mostNamed;
  return names.slice(0, mostNamed).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
