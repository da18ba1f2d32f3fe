import {
  CreateTableCommand,
  DescribeTableCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import { isNamed, type Kind, type Placement, read } from './kinds.ts';

const ruleSchema = z.looseObject({
  Id: z.string().optional(),
  Status: z.enum(['Enabled', 'Disabled']),
  Prefix: z.string().optional(),
  Filter: z.looseObject({ Prefix: z.string().optional() }).optional(),
  DeleteMarkerReplication: z.looseObject({ Status: z.enum(['Enabled', 'Disabled']).optional() }).optional(),
  Destination: z.looseObject({ Bucket: z.string() }),
});

const encryptionSchema = z.looseObject({
  ServerSideEncryptionConfiguration: z.array(
    z.looseObject({
      BucketKeyEnabled: z.boolean().optional(),
      ServerSideEncryptionByDefault: z.looseObject({
        SSEAlgorithm: z.enum(['AES256', 'aws:kms']),
        KMSMasterKeyID: z.string().optional(),
      }),
    }),
  ),
});

const bucketSchema = z.looseObject({
  BucketName: z.string().optional(),
  BucketEncryption: encryptionSchema.optional(),
  VersioningConfiguration: z.looseObject({ Status: z.enum(['Enabled', 'Suspended']) }).optional(),
  ReplicationConfiguration: z.looseObject({ Role: z.string(), Rules: z.array(ruleSchema) }).optional(),
  ObjectLockEnabled: z.boolean().optional(),
});

type Bucket = z.infer<typeof bucketSchema>;

export const bucket: Kind = async (placement) => {
  const properties = read(placement, bucketSchema);
  const { clients, region } = placement;
  const Bucket = properties.BucketName ?? placement.generatedName.toLowerCase();
  const location =
    region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: regionConstraint(region) } };
  const lock = properties.ObjectLockEnabled ? { ObjectLockEnabledForBucket: true } : {};
  await clients.s3.send(new CreateBucketCommand({ Bucket, ...location, ...lock })).catch((error: unknown) => {
    if (!isNamed(error, 'BucketAlreadyOwnedByYou', 'BucketAlreadyExists')) throw error;
  });
  placement.deployment.bucketRegions[Bucket] = region;
  const status = properties.VersioningConfiguration?.Status;
  if (status) {
    const VersioningConfiguration = { Status: status };
    await clients.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  }
  if (properties.BucketEncryption) await encryption(placement, Bucket, properties.BucketEncryption);
  if (properties.ReplicationConfiguration) await replication(placement, Bucket, properties.ReplicationConfiguration);
  const domain = `${Bucket}.s3.amazonaws.com`;
  const attributes = {
    Arn: `arn:aws:s3:::${Bucket}`,
    DomainName: domain,
    RegionalDomainName: `${Bucket}.s3.${region}.amazonaws.com`,
  };
  return { ref: Bucket, attributes };
};

async function encryption(
  placement: Placement,
  Bucket: string,
  given: z.infer<typeof encryptionSchema>,
): Promise<void> {
  const Rules = given.ServerSideEncryptionConfiguration.map(({ BucketKeyEnabled, ServerSideEncryptionByDefault }) => ({
    BucketKeyEnabled,
    ApplyServerSideEncryptionByDefault: {
      SSEAlgorithm: ServerSideEncryptionByDefault.SSEAlgorithm,
      KMSMasterKeyID: ServerSideEncryptionByDefault.KMSMasterKeyID,
    },
  }));
  const ServerSideEncryptionConfiguration = { Rules };
  await placement.clients.s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }));
}

const policySchema = z.looseObject({
  Bucket: z.string(),
  PolicyDocument: z.looseObject({ Statement: z.array(z.looseObject({ Effect: z.enum(['Allow', 'Deny']) })) }),
});

/** Whom a bucket admits can be read again. What it denies is left out: moto would deny it without its conditions. */
export const bucketPolicy: Kind = async (placement) => {
  const { Bucket, PolicyDocument } = read(placement, policySchema);
  const Statement = PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Allow');
  const Policy = JSON.stringify({ ...PolicyDocument, Statement });
  if (Statement.length > 0) await placement.clients.s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  return { ref: placement.generatedName, attributes: {} };
};

/** The SDK types Regions as a closed list; any Region text is valid on the wire. */
function regionConstraint(region: string): 'eu-west-1' {
  const isRegion = (value: string): value is 'eu-west-1' => /^[a-z]{2}-[a-z]+-\d$/.test(value);
  if (!isRegion(region)) throw new TypeError(`${region} is not a Region`);
  return region;
}

async function replication(
  placement: Placement,
  source: string,
  configuration: NonNullable<Bucket['ReplicationConfiguration']>,
): Promise<void> {
  const rules = configuration.Rules.map((rule, index) => ({
    id: rule.Id ?? `rule-${index + 1}`,
    enabled: rule.Status === 'Enabled',
    prefix: rule.Filter?.Prefix ?? rule.Prefix ?? '',
    deleteMarkers: rule.DeleteMarkerReplication?.Status === 'Enabled',
    destination: rule.Destination.Bucket.replace('arn:aws:s3:::', ''),
  }));
  for (const { enabled, ...rule } of rules) {
    if (enabled) placement.deployment.replicationRules.push({ ...rule, source, sourceRegion: placement.region });
  }
  const Rules = rules.map((rule, index) => ({
    ID: rule.id,
    Priority: index + 1,
    Status: rule.enabled ? ('Enabled' as const) : ('Disabled' as const),
    Filter: { Prefix: rule.prefix },
    DeleteMarkerReplication: { Status: rule.deleteMarkers ? ('Enabled' as const) : ('Disabled' as const) },
    Destination: { Bucket: `arn:aws:s3:::${rule.destination}` },
  }));
  const ReplicationConfiguration = { Role: configuration.Role, Rules };
  await placement.clients.s3.send(new PutBucketReplicationCommand({ Bucket: source, ReplicationConfiguration }));
}

const tableSchema = z.looseObject({
  TableName: z.string().optional(),
  AttributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) })),
  KeySchema: z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) })),
  DeletionProtectionEnabled: z.boolean().default(false),
  PointInTimeRecoverySpecification: z.looseObject({ PointInTimeRecoveryEnabled: z.boolean() }).optional(),
  StreamSpecification: z.undefined('the sandbox has no table streams').optional(),
});

/** Time to live is accepted and ignored: nothing expires in the life of a sandbox. */
export const table: Kind = async (placement) => {
  const properties = read(placement, tableSchema);
  const TableName = properties.TableName ?? placement.generatedName;
  const { AttributeDefinitions, KeySchema } = properties;
  const input = { TableName, AttributeDefinitions, KeySchema, BillingMode: 'PAY_PER_REQUEST' as const };
  await placement.clients.dynamodb.send(new CreateTableCommand(input)).catch((error: unknown) => {
    if (!isNamed(error, 'ResourceInUseException')) throw error;
  });
  const { DeletionProtectionEnabled, PointInTimeRecoverySpecification } = properties;
  await placement.clients.dynamodb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled }));
  if (PointInTimeRecoverySpecification) {
    const { PointInTimeRecoveryEnabled } = PointInTimeRecoverySpecification;
    const backups = { TableName, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled } };
    await placement.clients.dynamodb.send(new UpdateContinuousBackupsCommand(backups));
  }
  const described = await placement.clients.dynamodb.send(new DescribeTableCommand({ TableName }));
  return { ref: TableName, attributes: { Arn: described.Table?.TableArn ?? '' } };
};
