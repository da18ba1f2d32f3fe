import { StepOutput } from '../../lib/contracts/step.ts';
import { ExecutionStopped } from '../support/asl-walker.ts';
import { deliver } from '../support/simulation-lives.ts';
import { resume } from '../support/simulation-scenarios.ts';
import type { Simulation, WalkHooks } from '../support/simulation-world.ts';
import { endOf } from './ends.ts';
import { lookAtBothSites, watchEnvironments } from './environment-rules.ts';
import type { Effect, Rig } from './rig.ts';
import type { End, Strategy, Way } from './ways.ts';

/**
 * `stopped`: the execution ends right before or after the state, and is taken over by Reconcile. `killed`: the process of
 * the function dies before its nth effect happens, or before it hears that it has; the state is tried again.
 * `started again`: in the middle of the state a second execution of the same input walks from the start to the end.
 * `delivered at once`: the function gets its event twice at the same time.
 */
export type Interruption =
  | { readonly kind: 'stopped'; readonly when: 'before' | 'after' }
  | { readonly kind: 'killed'; readonly when: 'before' | 'after'; readonly nth: number }
  | { readonly kind: 'started again' }
  | { readonly kind: 'delivered at once' };

export const nameOf = (how: Interruption): string => ('when' in how ? `${how.kind} ${how.when}` : how.kind);

/** Tasks of watch that change something for an op: they run at its ticks, beside the machine that is walked. */
export const statesOfWatch: readonly string[] = ['Begin the op', 'Reconcile'];

/** Executions that may follow the first before the op has to have ended. */
const mostTakeovers = 4;

export type Case = { readonly rig: Rig; readonly strategy: Strategy; readonly way: Way };

async function begin({ strategy, way }: Case) {
  const begun = await way.begin(strategy.changes);
  watchEnvironments(begun.simulation);
  const run = begun.run ?? ((hooks: WalkHooks) => begun.simulation.execute(hooks));
  return { ...begun, hooks: begun.hooks ?? {}, run };
}

/** From now on the functions of a simulated pair are the bundles: those of its op, or the ones of its ticks, too. */
function useBundles({ rig }: Case, simulation: Simulation, ofTicks: boolean): void {
  const { beginOp, reconcilePair, ...ofOp } = rig.bodies;
  Object.assign(simulation.bodies, ofOp, ofTicks ? { beginOp, reconcilePair } : {});
  rig.enter(simulation.world);
  rig.changed = () => lookAtBothSites(simulation);
}

/** Every effect of the functions on a way that nothing interrupts, in order, and how it ends. */
export async function uninterrupted(ask: Case): Promise<{ effects: readonly Effect[]; end: End }> {
  const { simulation, op, hooks, run } = await begin(ask);
  useBundles(ask, simulation, true);
  ask.rig.reset();
  await run(hooks);
  const { effects } = ask.rig;
  return { effects, end: await endOf(simulation, op.op) };
}

/** The manners in which a state is interrupted that has these effects. */
export function interruptionsOf(state: string, effects: readonly Effect[]): Interruption[] {
  const here = effects.filter((effect) => effect.state === state);
  const killed = (when: 'before' | 'after', nths: readonly number[]) =>
    nths.map((nth) => ({ kind: 'killed' as const, when, nth }));
  const isCommit = (effect: Effect | undefined) => effect?.what.startsWith('commits') ?? false;
  /** The moment between an effect and the next one of the same call is looked at once. */
  const isFollowed = (index: number) => here[index]?.call === here[index + 1]?.call;
  const nths = here.map((_, index) => index + 1);
  // A commit's answer says nothing that the table does not: what is lost with it is the moment before the next effect.
  const after = nths.filter((nth) => !isCommit(here[nth - 1]) || !isFollowed(nth - 1));
  const before = nths.filter((nth) => nth === 1 || !isFollowed(nth - 2) || isCommit(here[nth - 2]));
  const ofFunction: Interruption[] = [
    ...killed('before', before),
    ...killed('after', after),
    { kind: 'delivered at once' },
  ];
  // A tick that is stopped or started again is the next tick.
  if (statesOfWatch.includes(state)) return ofFunction;
  return [
    { kind: 'stopped', when: 'before' },
    { kind: 'stopped', when: 'after' },
    ...ofFunction,
    { kind: 'started again' },
  ];
}

/**
 * Interrupts an op once, lets it be taken over until it has ended or asks for a person, and says how it ended. The same
 * steps run in memory until the state is reached (its way through the bundles is walked by `uninterrupted`), and the
 * bundles from there to the end.
 *
 * @throws Error when the interruption never came, and as `endOf` does
 */
export async function interrupt(ask: Case, state: string, how: Interruption): Promise<End> {
  const { simulation, op, hooks, run } = await begin(ask);
  ask.rig.reset(how.kind === 'killed' ? { state, nth: how.nth, when: how.when } : null);
  let reached = false;
  let happened = false;
  const once = async (act: () => unknown) => {
    if (happened) return;
    happened = true;
    await act();
  };
  const reach = () => {
    if (reached) return;
    reached = true;
    useBundles(ask, simulation, statesOfWatch.includes(state));
    if (how.kind === 'delivered at once') deliverAtOnce(simulation, state, () => once(() => {}));
  };
  const here = (when: 'entering' | 'invoked') => async (entered: string) => {
    await hooks[when]?.(entered);
    // A function that throws has not answered: what follows is the state that its error leads to.
    if (reached && entered !== state && how.kind === 'stopped') await once(stop);
    if (entered !== state) return;
    reach();
    if (how.kind === 'stopped' && (how.when === 'before') === (when === 'entering')) await once(stop);
    if (how.kind === 'started again' && when === 'entering') await once(() => simulation.execute(hooks));
  };
  if (statesOfWatch.includes(state)) reach();
  await run({ entering: here('entering'), invoked: here('invoked') });
  if (!happened && (how.kind !== 'killed' || ask.rig.armed)) throw new Error('the interruption never came');
  useBundles(ask, simulation, true);
  await takeOver(simulation, op.op, hooks);
  return await endOf(simulation, op.op);
}

function stop(): never {
  throw new ExecutionStopped('stopped');
}

/** The function of a state gets its first event twice at the same time. */
function deliverAtOnce(simulation: Simulation, state: string, met: () => Promise<void>): void {
  let isFirst = true;
  for (const [name, body] of Object.entries(simulation.bodies)) {
    simulation.bodies[name] = async (world, payload) => {
      if (!isFirst || JSON.parse(JSON.stringify(payload)).state !== state) return await body(world, payload);
      isFirst = false;
      await met();
      const answer = await deliver(async () => ({ ...(await body(world, payload)) }), 'at-once');
      return StepOutput.parse(answer);
    };
  }
}

/** Whoever finds an op without an execution takes it over, until it has ended or waits for a person. */
async function takeOver(simulation: Simulation, opId: string, hooks: WalkHooks): Promise<void> {
  for (let n = 0; n < mostTakeovers; n += 1) {
    const op = await simulation.op(opId);
    if (op.endedAt !== null || op.needs !== null) return;
    await resume(simulation, op, hooks);
  }
}
