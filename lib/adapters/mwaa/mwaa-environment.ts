import { MWAAClient } from '@aws-sdk/client-mwaa';
import { z } from 'zod';
import type { CreateEnvironmentRequest } from '../../contracts/environment.ts';
import {
  type Environment,
  EnvironmentNotFoundError,
  EnvironmentRequestRefusedError,
  type MwaaControlPlane,
} from '../../ports/mwaa.ts';
import { type AwsPlace, type CallBudget, clientConfig, workBudget } from '../aws-clients.ts';
import { sendMwaa } from './raw-command.ts';

const LoggingModule = z.looseObject({
  Enabled: z.boolean().optional(),
  LogLevel: z.string().optional(),
  CloudWatchLogGroupArn: z.string().optional(),
});
const EnvironmentAnswer = z.looseObject({
  Name: z.string(),
  Status: z.string(),
  Arn: z.string().optional(),
  AirflowVersion: z.string().optional(),
  EnvironmentClass: z.string().optional(),
  WebserverUrl: z.string().optional(),
  WebserverAccessMode: z.string().optional(),
  SourceBucketArn: z.string().optional(),
  DagS3Path: z.string().optional(),
  ExecutionRoleArn: z.string().optional(),
  KmsKey: z.string().optional(),
  AirflowConfigurationOptions: z.record(z.string(), z.string()).optional(),
  LoggingConfiguration: z.record(z.string(), LoggingModule).optional(),
  Tags: z.record(z.string(), z.string()).optional(),
  MinWorkers: z.number().optional(),
  MaxWorkers: z.number().optional(),
  Schedulers: z.number().optional(),
  CreatedAt: z.number().optional(),
  LastUpdate: z
    .looseObject({
      Status: z.string().optional(),
      CreatedAt: z.number().optional(),
      Source: z.string().optional(),
      Error: z.looseObject({ ErrorCode: z.string().optional(), ErrorMessage: z.string().optional() }).optional(),
    })
    .optional(),
});
const CreateEnvironmentAnswer = z.looseObject({ Arn: z.string() });
const DeleteEnvironmentAnswer = z.looseObject({});
const GetEnvironmentAnswer = z.object({ Environment: EnvironmentAnswer });

/** A client of the MWAA service; with an endpoint, the host prefixes of the service (`api.`, `env.`) are left out. */
export function mwaaClient(place: AwsPlace, budget: CallBudget): MWAAClient {
  return new MWAAClient({ ...clientConfig(place, budget), disableHostPrefix: place.endpoint !== undefined });
}

/** The MWAA control plane of any Region, reached from where this runs; one client for each Region, made at first use. */
export function mwaaControlPlane(place: Omit<AwsPlace, 'region'>, budget: CallBudget = workBudget): MwaaControlPlane {
  const clients = new Map<string, MWAAClient>();
  const clientOf = (region: string): MWAAClient => {
    const client = clients.get(region) ?? mwaaClient({ ...place, region }, budget);
    clients.set(region, client);
    return client;
  };
  return {
    async getEnvironment(region: string, name: string): Promise<Environment> {
      try {
        return (await sendMwaa(clientOf(region), 'GetEnvironment', { Name: name }, GetEnvironmentAnswer)).Environment;
      } catch (error) {
        if (isNotFound(error)) throw new EnvironmentNotFoundError(region, name, error);
        throw error;
      }
    },
    async createEnvironment(region: string, request: CreateEnvironmentRequest): Promise<void> {
      const { Tags, ...members } = request;
      // The service takes no empty map of tags.
      const input = Tags && Object.keys(Tags).length > 0 ? { ...members, Tags } : members;
      try {
        await sendMwaa(clientOf(region), 'CreateEnvironment', input, CreateEnvironmentAnswer);
      } catch (error) {
        if (!isNamed(error, 'ValidationException')) throw error;
        throw new EnvironmentRequestRefusedError(error.message, { cause: error });
      }
    },
    async deleteEnvironment(region: string, name: string): Promise<void> {
      try {
        await sendMwaa(clientOf(region), 'DeleteEnvironment', { Name: name }, DeleteEnvironmentAnswer);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
  };
}

const isNamed = (error: unknown, name: string): error is Error => error instanceof Error && error.name === name;
const isNotFound = (error: unknown): boolean => isNamed(error, 'ResourceNotFoundException');
