import pRetry from 'p-retry';
import { z } from 'zod';
import { isHelperDag } from '../../contracts/names.ts';
import {
  AirflowAnswerError,
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
} from '../../ports/airflow.ts';
import {
  ComponentsAnswer,
  DagPage,
  ImportErrorPage,
  RunAnswer,
  TaskInstancePage,
  VariableAnswer,
} from './airflow-answers.ts';
import { LONGEST_INVOKED_PATH, type Road } from './rest-roads.ts';

/** Airflow allows 100 rows a page unless its owner raised the limit. */
const PAGE = 100;
/** A list with this many pages is none: offset is not understood at the other end. */
const MOST_PAGES = 1000;
/** A list without an order may shift between two pages; it is read again until it is complete. */
const MOST_PASSES = 5;

/** The stable REST API of Airflow 2 through InvokeRestApi, and through the web session where a path is too long for it. */
export class AirflowRestApi implements AirflowApi {
  readonly #invoke: Road;
  readonly #webSession: Road;

  constructor(invoke: Road, webSession: Road) {
    this.#invoke = invoke;
    this.#webSession = webSession;
  }

  request(method: HttpMethod, path: string, request: AirflowRequest = {}): Promise<unknown> {
    return (path.length <= LONGEST_INVOKED_PATH ? this.#invoke : this.#webSession)(method, path, request);
  }

  async health(): Promise<AirflowHealth> {
    return this.#ask(ComponentsAnswer, 'GET', '/health');
  }

  async listDags(): Promise<readonly DagSummary[]> {
    return this.#everyPage((offset) =>
      this.#ask(DagPage, 'GET', '/dags', { query: { limit: PAGE, offset, only_active: false, order_by: 'dag_id' } }),
    );
  }

  async pauseAll(): Promise<void> {
    const query = { dag_id_pattern: '%', only_active: false, limit: PAGE };
    const body = { is_paused: true };
    await this.#everyPage(async (offset) => {
      const page = await this.#ask(DagPage, 'PATCH', '/dags', { query: { ...query, offset }, body });
      // The pattern cannot leave the helpers out, so they are opened again at once.
      for (const { dagId } of page.rows) if (isHelperDag(dagId)) await this.setPaused(dagId, false);
      return page;
    });
  }

  async setPaused(dagId: string, paused: boolean): Promise<void> {
    await this.request('PATCH', `/dags/${segment(dagId)}`, { body: { is_paused: paused } });
  }

  activeTaskInstances(states: readonly TaskState[]): Promise<readonly TaskInstance[]> {
    return pRetry(() => this.#readTaskInstances(states), {
      retries: MOST_PASSES - 1,
      minTimeout: 0,
      shouldRetry: ({ error }) => error instanceof AirflowAnswerError,
    });
  }

  async #readTaskInstances(states: readonly TaskState[]): Promise<readonly TaskInstance[]> {
    const seen = new Map<string, TaskInstance>();
    let total = 0;
    await this.#everyPage(async (offset) => {
      const body = { state: [...states], page_limit: PAGE, page_offset: offset };
      const page = await this.#ask(TaskInstancePage, 'POST', '/dags/~/dagRuns/~/taskInstances/list', { body });
      for (const row of page.rows) seen.set(JSON.stringify([row.dagId, row.runId, row.taskId, row.mapIndex]), row);
      total = page.total;
      return page;
    });
    // Fewer rows than counted: a row moved to a page that had been read. Zero must never come from such a reading.
    if (seen.size >= total) return [...seen.values()].filter(({ dagId }) => !isHelperDag(dagId));
    throw new AirflowAnswerError(`the list of task instances changed during each of ${MOST_PASSES} readings`);
  }

  async failTask({ dagId, runId, taskId, mapIndex }: TaskKey): Promise<void> {
    const dag = `/dags/${segment(dagId)}`;
    const change = { dry_run: false, new_state: 'failed' };
    if (mapIndex >= 0) {
      const task = `${dag}/dagRuns/${segment(runId)}/taskInstances/${segment(taskId)}/${mapIndex}`;
      await this.request('PATCH', task, { body: change });
      return;
    }
    // Keeps run and task out of the path, so that it is short; but it knows tasks without a map index only.
    const alone = { include_upstream: false, include_downstream: false, include_future: false, include_past: false };
    const body = { ...change, ...alone, task_id: taskId, dag_run_id: runId };
    await this.request('POST', `${dag}/updateTaskInstancesState`, { body });
  }

  async triggerRun(dagId: string, runId: string, conf: Readonly<Record<string, unknown>>): Promise<DagRun> {
    const runs = `/dags/${segment(dagId)}/dagRuns`;
    try {
      return await this.#ask(RunAnswer, 'POST', runs, { body: { dag_run_id: runId, conf } });
    } catch (error) {
      if (!isStatus(error, 409)) throw error;
      const state = await this.runState(dagId, runId);
      // The other reason for 409: a run of another id has the same logical date.
      if (state === null) throw error;
      return { dagId, runId, state };
    }
  }

  async runState(dagId: string, runId: string): Promise<DagRunState | null> {
    const path = `/dags/${segment(dagId)}/dagRuns/${segment(runId)}`;
    const run = await orNull(404, () => this.#ask(RunAnswer, 'GET', path));
    return run === null ? null : run.state;
  }

  async getVariable(key: string): Promise<string | null> {
    const found = await orNull(404, () => this.#ask(VariableAnswer, 'GET', `/variables/${segment(key)}`));
    if (found === null) return null;
    if (found.value === null) throw new AirflowAnswerError(`Airflow cannot decrypt the variable ${key}`);
    return found.value;
  }

  async setVariable(key: string, value: string): Promise<void> {
    const body = { key, value };
    const changed = await orNull(404, async () => {
      await this.request('PATCH', `/variables/${segment(key)}`, { body });
      return true;
    });
    if (changed === null) await this.request('POST', '/variables', { body });
  }

  async ensurePool(name: string, slots: number): Promise<void> {
    const body = { name, slots };
    const change = () =>
      this.request('PATCH', `/pools/${segment(name)}`, { query: { update_mask: 'slots' }, body }).then(() => true);
    if ((await orNull(404, change)) !== null) return;
    const made = await orNull(409, () => this.request('POST', '/pools', { body }).then(() => true));
    if (made === null) await change();
  }

  async importErrors(): Promise<readonly ImportError[]> {
    return this.#everyPage((offset) =>
      this.#ask(ImportErrorPage, 'GET', '/importErrors', { query: { limit: PAGE, offset } }),
    );
  }

  async #ask<Answer extends z.ZodType>(
    answer: Answer,
    method: HttpMethod,
    path: string,
    request?: AirflowRequest,
  ): Promise<z.infer<Answer>> {
    const parsed = answer.safeParse(await this.request(method, path, request));
    if (parsed.success) return parsed.data;
    throw new AirflowAnswerError(`unexpected answer to ${method} ${path}: ${z.prettifyError(parsed.error)}`);
  }

  /** Reads on until as many rows came as there are; the other end may give shorter pages than it was asked for. */
  async #everyPage<Row>(read: (offset: number) => Promise<{ total: number; rows: Row[] }>): Promise<Row[]> {
    const rows: Row[] = [];
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const { total, rows: more } = await read(rows.length);
      rows.push(...more);
      if (more.length === 0 || rows.length >= total) return rows;
    }
    throw new AirflowAnswerError(`a list did not end after ${MOST_PAGES} pages`);
  }
}

/**
 * A path segment with as little encoded as a URL allows: run ids are full of `:` and `+`, and what another layer encodes
 * a second time would name another run.
 */
function segment(text: string): string {
  return encodeURIComponent(text).replace(/%(3A|2B|40|3D|2C|24|26|3B)/g, (code) => decodeURIComponent(code));
}

function isStatus(error: unknown, status: number): boolean {
  return error instanceof AirflowApiError && error.status === status;
}

async function orNull<T>(status: number, ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (isStatus(error, status)) return null;
    throw error;
  }
}
