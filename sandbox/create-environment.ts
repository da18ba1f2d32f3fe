import path from 'node:path';
import { MWAAClient } from '@aws-sdk/client-mwaa';
import type { S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { sendMwaa } from '../lib/adapters/mwaa/raw-command.ts';
import type { PairConfig } from '../lib/contracts/config.ts';
import type { Side } from '../lib/contracts/ids.ts';
import { CALLERS } from './cloud/callers.ts';
import { dagBucketName, sandboxAirflowVersion } from './pair.ts';
import { projectRoot } from './place.ts';
import { uploadDags } from './upload-dags.ts';

export type EnvironmentRequest = {
  readonly side: Side;
  readonly config: PairConfig;
  readonly frontUrl: string;
  readonly s3: S3Client;
  readonly progress: (line: string) => void;
};

const CreateAnswer = z.looseObject({ Arn: z.string() });
const GetAnswer = z.object({ Environment: z.looseObject({ Status: z.string() }) });

/**
 * Creates one site as its owner does: a bucket with the DAGs, CreateEnvironment, and patience through its statuses.
 *
 * @throws Error when the environment ends CREATE_FAILED.
 */
export async function createEnvironment(ask: EnvironmentRequest): Promise<void> {
  const { side, config, progress } = ask;
  const site = config.sites[side];
  const bucket = dagBucketName(config.pair, side);
  const folders = {
    production: path.join(import.meta.dirname, 'production-dags'),
    helpers: path.join(projectRoot, 'dags', 'mwaa_lifeboat'),
  };
  await uploadDags(ask.s3, site.region, bucket, folders, config);
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
      SourceBucketArn: `arn:aws:s3:::${bucket}`,
      DagS3Path: 'dags',
      NetworkConfiguration: { SubnetIds: ['subnet-11111111', 'subnet-22222222'], SecurityGroupIds: ['sg-11111111'] },
      AirflowVersion: sandboxAirflowVersion,
      EnvironmentClass: 'mw1.small',
      WebserverAccessMode: 'PUBLIC_ONLY',
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
