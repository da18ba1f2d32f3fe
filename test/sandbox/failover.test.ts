import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isHelperDag } from '../../lib/contracts/names.ts';
import { records } from '../../lib/contracts/records.ts';
import { breaks } from '../../sandbox/breaks.ts';
import { demoSecrets, longDag } from '../../sandbox/demo/production.ts';
import { beginProduction, type DemoResult, loseAndRecover, waitForProtection } from '../../sandbox/demo/run.ts';
import { installCleanup } from '../../sandbox/host/processes.ts';
import { findTagged } from '../../sandbox/host/tagged-processes.ts';
import { sandboxPair } from '../../sandbox/pair.ts';
import { sandboxPlace } from '../../sandbox/place.ts';
import { timedProgress } from '../../sandbox/print.ts';
import { until } from '../../sandbox/until.ts';
import { type Sandbox, startSandbox } from '../../sandbox/up.ts';
import { tasksOfRecovery } from '../support/failover-tasks.ts';
import { secretsOf, traceOf } from './site-facts.ts';

/** Longer than three times the detection of a real loss, which the last test of this file checks. */
const faultSeconds = 125;

/** Ways in which CloudWatch cannot be read, and what the verdict says of each; all of them in the tier `matrix`. */
const blindnesses = [
  ['cloudwatch-denied', /AccessDenied/],
  ['cloudwatch-throttled', /Throttl|rate/i],
  ['cloudwatch-hangs', /time|answer/i],
] as const;
const isMatrix = process.env.LIFEBOAT_TEST_TIER === 'matrix';

/*
 * One sandbox, one story: while the controller cannot see, nothing happens; then the scheduler is really lost and the
 * same controller fails over. The tests are in the order of the story.
 */
describe('failover on the real sandbox', () => {
  let sandbox: Sandbox;
  let begun: Awaited<ReturnType<typeof beginProduction>>;
  let measured: DemoResult;
  const tell = timedProgress();

  // Whoever interrupts the tests leaves no Airflow behind either.
  const removeCleanup = installCleanup(sandboxPlace('test-failover').id);

  beforeAll(async () => {
    sandbox = await startSandbox({ name: 'test-failover', config: sandboxPair('demo'), progress: tell });
    begun = await beginProduction(sandbox, tell);
    await waitForProtection(begun.access, begun.follower, 30);
  });
  afterAll(async () => {
    await sandbox?.close();
    removeCleanup();
    expect(findTagged({ sandbox: sandbox.id })).toEqual([]);
  });

  const verdictOfA = async () => (await begun.access.table.get(records.verdict('a')))?.value;

  const stamp = async () => (await begun.access.bucket('a').read('demo/sites/a/canary.json'))?.body.toString() ?? '';
  const nextStamp = (last: string) =>
    until('the canary of site a stamps', 90, async () => {
      const newest = await stamp();
      return newest === last ? null : newest;
    });

  /** Holds a fault, then looks at what the controller thought and did. */
  async function underFault(name: string, lift: () => Promise<void>): Promise<string[]> {
    tell(`fault: ${name}`);
    const seen = new Set<string>();
    const ends = Date.now() + faultSeconds * 1000;
    await until('the fault has lasted', faultSeconds + 10, async () => {
      await begun.follower.look();
      const verdict = await verdictOfA();
      if (verdict) seen.add(`${verdict.diagnosis}: ${verdict.because.join('; ')}`);
      return Date.now() > ends;
    });
    await lift();
    expect(await begun.access.table.list(records.ops())).toEqual([]);
    expect((await begun.access.table.get(records.grant()))?.value).toMatchObject({ holder: 'a', epoch: 1 });
    await until('site a is HEALTHY again', 120, async () => (await verdictOfA())?.diagnosis === 'HEALTHY');
    return [...seen];
  }

  function withFaults(name: string) {
    const chosen = breaks.find((one) => one.name === name);
    const ids = (chosen?.faults?.(sandbox.config) ?? []).map((rule) => sandbox.front.faults.set(rule));
    expect(ids.length).toBeGreaterThan(0);
    return async () => {
      for (const id of ids) sandbox.front.faults.clear(id);
    };
  }

  test('starts nothing on the standby, not even a DAG that declares that it starts by itself', async () => {
    const dags = await begun.access.airflow('b').listDags();
    expect(dags.filter((dag) => !dag.isPaused && !isHelperDag(dag.dagId))).toEqual([]);
    expect(await traceOf(sandbox, 'b')).toEqual([]);
  });

  test.each(isMatrix ? blindnesses : blindnesses.slice(0, 1))(
    'does not fail over while CloudWatch cannot be read: %s',
    async (name, cause) => {
      const seen = await underFault(name, withFaults(name));
      expect(seen.join('\n')).toMatch(cause);
      expect(seen.join('\n')).not.toMatch(/ENV_DOWN|REGION_UNREACHABLE/);
    },
  );

  test.each(isMatrix ? ['controller-network'] : [])('does not fail over while itself is cut off: %s', async (name) => {
    const seen = await underFault(name, withFaults(name));
    expect(seen.join('\n')).toMatch(/OBSERVER_FAULT: the controller cannot trust its own eyes/);
  });

  test('does not fail over while site a is UPDATING, although its scheduler is gone', async () => {
    const { region, environment } = sandbox.config.sites.a;
    sandbox.mwaa.forceStatus(region, environment, 'UPDATING');
    await until('the update is seen', 60, async () => (await verdictOfA())?.diagnosis === 'PLANNED');
    await sandbox.site('a').killScheduler();
    const seen = await underFault('UPDATING, without a scheduler', async () => {
      await sandbox.site('a').startScheduler();
      // An update of MWAA ends with a site that works again: the status goes when the canary has stamped.
      await nextStamp(await stamp());
      sandbox.mwaa.forceStatus(region, environment, null);
    });
    expect(seen.join('\n')).toMatch(/PLANNED: environment UPDATING/);
    expect(seen.join('\n')).not.toMatch(/ENV_DOWN/);
  });

  test('fails over when the scheduler is really lost, and every fault before lasted three detections', async () => {
    // For a while after an update nothing counts as a loss; the detection is measured when that is over.
    await until(
      'site a has settled',
      90,
      async () => (await verdictOfA())?.observations.every((one) => one.evidence.endedAt === undefined) ?? false,
    );
    await waitForProtection(begun.access, begun.follower, 1);
    measured = await loseAndRecover(sandbox, { ...begun, tell });
    expect(measured.outcome).toBe('recovered');
    expect(measured.fence).toEqual({ rung: 'R2', waiver: null });
    expect(faultSeconds).toBeGreaterThan(3 * measured.detectionSeconds);
  });

  test('runs nothing twice and leaves no slot of a catchup DAG out', () => {
    expect(measured.runs.doubled).toEqual([]);
    expect(measured.runs.skipped).toEqual([]);
    expect(measured.leftPaused).toEqual([]);
    expect(measured.runs.beforeLoss).toBeGreaterThan(20);
    expect(measured.runs.afterRecovery).toBeGreaterThan(3);
  });

  test('repeats only what had ended after the recovery point', async () => {
    const op = (await begun.access.table.list(records.ops()))[0]?.value;
    const snapshot = await begun.access.table.get(records.snapshot(op?.snapshotId ?? ''));
    for (const { endedOnA } of measured.runs.repeated) {
      expect(Date.parse(endedOnA)).toBeGreaterThan(Date.parse(snapshot?.value.snapshotAt ?? ''));
    }
  });

  test('carries secrets byte for byte and encrypts them with the other site’s own key', async () => {
    const [a, b] = [await secretsOf(sandbox, 'a'), await secretsOf(sandbox, 'b')];
    expect(b.variable).toBe(demoSecrets.variable.value);
    expect(b.password).toBe(demoSecrets.connection.password);
    expect(b.extra).toBe(demoSecrets.connection.extra);
    expect({ ...b, ciphertexts: [] }).toEqual({ ...a, ciphertexts: [] });
    for (const [index, text] of b.ciphertexts.entries()) expect(text).not.toBe(a.ciphertexts[index]);
  });

  test('stops the long task on a before b resumes anything', async () => {
    const longOnA = (await traceOf(sandbox, 'a')).filter((line) => line.workload === longDag);
    const firstOnB = (await traceOf(sandbox, 'b'))[0];
    expect(longOnA.length).toBeGreaterThan(30);
    expect(Date.parse(longOnA.at(-1)?.at ?? '')).toBeLessThan(Date.parse(firstOnB?.at ?? ''));
    expect(measured.interrupted).toContainEqual(expect.objectContaining({ dagId: longDag, action: 'fail' }));
  });

  test('writes every step of the op once into its journal', async () => {
    const steps = (await begun.access.table.list(records.steps(measured.op.id))).map(({ value }) => value);
    expect(steps.map(({ state, status }) => `${state}: ${status}`).sort()).toEqual(
      tasksOfRecovery.map((state) => `${state}: done`).sort(),
    );
  });

  test('runs no production DAG on site a when its scheduler is started again', async () => {
    const before = await traceOf(sandbox, 'a');
    await sandbox.site('a').startScheduler();
    // Three canary stamps prove that this scheduler starts what is due; production stays still all the same.
    let last = await stamp();
    for (let stamps = 0; stamps < 3; stamps += 1) last = await nextStamp(last);
    expect(JSON.parse(last)).toMatchObject({ mode: 'fenced', paused: true });
    expect(await traceOf(sandbox, 'a')).toEqual(before);
    const dags = await begun.access.airflow('a').listDags();
    expect(dags.filter((dag) => !dag.isPaused && !isHelperDag(dag.dagId))).toEqual([]);
  });
});
