import type { PairConfig } from '../../contracts/config.ts';
import type { SiteRecord } from '../../contracts/control.ts';
import type { Verdict } from '../../contracts/observation.ts';

/**
 * `exists`: the site has an environment of its own, to be judged like any. `creatable`: an op creates it, or takes up
 * what an earlier op began. `stranger`: one of its name exists that no op has made; an op would not touch it.
 */
export type TargetState = 'exists' | 'creatable' | 'stranger';

/** What an op would find at a site, by its newest verdict and the records of created environments. */
export function targetState(
  { site, diagnosis, observations }: Verdict,
  { strategy, sites, homeSite }: Pick<PairConfig, 'strategy' | 'sites' | 'homeSite'>,
  records: readonly SiteRecord[],
): TargetState {
  if (strategy !== 'backup-restore' || sites[site].create === undefined) return 'exists';
  const record = records.find(({ side, state }) => side === site && state !== 'gone');
  if (record) return record.state === 'in-use' ? 'exists' : 'creatable';
  if (diagnosis === 'ENV_GONE') return 'creatable';
  const isThere = observations.some(
    ({ signal, outcome }) => signal === 'environment' && ['alive', 'planned', 'dead'].includes(outcome),
  );
  return isThere && site !== homeSite ? 'stranger' : 'exists';
}
