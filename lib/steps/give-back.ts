import { isHelperDag } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import { endOp } from '../core/close.ts';
import { giveBack as giveBackMove } from '../core/grant.ts';
import { clearOpOfRow } from './clear-op-of-row.ts';
import { readPauseMap } from './pause-map.ts';
import { readReservedRow, writeReservedRow } from './reserved-row.ts';
import { legal, readControlAndGrant } from './ruled.ts';
import type { StepContext, StepDefinition } from './step.ts';
import { tellPeople } from './tell-people.ts';

/** DAGs that one look opens, one call each: well within the time of a function. */
const mostOpened = 200;

/**
 * State "Give back": when something fails after the withdrawal and the losing site is well, that site gets its grant,
 * its reserved row and its open DAGs back. Outcome `held` when it is not well: then a person has to decide.
 * The tasks that the fence set failed stay failed and are named in the report; nothing is marked success.
 *
 * The grant moves first and alone: an op that dies in here can never go on to the other site while this one is open
 * again. Its next attempt finds the grant here and only finishes what was begun. Outcome `pending` while DAGs are still
 * to be opened: a function has an end, and there may be thousands.
 */
export const giveBack = (reason: string): StepDefinition => ({
  replays: (op) => op.endedAt !== null,
  async run(world) {
    const op = world.op.value;
    const refusal = await moveGrant(world);
    if (refusal !== null) return { outcome: 'held', because: `${reason}; ${refusal}` };
    const { opened, shut } = await openAgain(world);
    if (shut > 0) {
      const because = `site ${op.plan.from} has the grant back; ${opened} DAGs are open again, ${shut} are to follow`;
      return { outcome: 'pending', because, waitSeconds: 1 };
    }
    await clearOpOfRow(world, op.plan.target, op.op).catch((error: unknown) => {
      // The next op's first look at that site frees it; a standby that is away must not keep the lease.
      world.log.warn({ side: op.plan.target, error: String(error) }, 'the standby keeps the op in its reserved row');
    });
    await tellPeople(world, {
      subject: `${world.config.pair}: ${op.kind} failed, site ${op.plan.from} has its grant back`,
      text: `${reason}\n${opened} DAGs are open again.\nReport: lifeboat report ${op.op}`,
    });
    const { control, grant } = await readControlAndGrant(world);
    const now = world.now();
    const ended = legal(
      endOp({ control: control.value, grant: grant.value, op, outcome: 'given-back', failure: reason, now }),
    );
    return {
      outcome: 'given-back',
      because: `${reason}; site ${op.plan.from} has the grant back and ${opened} DAGs are open again`,
      data: { reason, opened },
      writes: [
        { key: records.grant(), expect: grant.version },
        { key: records.control(), expect: control.version, value: ended.control },
        { key: records.op(op.op), expect: world.op.version, value: ended.op },
      ],
    };
  },
});

/** none -> X, unless an earlier look has done it; the reason when it is refused. */
async function moveGrant(world: StepContext): Promise<string | null> {
  const op = world.op.value;
  const { control, grant } = await readControlAndGrant(world);
  if (grant.value.holder === op.plan.from && grant.value.epoch === op.epoch) return null;
  const verdict = (await world.table.get(records.verdict(op.plan.from)))?.value ?? null;
  const move = giveBackMove({ grant: grant.value, control: control.value, op, verdict, now: world.now() });
  if (!move.ok) return move.refusal.because;
  const byHand = await fencedByHand(world);
  if (byHand !== null) return byHand;
  await world.table.commit([
    { key: records.grant(), expect: grant.version, value: move.grant },
    { key: records.grantPeriod(op.epoch), expect: 'absent', value: move.period },
    { key: records.control(), expect: control.version },
    { key: records.op(op.op), expect: world.op.version },
  ]);
  return null;
}

/** A row above the op's epoch was written by a person while the controller was away: nothing is opened behind it. */
async function fencedByHand(world: StepContext): Promise<string | null> {
  const { epoch, plan } = world.op.value;
  const row = await readReservedRow(world, plan.from);
  return row.epoch > epoch
    ? `the row of site ${plan.from} says ${row.mode} at epoch ${row.epoch}, which is not this op's: somebody acted by hand`
    : null;
}

/** The row first, then the DAGs of the pause map that are there and still paused; how many are open now, and are not. */
async function openAgain(world: StepContext): Promise<{ opened: number; shut: number }> {
  const { epoch, plan } = world.op.value;
  const airflow = world.airflow(plan.from);
  const row = await readReservedRow(world, plan.from);
  if (row.epoch !== epoch || row.mode !== 'active' || row.op !== null) {
    await writeReservedRow(world, plan.from, { ...row, epoch, mode: 'active', op: null });
  }
  const pauseMap = await readPauseMap(world);
  const open = new Set(pauseMap.filter((dag) => !dag.isPaused).map(({ dagId }) => dagId));
  // A DAG that has been deployed away since would be an error for ever.
  const there = (await airflow.listDags()).filter(({ dagId }) => open.has(dagId) && !isHelperDag(dagId));
  const paused = there.filter((dag) => dag.isPaused);
  const now = paused.slice(0, mostOpened);
  for (const { dagId } of now) await airflow.setPaused(dagId, false);
  const shut = paused.length - now.length;
  return { opened: there.length - shut, shut };
}
