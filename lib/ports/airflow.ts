/** Airflow's stable REST API of one site, whichever road leads to it. */

export type HttpMethod = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

export type AirflowRequest = {
  /** Plain values: `%` stays `%`, the road encodes what it must. */
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: Readonly<Record<string, unknown>>;
};

export type ComponentHealth = {
  /** `healthy`, `unhealthy`, or null for a component that does not run. */
  readonly status: string | null;
  /** ISO 8601, null when it never beat; absent for the database, which has no beat. */
  readonly latestHeartbeat: string | null;
};

export type AirflowHealth = {
  readonly metadatabase: ComponentHealth;
  readonly scheduler: ComponentHealth;
  readonly triggerer: ComponentHealth;
  readonly dagProcessor: ComponentHealth;
};

export type DagSummary = {
  readonly dagId: string;
  readonly isPaused: boolean;
  readonly isActive: boolean;
  readonly hasImportErrors: boolean;
};

export type TaskKey = {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
};

export type TaskInstance = TaskKey & {
  /** Null: no state yet. */
  readonly state: string | null;
  readonly tryNumber: number;
  /** ISO 8601, null before the first start. */
  readonly startDate: string | null;
};

export type TaskState =
  | 'running'
  | 'queued'
  | 'deferred'
  | 'scheduled'
  | 'restarting'
  | 'up_for_reschedule'
  | 'up_for_retry';

export type DagRunState = 'queued' | 'running' | 'success' | 'failed';

export type DagRun = {
  readonly dagId: string;
  readonly runId: string;
  readonly state: DagRunState;
};

export type ImportError = { readonly filename: string; readonly stackTrace: string };

/** Airflow answered, and refused: `status` is Airflow's own HTTP status, `detail` its explanation in one line. */
export class AirflowApiError extends Error {
  override readonly name = 'AirflowApiError';
  readonly status: number;
  readonly detail: string;

  constructor(status: number, detail: string, cause?: unknown) {
    super(`Airflow answered ${status}: ${detail}`, { cause });
    this.status = status;
    this.detail = detail;
  }
}

/** What came back is not what this call returns: a wrong document, or a list that never ends. */
export class AirflowAnswerError extends Error {
  override readonly name = 'AirflowAnswerError';
}

/** Each call throws AirflowApiError for a refusal by Airflow and lets failures of the road pass as they came. */
export interface AirflowApi {
  /** One request below `/api/v1`, e.g. `request('GET', '/health')`; the parsed document, null when there is none. */
  request(method: HttpMethod, path: string, request?: AirflowRequest): Promise<unknown>;

  health(): Promise<AirflowHealth>;

  /** All DAGs the database knows, helpers and inactive ones included, in order of id. */
  listDags(): Promise<readonly DagSummary[]>;

  /** Pauses every DAG but the four helpers, which it leaves open. Safe to repeat; does not read back: two equal `listDags` are the check. */
  pauseAll(): Promise<void>;

  /** @throws AirflowApiError 404 for a DAG the site does not know. */
  setPaused(dagId: string, paused: boolean): Promise<void>;

  /** Task instances of all DAGs but the helpers that are in one of `states`. */
  activeTaskInstances(states: readonly TaskState[]): Promise<readonly TaskInstance[]>;

  /** Sets exactly this task instance failed, with nothing up- or downstream. Needs no living scheduler. */
  failTask(task: TaskKey): Promise<void>;

  /** Starts a run; a run of that id that exists already is returned as it is, whatever its conf. */
  triggerRun(dagId: string, runId: string, conf: Readonly<Record<string, unknown>>): Promise<DagRun>;

  /** Null when the DAG or the run does not exist. */
  runState(dagId: string, runId: string): Promise<DagRunState | null>;

  /** Null when no such variable exists. */
  getVariable(key: string): Promise<string | null>;

  /** Creates the variable or replaces its value. */
  setVariable(key: string, value: string): Promise<void>;

  /** Creates the pool or sets its size. */
  ensurePool(name: string, slots: number): Promise<void>;

  importErrors(): Promise<readonly ImportError[]>;
}
