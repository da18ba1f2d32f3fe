import { z } from 'zod';
import { type AirflowApi, AirflowApiError } from '../../../lib/ports/airflow.ts';

/*
 * The part of Airflow's stable REST API that the product uses, as real Airflow 2 answers it, over the Airflow of a
 * site in memory.
 */

type Call = { readonly airflow: AirflowApi; readonly body: unknown; readonly named: readonly string[] };
type Answer = { readonly status: number; readonly document: unknown };

const ok = (document: unknown): Answer => ({ status: 200, document });
const problem = (status: number, detail: string): Answer => ({ status, document: { status, detail, title: detail } });

const Paused = z.object({ is_paused: z.boolean() });
const States = z.object({ state: z.array(z.enum(['running', 'queued', 'deferred', 'scheduled', 'restarting'])) });
const FailTask = z.object({ task_id: z.string(), dag_run_id: z.string(), new_state: z.literal('failed') });
const NewRun = z.object({ dag_run_id: z.string(), conf: z.record(z.string(), z.unknown()) });
const NewVariable = z.object({ key: z.string(), value: z.string() });
const NewPool = z.object({ name: z.string(), slots: z.int() });

async function dags(airflow: AirflowApi) {
  const listed = (await airflow.listDags()).map((dag) => ({
    dag_id: dag.dagId,
    is_paused: dag.isPaused,
    is_active: dag.isActive,
    has_import_errors: dag.hasImportErrors,
  }));
  return { dags: listed, total_entries: listed.length };
}

/** The real one pauses what the pattern names, helpers too: whoever dies before it has opened them leaves them paused. */
async function pauseEveryDag({ airflow, body }: Call): Promise<Answer> {
  const { is_paused } = Paused.parse(body);
  for (const { dagId } of await airflow.listDags()) await airflow.setPaused(dagId, is_paused);
  return ok(await dags(airflow));
}

async function listTasks({ airflow, body }: Call): Promise<Answer> {
  const rows = (await airflow.activeTaskInstances(States.parse(body).state)).map((task) => ({
    dag_id: task.dagId,
    dag_run_id: task.runId,
    task_id: task.taskId,
    map_index: task.mapIndex,
    state: task.state,
    try_number: task.tryNumber,
    start_date: task.startDate,
  }));
  return ok({ task_instances: rows, total_entries: rows.length });
}

async function triggerRun({ airflow, body, named: [dagId = ''] }: Call): Promise<Answer> {
  const { dag_run_id, conf } = NewRun.parse(body);
  if ((await airflow.runState(dagId, dag_run_id)) !== null) return problem(409, `DAGRun ${dag_run_id} already exists`);
  const run = await airflow.triggerRun(dagId, dag_run_id, conf);
  return ok({ dag_id: dagId, dag_run_id, state: run.state });
}

async function setVariable(call: Call, mustExist: boolean): Promise<Answer> {
  const { key, value } = NewVariable.parse(call.body);
  if (mustExist && (await call.airflow.getVariable(key)) === null) return problem(404, `Variable ${key} not found`);
  await call.airflow.setVariable(key, value);
  return ok({ key, value });
}

const routes: readonly (readonly [RegExp, (call: Call) => Promise<Answer>])[] = [
  [/^GET \/dags$/, async ({ airflow }) => ok(await dags(airflow))],
  [/^PATCH \/dags$/, pauseEveryDag],
  [
    /^PATCH \/dags\/([^/]+)$/,
    async ({ airflow, body, named: [dagId = ''] }) => {
      await airflow.setPaused(dagId, Paused.parse(body).is_paused);
      return ok({ dag_id: dagId });
    },
  ],
  [/^POST \/dags\/~\/dagRuns\/~\/taskInstances\/list$/, listTasks],
  [
    /^POST \/dags\/([^/]+)\/updateTaskInstancesState$/,
    async ({ airflow, body, named: [dagId = ''] }) => {
      const { task_id, dag_run_id } = FailTask.parse(body);
      await airflow.failTask({ dagId, runId: dag_run_id, taskId: task_id, mapIndex: -1 });
      return ok({ task_instances: [] });
    },
  ],
  [/^POST \/dags\/([^/]+)\/dagRuns$/, triggerRun],
  [
    /^GET \/dags\/([^/]+)\/dagRuns\/([^/]+)$/,
    async ({ airflow, named: [dagId = '', runId = ''] }) => {
      const state = await airflow.runState(dagId, runId);
      return state === null
        ? problem(404, `DAGRun ${runId} not found`)
        : ok({ dag_id: dagId, dag_run_id: runId, state });
    },
  ],
  [
    /^GET \/variables\/([^/]+)$/,
    async ({ airflow, named: [key = ''] }) => {
      const value = await airflow.getVariable(key);
      return value === null ? problem(404, `Variable ${key} not found`) : ok({ key, value });
    },
  ],
  [/^PATCH \/variables\/([^/]+)$/, (call) => setVariable(call, true)],
  [/^POST \/variables$/, (call) => setVariable(call, false)],
  [
    /^PATCH \/pools\/([^/]+)$/,
    async ({ airflow, body, named: [name = ''] }) => {
      const { slots } = NewPool.parse(body);
      await airflow.ensurePool(name, slots);
      return ok({ name, slots });
    },
  ],
  [/^GET \/importErrors$/, async () => ok({ import_errors: [], total_entries: 0 })],
];

/** Answers one request below `/api/v1`. Failures of the site itself become 503. */
export async function answerAirflow(airflow: AirflowApi, method: string, path: string, body: unknown): Promise<Answer> {
  for (const [pattern, route] of routes) {
    const found = pattern.exec(`${method} ${path}`);
    if (!found) continue;
    try {
      return await route({ airflow, body, named: found.slice(1).map(decodeURIComponent) });
    } catch (error) {
      if (error instanceof AirflowApiError) return problem(error.status, error.detail);
      return problem(503, String(error));
    }
  }
  return problem(404, `the product uses no ${method} ${path}`);
}
