import { records } from '../../lib/contracts/records.ts';
import type { Simulation } from '../support/simulation-world.ts';
import type { End } from './ways.ts';

/** Numbers of the steps that a helper does, each once in an op that recovers. */
const helperSteps = ['2', '3', '4', '5'];

/**
 * How an op ended. @throws Error when a rule was broken on the way, when it has not ended and asks nobody to do
 * anything, or when its end is not what it says.
 */
export async function endOf(simulation: Simulation, opId: string): Promise<End> {
  // The next tick's Reconcile finds nothing to do, and breaks nothing.
  await simulation.advance(simulation.world.config.timing.tickSeconds + 1);
  await simulation.rules.assertKept();
  const { endedAt, outcome, needs } = await simulation.op(opId);
  const { a, b } = simulation.sites;
  const grant = await simulation.grant();
  const lease = (await simulation.table.get(records.control()))?.value.op ?? null;
  const facts = `grant ${grant}, open on a: ${a.open()}, open on b: ${b.open()}, lease ${lease}, needs ${needs}`;
  const check = (end: End, isRight: boolean): End => {
    if (!isRight) throw new Error(`the op is ${end}, but: ${facts}`);
    return end;
  };
  if (endedAt === null) {
    const namesAction = needs?.includes(`lifeboat resume ${opId}`) ?? false;
    if (!namesAction || lease !== opId) throw new Error(`the op has not ended and asks for nothing: ${facts}`);
    return check('held', b.open().length === 0 || grant.startsWith('b@'));
  }
  const [onA, onB] = [a.open().length > 0, b.open().length > 0];
  if (outcome === 'stood-down') return check('stood down', lease !== opId && grant === 'a@1' && onA && !onB);
  if (outcome === 'given-back') return check('given back', lease === null && grant === 'a@2' && onA && !onB);
  const steps = b.worked.map((runId) => runId.split('-').at(-2));
  const once = helperSteps.every((step) => steps.filter((each) => each === step).length === 1);
  if (!once) throw new Error(`helper runs of an op that recovered: ${b.worked}`);
  return check('recovered', lease === null && grant === 'b@2' && !onA && onB);
}
