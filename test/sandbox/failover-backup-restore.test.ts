import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SignedCommands } from '../../lib/cli/signed-commands.ts';
import type { OpRecord } from '../../lib/contracts/control.ts';
import { environmentTags, isHelperDag, namesOf } from '../../lib/contracts/names.ts';
import { records } from '../../lib/contracts/records.ts';
import { CALLERS } from '../../sandbox/cloud/callers.ts';
import { demoSecrets, runLifeboat } from '../../sandbox/demo/production.ts';
import { beginProduction, type DemoResult, loseAndRecover, waitForProtection } from '../../sandbox/demo/run.ts';
import { installCleanup } from '../../sandbox/host/processes.ts';
import { findTagged } from '../../sandbox/host/tagged-processes.ts';
import { regionalOptions, sandboxNetwork, sandboxPair } from '../../sandbox/pair.ts';
import { sandboxPlace } from '../../sandbox/place.ts';
import { timedProgress } from '../../sandbox/print.ts';
import { until } from '../../sandbox/until.ts';
import { type Sandbox, startSandbox } from '../../sandbox/up.ts';
import { secretsOf, traceOf } from './site-facts.ts';

/*
 * One pair without a second environment, in mode prepare, one story: a loss that passes leaves a created environment, the
 * next op uses it again, its time runs out, and the loss that stays is recovered in a new one. The configured name can
 * never be created, so each creation ends under the next name. The tests are in the order of the story.
 */
describe('backup and restore on the real sandbox', () => {
  let sandbox: Sandbox;
  let begun: Awaited<ReturnType<typeof beginProduction>>;
  let prepared: OpRecord;
  let measured: DemoResult;
  const tell = timedProgress();

  // Whoever interrupts the tests leaves no Airflow behind either.
  const removeCleanup = installCleanup(sandboxPlace('test-backup-restore').id);

  beforeAll(async () => {
    const config = sandboxPair('demo', {
      ...{ mode: 'prepare', strategy: 'backup-restore' },
      // The shortest windows that tell a loss from a hiccup: an outage that passes is over after 30 s instead of 75.
      timing: { prepareTtlSeconds: 15, deadPeriods: 2, windowPeriods: 2 },
    });
    sandbox = await startSandbox({ name: 'test-backup-restore', config, progress: tell });
    sandbox.mwaa.setScript(config.sites.b.region, 'demo-b', { create: 'fail' });
    begun = await beginProduction(sandbox, tell);
    await waitForProtection(begun.access, begun.follower, 1);
  });
  afterAll(async () => {
    await sandbox?.close();
    removeCleanup();
    expect(findTagged({ sandbox: sandbox.id })).toEqual([]);
  });

  const ops = async () => (await begun.access.table.list(records.ops())).map(({ value }) => value);
  const siteB = async () => (await begun.access.table.get(records.site('b')))?.value ?? null;
  const stepOf = async (op: string, state: string) => (await begun.access.table.get(records.step(op, state)))?.value;
  const namesAtB = () => begun.access.environments('b').map(({ name }) => name);
  const creations = () =>
    sandbox.front.log
      .counts()
      .find(({ operation, source }) => operation === 'CreateEnvironment' && source === CALLERS.controller)?.count;

  /** The op that comes after the others that are known, once it is as far as `isThere` says. */
  const nextOp = (known: number, what: string, isThere: (op: OpRecord) => Promise<boolean>) =>
    until(what, 180, async () => {
      await begun.follower.look();
      const op = (await ops())[known];
      return op && (await isThere(op)) ? op : null;
    });
  const waitsForApproval = async ({ op }: OpRecord) => (await stepOf(op, 'Wait for approval'))?.status === 'waiting';
  const hasEnded = async ({ endedAt }: OpRecord) => endedAt !== null;

  test('prepares an environment under the next name when the first one cannot be created', async () => {
    expect(namesAtB()).toEqual([]);
    sandbox.front.faults.set({
      ...{ operation: 'CreateEnvironment', pathPrefix: '/environments/demo-b-2', times: 1 },
      effect: { kind: 'lose-answer' },
    });
    tell('NOW: the scheduler of site a is killed; it will be back');
    await sandbox.site('a').killScheduler();
    prepared = await nextOp(0, 'an op begins', async () => true);
    // It takes longer to be sure that the site is well than to prepare the other one.
    await sandbox.site('a').startScheduler();
    await nextOp(0, 'the environment is prepared', async () => (await siteB())?.state === 'prepared');
    expect(await siteB()).toMatchObject({ environment: 'demo-b-2', state: 'prepared', op: prepared.op });
    expect((await siteB())?.passedOver).toEqual([
      { environment: 'demo-b', why: expect.stringMatching(/CREATE_FAILED: The scripted creation failed/) },
    ]);
    expect((await begun.access.table.get(records.grant()))?.value).toMatchObject({ holder: 'a', epoch: 1 });
  });

  test('finds the environment whose creation was heard although its answer was lost', () => {
    // Three: demo-b, demo-b-2 without an answer, and the repeat of the SDK, which is told that the name is taken.
    expect(creations()).toBe(3);
    expect(namesAtB()).toEqual(['demo-b', 'demo-b-2']);
  });

  test('asks for what was captured of site a, translated for site b', async () => {
    const get = (side: 'a' | 'b', name: string) =>
      sandbox.mwaa.find(sandbox.config.sites[side].region, name).describe();
    const a = get('a', 'demo-a');
    const b = get('b', 'demo-b-2');
    const same = ['AirflowVersion', 'EnvironmentClass', 'MinWorkers', 'MaxWorkers', 'Schedulers', 'DagS3Path'];
    const alsoSame = ['MinWebservers', 'MaxWebservers', 'WeeklyMaintenanceWindowStart', 'RequirementsS3Path'];
    for (const member of [...same, ...alsoSame, 'PluginsS3Path', 'WebserverAccessMode', 'EndpointManagement']) {
      expect(b[member], member).toEqual(a[member]);
    }
    expect(b).toMatchObject({
      EnvironmentClass: 'mw1.medium',
      SourceBucketArn: 'arn:aws:s3:::demo-dags-b',
      ExecutionRoleArn: sandbox.config.sites.b.executionRoleArn,
      NetworkConfiguration: {
        SubnetIds: sandboxNetwork.b.subnetIds,
        SecurityGroupIds: sandboxNetwork.b.securityGroupIds,
      },
      AirflowConfigurationOptions: {
        'core.default_task_retries': '0',
        'core.dags_are_paused_at_creation': 'True',
        ...regionalOptions('eu-central-1'),
      },
      LoggingConfiguration: {
        TaskLogs: { Enabled: true, LogLevel: 'INFO' },
        SchedulerLogs: { Enabled: true, LogLevel: 'WARNING' },
        WorkerLogs: { Enabled: false, LogLevel: 'ERROR' },
      },
      Tags: {
        ...{ team: 'data', 'cost-centre': '1042' },
        ...{ [environmentTags.pair]: 'demo', [environmentTags.site]: 'b', [environmentTags.op]: prepared.op },
      },
    });
    expect(b.KmsKey).toBeUndefined();
    // The buckets of the sandbox are filled one by one, so each has versions of its own.
    expect(b.RequirementsS3ObjectVersion).not.toBe(a.RequirementsS3ObjectVersion);
    const said = JSON.stringify((await stepOf(prepared.op, 'Prepare the site'))?.output);
    expect(said).toMatch(/requirements.txt: version .* is not there, the newest one .* is used/);
  });

  test('stands down when site a is back before anybody approves, and keeps what is prepared', async () => {
    const op = await nextOp(0, 'the op stands down', hasEnded);
    expect(op).toMatchObject({ outcome: 'stood-down', failure: null });
    const waited = await stepOf(op.op, 'Wait for approval');
    expect(waited?.output?.because).toMatch(/site a is HEALTHY again before anybody approved/);
    expect(await siteB()).toMatchObject({ environment: 'demo-b-2', state: 'prepared' });
  });

  test('uses it again for an op that begins before its time is over', async () => {
    const asked = creations();
    const commands = new SignedCommands({
      lambda: begun.access.clients(sandbox.config.controllerRegion).lambda(),
      functionName: namesOf(sandbox.config).functionName('accept-command'),
      region: sandbox.config.controllerRegion,
    });
    const reply = await commands.send({ command: 'begin', kind: 'failover', reason: 'a game day', expectEpoch: 1 });
    expect(reply).toMatchObject({ ok: true });
    const op = await nextOp(1, 'the second op stands down', hasEnded);
    expect(op).toMatchObject({ outcome: 'stood-down', failure: null });
    expect(await siteB()).toMatchObject({ environment: 'demo-b-2', op: op.op });
    expect(creations()).toBe(asked);
  });

  test('deletes what has failed and what nobody used, and recovers in a new one after a loss that stays', async () => {
    // What is deleted meanwhile need not be waited for twice: the loss is not sure before its time is over.
    const approve = async () => {
      await until('both environments of site b are deleted', 60, async () => {
        await begun.follower.look();
        return namesAtB().length === 0 && (await siteB())?.state === 'gone';
      });
      expect(sandbox.environmentOf('b')).toBeNull();
      for (const part of ['scheduler', 'worker', 'webserver']) {
        expect(findTagged({ sandbox: sandbox.id, part: `demo_b_2/${part}` }), part).toEqual([]);
      }
      const op = await nextOp(2, 'an op waits for approval', waitsForApproval);
      const approved = await runLifeboat(sandbox, 'approve', op.op, '--yes', '--expect-epoch', '1', '--no-wait');
      expect(approved.code, approved.stderr).toBe(7);
    };
    measured = await loseAndRecover(sandbox, { ...begun, tell, recover: approve });
    expect(measured).toMatchObject({
      outcome: 'recovered',
      op: { strategy: 'backup-restore' },
      creation: { environment: 'demo-b-2' },
      fence: { rung: 'R2', waiver: null },
    });
    expect(await siteB()).toMatchObject({ environment: 'demo-b-2', state: 'in-use' });
  });

  test('runs nothing twice and leaves no slot of a catchup DAG out', () => {
    expect(measured.runs.doubled).toEqual([]);
    expect(measured.runs.skipped).toEqual([]);
    expect(measured.leftPaused).toEqual([]);
    expect(measured.runs.afterRecovery).toBeGreaterThan(3);
  });

  test('carries secrets byte for byte into an environment with a key of its own', async () => {
    const [a, b] = [await secretsOf(sandbox, 'a'), await secretsOf(sandbox, 'b')];
    expect(b.variable).toBe(demoSecrets.variable.value);
    expect(b.password).toBe(demoSecrets.connection.password);
    expect(b.extra).toBe(demoSecrets.connection.extra);
    for (const [index, text] of b.ciphertexts.entries()) expect(text).not.toBe(a.ciphertexts[index]);
  });

  test('runs nothing on site b before it has the grant, and nothing on site a after', async () => {
    const since = Date.parse((await begun.access.table.get(records.grant()))?.value.since ?? '');
    const [a, b] = [await traceOf(sandbox, 'a'), await traceOf(sandbox, 'b')];
    expect(b.filter(({ at }) => Date.parse(at) < since)).toEqual([]);
    expect(a.filter(({ at }) => Date.parse(at) >= since)).toEqual([]);
    const dags = await begun.access.airflow('a').listDags();
    expect(dags.filter((dag) => !dag.isPaused && !isHelperDag(dag.dagId))).toEqual([]);
  });
});
