import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsClients } from '../../lib/adapters/aws-clients.ts';
import { FenceMarker } from '../../lib/contracts/helper.ts';
import { breakGlassBlocks, Terminal } from '../support/break-glass-page.ts';
import { toolsPython, useMoto } from '../support/moto-server.ts';
import { type MwaaWorld, startMwaaWorld } from '../unit/sandbox-mwaa/fixture/mwaa-world.ts';

const SHORT = { create: 0.2, update: 0.2, snapshot: 0.1, rollBack: 0.1, maintenance: 0.1, delete: 0.1 };
const region = 'eu-central-1';
const bucket = 'lifeboat-pane-123456789012-eu-central-1';
const dagBucket = 'pane-dags-b';

const values = {
  ...{ PAIR: 'pane', ACCOUNT: '123456789012', CONTROLLER_REGION: 'eu-north-1', BY: 'On Call', REASON: 'a rehearsal' },
  ...{ LOSING: 'a', LOSING_REGION: 'eu-west-1', LOSING_ENVIRONMENT: 'pane-a' },
  ...{ TARGET: 'b', TARGET_REGION: region, TARGET_ENVIRONMENT: 'pane-b' },
  ...{ INTERRUPTED: 'fail', CATCH_UP_BUDGET: '100', CLEANUP_SECONDS: '60' },
  ...{ TARGET_ROLE: 'arn:aws:iam::123456789012:role/airflow-b', TARGET_DAG_BUCKET: dagBucket, TARGET_KEY: '' },
  ...{ TARGET_SUBNETS: 'subnet-1,subnet-2', TARGET_GROUPS: 'sg-1', TARGET_OPTIONS: '{"smtp.smtp_host": "mail.b"}' },
};

/** What protect captured of the lost site: GetEnvironment's answer with everything that only an answer has. */
const captured = (pluginsVersion: string) => ({
  Name: 'pane-a',
  Arn: 'arn:aws:airflow:eu-west-1:123456789012:environment/pane-a',
  Status: 'AVAILABLE',
  CreatedAt: '2026-01-01T00:00:00.000Z',
  WebserverUrl: 'pane-a.example',
  ServiceRoleArn: 'arn:aws:iam::123456789012:role/service',
  CeleryExecutorQueue: 'arn:aws:sqs:eu-west-1:123456789012:queue',
  ExecutionRoleArn: 'arn:aws:iam::123456789012:role/airflow-a',
  SourceBucketArn: 'arn:aws:s3:::pane-dags-a',
  DagS3Path: 'dags',
  PluginsS3Path: 'plugins.zip',
  PluginsS3ObjectVersion: pluginsVersion,
  RequirementsS3Path: 'requirements.txt',
  RequirementsS3ObjectVersion: 'a-version-that-never-came-over',
  AirflowVersion: '2.10.3',
  EnvironmentClass: 'mw1.medium',
  MinWorkers: 2,
  MaxWorkers: 6,
  AirflowConfigurationOptions: { 'core.default_task_retries': '0', 'smtp.smtp_host': 'mail.a' },
  LoggingConfiguration: {
    TaskLogs: { Enabled: true, LogLevel: 'INFO', CloudWatchLogGroupArn: 'arn:aws:logs:eu-west-1:1:log-group:x' },
  },
  WebserverAccessMode: 'PUBLIC_ONLY',
  NetworkConfiguration: { SubnetIds: ['subnet-8', 'subnet-9'], SecurityGroupIds: ['sg-9'] },
  Tags: { team: 'data', 'lifeboat:pair': 'pane', 'aws:owner': 'x' },
});

/** Each command of the AWS CLI is a program of its own that takes a second of a processor to start. */
const patience = 240_000;

describe('the parts of the break-glass page for which nothing has to run', { timeout: patience }, () => {
  const moto = useMoto();
  const home = mkdtempSync(path.join(tmpdir(), 'lifeboat-break-glass-'));
  const versions: Record<string, string> = {};
  let world: MwaaWorld;
  let s3: S3Client;
  let terminal: Terminal;

  beforeAll(async () => {
    world = await startMwaaWorld({ durations: SHORT, subnets: { [region]: ['subnet-1', 'subnet-2'] } });
    s3 = awsClients({ ...moto.place(), region }).s3();
    for (const Bucket of [bucket, dagBucket]) {
      await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } }));
      await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    }
    for (const Key of ['plugins.zip', 'requirements.txt']) {
      const stored = await s3.send(new PutObjectCommand({ Bucket: dagBucket, Key, Body: Key }));
      versions[Key] = stored.VersionId ?? '';
      world.s3.objects.set(`${dagBucket}/${Key}`, '');
      world.s3.versions.set(`${dagBucket}/${Key}`, [versions[Key]]);
    }
    const body = JSON.stringify(captured(versions['plugins.zip'] ?? ''));
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'pane/sites/a/environment.json', Body: body }));
    terminal = new Terminal({
      HOME: home,
      PATH: `${path.dirname(await toolsPython())}:${process.env.PATH}`,
      AWS_ENDPOINT_URL: moto.place().endpoint ?? '',
      AWS_ENDPOINT_URL_MWAA: world.url,
      AWS_ACCESS_KEY_ID: 'AKCLI',
      AWS_SECRET_ACCESS_KEY: 'sandbox',
      AWS_DISABLE_HOST_PREFIX_INJECTION: 'true',
    });
  }, patience);
  afterAll(async () => {
    terminal?.close();
    await world?.close();
    rmSync(home, { recursive: true, force: true });
  });

  it('set up the terminal', async () => {
    expect(await terminal.follow('Set up', values)).toContain('ready pane');
  });

  it('leave the marker for a site that does not answer, and name its execution role', async () => {
    await terminal.type('export EPOCH=101 OP=01k9zq4w8h3m5n7p9r1s2t4v6x');
    expect(await terminal.follow('3b.')).toContain('role/airflow-a');
    const stored = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'pane/sites/a/fence.json' }));
    const marker = FenceMarker.parse(JSON.parse((await stored.Body?.transformToString()) ?? ''));
    expect(marker).toMatchObject({ epoch: 101, op: '01k9zq4w8h3m5n7p9r1s2t4v6x' });
  });

  it('create the environment of the target from what was captured of the other one', async () => {
    await terminal.type('export EVERY_SECONDS=0.2');
    const seen = await terminal.follow('Without an environment', values);
    expect(seen).toContain('newest version of requirements.txt is used');
    const made = world.fake.find(region, 'pane-b').describe();
    expect(made).toMatchObject({
      Status: 'AVAILABLE',
      ExecutionRoleArn: values.TARGET_ROLE,
      SourceBucketArn: `arn:aws:s3:::${dagBucket}`,
      DagS3Path: 'dags',
      PluginsS3ObjectVersion: versions['plugins.zip'],
      RequirementsS3ObjectVersion: versions['requirements.txt'],
      NetworkConfiguration: { SubnetIds: ['subnet-1', 'subnet-2'], SecurityGroupIds: ['sg-1'] },
      AirflowConfigurationOptions: {
        'core.default_task_retries': '0',
        'smtp.smtp_host': 'mail.b',
        'core.dags_are_paused_at_creation': 'True',
      },
      MinWorkers: 2,
      MaxWorkers: 6,
      Tags: { team: 'data', 'lifeboat:pair': 'pane', 'lifeboat:site': 'b' },
    });
    expect(world.backend.calls.map(({ method, path: asked }) => `${method} ${asked}`)).toContain('POST /api/v1/pools');
  });
});

describe('the page', () => {
  it('has no command that no test pastes', () => {
    // The others are pasted into a sandbox with two real sites: test/sandbox/matrix/break-glass.test.ts.
    const here = ['Set up', '3b.', 'Without an environment'];
    const there = ['Look', '1a.', '1b.', '2.', '3a.', '4.', '5.', '6.', '7.', '8.', '9.', '10.', '11.'];
    const known = [...here, ...there];
    const headings = new Set(breakGlassBlocks().map(({ heading }) => heading));
    expect([...headings].filter((heading) => !known.some((one) => heading.startsWith(one)))).toEqual([]);
  });
});
