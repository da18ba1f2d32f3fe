import { PutObjectCommand } from '@aws-sdk/client-s3';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Manifest } from '../../../lib/contracts/manifest.ts';
import { namesOf } from '../../../lib/contracts/names.ts';
import { records } from '../../../lib/contracts/records.ts';
import { executionName } from '../../../lib/steps/begin-op.ts';
import { runLifeboat } from '../../../sandbox/demo/production.ts';
import { beginProduction, type DemoResult, loseAndRecover, waitForProtection } from '../../../sandbox/demo/run.ts';
import { installCleanup } from '../../../sandbox/host/processes.ts';
import { findTagged } from '../../../sandbox/host/tagged-processes.ts';
import { sandboxPair } from '../../../sandbox/pair.ts';
import { sandboxPlace } from '../../../sandbox/place.ts';
import { timedProgress } from '../../../sandbox/print.ts';
import { until } from '../../../sandbox/until.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/up.ts';

/*
 * The pair prepares by itself and a person commits. The newest snapshot is damaged where it will be used, and the
 * execution is stopped at the worst moment: the grant is withdrawn, nobody runs production.
 */
describe('an op that a person approves and resumes', () => {
  let sandbox: Sandbox;
  let begun: Awaited<ReturnType<typeof beginProduction>>;
  let measured: DemoResult;
  let damaged = '';
  const tell = timedProgress();

  // Whoever interrupts the tests leaves no Airflow behind either.
  const removeCleanup = installCleanup(sandboxPlace('test-resume').id);

  beforeAll(async () => {
    const config = sandboxPair('demo', { mode: 'prepare' });
    sandbox = await startSandbox({ name: 'test-resume', config, progress: tell });
    begun = await beginProduction(sandbox, tell);
    await waitForProtection(begun.access, begun.follower, 60);
    await until('two snapshots are verified', 120, async () => (await verifiedSnapshots()).length > 1);
  });
  afterAll(async () => {
    await sandbox?.close();
    removeCleanup();
    expect(findTagged({ sandbox: sandbox.id })).toEqual([]);
  });

  const openOp = async () => (await begun.access.table.list(records.ops())).at(-1)?.value ?? null;

  const verifiedSnapshots = async () =>
    (await begun.access.table.list(records.snapshots()))
      .map(({ value }) => value)
      .filter((one) => one.verified)
      .sort((x, y) => x.snapshotAt.localeCompare(y.snapshotAt));

  /** Flips one byte of an object of the newest verified snapshot in the bucket of site b. */
  async function damageNewestSnapshot(): Promise<string> {
    const newest = (await verifiedSnapshots()).at(-1);
    const manifest = await begun.access.bucket('b').read(newest?.manifestKey ?? '');
    const object = Manifest.parse(JSON.parse(manifest?.body.toString() ?? '')).objects.find(
      (one) => one.table === 'dag_run',
    );
    const stored = await begun.access.bucket('b').read(object?.key ?? '');
    const body = Buffer.from(stored?.body ?? []);
    body.writeUInt8(body.readUInt8(body.length - 1) ^ 1, body.length - 1);
    const s3 = begun.access.clients(sandbox.config.sites.b.region).s3();
    await s3.send(
      new PutObjectCommand({ Bucket: namesOf(sandbox.config).siteBucket('b'), Key: object?.key, Body: body }),
    );
    return newest?.snapshotId ?? '';
  }

  async function approveStopAndResume(): Promise<void> {
    sandbox.clockwork.schedules.pause('-protect');
    damaged = await damageNewestSnapshot();
    const waiting = await until('the op waits for approval', 180, async () => {
      await begun.follower.look();
      const op = await openOp();
      const step = op && (await begun.access.table.get(records.step(op.op, 'Wait for approval')));
      return step?.value.status === 'waiting' ? op : null;
    });
    expect((await begun.access.table.get(records.grant()))?.value.holder).toBe('a');
    const approved = await runLifeboat(sandbox, 'approve', waiting.op, '--yes', '--expect-epoch', '1', '--no-wait');
    expect(approved.code, approved.stderr).toBe(7);
    const withdrawn = await until(
      'the grant is withdrawn',
      120,
      async () => {
        await begun.follower.look();
        const op = await openOp();
        return op?.phase === 'withdrawn' ? op : null;
      },
      100,
    );
    // Reconcile of the watch would take the op up by itself; here a person is to do it.
    sandbox.clockwork.schedules.pause('-watch');
    const execution = executionName(withdrawn.op, withdrawn.attempt);
    const sfn = begun.access.clients(sandbox.config.controllerRegion).sfn();
    await sfn.send(
      new StopExecutionCommand({ executionArn: namesOf(sandbox.config).executionArn('failover', execution) }),
    );
    tell('the execution is stopped; no site holds the grant');
    expect((await begun.access.table.get(records.grant()))?.value.holder).toBe('none');
    await until(
      'the op can be taken over',
      240,
      async () => {
        const resumed = await runLifeboat(sandbox, 'resume', withdrawn.op, '--no-wait');
        tell(`lifeboat resume: exit ${resumed.code} ${resumed.stdout}${resumed.stderr}`);
        return ((await openOp())?.attempt ?? 0) > 1;
      },
      5000,
    );
    sandbox.clockwork.schedules.resume('-watch');
  }

  test('ends recovered although its execution was stopped after the withdrawal', async () => {
    measured = await loseAndRecover(sandbox, { ...begun, tell, recover: approveStopAndResume });
    expect(measured.outcome).toBe('recovered');
    expect((await openOp())?.attempt).toBe(2);
    expect(measured.fence.rung).toBe('R2');
    expect(measured.runs.doubled).toEqual([]);
    expect(measured.runs.skipped).toEqual([]);
    expect(measured.leftPaused).toEqual([]);
  });

  test('refuses the damaged snapshot, says so, and takes the next older one', async () => {
    const refused = await begun.access.table.get(records.snapshot(damaged));
    expect(refused?.value.invalid).toMatch(/ObjectCorruptError/);
    const op = await openOp();
    expect(op?.snapshotId).not.toBe(damaged);
    const choice = await begun.access.table.get(records.step(op?.op ?? '', 'Choose the snapshot'));
    expect(String(choice?.value.output?.because)).toContain(damaged);
  });

  test('withdraws and gives the grant once, whatever happened to the execution', async () => {
    const periods = (await begun.access.table.list(records.grantPeriods())).map(({ value }) => value);
    expect(periods.map(({ epoch, holder }) => [epoch, holder])).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });
});
