import type { PairConfig } from '../../contracts/config.ts';
import type { Side } from '../../contracts/ids.ts';
import type { Outcome } from '../../contracts/observation.ts';
import { type Environment, EnvironmentNotFoundError, type MwaaControlPlane } from '../../ports/mwaa.ts';
import type { Probe } from '../../ports/probe.ts';
import { type Finding, observe } from './observe.ts';

/** UPDATE_FAILED was rolled back and runs; CREATING is well for what it is. */
const OUTCOMES = new Map<string, Outcome>([
  ['AVAILABLE', 'alive'],
  ['UPDATE_FAILED', 'alive'],
  ['CREATING', 'alive'],
  ['UNAVAILABLE', 'dead'],
  ['CREATE_FAILED', 'dead'],
  ['UPDATING', 'planned'],
  ['MAINTENANCE', 'planned'],
  ['CREATING_SNAPSHOT', 'planned'],
  ['ROLLING_BACK', 'planned'],
  ['PENDING', 'planned'],
  ['DELETING', 'gone'],
  ['DELETED', 'gone'],
]);

/** The status of the environment in the MWAA control plane. */
export function environmentProbe(options: {
  vantage: string;
  config: Pick<PairConfig, 'sites'>;
  mwaa: (side: Side) => MwaaControlPlane;
}): Probe {
  const { vantage, config, mwaa } = options;
  return {
    signal: 'environment',
    look: (site, now) =>
      observe({ site, signal: 'environment', vantage, now }, async () => {
        const { region, environment } = config.sites[site];
        try {
          return findInStatus(await mwaa(site).getEnvironment(region, environment));
        } catch (error) {
          if (!(error instanceof EnvironmentNotFoundError)) throw error;
          return { outcome: 'gone', cause: error.message, evidence: { status: 'NOT_FOUND' } };
        }
      }),
  };
}

function findInStatus({ Status, LastUpdate }: Environment): Finding {
  const outcome = OUTCOMES.get(Status);
  if (outcome === undefined) {
    return { outcome: 'unreadable', cause: `status ${Status} is not known`, evidence: { status: Status } };
  }
  // Only an update that is under way says when the state began; the time of an earlier one would make it overdue.
  const begun = LastUpdate?.Status === 'PENDING' ? LastUpdate.CreatedAt : undefined;
  const since = begun === undefined ? {} : { statusSince: new Date(begun * 1000).toISOString() };
  return { outcome, cause: `environment is ${Status}`, evidence: { status: Status, ...since } };
}
