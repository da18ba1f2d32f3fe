import { ReservedRow } from '../contracts/helper.ts';
import type { Side } from '../contracts/ids.ts';
import { reservedVariable } from '../contracts/names.ts';
import type { World } from '../ports/world.ts';

/** Reads a site's reserved row through its REST API; a missing row means {standby, epoch 0}. */
export async function readReservedRow(
  world: Pick<World, 'airflow'>,
  side: Side,
  environment?: string,
): Promise<ReservedRow> {
  const text = await world.airflow(side, environment).getVariable(reservedVariable);
  if (text === null) return { site: side, epoch: 0, op: null, mode: 'standby', lastImport: null };
  return ReservedRow.parse(JSON.parse(text));
}

/** Writes a site's reserved row through its REST API, where no helper can run. */
export async function writeReservedRow(world: Pick<World, 'airflow'>, side: Side, row: ReservedRow): Promise<void> {
  await world.airflow(side).setVariable(reservedVariable, JSON.stringify(row));
}
