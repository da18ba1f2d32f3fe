import { describe, expect, it } from 'vitest';
import type { FenceRecord } from '../../../lib/contracts/control.ts';
import { reservedVariable } from '../../../lib/contracts/names.ts';
import { records } from '../../../lib/contracts/records.ts';
import { AirflowApiError } from '../../../lib/ports/airflow.ts';
import { lostSite, stopAt } from '../../support/simulation-scenarios.ts';

const word = { by: 'Ada', reason: 'the jobs can run twice', until: '2027-01-01T00:00:00.000Z' };
const away = Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' });
const fatal = { name: 'FenceNotPossibleError' };

/** An op that has withdrawn the grant of site a; `unfenced` when its plan allows to go on without a fence. */
async function withdrawn({ unfenced = false } = {}) {
  const { simulation, op: begun } = await lostSite({ preAuthorisedUnfenced: word });
  await simulation.execute(stopAt('Fence the losing site', 'before'));
  simulation.ticking = false;
  const found = await simulation.table.get(records.op(begun.op));
  if (!found) throw new Error('the op is gone');
  const op = { ...found.value, plan: { ...found.value.plan, leastRung: unfenced ? ('R0' as const) : ('R2' as const) } };
  await simulation.table.commit([{ key: records.op(op.op), expect: found.version, value: op }]);
  const { a } = simulation.sites;
  const record = async (): Promise<FenceRecord> => {
    const fence = await simulation.table.get(records.fence(op.epoch, 'a'));
    if (!fence) throw new Error('there is no fence');
    return fence.value;
  };
  return { simulation, op, a, record, pass: () => simulation.invoke('fenceSite', op, 'Fence the losing site') };
}

describe('a fence whose work takes its time', () => {
  it('counts from the end of its last change, and reads again only when the workers had theirs', async () => {
    const { simulation, a, record, pass } = await withdrawn();
    for (let n = 2; n <= 11; n += 1) a.airflow.addTask({ dagId: 'sales', runId: `scheduled__${n}`, taskId: 'load' });
    a.airflow.beforeCall = (call) => {
      if (call === 'failTask') simulation.clock.advance(10);
    };
    for (let n = 0; n < 3; n += 1) expect(await pass()).toMatchObject({ outcome: 'pending' });
    const { lastChangeAt, zeroReadAt, stoppedCount } = await record();
    expect(stoppedCount).toBe(11);
    expect(lastChangeAt).toBe(simulation.clock.iso);
    expect(zeroReadAt).toBe(lastChangeAt);
    simulation.clock.advance(74);
    expect(await pass()).toMatchObject({ outcome: 'pending', waitSeconds: 1 });
    simulation.clock.advance(1);
    expect(await pass()).toMatchObject({ outcome: 'done' });
  });

  it('stops for this pass after a minute of changes, and goes on with the next', async () => {
    const { simulation, a, pass } = await withdrawn();
    for (let n = 2; n <= 11; n += 1) a.airflow.addTask({ dagId: 'sales', runId: `scheduled__${n}`, taskId: 'load' });
    a.airflow.beforeCall = (call) => {
      if (call === 'failTask') simulation.clock.advance(10);
    };
    expect(await pass()).toMatchObject({ outcome: 'pending' });
    expect(a.airflow.tasks.filter(({ state }) => state === 'running')).toHaveLength(4);
    await pass();
    expect(a.airflow.tasks.filter(({ state }) => state === 'running')).toEqual([]);
  });

  it('stops every task that can be stopped though one of them cannot', async () => {
    const { a, pass } = await withdrawn();
    for (const runId of ['scheduled__2', 'scheduled__3']) a.airflow.addTask({ dagId: 'sales', runId, taskId: 'load' });
    let calls = 0;
    a.airflow.beforeCall = (call) => {
      if (call !== 'failTask') return;
      calls += 1;
      if (calls === 1) throw new AirflowApiError(404, 'no such DAG');
    };
    expect(await pass()).toMatchObject({ outcome: 'pending', because: expect.stringContaining('no such DAG') });
    expect(a.airflow.tasks.map(({ state }) => state)).toEqual(['running', 'failed', 'failed']);
  });
});

describe('a fence that meets a time-out after it has worked for long', () => {
  it.each([true, false])('is neither waived nor given up at once (may go unfenced: %s)', async (unfenced) => {
    const { simulation, a, record, pass } = await withdrawn({ unfenced });
    await pass();
    simulation.clock.advance(3000);
    a.airflow.outage = away;
    expect(await pass()).toMatchObject({ outcome: 'pending', because: expect.stringContaining('does not answer') });
    expect(await record()).toMatchObject({ waiver: null, unreachedSince: simulation.clock.iso });
    simulation.clock.advance(200);
    a.airflow.outage = null;
    a.airflow.addTask({ dagId: 'sales', runId: 'late', taskId: 'load' });
    expect(await pass()).toMatchObject({ outcome: 'pending' });
    expect((await record()).unreachedSince).toBeNull();
    a.airflow.outage = away;
    await pass();
    simulation.clock.advance(299);
    expect(await pass()).toMatchObject({ outcome: 'pending' });
    simulation.clock.advance(2);
    if (!unfenced) return await expect(pass()).rejects.toMatchObject(fatal);
    expect(await pass()).toMatchObject({ outcome: 'done', because: expect.stringContaining('waived by Ada') });
  });

  it('that a person resumes after it was given up waits as long again', async () => {
    const { simulation, a, pass } = await withdrawn();
    a.airflow.outage = away;
    await pass();
    simulation.clock.advance(301);
    await expect(pass()).rejects.toMatchObject(fatal);
    expect(await pass()).toMatchObject({ outcome: 'pending' });
  });
});

describe('a fence that fails because of anything but a site that is away', () => {
  it('is never waived: it is recorded, tried again and then thrown', async () => {
    const { simulation, a, record, pass } = await withdrawn({ unfenced: true });
    a.airflow.outage = new AirflowApiError(403, 'not allowed');
    expect(await pass()).toMatchObject({ outcome: 'pending', because: expect.stringContaining('not allowed') });
    expect(await record()).toMatchObject({ unreachedSince: null, lastError: expect.stringContaining('not allowed') });
    simulation.clock.advance(300);
    expect(await pass()).toMatchObject({ outcome: 'pending' });
    simulation.clock.advance(1);
    await expect(pass()).rejects.toMatchObject(fatal);
    expect((await record()).waiver).toBeNull();
  });

  it('of our own table is thrown at once and says nothing about the site', async () => {
    const { simulation, record, pass } = await withdrawn({ unfenced: true });
    await pass();
    let writes = 0;
    simulation.table.beforeCommit = (commit) => {
      if (!commit.some(({ key }) => key.sk.startsWith('fence#'))) return;
      writes += 1;
      if (writes === 1) throw away;
    };
    simulation.clock.advance(100);
    await expect(pass()).rejects.toBe(away);
    expect((await record()).unreachedSince).toBeNull();
  });
});

describe('a reserved row that cannot be fenced', () => {
  it('keeps no DAG open and no task running, but the fence from being acknowledged', async () => {
    const { simulation, a, record, pass } = await withdrawn({ unfenced: true });
    const row = a.airflow.variables.get(reservedVariable) ?? '';
    const isReadable = (text: string) => a.airflow.variables.set(reservedVariable, text);
    const open = a.open.bind(a);
    // The rules of the simulation read the row at each moment, and are not what is tried here.
    a.row = () => ({ site: 'a', epoch: 1, op: null, mode: 'active', lastImport: null });
    isReadable('{');
    expect(await pass()).toMatchObject({ outcome: 'pending' });
    expect(open()).toEqual([]);
    expect(a.airflow.tasks.map(({ state }) => state)).toEqual(['failed']);
    expect((await record()).pauseMap).toContainEqual({ dagId: 'sales', isPaused: false });
    expect((await record()).lastError).toContain('reserved row not fenced');
    simulation.clock.advance(100);
    expect(await pass()).toMatchObject({ because: expect.stringContaining('the reserved row is not fenced yet') });
    isReadable(row);
    expect(await pass()).toMatchObject({ outcome: 'done' });
    expect(JSON.parse(a.airflow.variables.get(reservedVariable) ?? '')).toMatchObject({ epoch: 2, mode: 'fenced' });
  });

  it('ends the op for a person when it lasts, and never with a waiver', async () => {
    const { simulation, a, record, pass } = await withdrawn({ unfenced: true });
    a.airflow.beforeCall = (call) => {
      if (call === 'setVariable') throw away;
    };
    await pass();
    simulation.clock.advance(301);
    await expect(pass()).rejects.toMatchObject(fatal);
    expect(await record()).toMatchObject({ waiver: null, acknowledgedAt: null });
    expect(a.open()).toEqual([]);
  });

  it('does not make what the fence itself has paused the pause map', async () => {
    const { a, record, pass } = await withdrawn();
    a.airflow.beforeCall = (call) => {
      if (call === 'getVariable') throw new AirflowApiError(500, 'no variables today');
    };
    for (const dag of a.airflow.dags) if (dag.dagId !== 'lifeboat_canary') dag.isPaused = true;
    await pass();
    expect((await record()).pauseMap).toBeNull();
  });
});

describe('a fence beyond what a record can hold', () => {
  it('keeps the full list of stopped tasks in the bucket of the target', async () => {
    const { simulation, op, a, record, pass } = await withdrawn();
    for (let n = 1; n <= 600; n += 1) a.airflow.addTask({ dagId: 'sales', runId: 'many', taskId: 'load', mapIndex: n });
    await pass();
    a.airflow.addTask({ dagId: 'sales', runId: 'late', taskId: 'load' });
    await pass();
    expect(await record()).toMatchObject({ stoppedCount: 602 });
    expect((await record()).stopped).toHaveLength(500);
    const stored = await simulation.sites.b.bucket.read(`demo/ops/${op.op}/fence-stopped.json`);
    const all = JSON.parse(stored?.body.toString('utf8') ?? '{}');
    expect(all.stopped).toHaveLength(602);
    expect(all.pauseMap).toContainEqual({ dagId: 'sales', isPaused: false });
  });

  it('keeps a pause map of more than 1500 DAGs there, too', async () => {
    const { simulation, op, a, record, pass } = await withdrawn();
    for (let n = 1; n <= 1500; n += 1) a.airflow.addDag(`dag_${n}`, { isPaused: true });
    await pass();
    const stored = await simulation.sites.b.bucket.read(`demo/ops/${op.op}/fence-stopped.json`);
    const { pauseMap } = await record();
    expect(pauseMap?.length).toBeGreaterThan(1500);
    expect(JSON.parse(stored?.body.toString('utf8') ?? '{}').pauseMap).toEqual(pauseMap);
  });

  it('goes on without that list, and never replaces it by a shorter one', async () => {
    const { simulation, op, a, record, pass } = await withdrawn();
    const { bucket } = simulation.sites.b;
    for (let n = 1; n <= 600; n += 1) a.airflow.addTask({ dagId: 'sales', runId: 'many', taskId: 'load', mapIndex: n });
    await pass();
    const key = `demo/ops/${op.op}/fence-stopped.json`;
    const before = await bucket.read(key);
    const read = bucket.read.bind(bucket);
    bucket.read = async () => {
      throw new Error('AccessDenied');
    };
    a.airflow.addTask({ dagId: 'sales', runId: 'late', taskId: 'load' });
    await pass();
    expect(a.airflow.tasks.every(({ state }) => state === 'failed')).toBe(true);
    expect((await record()).stoppedCount).toBe(601);
    expect(await read(key)).toEqual(before);
  });
});

it('each pass of the fence opens helpers that were left paused', async () => {
  const { a, pass } = await withdrawn();
  await a.airflow.setPaused('lifeboat_canary', true);
  await pass();
  expect(a.airflow.dags.filter(({ dagId, isPaused }) => dagId.startsWith('lifeboat_') && isPaused)).toEqual([]);
});
