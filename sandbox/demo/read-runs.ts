import { z } from 'zod';
import type { PostgresServer } from '../host/postgres.ts';
import type { RunRow } from './run-lists.ts';

const Row = z.object({
  dag_id: z.string(),
  run_id: z.string(),
  logical_date: z.date(),
  state: z.string().nullable(),
  end_date: z.date().nullable(),
  tasks: z
    .array(
      z.object({
        task_id: z.string(),
        map_index: z.int(),
        start_date: z.string().nullable(),
        end_date: z.string().nullable(),
      }),
    )
    .nullable(),
});

/** All production runs of a site with their task instances, straight from its metadata database. */
export async function readRuns(postgres: PostgresServer, database: string): Promise<RunRow[]> {
  const rows = await postgres.query(
    database,
    `SELECT r.dag_id, r.run_id, r.execution_date AS logical_date, r.state, r.end_date,
            (SELECT json_agg(json_build_object('task_id', t.task_id, 'map_index', t.map_index,
                                               'start_date', t.start_date, 'end_date', t.end_date))
               FROM task_instance t WHERE t.dag_id = r.dag_id AND t.run_id = r.run_id) AS tasks
       FROM dag_run r WHERE r.dag_id NOT LIKE 'lifeboat\\_%' ORDER BY r.execution_date, r.dag_id`,
  );
  return rows.map((row) => {
    const run = Row.parse(row);
    return {
      dagId: run.dag_id,
      runId: run.run_id,
      logicalDate: run.logical_date.toISOString(),
      state: run.state ?? 'none',
      end: run.end_date?.toISOString() ?? null,
      tasks: (run.tasks ?? []).map((task) => ({
        taskId: task.task_id,
        mapIndex: task.map_index,
        start: task.start_date,
        end: task.end_date,
      })),
    };
  });
}
