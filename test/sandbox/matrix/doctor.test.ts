import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, DescribeKeyCommand, GetKeyPolicyCommand, UpdateAliasCommand } from '@aws-sdk/client-kms';
import {
  DeleteBucketReplicationCommand,
  DeleteObjectCommand,
  GetBucketReplicationCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { workBudget } from '../../../lib/adapters/aws-clients.ts';
import { mwaaClient } from '../../../lib/adapters/mwaa/mwaa-environment.ts';
import { sendMwaa } from '../../../lib/adapters/mwaa/raw-command.ts';
import { helperDags, namesOf } from '../../../lib/contracts/names.ts';
import { records } from '../../../lib/contracts/records.ts';
import { CALLERS } from '../../../sandbox/cloud/callers.ts';
import { runLifeboat } from '../../../sandbox/demo/production.ts';
import { beginProduction, waitForProtection } from '../../../sandbox/demo/run.ts';
import { installCleanup } from '../../../sandbox/host/processes.ts';
import { findTagged } from '../../../sandbox/host/tagged-processes.ts';
import { sandboxPair } from '../../../sandbox/pair.ts';
import { projectRoot, sandboxPlace } from '../../../sandbox/place.ts';
import { timedProgress } from '../../../sandbox/print.ts';
import { until } from '../../../sandbox/until.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/up.ts';

const Document = z.object({
  ready: z.boolean(),
  checks: z.array(z.object({ id: z.string(), state: z.string() })),
  findings: z.array(
    z.object({
      id: z.string(),
      level: z.string(),
      found: z.string(),
      cause: z.string(),
      fix: z.string(),
      runbook: z.string(),
    }),
  ),
});

/** A DAG that opens itself where no gate keeps it from that. */
const opensItself = `
from datetime import datetime, timedelta, timezone
from airflow import DAG
from airflow.operators.empty import EmptyOperator

with DAG(
    dag_id="opens_itself",
    schedule=timedelta(days=1),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=False,
):
    EmptyOperator(task_id="nothing")
`;
/** A zip without any file. */
const emptyZip = Buffer.concat([Buffer.from('PK\u0005\u0006'), Buffer.alloc(18)]);

/*
 * One sandbox, one pair that is ready; then one thing after the other is put wrong for real, found by its own id and
 * nothing else, and put right again: the next test would find what had stayed.
 */
describe('lifeboat doctor on the real sandbox', () => {
  let sandbox: Sandbox;
  let begun: Awaited<ReturnType<typeof beginProduction>>;
  const tell = timedProgress();
  const removeCleanup = installCleanup(sandboxPlace('test-doctor').id);
  // Nothing that is put wrong here may start an op.
  // The machine is busy with two sites and with what is put wrong: nothing may look late because of that.
  const timing = { canaryStaleSeconds: 150, recoveryPointSeconds: 60, heartbeatPeriodSeconds: 10 };
  const config = sandboxPair('demo', { mode: 'manual', timing });
  const names = namesOf(config);
  const { a, b } = config.sites;

  beforeAll(async () => {
    sandbox = await startSandbox({ name: 'test-doctor', config, progress: tell });
    begun = await beginProduction(sandbox, tell);
    for (const site of [a, b]) await putObject(site.region, site.dagBucket, 'dags/opens_itself.py', opensItself);
    await until('both sites know the DAG that opens itself', 90, async () => {
      const [here, there] = await Promise.all([
        begun.access.airflow('a').listDags(),
        begun.access.airflow('b').listDags(),
      ]);
      return [here, there].every((dags) => dags.some(({ dagId }) => dagId === 'opens_itself'));
    });
    await waitForProtection(begun.access, begun.follower, 45);
    // From here on the command line is asked for nothing but to look.
    sandbox.front.log.clear();
  });
  afterAll(async () => {
    await sandbox?.close();
    removeCleanup();
    expect(findTagged({ sandbox: sandbox.id })).toEqual([]);
  });

  const aws = (region: string) => begun.access.clients(region);
  const iam = () =>
    new IAMClient({
      endpoint: sandbox.front.url,
      region: 'us-east-1',
      credentials: { accessKeyId: CALLERS.harness, secretAccessKey: 'sandbox' },
    });
  const putObject = async (region: string, Bucket: string, Key: string, Body: string | Buffer) =>
    (await aws(region).s3().send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId ?? '';

  async function doctor(...words: string[]) {
    const { code, stdout, stderr } = await runLifeboat(sandbox, 'doctor', '--json', ...words);
    if (!stdout.startsWith('{')) throw new Error(`doctor ended with ${code}: ${stderr}`);
    const document = Document.parse(JSON.parse(stdout));
    const seen = document.findings.map(({ id, level, found }) => `${id} ${level}: ${found}`);
    return { code, stdout, document, seen, ids: [...new Set(document.findings.map(({ id }) => id))] };
  }

  /** Looks until doctor finds exactly these; the sites need a moment to show what was put wrong, and right again. */
  async function finds(ids: readonly string[], code: number, seconds = 240) {
    let last = await doctor();
    const ends = Date.now() + seconds * 1000;
    while ((last.ids.join() !== ids.join() || last.code !== code) && Date.now() < ends) last = await doctor();
    tell(`doctor: exit ${last.code}, ${last.seen.join(' | ') || 'nothing found'}`);
    expect(last.seen.map((one) => one.split(' ')[0]).filter((id, at, all) => all.indexOf(id) === at)).toEqual(ids);
    expect(last.code).toBe(code);
    return last;
  }

  const well = () => finds([], 0);

  test('finds nothing on a pair that is ready', async () => {
    const { document } = await well();
    expect(document.ready).toBe(true);
    expect(document.checks.every(({ state }) => state === 'ok')).toBe(true);
  });

  test('says the same in words, with every check, and tells progress on stderr only', async () => {
    const { code, stdout, stderr } = await runLifeboat(sandbox, 'doctor');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^READY {5}yes$/m);
    expect(stdout).not.toMatch(/^doctor:/m);
    expect(stderr).toMatch(/^doctor: \d+ checks, read-only/);
  });

  test('finds a role without a permission', async () => {
    const client = iam();
    const role = sandbox.gateway.definition(config.controllerRegion, names.functionName('promote-site'))?.roleArn;
    const RoleName = role?.split('/').at(-1) ?? '';
    const { PolicyNames = [] } = await client.send(new ListRolePoliciesCommand({ RoleName }));
    const PolicyName = PolicyNames[0] ?? '';
    const { PolicyDocument = '' } = await client.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
    const document = decodeURIComponent(PolicyDocument);
    await client.send(
      new PutRolePolicyCommand({
        RoleName,
        PolicyName,
        PolicyDocument: document.replace('s3:PutObject', 's3:Nothing'),
      }),
    );
    const { document: found } = await finds(['function-roles'], 4);
    expect(found.findings[0]?.found).toMatch(
      /function promote-site may not s3:PutObject on arn:aws:s3:::lifeboat-demo-/,
    );
    await client.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
    await client.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: document }));
  });

  test('finds a bucket without versioning', async () => {
    const set = (Status: 'Suspended' | 'Enabled') =>
      aws(b.region)
        .s3()
        .send(new PutBucketVersioningCommand({ Bucket: names.siteBucket('b'), VersioningConfiguration: { Status } }));
    await set('Suspended');
    await finds(['site-buckets'], 4);
    await set('Enabled');
  });

  test('finds replication that is off', async () => {
    const Bucket = names.siteBucket('a');
    const s3 = aws(a.region).s3();
    const { ReplicationConfiguration } = await s3.send(new GetBucketReplicationCommand({ Bucket }));
    await s3.send(new DeleteBucketReplicationCommand({ Bucket }));
    await finds(['replication'], 4);
    await s3.send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration }));
  });

  test('finds a wrong key', async () => {
    const kms = aws(b.region).kms();
    const right = (await kms.send(new DescribeKeyCommand({ KeyId: names.keyAlias }))).KeyMetadata?.KeyId;
    // As open as the right one, so that nothing is wrong with it but that it is another key.
    const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId: right, PolicyName: 'default' }));
    const other = (await kms.send(new CreateKeyCommand({ MultiRegion: true, Policy }))).KeyMetadata?.KeyId;
    await kms.send(new UpdateAliasCommand({ AliasName: names.keyAlias, TargetKeyId: other }));
    await finds(['key'], 4);
    await kms.send(new UpdateAliasCommand({ AliasName: names.keyAlias, TargetKeyId: right }));
  });

  test('finds a heartbeat that is filtered out, and never shows the value of an option', async () => {
    const options = { 'metrics.metrics_block_list': 'scheduler,a-secret-of-somebody' };
    sandbox.mwaa.show(b.region, b.environment, { AirflowConfigurationOptions: options });
    const { stdout } = await finds(['heartbeat-metric'], 4);
    expect(stdout).toContain('metrics.metrics_block_list');
    expect(stdout).not.toContain('a-secret-of-somebody');
    sandbox.mwaa.show(b.region, b.environment, {});
  });

  test('finds that the gate is missing on the standby', async () => {
    const client = mwaaClient(
      {
        region: b.region,
        endpoint: sandbox.front.url,
        credentials: { accessKeyId: CALLERS.harness, secretAccessKey: 'sandbox' },
      },
      workBudget,
    );
    const Shown = z.object({ Environment: z.looseObject({ PluginsS3ObjectVersion: z.string(), Status: z.string() }) });
    const get = async () => (await sendMwaa(client, 'GetEnvironment', { Name: b.environment }, Shown)).Environment;
    const update = async (version: string) => {
      const change = { Name: b.environment, PluginsS3Path: 'plugins.zip', PluginsS3ObjectVersion: version };
      await sendMwaa(client, 'UpdateEnvironment', change, z.looseObject({}));
      await until('site b is AVAILABLE again', 180, async () => (await get()).Status === 'AVAILABLE');
    };
    const before = (await get()).PluginsS3ObjectVersion;
    await update(await putObject(b.region, b.dagBucket, 'plugins.zip', emptyZip));
    const { document } = await finds(['standby-gate'], 4);
    expect(document.findings[0]?.found).toMatch(
      /site b, the standby, has no gate, and opens_itself, report_every_minute declare/,
    );
    await update(before);
  });

  test('finds helper DAGs of another version', async () => {
    const key = 'dags/mwaa_lifeboat/engine/export.py';
    const text = await readFile(path.join(projectRoot, 'dags', 'mwaa_lifeboat', 'engine', 'export.py'), 'utf8');
    await putObject(b.region, b.dagBucket, key, text.replace(/^HELPER_VERSION = .*$/m, 'HELPER_VERSION = "0.0.1"'));
    await finds(['helper-dags'], 4);
    await putObject(b.region, b.dagBucket, key, text);
  });

  test('finds Airflow versions that are not alike', async () => {
    sandbox.mwaa.show(b.region, b.environment, { AirflowVersion: '2.10.1' });
    await finds(['airflow-versions'], 4);
    sandbox.mwaa.show(b.region, b.environment, {});
  });

  test('finds a full quota: a warning while the standby exists, not ready where it has to be created', async () => {
    sandbox.mwaa.setQuota(b.region, 1);
    await finds(['quota'], 0);
    const file = path.join(sandbox.stateDir, 'backup-restore.json');
    const { sites, ...pair } = sandboxPair('demo', { mode: 'manual', timing, strategy: 'backup-restore' });
    const created = { ...sites, b: { ...sites.b, environment: 'demo-created' } };
    await writeFile(file, JSON.stringify({ ...pair, sites: created }));
    const { code, ids } = await doctor('--only', 'quota', '--config', file);
    expect({ code, ids }).toEqual({ code: 4, ids: ['quota'] });
    sandbox.mwaa.setQuota(b.region, 10);
  });

  test('finds a version that is missing in the DAG bucket, and an object', async () => {
    const version = await putObject(b.region, b.dagBucket, 'requirements.txt', 'apache-airflow-providers-amazon\n');
    sandbox.mwaa.show(b.region, b.environment, { RequirementsS3ObjectVersion: version });
    expect(await doctor('--only', 'dag-bucket')).toMatchObject({ code: 0, ids: [] });
    const remove = { Bucket: b.dagBucket, Key: 'requirements.txt', VersionId: version };
    await aws(b.region).s3().send(new DeleteObjectCommand(remove));
    const { document } = await finds(['dag-bucket'], 4);
    expect(document.findings[0]?.found).toMatch(/requirements.txt \(requirements\) in another version/);
    sandbox.mwaa.show(b.region, b.environment, { StartupScriptS3Path: 'startup.sh' });
    const missing = await finds(['dag-bucket'], 4);
    expect(missing.document.findings[0]?.found).toMatch(/has no startup.sh \(startup script\)/);
    sandbox.mwaa.show(b.region, b.environment, {});
  });

  test('finds a paused canary', async () => {
    await begun.access.airflow('b').setPaused(helperDags.canary, true);
    const { document } = await finds(['canary'], 4);
    expect(document.findings[0]?.found).toBe('lifeboat_canary is paused on site b');
    await begun.access.airflow('b').setPaused(helperDags.canary, false);
  });

  test('finds a clock that is wrong', async () => {
    const fault = sandbox.front.faults.set({ source: CALLERS.cli, effect: { kind: 'clock', seconds: 120 } });
    const { document } = await finds(['clock'], 4);
    expect(document.findings[0]?.found).toMatch(/this machine’s clock is \d+ s behind AWS|clock is 2 min behind AWS/);
    sandbox.front.faults.clear(fault);
  });

  test('finds nothing any more when everything is put right again', async () => {
    await well();
  });

  test('is not ready when it cannot look, and says why', async () => {
    const effect = { kind: 'status' as const, code: 403, errorName: 'AccessDenied' };
    const fault = sandbox.front.faults.set({ source: CALLERS.cli, service: 'iam', effect });
    const { document, code } = await doctor('--only', 'function-roles');
    expect(code).toBe(4);
    expect(document.findings).toMatchObject([
      { id: 'function-roles', level: 'unknown', cause: expect.stringMatching(/AccessDenied/) },
    ]);
    sandbox.front.faults.clear(fault);
  });

  test('has changed nothing: the grant is where it was and no op began', async () => {
    expect((await begun.access.table.get(records.grant()))?.value).toMatchObject({ holder: 'a', epoch: 1 });
    expect(await begun.access.table.list(records.ops())).toEqual([]);
    const asked = sandbox.front.log.counts().filter(({ source }) => source === CALLERS.cli);
    const changing = /^(Put|Update|Delete|Transact|Start|Publish|Subscribe|Tag|Create(?!WebLoginToken))/;
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter(({ operation }) => changing.test(operation))).toEqual([]);
  });
});
