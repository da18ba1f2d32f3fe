import type { PairConfig } from '../contracts/config.ts';

/**
 * The fields of the configuration that an op is bound to: who is who. Times, mode and the rest may be changed while it
 * runs; an op that goes on with other sites than it began with would act on the wrong ones.
 *
 * @param config as deployed, with the configured names of the environments
 */
export function boundOf(config: PairConfig): Record<string, string> {
  const { pair, account, controllerRegion, strategy, sites } = config;
  const ofSite = (side: 'a' | 'b') =>
    (['region', 'environment', 'dagBucket', 'executionRoleArn'] as const).map(
      (field) => [`sites.${side}.${field}`, sites[side][field]] as const,
    );
  return { pair, account, controllerRegion, strategy, ...Object.fromEntries([...ofSite('a'), ...ofSite('b')]) };
}

/** One sentence for each field that is not what the op began with. */
export const changedSince = (bound: Readonly<Record<string, string>>, config: PairConfig): string[] => {
  const now = boundOf(config);
  return Object.keys(bound)
    .filter((field) => bound[field] !== now[field])
    .map(
      (field) => `${field}: the op began with ${bound[field]}, the configuration now says ${now[field] ?? 'nothing'}`,
    );
};
