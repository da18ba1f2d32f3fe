import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';

export type SdkClients = {
  /** Base URL of the front. */
  frontUrl: string;
  cloudwatch: CloudWatchClient;
  dynamodb: DynamoDBClient;
  iam: IAMClient;
  kms: KMSClient;
  s3: S3Client;
  sfn: SFNClient;
  sns: SNSClient;
};

/**
 * AWS clients against the front, for one caller and Region. Every call gives up after `timeoutMs` (default 10 000): an endpoint that
 * hangs is one of the faults of the sandbox.
 */
export function sdkClients(front: string, region: string, accessKeyId: string, timeoutMs = 10_000): SdkClients {
  const configuration = {
    endpoint: front,
    region,
    credentials: { accessKeyId, secretAccessKey: 'sandbox' },
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 2000, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
  };
  return {
    frontUrl: front,
    cloudwatch: new CloudWatchClient(configuration),
    dynamodb: new DynamoDBClient(configuration),
    iam: new IAMClient(configuration),
    kms: new KMSClient(configuration),
    s3: new S3Client({ ...configuration, forcePathStyle: true }),
    sfn: new SFNClient({ ...configuration, disableHostPrefix: true }),
    sns: new SNSClient(configuration),
  };
}

/** Drops the kept connections of all clients. */
export function destroyClients(clients: SdkClients): void {
  for (const client of Object.values(clients)) if (typeof client !== 'string') client.destroy();
}
