import { helperDagPrefix } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import { endOp } from '../core/close.ts';
import { giveBack as giveBackMove } from '../core/grant.ts';
import { readReservedRow, writeReservedRow } from './reserved-row.ts';
import { legal, readControlAndGrant } from './ruled.ts';
import type { StepContext, StepDefinition } from './step.ts';

/**
 * State "Give back": when something fails after the withdrawal and the losing site is well, that site gets its grant,
 * its reserved row and its open DAGs back. Outcome `held` when it is not well: then a person has to decide.
 * The tasks that the fence set failed stay failed and are named in the report; nothing is marked success.
 */
export const giveBack = (reason: string): StepDefinition => ({
  replays: () => false,
  async run(world) {
    const op = world.op.value;
    const { control, grant } = await readControlAndGrant(world);
    const verdict = await world.table.get(records.verdict(op.plan.from));
    const now = world.now();
    const move = giveBackMove({ grant: grant.value, control: control.value, op, verdict: verdict?.value ?? null, now });
    if (!move.ok) return { outcome: 'held', because: `${reason}; ${move.refusal.because}` };
    const ended = legal(endOp({ control: control.value, grant: move.grant, op: move.op, outcome: 'given-back', now }));
    const opened = await openAgain(world);
    await world.pager.page({
      subject: `${world.config.pair}: ${op.kind} failed, site ${op.plan.from} has its grant back`,
      text: `${reason}\n${opened} DAGs are open again.\nReport: lifeboat report ${op.op}`,
    });
    return {
      outcome: 'given-back',
      because: `${reason}; site ${op.plan.from} has the grant back and ${opened} DAGs are open again`,
      data: { reason, opened },
      writes: [
        { key: records.grant(), expect: grant.version, value: move.grant },
        { key: records.grantPeriod(op.epoch), expect: 'absent', value: move.period },
        { key: records.control(), expect: control.version, value: ended.control },
        { key: records.op(op.op), expect: world.op.version, value: ended.op },
      ],
    };
  },
});

async function openAgain(world: StepContext): Promise<number> {
  const op = world.op.value;
  const row = await readReservedRow(world, op.plan.from);
  await writeReservedRow(world, op.plan.from, { ...row, epoch: op.epoch, mode: 'active', op: null });
  const fence = await world.table.get(records.fence(op.epoch, op.plan.from));
  const open = (fence?.value.pauseMap ?? []).filter((dag) => !dag.isPaused && !dag.dagId.startsWith(helperDagPrefix));
  for (const { dagId } of open) await world.airflow(op.plan.from).setPaused(dagId, false);
  return open.length;
}
