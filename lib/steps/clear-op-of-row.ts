import type { Side } from '../contracts/ids.ts';
import type { World } from '../ports/world.ts';
import { readReservedRow, writeReservedRow } from './reserved-row.ts';

/** Frees a site for the next op: while `op` is set in its reserved row, only that op may import there. */
export async function clearOpOfRow(world: World, side: Side, op: string): Promise<void> {
  const row = await readReservedRow(world, side);
  if (row.op === op) await writeReservedRow(world, side, { ...row, op: null });
}
