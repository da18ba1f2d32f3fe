import { expect, it } from 'vitest';
import type { Side } from '../../../lib/contracts/ids.ts';
import { Follower } from '../../../sandbox/demo/follow.ts';

it('the follower tells each status of an environment once, and that it is gone', async () => {
  const there: Record<Side, { name: string; status: string }[]> = { a: [], b: [] };
  const told: string[] = [];
  const table = { get: async () => null, list: async () => [] };
  const follower = new Follower({ table, environments: (side) => there[side] }, (line) => told.push(line));
  for (const status of ['CREATING', 'CREATING', 'PENDING', 'CREATING', 'AVAILABLE', 'AVAILABLE']) {
    there.b = [{ name: 'demo-b-2', status }];
    await follower.look();
  }
  there.b = [];
  await follower.look();
  await follower.look();
  const seen = ['CREATING', 'PENDING', 'CREATING', 'AVAILABLE', 'gone'];
  expect(told).toEqual(seen.map((status) => `environment demo-b-2 of site b is ${status}`));
});
