import { z } from 'zod';

/** Airflow's documents as the product reads them, each turned into the port's own shape. */

const Component = z.looseObject({ status: z.string().nullable() });
const MISSING = { status: null };

export const ComponentsAnswer = z
  .object({
    metadatabase: Component,
    scheduler: Component.extend({ latest_scheduler_heartbeat: z.string().nullish() }),
    triggerer: Component.extend({ latest_triggerer_heartbeat: z.string().nullish() }).default(MISSING),
    dag_processor: Component.extend({ latest_dag_processor_heartbeat: z.string().nullish() }).default(MISSING),
  })
  .transform((health) => ({
    metadatabase: { status: health.metadatabase.status, latestHeartbeat: null },
    scheduler: {
      status: health.scheduler.status,
      latestHeartbeat: health.scheduler.latest_scheduler_heartbeat ?? null,
    },
    triggerer: {
      status: health.triggerer.status,
      latestHeartbeat: health.triggerer.latest_triggerer_heartbeat ?? null,
    },
    dagProcessor: {
      status: health.dag_processor.status,
      latestHeartbeat: health.dag_processor.latest_dag_processor_heartbeat ?? null,
    },
  }));

const Dag = z
  .object({
    dag_id: z.string(),
    // Null in rows that older versions left behind: never run, so as good as paused.
    is_paused: z.boolean().nullable(),
    is_active: z.boolean().nullable(),
    has_import_errors: z.boolean().nullish(),
  })
  .transform((dag) => ({
    dagId: dag.dag_id,
    isPaused: dag.is_paused ?? true,
    isActive: dag.is_active ?? false,
    hasImportErrors: dag.has_import_errors ?? false,
  }));
export const DagPage = z
  .object({ dags: z.array(Dag), total_entries: z.number() })
  .transform(({ dags, total_entries }) => ({ rows: dags, total: total_entries }));

const TaskInstanceRow = z
  .object({
    dag_id: z.string(),
    dag_run_id: z.string(),
    task_id: z.string(),
    map_index: z.number(),
    state: z.string().nullable(),
    try_number: z.number(),
    start_date: z.string().nullable(),
  })
  .transform((row) => ({
    dagId: row.dag_id,
    runId: row.dag_run_id,
    taskId: row.task_id,
    mapIndex: row.map_index,
    state: row.state,
    tryNumber: row.try_number,
    startDate: row.start_date,
  }));
export const TaskInstancePage = z
  .object({ task_instances: z.array(TaskInstanceRow), total_entries: z.number() })
  .transform(({ task_instances, total_entries }) => ({ rows: task_instances, total: total_entries }));

export const RunAnswer = z
  .object({
    dag_id: z.string(),
    dag_run_id: z.string(),
    state: z.enum(['queued', 'running', 'success', 'failed']),
  })
  .transform((run) => ({ dagId: run.dag_id, runId: run.dag_run_id, state: run.state }));

/** The value is null when Airflow's own key does not open it. */
export const VariableAnswer = z.object({ value: z.string().nullable() });

const ImportErrorRow = z
  .object({ filename: z.string(), stack_trace: z.string() })
  .transform((row) => ({ filename: row.filename, stackTrace: row.stack_trace }));
export const ImportErrorPage = z
  .object({ import_errors: z.array(ImportErrorRow), total_entries: z.number() })
  .transform(({ import_errors, total_entries }) => ({ rows: import_errors, total: total_entries }));
