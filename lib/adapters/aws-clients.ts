import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { STSClient } from '@aws-sdk/client-sts';

/** Where to call: a Region, and for the sandbox the one address that stands for all of AWS. */
export type AwsPlace = {
  readonly region: string;
  readonly endpoint?: string | undefined;
  /** Without them the SDK finds them as usual. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
};

/** How long one call may take: `maxAttempts` times connect and request, and the pauses of the SDK between them. */
export type CallBudget = {
  readonly maxAttempts: number;
  readonly connectMs: number;
  readonly requestMs: number;
};

/** A probe's: a hung endpoint is data, so it must be known soon. */
export const probeBudget: CallBudget = { maxAttempts: 2, connectMs: 2000, requestMs: 4000 };
/** Everybody else's. */
export const workBudget: CallBudget = { maxAttempts: 3, connectMs: 2000, requestMs: 4000 };
/** Objects may be large: their first byte, and any pause within them, may take longer. */
export const streamBudget: CallBudget = { maxAttempts: 3, connectMs: 2000, requestMs: 10_000 };
/** Waits for one function that may run for `seconds`. Not repeated: the caller asks again at its next tick. */
export const invokeBudget = (seconds: number): CallBudget => ({
  maxAttempts: 1,
  connectMs: 2000,
  requestMs: seconds * 1000,
});

/**
 * Configuration of one SDK client. By default the SDK waits for ever on an endpoint that hangs, and `requestTimeout`
 * alone only warns; `socketTimeout` ends a body that stalls half-way.
 */
export function clientConfig(place: AwsPlace, budget: CallBudget) {
  return {
    region: place.region,
    maxAttempts: budget.maxAttempts,
    requestHandler: {
      connectionTimeout: budget.connectMs,
      requestTimeout: budget.requestMs,
      socketTimeout: budget.requestMs,
      throwOnRequestTimeout: true,
    },
    ...(place.endpoint === undefined ? {} : { endpoint: place.endpoint }),
    ...(place.credentials === undefined ? {} : { credentials: place.credentials }),
  };
}

/** SDK clients of one Region, each made at its first use. */
export type AwsClients = ReturnType<typeof awsClients>;

/** The clients of one Region; `budget` holds for each of their calls. */
export function awsClients(place: AwsPlace, budget: CallBudget = workBudget) {
  const config = clientConfig(place, budget);
  return {
    region: place.region,
    cloudWatch: once(() => new CloudWatchClient(config)),
    dynamo: once(() => new DynamoDBClient(config)),
    kms: once(() => new KMSClient(config)),
    lambda: once(() => new LambdaClient(config)),
    // Bucket names as sub-domains need a name server, which a single address does not have.
    s3: once(() => new S3Client({ ...config, forcePathStyle: place.endpoint !== undefined })),
    sfn: once(() => new SFNClient(config)),
    sns: once(() => new SNSClient(config)),
    sts: once(() => new STSClient(config)),
  };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
