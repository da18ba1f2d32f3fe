import { isHelperDag } from '../../../lib/contracts/names.ts';
import {
  type AirflowApi,
  AirflowApiError,
  type AirflowHealth,
  type AirflowRequest,
  type DagRun,
  type DagRunState,
  type DagSummary,
  type HttpMethod,
  type ImportError,
  type TaskInstance,
  type TaskKey,
  type TaskState,
} from '../../../lib/ports/airflow.ts';

type FakeRun = { dagId: string; runId: string; state: DagRunState; conf: Readonly<Record<string, unknown>> };
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const sameTask = (left: TaskKey, right: TaskKey) =>
  left.dagId === right.dagId &&
  left.runId === right.runId &&
  left.taskId === right.taskId &&
  left.mapIndex === right.mapIndex;

/** Airflow of one site as plain data that a test sets and reads. */
export class FakeAirflow implements AirflowApi {
  /** Thrown by every call while it is set. */
  outage: Error | null = null;
  /** Called for each call with its name, before it acts: throw here to fail one kind of call. */
  beforeCall: ((call: string) => void | Promise<void>) | null = null;
  /** Called when a run is triggered for the first time: what a helper DAG would do. */
  onRun: ((run: FakeRun) => void | Promise<void>) | null = null;
  /** Names of all calls, in order. */
  readonly calls: string[] = [];
  dags: Mutable<DagSummary>[] = [];
  tasks: Mutable<TaskInstance>[] = [];
  runs: FakeRun[] = [];
  errors: ImportError[] = [];
  readonly variables = new Map<string, string>();
  readonly pools = new Map<string, number>();
  components: AirflowHealth = healthyAirflow();

  async request(method: HttpMethod, path: string, _request?: AirflowRequest): Promise<unknown> {
    await this.#called('request');
    throw new AirflowApiError(404, `the fake has no answer to ${method} ${path}`);
  }

  async health(): Promise<AirflowHealth> {
    await this.#called('health');
    return structuredClone(this.components);
  }

  async listDags(): Promise<readonly DagSummary[]> {
    await this.#called('listDags');
    return this.dags.map((dag) => ({ ...dag })).sort((left, right) => (left.dagId < right.dagId ? -1 : 1));
  }

  async pauseAll(): Promise<void> {
    await this.#called('pauseAll');
    for (const dag of this.dags) if (!isHelperDag(dag.dagId)) dag.isPaused = true;
  }

  async setPaused(dagId: string, paused: boolean): Promise<void> {
    await this.#called('setPaused');
    const dag = this.dags.find((one) => one.dagId === dagId);
    if (dag === undefined) throw new AirflowApiError(404, `the DAG ${dagId} was not found`);
    dag.isPaused = paused;
  }

  async activeTaskInstances(states: readonly TaskState[]): Promise<readonly TaskInstance[]> {
    await this.#called('activeTaskInstances');
    const wanted = new Set<string | null>(states);
    return this.tasks.filter((task) => !isHelperDag(task.dagId) && wanted.has(task.state)).map((task) => ({ ...task }));
  }

  async failTask(key: TaskKey): Promise<void> {
    await this.#called('failTask');
    const task = this.tasks.find((one) => sameTask(one, key));
    if (task === undefined) throw new AirflowApiError(404, `the task instance ${key.taskId} was not found`);
    task.state = 'failed';
  }

  async triggerRun(dagId: string, runId: string, conf: Readonly<Record<string, unknown>>): Promise<DagRun> {
    await this.#called('triggerRun');
    if (!this.dags.some((dag) => dag.dagId === dagId)) throw new AirflowApiError(404, `the DAG ${dagId} was not found`);
    const present = this.runs.find((run) => run.dagId === dagId && run.runId === runId);
    if (present !== undefined) return { dagId, runId, state: present.state };
    const run: FakeRun = { dagId, runId, state: 'queued', conf: structuredClone(conf) };
    this.runs.push(run);
    await this.onRun?.(run);
    return { dagId, runId, state: run.state };
  }

  async runState(dagId: string, runId: string): Promise<DagRunState | null> {
    await this.#called('runState');
    return this.runs.find((run) => run.dagId === dagId && run.runId === runId)?.state ?? null;
  }

  async getVariable(key: string): Promise<string | null> {
    await this.#called('getVariable');
    return this.variables.get(key) ?? null;
  }

  async setVariable(key: string, value: string): Promise<void> {
    await this.#called('setVariable');
    this.variables.set(key, value);
  }

  async ensurePool(name: string, slots: number): Promise<void> {
    await this.#called('ensurePool');
    this.pools.set(name, slots);
  }

  async importErrors(): Promise<readonly ImportError[]> {
    await this.#called('importErrors');
    return [...this.errors];
  }

  /** Adds a DAG that is active and opened. */
  addDag(dagId: string, members: Partial<DagSummary> = {}): void {
    this.dags.push({ dagId, isPaused: false, isActive: true, hasImportErrors: false, ...members });
  }

  /** Adds a running task of a run. */
  addTask(key: Omit<TaskKey, 'mapIndex'> & { mapIndex?: number }, state: string | null = 'running'): void {
    this.tasks.push({ mapIndex: -1, tryNumber: 1, startDate: '2026-11-24T11:59:00+00:00', ...key, state });
  }

  async #called(call: string): Promise<void> {
    this.calls.push(call);
    await this.beforeCall?.(call);
    if (this.outage !== null) throw this.outage;
  }
}

/** What `/health` says when all is well. */
export function healthyAirflow(): AirflowHealth {
  const beat = { status: 'healthy', latestHeartbeat: '2026-11-24T11:59:58+00:00' };
  return {
    metadatabase: { status: 'healthy', latestHeartbeat: null },
    scheduler: beat,
    triggerer: beat,
    dagProcessor: beat,
  };
}
