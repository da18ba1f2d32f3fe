import type { ReservedRow } from '../contracts/helper.ts';
import { OpId, type Side } from '../contracts/ids.ts';
import { helperDags, isHelperDag } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import { TargetNotReadyError } from '../core/errors.ts';
import { clearOpOfRow } from './clear-op-of-row.ts';
import { openPausedHelpers } from './open-helpers.ts';
import { readReservedRow } from './reserved-row.ts';
import type { StepContext, StepResult } from './step.ts';

const usable = new Set(['AVAILABLE', 'UPDATE_FAILED']);

/** The reserved row; an op that has ended without being able to clear it has left its id, and would keep this one out. */
async function freed(world: StepContext, target: Side): Promise<ReservedRow> {
  const row = await readReservedRow(world, target);
  const other = row.op === null || row.op === world.op.value.op ? null : OpId.safeParse(row.op).data;
  if (!other || !(await world.table.get(records.op(other)))?.value.endedAt) return row;
  await clearOpOfRow(world, target, other);
  return { ...row, op: null };
}

/**
 * Checks that the standby exists, answers, has the helpers and runs nothing. Changes nothing but this: a production DAG
 * that somebody un-paused on the standby is paused again, and a helper that was left paused is opened.
 *
 * @throws TargetNotReadyError with what is missing.
 */
export async function checkStandby(world: StepContext): Promise<StepResult> {
  const { target } = world.op.value.plan;
  const site = world.config.sites[target];
  const environment = await world.mwaa.getEnvironment(site.region, site.environment);
  if (!usable.has(environment.Status)) {
    throw new TargetNotReadyError(`${site.environment} in ${site.region} is ${environment.Status}, expected AVAILABLE`);
  }
  const row = await freed(world, target);
  if (row.mode !== 'standby' && !(row.mode === 'active' && row.epoch === world.op.value.epoch)) {
    throw new TargetNotReadyError(
      `site ${target} is in mode ${row.mode} (epoch ${row.epoch}), expected standby: ` +
        'a fenced site no command makes it a standby again yet',
    );
  }
  const airflow = world.airflow(target);
  const dags = await airflow.listDags();
  const missing = Object.values(helperDags).filter((id) => !dags.some((dag) => dag.dagId === id && dag.isActive));
  if (missing.length > 0) {
    throw new TargetNotReadyError(
      `site ${target} has no helper DAG ${missing.join(', ')}: deploy dags/mwaa_lifeboat there`,
    );
  }
  const open = dags.filter((dag) => !dag.isPaused && dag.isActive && !isHelperDag(dag.dagId));
  await openPausedHelpers(world, target, dags);
  if (row.mode === 'standby' && open.length > 0) await airflow.pauseAll();
  const production = dags.filter((dag) => dag.isActive && !isHelperDag(dag.dagId)).length;
  return {
    outcome: 'done',
    because:
      `standby ${site.environment} in ${site.region} is ${environment.Status} with ${production} production DAGs` +
      (open.length > 0
        ? `; paused ${open.map((dag) => dag.dagId).join(', ')}, which somebody had un-paused`
        : ', all paused'),
    data: {
      status: environment.Status,
      airflowVersion: environment.AirflowVersion ?? null,
      paused: open.map((d) => d.dagId),
    },
  };
}
