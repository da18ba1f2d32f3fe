import { z } from 'zod';

const LoggingModule = z.object({ Enabled: z.boolean(), LogLevel: z.string() });
const loggingModules = z.object({
  DagProcessingLogs: LoggingModule.optional(),
  SchedulerLogs: LoggingModule.optional(),
  TaskLogs: LoggingModule.optional(),
  WebserverLogs: LoggingModule.optional(),
  WorkerLogs: LoggingModule.optional(),
});

/**
 * The 25 members of CreateEnvironment (service model 2020-07-01). Whatever else GetEnvironment returns is output of the
 * service (Arn, Status, log groups, endpoints) and is dropped by parsing.
 */
export const CreateEnvironmentRequest = z.object({
  Name: z.string(),
  ExecutionRoleArn: z.string(),
  SourceBucketArn: z.string(),
  DagS3Path: z.string(),
  PluginsS3Path: z.string().optional(),
  PluginsS3ObjectVersion: z.string().optional(),
  RequirementsS3Path: z.string().optional(),
  RequirementsS3ObjectVersion: z.string().optional(),
  StartupScriptS3Path: z.string().optional(),
  StartupScriptS3ObjectVersion: z.string().optional(),
  AirflowConfigurationOptions: z.record(z.string(), z.string()).optional(),
  AirflowVersion: z.string(),
  EnvironmentClass: z.string(),
  MinWorkers: z.int().optional(),
  MaxWorkers: z.int().optional(),
  Schedulers: z.int().optional(),
  MinWebservers: z.int().optional(),
  MaxWebservers: z.int().optional(),
  KmsKey: z.string().optional(),
  NetworkConfiguration: z.object({ SubnetIds: z.array(z.string()), SecurityGroupIds: z.array(z.string()) }),
  LoggingConfiguration: loggingModules.optional(),
  WeeklyMaintenanceWindowStart: z.string().optional(),
  WebserverAccessMode: z.enum(['PUBLIC_ONLY', 'PRIVATE_ONLY', 'PUBLIC_AND_PRIVATE']).optional(),
  EndpointManagement: z.enum(['SERVICE', 'CUSTOMER']).optional(),
  Tags: z.record(z.string(), z.string()).optional(),
});
export type CreateEnvironmentRequest = z.infer<typeof CreateEnvironmentRequest>;

/** What protect has captured of an environment: GetEnvironment's answer, of which the members above are read. */
export type CapturedEnvironment = CreateEnvironmentRequest;
