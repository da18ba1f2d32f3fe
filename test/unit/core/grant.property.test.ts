import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ControlRecord, FenceRecord, Grant, GrantPeriod, OpRecord } from '../../../lib/contracts/control.ts';
import { begin } from '../../../lib/core/begin.ts';
import { endOp } from '../../../lib/core/close.ts';
import { fenceStands, give, giveBack, withdraw } from '../../../lib/core/grant.ts';
import { config, control, fence, grant, later, verdict } from '../../support/core-fixtures.ts';

/** The records of one pair, as one writer after another commits them. */
type World = {
  control: ControlRecord;
  grant: Grant;
  periods: Map<number, GrantPeriod>;
  ops: OpRecord[];
  fences: Map<string, FenceRecord>;
};
const newWorld = (): World => ({
  control: control(),
  grant: grant(),
  periods: new Map([[1, { epoch: 1, holder: 'a', since: grant().since, until: null }]]),
  ops: [],
  fences: new Map(),
});

const moves = [
  'begin',
  'withdraw',
  'fence',
  'waive',
  'give',
  'give back',
  'recover',
  'stand down',
  'end back',
] as const;
/** `which` picks the op that tries: 0 the newest, else an older one that must not get through. */
type Action = { readonly move: (typeof moves)[number]; readonly which: number };
const action: fc.Arbitrary<Action> = fc.record({
  move: fc.constantFrom(...moves),
  which: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) }),
});

const outcomes = { recover: 'recovered', 'stand down': 'stood-down', 'end back': 'given-back' } as const;

/** Tries one move; a legal one is committed. Returns whether it was. */
function attempt(world: World, { move, which }: Action, now: Date): boolean {
  if (move === 'begin') return tryBegin(world, now);
  const op = world.ops.at(-1 - which);
  if (op === undefined) return false;
  if (move === 'fence' || move === 'waive') return tryFence(world, op, move, now);
  const moved = tryMove(world, op, move, now);
  if (!moved.ok) return false;
  if ('grant' in moved) world.grant = moved.grant;
  if ('period' in moved) world.periods.set(moved.period.epoch, moved.period);
  if ('control' in moved) world.control = moved.control;
  world.ops = world.ops.map((one) => (one.op === moved.op.op ? moved.op : one));
  return true;
}

function tryBegin(world: World, now: Date): boolean {
  const leastRung = world.ops.length % 2 === 0 ? 'R2' : 'R0';
  const request = {
    op: `op ${world.ops.length}`,
    kind: 'failover',
    automatic: false,
    by: 'arn:oncall',
    reason: 'a test',
    leastRung,
    worstRecoveryPointSeconds: 60,
    diagnoses: ['ENV_DOWN'],
  } as const;
  const { control: before, grant: held, ops } = world;
  const openOps = ops.filter(({ endedAt }) => endedAt === null);
  const control = before;
  const hash = (text: string) => text;
  const begun = begin({ control, grant: held, openOps, request, config: config(), bound: {}, now, hash });
  if (!begun.ok) return false;
  world.control = begun.control;
  world.ops = [...ops, begun.op];
  return true;
}

function tryFence(world: World, op: OpRecord, move: 'fence' | 'waive', now: Date): boolean {
  const proof =
    move === 'fence' ? { acknowledgedAt: now.toISOString() } : { waiver: { by: 'Ada', reason: 'the Region is gone' } };
  const before = world.fences.get(op.op) ?? fence({ op: op.op, side: op.plan.from, epoch: op.epoch });
  world.fences.set(op.op, { ...before, ...proof });
  return true;
}

function tryMove(world: World, op: OpRecord, move: Exclude<Action['move'], 'begin' | 'fence' | 'waive'>, now: Date) {
  const { control: lease, grant: held } = world;
  const common = { control: lease, grant: held, op, now };
  if (move === 'withdraw') {
    const period = world.periods.get(held.epoch) ?? { epoch: held.epoch, holder: op.plan.from, since: '', until: '' };
    return withdraw({ ...common, period, automatic: op.automatic, cooldownSeconds: 60 });
  }
  if (move === 'give') return give({ ...common, fence: world.fences.get(op.op) ?? null });
  if (move === 'give back') return giveBack({ ...common, verdict: verdict({ site: op.plan.from }) });
  return endOp({ ...common, outcome: outcomes[move] });
}

/** What must hold after every commit, whatever came before. */
function check(before: Grant, world: World): void {
  const { grant: after, periods, ops } = world;
  const withdrawn = before.holder !== 'none' && after.holder === 'none';
  expect(after.epoch).toBe(before.epoch + (withdrawn ? 1 : 0));
  if (before.holder !== 'none' && after.holder !== 'none') expect(after.holder).toBe(before.holder);
  const open = [...periods.values()].filter(({ until }) => until === null);
  expect(open.map(({ holder }) => holder)).toEqual(after.holder === 'none' ? [] : [after.holder]);
  expect(ops.filter(({ endedAt }) => endedAt === null).length).toBeLessThanOrEqual(1);
  for (const period of periods.values()) {
    const op = ops.find(({ epoch, phase }) => epoch === period.epoch && phase !== 'open' && phase !== 'stood-down');
    if (op && period.holder === op.plan.target) expect(fenceStands(world.fences.get(op.op) ?? null, op)).toBe(true);
  }
}

it('any sequence of moves keeps one holder at most, and raises the epoch by one exactly when it withdraws', () => {
  const done = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(action, { minLength: 20, maxLength: 120 }), (actions) => {
      const world = newWorld();
      for (const [index, one] of actions.entries()) {
        const before = world.grant;
        if (!attempt(world, one, later(index))) continue;
        done.set(one.move, (done.get(one.move) ?? 0) + 1);
        check(before, world);
      }
    }),
    { numRuns: 300 },
  );
  expect(moves.filter((move) => !done.has(move))).toEqual([]);
});
