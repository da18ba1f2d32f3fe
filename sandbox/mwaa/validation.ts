import { z } from 'zod';
import { invalid } from './replies.ts';

/** Limits of the service model 2020-07-01. Members that the model does not know pass, as later models may. */

const text = (longest: number, pattern = /^.*$/s) => z.string().min(1).max(longest).regex(pattern);
const count = z.int().min(1);

export const EnvironmentName = text(80, /^[a-zA-Z][0-9a-zA-Z\-_]*$/);
const RoleArn = text(1224, /^arn:aws(-[a-z]+)?:iam::\d{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+$/);
const BucketArn = text(1224, /^arn:aws(-[a-z]+)?:s3:::[a-z0-9.-]+$/);
const RelativePath = text(1024);
const ObjectVersion = text(1024);
const SecurityGroupIds = z
  .array(text(1024, /^sg-[a-zA-Z0-9\-._]+$/))
  .min(1)
  .max(5);
const SubnetIds = z.array(text(1024, /^subnet-[a-zA-Z0-9\-._]+$/)).length(2);
const KmsKey = text(
  1224,
  /^(((arn:aws(-[a-z]+)?:kms:[a-z]{2}-[a-z]+-\d:\d+:)?key\/)?[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}|(arn:aws(-[a-z]+)?:kms:[a-z]{2}-[a-z]+-\d:\d+:)?alias\/.+)$/,
);
/** Members that only the service writes. AWS's own clients do not even send them. */
const outputOnly = z.undefined('is a member of the answer only').optional();
const LoggingModule = z.looseObject({
  Enabled: z.boolean(),
  LogLevel: z.enum(['CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG']),
  CloudWatchLogGroupArn: outputOnly,
});
const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

export const Tags = z
  .record(text(128, tagText), z.string().max(256).regex(tagText))
  .refine((tags) => Object.keys(tags).length >= 1 && Object.keys(tags).length <= 50, 'must have 1 to 50 tags')
  .refine(
    (tags) => !Object.keys(tags).some((key) => /^aws:/i.test(key)),
    'aws: prefixed tag key names are not allowed for external use',
  );
export const EnvironmentArn = text(1224, /^arn:aws(-[a-z]+)?:airflow:[a-z0-9-]+:\d{12}:environment\/\w+.*$/);

const optional = {
  PluginsS3Path: RelativePath.optional(),
  PluginsS3ObjectVersion: ObjectVersion.optional(),
  RequirementsS3Path: RelativePath.optional(),
  RequirementsS3ObjectVersion: ObjectVersion.optional(),
  StartupScriptS3Path: RelativePath.optional(),
  StartupScriptS3ObjectVersion: ObjectVersion.optional(),
  AirflowConfigurationOptions: z
    .record(text(64, /^[a-z]+([a-z0-9._]*[a-z0-9_]+)?$/), text(65_536, /^[ -~]+$/))
    .optional(),
  EnvironmentClass: text(1024).optional(),
  MinWorkers: count.optional(),
  MaxWorkers: count.optional(),
  Schedulers: z.int().max(5).optional(),
  MinWebservers: count.optional(),
  MaxWebservers: count.optional(),
  AirflowVersion: text(32, /^[0-9a-z.]+$/).optional(),
  LoggingConfiguration: z.record(z.string(), LoggingModule).optional(),
  WeeklyMaintenanceWindowStart: text(9, /^(MON|TUE|WED|THU|FRI|SAT|SUN):([01]\d|2[0-3]):(00|30)$/).optional(),
  WebserverAccessMode: z.enum(['PRIVATE_ONLY', 'PUBLIC_ONLY', 'PUBLIC_AND_PRIVATE']).optional(),
  Arn: outputOnly,
  Status: outputOnly,
  CreatedAt: outputOnly,
  LastUpdate: outputOnly,
  WebserverUrl: outputOnly,
  ServiceRoleArn: outputOnly,
  CeleryExecutorQueue: outputOnly,
  WebserverVpcEndpointService: outputOnly,
  DatabaseVpcEndpointService: outputOnly,
};

export const CreateInput = z.looseObject({
  ...optional,
  ExecutionRoleArn: RoleArn,
  SourceBucketArn: BucketArn,
  DagS3Path: RelativePath,
  NetworkConfiguration: z.looseObject({ SubnetIds, SecurityGroupIds }),
  KmsKey: KmsKey.optional(),
  EndpointManagement: z.enum(['CUSTOMER', 'SERVICE']).optional(),
  Tags: Tags.optional(),
});
export type CreateInput = z.infer<typeof CreateInput>;

export const UpdateInput = z.looseObject({
  ...optional,
  ExecutionRoleArn: RoleArn.optional(),
  SourceBucketArn: BucketArn.optional(),
  DagS3Path: RelativePath.optional(),
  NetworkConfiguration: z.looseObject({ SecurityGroupIds }).optional(),
  WorkerReplacementStrategy: z.enum(['FORCED', 'GRACEFUL']).optional(),
});
export type UpdateInput = z.infer<typeof UpdateInput>;

export const InvokeInput = z.object({
  Path: z.string().min(1).max(64),
  Method: z.enum(['GET', 'PUT', 'POST', 'PATCH', 'DELETE']),
  QueryParameters: z.record(z.string(), z.unknown()).optional(),
  Body: z.record(z.string(), z.unknown()).optional(),
});
export type InvokeInput = z.infer<typeof InvokeInput>;

export const ListInput = z.object({
  MaxResults: z.coerce.number().int().min(1).max(25).default(25),
  NextToken: z.string().max(2048).optional(),
});

/** Parses part of a request. @throws MwaaServiceError ValidationException that names the first wrong member. */
export function validated<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  throw invalid(
    `Value at '${first?.path.join('.') ?? ''}' failed to satisfy constraint: ${first?.message ?? 'invalid'}`,
  );
}

/** Parses a JSON body; an empty one is an empty structure. */
export function parsedBody<Schema extends z.ZodType>(schema: Schema, body: Buffer): z.infer<Schema> {
  let document: unknown;
  try {
    document = body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
  } catch {
    throw invalid('the body is not JSON');
  }
  return validated(schema, document);
}
