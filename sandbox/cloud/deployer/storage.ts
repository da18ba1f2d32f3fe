import { CreateTableCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, PutBucketReplicationCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
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

const bucketSchema = z.looseObject({
  BucketName: z.string().optional(),
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
  if (properties.ReplicationConfiguration) await replication(placement, Bucket, properties.ReplicationConfiguration);
  const domain = `${Bucket}.s3.amazonaws.com`;
  const attributes = {
    Arn: `arn:aws:s3:::${Bucket}`,
    DomainName: domain,
    RegionalDomainName: `${Bucket}.s3.${region}.amazonaws.com`,
  };
  return { ref: Bucket, attributes };
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
  const described = await placement.clients.dynamodb.send(new DescribeTableCommand({ TableName }));
  return { ref: TableName, attributes: { Arn: described.Table?.TableArn ?? '' } };
};
