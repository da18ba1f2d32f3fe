import type { FenceRecord } from '../contracts/control.ts';
import type { Side } from '../contracts/ids.ts';
import { records } from '../contracts/records.ts';
import type { Versioned } from '../ports/control-table.ts';
import type { World } from '../ports/world.ts';

export type Fence = Versioned<FenceRecord>;
export type FenceAsk = { readonly side: Side; readonly epoch: number; readonly op: string };

/** The record of one fence; every write of it requires that nobody else has written since. */
export class FenceJournal {
  fence: Fence;
  /** True after a write that failed. */
  isLost = false;
  readonly #world: World;

  constructor(world: World, fence: Fence) {
    this.#world = world;
    this.fence = fence;
  }

  /** The record of this fence; a new one when it is the first pass. */
  static async open(world: World, { side, epoch, op }: FenceAsk): Promise<FenceJournal> {
    const key = records.fence(epoch, side);
    const known = await world.table.get(key);
    if (known) return new FenceJournal(world, known);
    const value: FenceRecord = {
      op,
      side,
      epoch,
      rung: 'R0',
      markerWritten: false,
      pauseMap: null,
      stopped: [],
      stoppedCount: 0,
      zeroReadAt: null,
      lastChangeAt: null,
      acknowledgedAt: null,
      waiver: null,
      lastError: null,
      unreachedSince: null,
      reopenedAt: null,
      startedAt: world.now().toISOString(),
    };
    await world.table.commit([{ key, expect: 'absent', value }]);
    return new FenceJournal(world, { value, version: 1 });
  }

  get value(): FenceRecord {
    return this.fence.value;
  }

  async write(changes: Partial<FenceRecord>): Promise<void> {
    const value = { ...this.value, ...changes };
    const key = records.fence(value.epoch, value.side);
    try {
      await this.#world.table.commit([{ key, expect: this.fence.version, value }]);
    } catch (error) {
      this.isLost = true;
      throw error;
    }
    this.fence = { value, version: this.fence.version + 1 };
  }
}
