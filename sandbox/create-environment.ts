import path from 'node:path';
import { MWAAClient } from '@aws-sdk/client-mwaa';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { sendMwaa } from '../lib/adapters/mwaa/raw-command.ts';
import type { PairConfig } from '../lib/contracts/config.ts';
import type { Side } from '../lib/contracts/ids.ts';
import { buildPlugins } from './airflow/plugins.ts';
import { CALLERS } from './cloud/callers.ts';
import { dagBucketName, regionalOptions, sandboxAirflowVersion, sandboxNetwork } from './pair.ts';
import { projectRoot } from './place.ts';
import { uploadDags } from './upload-dags.ts';

export type EnvironmentRequest = {
  readonly side: Side;
  readonly config: PairConfig;
  readonly frontUrl: string;
  readonly s3: S3Client;
  /** Any Python 3: it builds plugins.zip. */
  readonly python: string;
  readonly progress: (line: string) => void;
};

const CreateAnswer = z.looseObject({ Arn: z.string() });
const GetAnswer = z.object({ Environment: z.looseObject({ Status: z.string() }) });

const requirements = { key: 'requirements.txt', body: 'apache-airflow-providers-amazon\n' };
const pluginsKey = 'plugins.zip';

/**
 * Makes and fills the DAG bucket of a site as its owner does, whether or not there is an environment to read it. Returns
 * the versions of the objects that an environment names.
 */
export async function fillDagBucket(ask: EnvironmentRequest): Promise<{ requirements: string; plugins: string }> {
  const { side, config, s3, python } = ask;
  const site = config.sites[side];
  const bucket = dagBucketName(config.pair, side);
  const folders = {
    production: path.join(import.meta.dirname, 'production-dags'),
    helpers: path.join(projectRoot, 'dags', 'mwaa_lifeboat'),
  };
  await uploadDags(s3, site.region, bucket, folders, config);
  const store = async (key: string, body: string | Buffer) =>
    (await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))).VersionId ?? '';
  return {
    requirements: await store(requirements.key, requirements.body),
    plugins: await store(pluginsKey, await buildPlugins(python, projectRoot)),
  };
}

/**
 * Creates one site as its owner does: a bucket with the DAGs, CreateEnvironment, and patience through its statuses.
 *
 * @throws Error when the environment ends CREATE_FAILED.
 */
export async function createEnvironment(ask: EnvironmentRequest): Promise<void> {
  const { side, config, progress } = ask;
  const site = config.sites[side];
  const versions = await fillDagBucket(ask);
  const { subnetIds, securityGroupIds } = sandboxNetwork[side];
  const client = new MWAAClient({
    ...{ region: site.region, endpoint: ask.frontUrl, disableHostPrefix: true },
    credentials: { accessKeyId: CALLERS.harness, secretAccessKey: 'sandbox' },
  });
  await sendMwaa(
    client,
    'CreateEnvironment',
    {
      Name: site.environment,
      ExecutionRoleArn: site.executionRoleArn,
      SourceBucketArn: `arn:aws:s3:::${site.dagBucket}`,
      DagS3Path: 'dags',
      PluginsS3Path: pluginsKey,
      PluginsS3ObjectVersion: versions.plugins,
      RequirementsS3Path: requirements.key,
      RequirementsS3ObjectVersion: versions.requirements,
      NetworkConfiguration: { SubnetIds: subnetIds, SecurityGroupIds: securityGroupIds },
      AirflowVersion: sandboxAirflowVersion,
      AirflowConfigurationOptions: { 'core.default_task_retries': '0', ...regionalOptions(site.region) },
      EnvironmentClass: 'mw1.medium',
      MinWorkers: 2,
      MaxWorkers: 6,
      LoggingConfiguration: {
        TaskLogs: { Enabled: true, LogLevel: 'INFO' },
        SchedulerLogs: { Enabled: true, LogLevel: 'WARNING' },
        WorkerLogs: { Enabled: false, LogLevel: 'ERROR' },
      },
      WeeklyMaintenanceWindowStart: 'TUE:03:30',
      WebserverAccessMode: 'PUBLIC_ONLY',
      Tags: { team: 'data', 'cost-centre': '1042' },
    },
    CreateAnswer,
  );
  let shown = '';
  for (;;) {
    const { Environment } = await sendMwaa(client, 'GetEnvironment', { Name: site.environment }, GetAnswer);
    if (Environment.Status !== shown)
      progress(`site ${side} (${site.environment}, ${site.region}) is ${Environment.Status}`);
    shown = Environment.Status;
    if (shown === 'AVAILABLE') return;
    if (shown === 'CREATE_FAILED') throw new Error(`site ${side} could not be created: ${JSON.stringify(Environment)}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
