import type { OpRecord } from '../../lib/contracts/control.ts';
import { acceptCommand } from '../../lib/steps/accept-command.ts';
import { takeOverOp } from '../../lib/steps/take-over-op.ts';
import { ExecutionStopped, type Walk } from './asl-walker.ts';
import type { Kill } from './simulation-lives.ts';
import { Simulation, type WalkHooks } from './simulation-world.ts';

export const person = 'arn:aws:iam::123456789012:role/oncall';

type Started = Parameters<typeof Simulation.started>;
export type Begun = { readonly simulation: Simulation; readonly op: OpRecord };

/** A pair whose site a has lost its scheduler, with a task at work there, and the op that has begun by itself. */
export async function lostSite(...started: Started): Promise<Begun> {
  const simulation = await Simulation.started(...started);
  simulation.sites.a.airflow.addTask({ dagId: 'sales', runId: 'scheduled__1', taskId: 'load' });
  simulation.sites.a.become('scheduler-lost');
  return { simulation, op: await simulation.untilBegun() };
}

/** A pair whose site a is degraded (it runs no task), and the op that a person has begun on that diagnosis. */
export async function degradedSite(...started: Started): Promise<Begun> {
  const [changes, options] = started;
  const simulation = await Simulation.started({ mode: 'manual', ...changes }, options);
  simulation.sites.a.become('workers-stuck');
  await simulation.advance(400);
  const begun = await acceptCommand(
    simulation.world,
    { command: 'begin', kind: 'failover', reason: 'no task runs', expectEpoch: 1, diagnoses: ['WORKERS_STUCK'] },
    person,
  );
  return { simulation, op: await simulation.op(begun.op ?? '') };
}

/** Stops the execution as StopExecution does: right before or right after the nth time of a state. */
export function stopAt(state: string, when: 'before' | 'after', nth = 1): WalkHooks {
  let met = 0;
  const stop = (here: string) => {
    if (here !== state) return;
    met += 1;
    if (met === nth) throw new ExecutionStopped(`stopped ${when} ${state}`);
  };
  return when === 'before' ? { entering: stop } : { invoked: stop };
}

/** Lets so much time pass without a tick that no function of an op can be at work any more. */
export async function quiet(simulation: Simulation): Promise<void> {
  simulation.ticking = false;
  await simulation.advance(simulation.world.config.timing.longestFunctionSeconds + 1);
  simulation.ticking = true;
}

/** The op is taken up, by the next tick or by a person, and the new execution is walked to its end. */
export async function resume(simulation: Simulation, op: OpRecord, hooks: WalkHooks = {}): Promise<Walk | 'stopped'> {
  const before = (await simulation.op(op.op)).attempt;
  await quiet(simulation);
  await simulation.advance(1);
  if ((await simulation.op(op.op)).attempt === before) await takeOverOp(simulation.world, op.op, person);
  return await simulation.execute(hooks);
}

/**
 * Kills an op at each of its commits in turn, from the `from`th to the `to`th, lets it be resumed, and looks at its end.
 *
 * @returns how many commits there were, and what `check` threw, by commit.
 */
export async function killAtEachCommit(
  start: () => Promise<Begun & { readonly hooks?: WalkHooks }>,
  kill: Omit<Kill, 'commit'> & { readonly from?: number; readonly to?: number },
  check: (begun: Begun, walked: Walk | 'stopped') => Promise<void>,
): Promise<{ commits: number; broken: string[] }> {
  const broken: string[] = [];
  let commit = kill.from ?? 1;
  for (; commit <= (kill.to ?? Number.POSITIVE_INFINITY); commit += 1) {
    const { hooks, ...begun } = await start();
    begun.simulation.kill = { commit, when: kill.when, how: kill.how };
    const walked = await begun.simulation.execute(hooks);
    if (begun.simulation.kill !== null) break;
    try {
      if ((await begun.simulation.op(begun.op.op)).endedAt === null) await resume(begun.simulation, begun.op);
      await check(begun, walked);
    } catch (error) {
      broken.push(`commit ${commit}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return { commits: commit - 1, broken };
}
