import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { isHelperDag, reservedVariable } from '../../../lib/contracts/names.ts';
import { records } from '../../../lib/contracts/records.ts';
import { CALLERS } from '../../../sandbox/cloud/callers.ts';
import { catchupSlots, longDag, runLifeboat } from '../../../sandbox/demo/production.ts';
import { readRuns } from '../../../sandbox/demo/read-runs.ts';
import { beginProduction, waitForProtection } from '../../../sandbox/demo/run.ts';
import { compareRuns } from '../../../sandbox/demo/run-lists.ts';
import { installCleanup } from '../../../sandbox/host/processes.ts';
import { findTagged, SANDBOX_VARIABLE } from '../../../sandbox/host/tagged-processes.ts';
import { sandboxPair } from '../../../sandbox/pair.ts';
import { sandboxPlace, stateRoot } from '../../../sandbox/place.ts';
import { timedProgress } from '../../../sandbox/print.ts';
import { until } from '../../../sandbox/until.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/up.ts';
import { Terminal } from '../../support/break-glass-page.ts';
import { traceOf } from '../site-facts.ts';

const Status = z.looseObject({
  grant: z.looseObject({ holder: z.string(), epoch: z.number() }),
  op: z.unknown(),
  sites: z.record(
    z.string(),
    z.looseObject({
      role: z.string(),
      verdict: z.looseObject({ diagnosis: z.string(), health: z.string(), stale: z.boolean() }),
      fence: z.looseObject({ rung: z.string(), epoch: z.number(), acknowledgedAt: z.string().nullable() }).nullable(),
    }),
  ),
  newestVerifiedSnapshot: z.looseObject({ site: z.string() }),
});

/*
 * One sandbox, one story: the controller's Region is cut off, then site a loses its scheduler. A person brings
 * production up on b with nothing but the commands of runbooks/break-glass.md, and tells the table when it is back.
 */
describe('the break-glass page on the real sandbox', () => {
  let sandbox: Sandbox;
  let begun: Awaited<ReturnType<typeof beginProduction>>;
  let terminal: Terminal;
  let cuts: string[] = [];
  let lostAt = new Date();
  const tell = timedProgress();
  const removeCleanup = installCleanup(sandboxPlace('test-break-glass').id);

  beforeAll(async () => {
    sandbox = await startSandbox({ name: 'test-break-glass', config: sandboxPair('demo'), progress: tell });
    begun = await beginProduction(sandbox, tell);
    await waitForProtection(begun.access, begun.follower, 30);
    terminal = new Terminal(await terminalEnvironment());
  });
  afterAll(async () => {
    terminal?.close();
    await sandbox?.close();
    removeCleanup();
    expect(findTagged({ sandbox: sandbox.id })).toEqual([]);
  });

  async function terminalEnvironment() {
    const HOME = path.join(sandbox.stateDir, 'on-call');
    await mkdir(HOME, { recursive: true });
    return {
      HOME,
      PATH: `${path.join(stateRoot, 'tools', 'bin')}:${process.env.PATH}`,
      AWS_ENDPOINT_URL: sandbox.front.url,
      AWS_ACCESS_KEY_ID: CALLERS.cli,
      AWS_SECRET_ACCESS_KEY: 'sandbox',
      // One address stands for all hosts, so there are no names below it.
      AWS_DISABLE_HOST_PREFIX_INJECTION: 'true',
      [SANDBOX_VARIABLE]: sandbox.id,
    };
  }

  const values = () => {
    const { pair, account, controllerRegion, sites, interruptedTasks, catchUpBudget, timing } = sandbox.config;
    return {
      ...{ PAIR: pair, ACCOUNT: account, CONTROLLER_REGION: controllerRegion, BY: 'On Call', REASON: 'a rehearsal' },
      ...{ LOSING: 'a', LOSING_REGION: sites.a.region, LOSING_ENVIRONMENT: sites.a.environment },
      ...{ TARGET: 'b', TARGET_REGION: sites.b.region, TARGET_ENVIRONMENT: sites.b.environment },
      ...{ INTERRUPTED: interruptedTasks, CATCH_UP_BUDGET: String(catchUpBudget) },
      CLEANUP_SECONDS: String(timing.killedTaskCleanupSeconds),
    };
  };

  async function follow(...headings: string[]): Promise<void> {
    for (const heading of headings) {
      const seen = await terminal.follow(heading, values());
      tell(`${heading} ${seen.trim().split('\n').slice(-3).join(' | ')}`);
    }
  }

  /** Nothing in the controller's Region answers, and nothing that runs there reaches anything. */
  function cutController(): void {
    cuts = [
      { region: sandbox.config.controllerRegion },
      { source: CALLERS.controller },
      { source: CALLERS.engine },
    ].map((who) => sandbox.front.faults.set({ ...who, effect: { kind: 'refuse' } }));
  }

  const decided = async (name: string) => (await terminal.type(`echo "$${name}"`)).trim();
  const rowOf = async (side: 'a' | 'b') =>
    JSON.parse((await begun.access.airflow(side).getVariable(reservedVariable)) ?? '{}');

  test('brings production up on b while the controller and its command line are away', async () => {
    cutController();
    tell('NOW: the Region of the controller is cut off and the scheduler of site a is killed');
    lostAt = new Date();
    await sandbox.site('a').killScheduler();
    expect((await runLifeboat(sandbox, 'status')).code).not.toBe(0);
    await follow('Set up', 'Look', '1b.', '2.', '3a.', '4.', '5.', '6.', '7.', '8.');
    const epoch = Number(await decided('EPOCH'));
    expect(epoch).toBe(101);
    expect(await rowOf('b')).toMatchObject({ site: 'b', mode: 'active', epoch, op: null });
    expect(await rowOf('a')).toMatchObject({ site: 'a', mode: 'fenced', epoch });
    expect((await begun.access.table.get(records.grant()))?.value).toMatchObject({ holder: 'a', epoch: 1 });
  });

  test('refuses at site b what the controller would ask under its own next epoch', async () => {
    const ask = 'ask("lifeboat_import", "late", request("import", stage="unfinished", interruptedDefault="fail"))';
    const said = await terminal.type(`(export EPOCH=2; python3 -c 'from glass import *; ${ask}')`);
    expect(said).toMatch(/^STOP: late: StaleEpochError/m);
  });

  test('tells the table when the controller is back, and the controller goes on from there', async () => {
    const [region = '', ...rest] = cuts;
    sandbox.front.faults.clear(region);
    await follow('1a.');
    for (const id of rest) sandbox.front.faults.clear(id);
    await follow('9.', '10.', '11.');
    const epoch = Number(await decided('EPOCH'));
    const seen = await until('the controller judges and protects site b', 120, async () => {
      await begun.follower.look();
      const said = await runLifeboat(sandbox, 'status', '--json');
      const status = Status.safeParse(JSON.parse(said.stdout || 'null')).data;
      const isSettled = status?.sites.b?.verdict.health === 'healthy' && status.newestVerifiedSnapshot.site === 'b';
      return isSettled ? { status, code: said.code } : null;
    });
    expect(seen.code).toBe(0);
    expect(seen.status).toMatchObject({ grant: { holder: 'b', epoch }, op: null });
    expect(seen.status.sites.b).toMatchObject({ role: 'active', verdict: { diagnosis: 'HEALTHY', stale: false } });
    expect(seen.status.sites.a).toMatchObject({
      role: 'none',
      verdict: { stale: false },
      fence: { rung: 'R2', epoch, acknowledgedAt: expect.any(String) },
    });
    // Its scheduler is dead, and its canary says so or is silent.
    expect(seen.status.sites.a?.verdict.health).not.toBe('healthy');
    const text = (await runLifeboat(sandbox, 'status')).stdout;
    expect(text).toContain(`GRANT     site b   epoch ${epoch}`);
    expect(text).toContain('OP        none');
  });

  test('begins no op, and shows the one that a person made', async () => {
    const op = await decided('OP');
    expect((await begun.access.table.list(records.ops())).map(({ value }) => value.op)).toEqual([op]);
    const report = await runLifeboat(sandbox, 'report', op);
    expect(report.code, report.stderr).toBe(0);
    expect(report.stdout).toContain('recovered');
    const periods = (await begun.access.table.list(records.grantPeriods())).map(({ value }) => value);
    expect(periods.map(({ epoch, holder, until: end }) => [epoch, holder, end === null])).toEqual([
      [1, 'a', false],
      [Number(await decided('EPOCH')), 'b', true],
    ]);
  });

  test('runs nothing twice and leaves no slot of a catchup DAG out', async () => {
    const [a, b] = await Promise.all([
      readRuns(sandbox.postgres, sandbox.site('a').metadataDatabase),
      readRuns(sandbox.postgres, sandbox.site('b').metadataDatabase),
    ]);
    const snapshotAt = await terminal.type(
      `python3 -c 'from glass import *; print(load("manifest.json")["snapshotAt"])'`,
    );
    const givenAt = await terminal.type(`python3 -c 'from glass import *; print(load("promoted.json")["at"])'`);
    const runs = compareRuns({
      ...{ a, b, lostAt, measuredAt: new Date(), slots: catchupSlots },
      snapshotAt: new Date(snapshotAt.trim()),
      givenAt: new Date(givenAt.trim()),
    });
    expect(runs.doubled).toEqual([]);
    expect(runs.skipped).toEqual([]);
    expect(runs.beforeLoss).toBeGreaterThan(10);
    expect(runs.afterRecovery).toBeGreaterThan(3);
  });

  test('leaves site a fenced, with nothing open and the long task stopped before b began', async () => {
    expect(await rowOf('a')).toMatchObject({ mode: 'fenced', epoch: 101 });
    const dags = await begun.access.airflow('a').listDags();
    expect(dags.filter((dag) => !dag.isPaused && !isHelperDag(dag.dagId))).toEqual([]);
    const longOnA = (await traceOf(sandbox, 'a')).filter((line) => line.workload === longDag);
    const firstOnB = (await traceOf(sandbox, 'b'))[0];
    expect(longOnA.length).toBeGreaterThan(10);
    expect(Date.parse(longOnA.at(-1)?.at ?? '')).toBeLessThan(Date.parse(firstOnB?.at ?? ''));
  });
});
