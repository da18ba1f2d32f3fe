import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AwsPlace } from '../../adapters/aws-clients.ts';
import { preflightReader } from '../../adapters/preflight/reader.ts';
import { helperVersionOf } from '../../adapters/preflight/recovery.ts';
import type { PairConfig } from '../../contracts/config.ts';
import { machinesIn } from '../../infra/functions.ts';
import type { ControlTable } from '../../ports/control-table.ts';
import type { PreflightReader } from '../../ports/preflight.ts';
import { functionDemands } from './demands.ts';

/** The eyes of `lifeboat doctor`, and what it compares with. */
export type Preflight = {
  readonly reader: PreflightReader;
  /** Version of the helper DAGs of this clone. */
  readonly helperVersion: string;
};

/** Reads from the clone at `root` what the deployment is compared with, and opens the reader. */
export async function openPreflight(options: {
  readonly root: string;
  readonly config: PairConfig;
  readonly place: Omit<AwsPlace, 'region'>;
  readonly table: ControlTable;
  readonly now: () => Date;
}): Promise<Preflight> {
  const { root, config, place, table, now } = options;
  const text = (...path: string[]) => readFile(join(root, ...path), 'utf8');
  const definitions = await Promise.all(
    machinesIn(config.mode).map(async (name) => [name, await text('state-machines', `${name}.asl.json`)] as const),
  );
  const helperVersion = helperVersionOf(await text('dags', 'mwaa_lifeboat', 'engine', 'export.py'));
  if (helperVersion === null) throw new Error('dags/mwaa_lifeboat/engine/export.py says no HELPER_VERSION');
  const functions = functionDemands(config);
  return {
    reader: preflightReader({ config, place, table, functions, definitions: Object.fromEntries(definitions), now }),
    helperVersion,
  };
}
