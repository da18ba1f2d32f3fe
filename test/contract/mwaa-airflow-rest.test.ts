import { describe, expect, it } from 'vitest';
import { AirflowRestApi } from '../../lib/adapters/mwaa/airflow-rest.ts';
import type { Road } from '../../lib/adapters/mwaa/rest-roads.ts';
import { AirflowApiError, type AirflowRequest } from '../../lib/ports/airflow.ts';

type Call = { road: 'invoke' | 'web'; method: string; path: string; request: AirflowRequest };

/** Airflow's REST API as a script of answers; remembers every call. */
function scripted(answer: (call: Call, index: number) => unknown) {
  const calls: Call[] = [];
  const road =
    (name: Call['road']): Road =>
    async (method, path, request) => {
      const call = { road: name, method, path, request };
      calls.push(call);
      return answer(call, calls.length - 1);
    };
  return { calls, airflow: new AirflowRestApi(road('invoke'), road('web')) };
}

const dag = (dagId: string, isPaused = false) => ({
  dag_id: dagId,
  is_paused: isPaused,
  is_active: true,
  has_import_errors: false,
});
const task = (taskId: string, dagId = 'orders') => ({
  dag_id: dagId,
  dag_run_id: 'run',
  task_id: taskId,
  map_index: -1,
  state: 'running',
  try_number: 1,
  start_date: null,
});
const refusal = (status: number) => {
  throw new AirflowApiError(status, 'as scripted');
};

describe('the road of a request', () => {
  it('is InvokeRestApi up to 64 characters and the web session beyond', async () => {
    const { calls, airflow } = scripted(() => null);
    await airflow.request('GET', `/${'x'.repeat(63)}`);
    await airflow.request('GET', `/${'x'.repeat(64)}`);
    expect(calls.map(({ road }) => road)).toEqual(['invoke', 'web']);
  });

  it('keeps the plain characters of run ids and encodes the others', async () => {
    const { calls, airflow } = scripted(() => ({ dag_id: 'd', dag_run_id: 'r', state: 'queued' }));
    await airflow.runState('d', 'manual__2026-01-01T00:00:00+00:00');
    await airflow.runState('d', 'a/b c%?');
    expect(calls.map(({ path }) => path)).toEqual([
      '/dags/d/dagRuns/manual__2026-01-01T00:00:00+00:00',
      '/dags/d/dagRuns/a%2Fb%20c%25%3F',
    ]);
  });
});

describe('a list', () => {
  it('is read to its end though the pages are shorter than asked', async () => {
    const all = ['a', 'b', 'c', 'd', 'e'].map((id) => dag(id));
    const { calls, airflow } = scripted(({ request }) => {
      const offset = Number(request.query?.offset);
      return { dags: all.slice(offset, offset + 2), total_entries: 5 };
    });
    expect((await airflow.listDags()).map(({ dagId }) => dagId)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(calls.map(({ request }) => request.query?.offset)).toEqual([0, 2, 4]);
  });

  it('of a wrong shape is an error that names the call', async () => {
    const { airflow } = scripted(() => ({ dags: [{}], total_entries: 1 }));
    await expect(airflow.listDags()).rejects.toThrow(/unexpected answer to GET \/dags/);
  });

  it('that never ends is given up', async () => {
    const { airflow } = scripted(() => ({ dags: [dag('a')], total_entries: 1_000_000 }));
    await expect(airflow.listDags()).rejects.toThrow(/did not end/);
  });
});

describe('pauseAll', () => {
  it('pauses page by page and opens the helpers of each page again', async () => {
    const all = [dag('a'), dag('lifeboat_canary'), dag('z')];
    const { calls, airflow } = scripted(({ path, request }) => {
      if (path !== '/dags') return dag('lifeboat_canary');
      const offset = Number(request.query?.offset);
      return { dags: all.slice(offset, offset + 2), total_entries: 3 };
    });
    await airflow.pauseAll();
    expect(calls.map(({ method, path, request }) => [method, path, request.query?.offset, request.body])).toEqual([
      ['PATCH', '/dags', 0, { is_paused: true }],
      ['PATCH', '/dags/lifeboat_canary', undefined, { is_paused: false }],
      ['PATCH', '/dags', 2, { is_paused: true }],
    ]);
    expect(calls[0]?.request.query).toMatchObject({ dag_id_pattern: '%', only_active: false });
  });
});

describe('a DAG that is no helper but begins like one', () => {
  it('stays paused, and its tasks count', async () => {
    const { calls, airflow } = scripted(({ path }) =>
      path === '/dags'
        ? { dags: [dag('lifeboat_sales')], total_entries: 1 }
        : { task_instances: [task('load', 'lifeboat_sales')], total_entries: 1 },
    );
    await airflow.pauseAll();
    expect(calls.map(({ method, path }) => `${method} ${path}`)).toEqual(['PATCH /dags']);
    expect(await airflow.activeTaskInstances(['running'])).toMatchObject([{ dagId: 'lifeboat_sales' }]);
  });
});

describe('activeTaskInstances', () => {
  it('leaves the helpers out', async () => {
    const rows = [task('load'), task('stamp', 'lifeboat_canary')];
    const { airflow } = scripted(() => ({ task_instances: rows, total_entries: 2 }));
    expect(await airflow.activeTaskInstances(['running'])).toEqual([
      { dagId: 'orders', runId: 'run', taskId: 'load', mapIndex: -1, state: 'running', tryNumber: 1, startDate: null },
    ]);
  });

  it('reads again when a row showed twice and another not at all', async () => {
    const pages = [[task('a')], [task('a')], [task('a')], [task('b')]];
    const { airflow } = scripted((_, index) => ({ task_instances: pages[index], total_entries: 2 }));
    const found = await airflow.activeTaskInstances(['running']);
    expect(found.map(({ taskId }) => taskId)).toEqual(['a', 'b']);
  });

  it('never takes an incomplete reading for none', async () => {
    const { airflow } = scripted(() => ({ task_instances: [], total_entries: 3 }));
    await expect(airflow.activeTaskInstances(['queued'])).rejects.toThrow(/changed/);
  });
});

describe('failTask', () => {
  it('names the task in the body, so that the path is short', async () => {
    const { calls, airflow } = scripted(() => ({ task_instances: [] }));
    await airflow.failTask({ dagId: 'orders', runId: 'run', taskId: 'load', mapIndex: -1 });
    expect(calls).toMatchObject([
      {
        method: 'POST',
        path: '/dags/orders/updateTaskInstancesState',
        request: {
          body: {
            dry_run: false,
            new_state: 'failed',
            task_id: 'load',
            dag_run_id: 'run',
            include_upstream: false,
            include_downstream: false,
            include_future: false,
            include_past: false,
          },
        },
      },
    ]);
  });

  it('names a mapped task in the path, which the other call does not know', async () => {
    const { calls, airflow } = scripted(() => ({}));
    const runId = 'scheduled__2026-01-01T00:00:00+00:00';
    await airflow.failTask({ dagId: 'orders', runId, taskId: 'load', mapIndex: 3 });
    expect(calls).toMatchObject([
      { road: 'web', method: 'PATCH', path: `/dags/orders/dagRuns/${runId}/taskInstances/load/3` },
    ]);
  });
});

describe('triggerRun', () => {
  it('returns the run that exists already', async () => {
    const { airflow } = scripted(({ method }) =>
      method === 'POST' ? refusal(409) : { dag_id: 'd', dag_run_id: 'r', state: 'running' },
    );
    expect(await airflow.triggerRun('d', 'r', {})).toEqual({ dagId: 'd', runId: 'r', state: 'running' });
  });

  it('passes the conflict on when it is about another run', async () => {
    const { airflow } = scripted(({ method }) => refusal(method === 'POST' ? 409 : 404));
    await expect(airflow.triggerRun('d', 'r', {})).rejects.toMatchObject({ status: 409 });
  });
});

describe('variables and pools', () => {
  it('creates what it cannot change', async () => {
    const { calls, airflow } = scripted(({ method }) => (method === 'PATCH' ? refusal(404) : {}));
    await airflow.setVariable('lifeboat__state', '{}');
    await airflow.ensurePool('lifeboat', 8);
    expect(calls.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'PATCH /variables/lifeboat__state',
      'POST /variables',
      'PATCH /pools/lifeboat',
      'POST /pools',
    ]);
  });

  it('does not take a refusal for a missing variable', async () => {
    const { airflow } = scripted(() => refusal(403));
    await expect(airflow.getVariable('x')).rejects.toMatchObject({ status: 403 });
    await expect(airflow.setVariable('x', 'y')).rejects.toMatchObject({ status: 403 });
  });

  it('does not take a variable that cannot be decrypted for a missing one', async () => {
    const { airflow } = scripted(() => ({ key: 'x', value: null }));
    await expect(airflow.getVariable('x')).rejects.toThrow(/decrypt/);
  });
});
