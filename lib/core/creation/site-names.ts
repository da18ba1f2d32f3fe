import type { PairConfig } from '../../contracts/config.ts';
import type { SiteRecord } from '../../contracts/control.ts';

/**
 * The configuration with the names that the sites' environments really have: one that an op created may have a suffix.
 * A site without a record, or whose environment is gone, has the name that the configuration gives it.
 */
export function withSiteNames(config: PairConfig, records: readonly SiteRecord[]): PairConfig {
  const there = records.filter(({ state }) => state !== 'gone');
  const named = there.map(({ side, environment }) => [side, { ...config.sites[side], environment }] as const);
  return { ...config, sites: { ...config.sites, ...Object.fromEntries(named) } };
}
