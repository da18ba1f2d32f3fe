import { PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { UpdateContinuousBackupsCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  PutRolePolicyCommand,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, DescribeKeyCommand, UpdateAliasCommand } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketReplicationCommand,
  PutBucketEncryptionCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { CreateStateMachineCommand } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { namesOf } from '../../lib/contracts/names.ts';
import { pairConfig, siteConfig } from '../support/pair-config.ts';
import { useDeployedPair } from './preflight-cloud.ts';

const create = { subnetIds: ['subnet-1a', 'subnet-1b'], securityGroupIds: ['sg-1'] };
const config = pairConfig({
  pair: 'doctor',
  notifyEmails: ['on-call@example.com'],
  sandbox: true,
  sites: { a: { ...siteConfig('eu-west-1', 'doctor-a'), create }, b: siteConfig('eu-central-1', 'doctor-b') },
});
const names = namesOf(config);
const { a, b } = config.sites;
const pair = useDeployedPair(config);

const roleOf = async (name: string) => {
  const found = (await pair.reader().pair.functions()).find((one) => one.name === name);
  return found?.deployed?.roleArn.split('/').at(-1) ?? '';
};
const refused = async (asked: Promise<unknown>) =>
  await asked.then(
    () => 'answered',
    (error: unknown) => (error instanceof Error ? error.name : String(error)),
  );

/* The tests stand in an order: those that put something wrong come after those that look at it while it is right. */
describe('the looks at a deployment from the pair’s own templates', () => {
  it('find the table with what the template gives it', async () => {
    expect(await pair.reader().pair.table()).toEqual({ hasPointInTimeRecovery: true, isProtected: true });
    expect(await pair.reader().pair.control()).toBeNull();
  });

  it('find every function with its role and this configuration', async () => {
    const found = await pair.reader().pair.functions();
    expect(found.length).toBeGreaterThan(20);
    expect(found.every(({ deployed }) => deployed?.differs?.length === 0)).toBe(true);
  });

  it('name the fields in which a configuration differs from what was deployed', async () => {
    const found = await pair.reader({ mode: 'manual', historyDays: 7 }).pair.functions();
    expect(found[0]?.deployed?.differs).toEqual(['mode', 'historyDays']);
  });

  it('find that IAM allows each thing that the table of permissions grants', async () => {
    const { asked, missing } = await pair.reader().pair.rights();
    expect(missing).toEqual([]);
    expect(asked).toBeGreaterThan(200);
  }, 120_000);

  it('ask IAM for one action at a time, because it refuses several that need different information', async () => {
    const ask = (...ActionNames: string[]) =>
      refused(
        pair
          .clients(config.controllerRegion)
          .iam.send(new SimulatePrincipalPolicyCommand({ PolicySourceArn: a.executionRoleArn, ActionNames })),
      );
    expect(await ask('s3:GetObject')).toBe('answered');
    expect(await ask('s3:GetObject', 's3:ListBucket')).toBe('InvalidInputException');
  });

  it('find execution roles that MWAA may assume and that bucket and key admit', async () => {
    for (const side of ['a', 'b'] as const) {
      expect(await pair.reader().site.executionRole(side)).toEqual({ notTrusted: [], missing: [] });
    }
  });

  it('find state machines with the definitions of this version, and schedules that are enabled', async () => {
    const [machines, schedules] = [await pair.reader().pair.machines(), await pair.reader().pair.schedules()];
    expect(machines.map(({ isCurrent, isActive }) => isCurrent && isActive)).toEqual([true, true, true]);
    expect(schedules.map(({ name, isEnabled }) => [name, isEnabled])).toEqual([
      ['lifeboat-doctor-watch', true],
      ['lifeboat-doctor-protect', true],
    ]);
  });

  it('find who hears a page, and a clock that agrees', async () => {
    expect(await pair.reader().pair.topic()).toEqual({ confirmed: 1, pending: [] });
    expect(Math.abs((await pair.reader().pair.clock()).aheadSeconds)).toBeLessThan(3);
  });

  it('find buckets, rules and the key that opens in the other Region', async () => {
    const reader = pair.reader();
    const key = await reader.site.key('b');
    expect(key).toMatchObject({ isMultiRegion: true, isEnabled: true, notOpened: null });
    for (const [side, other] of [['a', 'b'] as const, ['b', 'a'] as const]) {
      expect(await reader.site.bucket(side)).toMatchObject({
        region: config.sites[side].region,
        isVersioned: true,
        keyId: key?.keyId,
        rules: [{ isEnabled: true, destination: names.siteBucket(other) }],
      });
    }
  });

  it('find the network that is configured, and what of it does not exist', async () => {
    const here = await pair.reader().site.network('a');
    expect(here?.subnets.map(({ found }) => found?.zone)).toEqual(['eu-west-1a', 'eu-west-1b']);
    expect(here?.groups).toEqual([{ id: 'sg-1', vpc: 'vpc-eu-west-1' }]);
    expect(await pair.reader().site.network('b')).toBeNull();
    const wrong = {
      ...a,
      create: { ...create, subnetIds: ['subnet-1a', 'subnet-9'], airflowConfigurationOptions: {} },
    };
    const found = await pair.reader({ sites: { a: wrong, b } }).site.network('a');
    expect(found?.subnets[1]).toEqual({ id: 'subnet-9', found: null });
  });
});

describe('the looks at an environment', () => {
  it('say null for what does not exist, and count for the quota what does', async () => {
    expect(await pair.reader().site.environment('a')).toBeNull();
    expect(await pair.reader().site.airflow('a')).toBeNull();
    pair.environments.set('doctor-a', {
      AirflowVersion: '2.10.3',
      WebserverAccessMode: 'PUBLIC_ONLY',
      SourceBucketArn: `arn:aws:s3:::${a.dagBucket}`,
      ExecutionRoleArn: a.executionRoleArn,
      DagS3Path: 'dags',
      PluginsS3Path: 'plugins.zip',
      PluginsS3ObjectVersion: 'v1',
      AirflowConfigurationOptions: {
        'metrics.statsd_on': 'false',
        'core.dags_are_paused_at_creation': 'False',
        x: 'secret',
      },
    });
    expect(await pair.reader().site.quota('a')).toEqual({ limit: 10, used: 1 });
  });

  it('keep every value of an option to themselves', async () => {
    const found = await pair.reader().site.environment('a');
    expect(found).toMatchObject({
      hidesHeartbeat: ['metrics.statsd_on'],
      opensNewDags: true,
      objects: [{ kind: 'plugins', key: 'plugins.zip', version: 'v1' }],
      madeFor: { pair: null, site: null },
    });
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  it('know by its tags for which pair and site it was made', async () => {
    pair.environments.set('doctor-b', { Tags: { 'lifeboat:pair': 'doctor', 'lifeboat:site': 'b', other: 'secret' } });
    const found = await pair.reader().site.environment('b');
    expect(found?.madeFor).toEqual({ pair: 'doctor', site: 'b' });
    pair.environments.delete('doctor-b');
  });

  it('find what an op would object to in the captured configuration, by names of fields only', async () => {
    const captured = {
      ...{ Name: 'doctor-b', AirflowVersion: '2.10.3', EnvironmentClass: 'mw1.small', DagS3Path: 'dags' },
      ...{ ExecutionRoleArn: b.executionRoleArn, SourceBucketArn: `arn:aws:s3:::${b.dagBucket}`, KmsKey: 'arn:key' },
      ...{ PluginsS3Path: 'plugins.zip', PluginsS3ObjectVersion: 'v1', AirflowConfigurationOptions: { x: 'secret' } },
      NetworkConfiguration: { SubnetIds: [], SecurityGroupIds: [] },
    };
    const Key = 'doctor/sites/b/environment.json';
    const put = new PutObjectCommand({ Bucket: names.siteBucket('a'), Key, Body: JSON.stringify(captured) });
    await pair.clients(a.region).s3.send(put);
    const found = await pair.reader({ homeSite: 'b', strategy: 'backup-restore' }).pair.captured();
    expect(found?.objections.map((one) => one.split(':')[0])).toEqual(['KmsKey', 'PluginsS3Path']);
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  it('measure the heartbeat by what CloudWatch has', async () => {
    const end = Math.floor((Date.now() - 120_000) / 60_000) * 60_000;
    const dimensions = { Function: 'Scheduler', Environment: 'doctor-a' };
    const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
    const MetricData = [5, 4, 1].map((ago) => ({
      ...{ MetricName: 'SchedulerHeartbeat', Value: 12, Dimensions },
      Timestamp: new Date(end - ago * 60_000),
    }));
    await pair.clients(a.region).cloudwatch.send(new PutMetricDataCommand({ Namespace: 'AmazonMWAA', MetricData }));
    expect(await pair.reader().site.heartbeat('a')).toMatchObject({
      ...{ periodSeconds: 60, periods: 5, empty: 2, worstGapSeconds: 120 },
    });
  });

  it('find stamp and replica, and what the DAG bucket lacks', async () => {
    expect(await pair.reader().site.stamp('a')).toBeNull();
    const { s3 } = pair.clients(a.region);
    const stamp = { site: 'a', epoch: 1, mode: 'active', at: '2026-11-24T12:00:00Z', runId: 'r', paused: false };
    const Body = JSON.stringify({ ...stamp, gate: { installed: true, version: '1' }, helperVersion: '0.1.0' });
    await s3.send(new PutObjectCommand({ Bucket: names.siteBucket('a'), Key: 'doctor/sites/a/canary.json', Body }));
    expect(await pair.reader().site.stamp('a')).toMatchObject({
      ...{ at: stamp.at, isPaused: false, helperVersion: '0.1.0', gate: { installed: true, version: '1' } },
    });
    expect(await pair.reader().site.replica('a')).toBeNull();
    expect(await pair.reader().site.dagBucket('a')).toBeNull();
    const location = { CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' as const } };
    await s3.send(new CreateBucketCommand({ Bucket: a.dagBucket, ...location }));
    const missing = { kind: 'plugins', key: 'plugins.zip', version: 'v1' };
    expect(await pair.reader().site.dagBucket('a')).toEqual({
      ...{ isVersioned: false, helperVersion: null, missing: [{ ...missing, what: 'object' }] },
    });
    const put = (Key: string, body: string) => s3.send(new PutObjectCommand({ Bucket: a.dagBucket, Key, Body: body }));
    await put('plugins.zip', 'zip');
    await put('dags/mwaa_lifeboat/engine/export.py', 'x = 1\nHELPER_VERSION = "0.0.7"\n');
    expect(await pair.reader().site.dagBucket('a')).toMatchObject({
      ...{ helperVersion: '0.0.7', missing: [{ ...missing, what: 'version' }] },
    });
  });

  it('fail on a stamp that is none, without quoting it', async () => {
    const Key = 'doctor/sites/b/canary.json';
    const put = new PutObjectCommand({ Bucket: names.siteBucket('b'), Key, Body: '{"secret": 1' });
    await pair.clients(b.region).s3.send(put);
    const error = await pair
      .reader()
      .site.stamp('b')
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/is no stamp of a canary/);
    expect(String(error)).not.toContain('secret');
  });
});

describe('the looks at what was put wrong', () => {
  it('see a right that is gone, a denial, and a role that is gone', async () => {
    const { iam } = pair.clients(config.controllerRegion);
    const RoleName = await roleOf('hold-op');
    const deny = { Version: '2012-10-17', Statement: { Effect: 'Deny', Action: 'sns:*', Resource: '*' } };
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'deny', PolicyDocument: JSON.stringify(deny) }));
    const PolicyName = 'nothing';
    const few = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'sns:Publish', Resource: '*' } };
    const gone = await roleOf('give-grant');
    await iam.send(new PutRolePolicyCommand({ RoleName: gone, PolicyName, PolicyDocument: JSON.stringify(few) }));
    const policies = pair.deployment().resources[`${names.prefix}-controller`] ?? {};
    const own = Object.entries(policies).find(([id]) => id.startsWith('givegrantRoleDefaultPolicy'))?.[1] ?? '';
    await iam.send(new DeleteRolePolicyCommand({ RoleName: gone, PolicyName: own }));
    // The sandbox remembers the policies of a role for a moment.
    const rightsOf = async (name: string) =>
      (await pair.reader().pair.rights()).missing.find(({ who }) => who === name)?.decision;
    await expect.poll(() => rightsOf('hold-op'), { timeout: 30_000, interval: 500 }).toBe('explicitDeny');
    const { missing } = await pair.reader().pair.rights();
    expect(missing.find(({ who }) => who === 'hold-op')).toMatchObject({
      action: 'sns:Publish',
      decision: 'explicitDeny',
    });
    expect(missing.filter(({ who }) => who === 'give-grant').map(({ decision }) => decision)).toContain('implicitDeny');
    expect(new Set(missing.map(({ who }) => who))).toEqual(new Set(['hold-op', 'give-grant']));
    await iam.send(new DeleteRolePolicyCommand({ RoleName: gone, PolicyName }));
    await iam.send(new DeleteRoleCommand({ RoleName: gone }));
    await expect.poll(() => rightsOf('give-grant'), { timeout: 30_000, interval: 500 }).toBe('no-role');
  }, 120_000);

  it('see an execution role that the bucket does not admit any more', async () => {
    await pair.clients(b.region).s3.send(new DeleteBucketPolicyCommand({ Bucket: names.siteBucket('b') }));
    const role = await pair.reader().site.executionRole('b');
    expect(role?.missing.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['s3:GetObject', 's3:PutObject', 's3:ListBucket']),
    );
    expect(role?.missing.map(({ action }) => action)).not.toContain('kms:Decrypt');
    const missing = { ...b, executionRoleArn: 'arn:aws:iam::123456789012:role/nobody' };
    expect(await pair.reader({ sites: { a, b: missing } }).site.executionRole('b')).toBeNull();
  });

  it('see a bucket without versions, rule and key', async () => {
    const { s3, kms } = pair.clients(b.region);
    const Bucket = names.siteBucket('b');
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } }));
    await s3.send(new DeleteBucketReplicationCommand({ Bucket }));
    const KMSMasterKeyID = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn;
    const ApplyServerSideEncryptionByDefault = { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID };
    const ServerSideEncryptionConfiguration = { Rules: [{ ApplyServerSideEncryptionByDefault }] };
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }));
    expect(await pair.reader().site.bucket('b')).toEqual({
      ...{ region: b.region, isVersioned: false, rules: [], keyId: KMSMasterKeyID?.split('/').at(-1) },
    });
  });

  it('see an alias that points to a key of one Region', async () => {
    const { kms } = pair.clients(b.region);
    const right = (await kms.send(new DescribeKeyCommand({ KeyId: names.keyAlias }))).KeyMetadata?.KeyId;
    const other = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId;
    await kms.send(new UpdateAliasCommand({ AliasName: names.keyAlias, TargetKeyId: other }));
    expect(await pair.reader().site.key('b')).toMatchObject({ keyId: other, isMultiRegion: false });
    await kms.send(new UpdateAliasCommand({ AliasName: names.keyAlias, TargetKeyId: right }));
  });

  it('see a table that lost its protection', async () => {
    const { dynamodb } = pair.clients(config.controllerRegion);
    const TableName = names.table;
    await dynamodb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
    const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: false };
    await dynamodb.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }));
    expect(await pair.reader().pair.table()).toEqual({ hasPointInTimeRecovery: false, isProtected: false });
  });

  it('see a schedule that is off or gone, and a machine that nobody deployed', async () => {
    const [watch] = pair.deployment().schedules;
    if (watch) watch.enabled = false;
    expect((await pair.reader().pair.schedules())[0]).toMatchObject({ exists: true, isEnabled: false });
    pair.deployment().schedules.splice(0, 1);
    expect((await pair.reader().pair.schedules())[0]).toMatchObject({ exists: false });
    const other = pair.reader({ pair: 'nobody' });
    expect((await other.pair.machines()).every(({ exists }) => !exists)).toBe(true);
    expect((await other.pair.functions()).every(({ deployed }) => deployed === null)).toBe(true);
    expect(await other.pair.table()).toBeNull();
    expect(await other.pair.topic()).toBeNull();
    expect(await other.site.bucket('a')).toBeNull();
    expect(await other.site.key('a')).toBeNull();
  });

  it('see a definition that is not the one of this version', async () => {
    const { sfn } = pair.clients(config.controllerRegion);
    const definition = JSON.stringify({ StartAt: 'x', States: { x: { Type: 'Succeed' } } });
    const roleArn = 'arn:aws:iam::123456789012:role/x';
    await sfn.send(new CreateStateMachineCommand({ name: 'lifeboat-older-watch', definition, roleArn }));
    const [watch] = await pair.reader({ pair: 'older' }).pair.machines();
    expect(watch).toEqual({ name: 'lifeboat-older-watch', exists: true, isActive: true, isCurrent: false });
  });

  it('see by how much this machine’s clock is off', async () => {
    const fault = pair.front().faults.set({ service: 'sts', effect: { kind: 'clock', seconds: 100 } });
    expect((await pair.reader().pair.clock()).aheadSeconds).toBeGreaterThan(95);
    pair.front().faults.clear(fault);
  });
});

describe('a look that cannot be made', () => {
  it.each([
    ['iam', () => pair.reader().site.executionRole('a')],
    ['s3', () => pair.reader().site.bucket('a')],
    ['kms', () => pair.reader().site.key('a')],
    ['scheduler', () => pair.reader().pair.schedules()],
    ['servicequotas', () => pair.reader().site.quota('a')],
    ['ec2', () => pair.reader().site.network('a')],
    ['states', () => pair.reader().pair.machines()],
  ])('throws when %s denies it, and never takes that for an answer', async (service, look) => {
    const effect = { kind: 'status' as const, code: 403, errorName: 'AccessDeniedException' };
    const fault = pair.front().faults.set({ service, effect });
    expect(await refused(look())).toMatch(/AccessDenied/);
    pair.front().faults.clear(fault);
  });
});
