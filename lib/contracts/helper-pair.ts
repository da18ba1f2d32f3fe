import type { PairConfig } from './config.ts';
import type { Side } from './ids.ts';
import { namesOf } from './names.ts';

/** Folder of the helper DAGs below the DAG folder of an environment; they import each other under its name. */
export const helperFolder = 'mwaa_lifeboat';

/** Text of `pair.json` beside the helper DAGs: which sites there are, for DAGs that have no other source. */
export function helperPairFile(config: PairConfig): string {
  const names = namesOf(config);
  const site = (side: Side) => ({
    environment: config.sites[side].environment,
    region: config.sites[side].region,
    bucket: names.siteBucket(side),
  });
  const pair = {
    pair: config.pair,
    canarySeconds: config.timing.canarySeconds,
    keyAlias: names.keyAlias,
    sites: { a: site('a'), b: site('b') },
  };
  return `${JSON.stringify(pair, null, 2)}\n`;
}
