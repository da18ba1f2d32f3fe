import type { Side } from '../contracts/ids.ts';
import { isHelperDag } from '../contracts/names.ts';
import type { DagSummary } from '../ports/airflow.ts';
import type { World } from '../ports/world.ts';

/**
 * Opens those of the four helpers that are paused: pausing everything pauses them, too, and whoever died before it had
 * opened them again has left a site without canary, export and import.
 *
 * @param dags what the site has listed just now; a helper that it does not list is not asked for
 */
export async function openPausedHelpers(world: World, side: Side, dags: readonly DagSummary[]): Promise<void> {
  for (const { dagId, isPaused } of dags) {
    if (isPaused && isHelperDag(dagId)) await world.airflow(side).setPaused(dagId, false);
  }
}

/** The same where stopping production matters more: a helper that cannot be opened is tried again by the next pass. */
export async function tryToOpenPausedHelpers(world: World, side: Side, dags: readonly DagSummary[]): Promise<void> {
  try {
    await openPausedHelpers(world, side, dags);
  } catch (error) {
    world.log.warn({ side, error: String(error) }, 'paused helpers could not be opened');
  }
}
