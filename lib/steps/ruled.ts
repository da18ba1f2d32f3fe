import type { OpRecord } from '../contracts/control.ts';
import { records } from '../contracts/records.ts';
import { PairNotAdoptedError, RefusedByRuleError } from '../core/errors.ts';
import { type Ruled, refuse } from '../core/refusal.ts';
import type { World } from '../ports/world.ts';

/** The new values of a legal move; a refusal becomes RefusedByRuleError with the rule it broke. */
export function legal<T extends object>(ruled: Ruled<T>): T {
  if (!ruled.ok) throw new RefusedByRuleError(ruled.refusal);
  return ruled;
}

/** Control and grant as they stand now. @throws PairNotAdoptedError before the first deployment has adopted the pair. */
export async function readControlAndGrant(world: World) {
  const [control, grant] = await Promise.all([world.table.get(records.control()), world.table.get(records.grant())]);
  if (!control || !grant)
    throw new PairNotAdoptedError(`pair ${world.config.pair} has no grant yet: run lifeboat adopt`);
  return { control, grant };
}

/**
 * Nothing is done to the sites between withdrawal and gift unless the grant is really there. An op whose grant was given
 * back before its end could be recorded ends by its Give back, and must not fence the site that got it.
 *
 * @throws RefusedByRuleError (S2).
 */
export async function requireWithdrawn(world: World, op: OpRecord): Promise<void> {
  const { grant } = await readControlAndGrant(world);
  const { holder, epoch } = grant.value;
  if (holder === 'none' && epoch === op.epoch) return;
  const because = `expected the grant withdrawn at epoch ${op.epoch}, found holder ${holder} at epoch ${epoch}`;
  legal(refuse('S2', because));
}
