import { type CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeSecurityGroupsCommand, DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import type { MWAAClient } from '@aws-sdk/client-mwaa';
import { paginateListServiceQuotas, type ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { z } from 'zod';
import type { SiteCreation } from '../../contracts/config.ts';
import { environmentTags, isHelperDag } from '../../contracts/names.ts';
import type {
  AirflowFacts,
  EnvironmentFacts,
  HeartbeatFacts,
  NetworkFacts,
  QuotaFacts,
} from '../../core/preflight/facts.ts';
import { measureHeartbeats } from '../../core/preflight/heartbeats.ts';
import { heartbeatHiddenBy, opensNewDags } from '../../core/preflight/options.ts';
import type { AirflowApi } from '../../ports/airflow.ts';
import { type Environment, EnvironmentNotFoundError } from '../../ports/mwaa.ts';
import { sendMwaa } from '../mwaa/raw-command.ts';
import { orNull, type PreflightClients } from './clients.ts';
import { objectsOf } from './recovery.ts';

/** What the checks need of GetEnvironment's answer. Options are looked at here and never leave this function. */
export async function readEnvironment(asked: Promise<Environment>): Promise<EnvironmentFacts> {
  let found: Environment;
  try {
    found = await asked;
  } catch (error) {
    if (error instanceof EnvironmentNotFoundError) return null;
    throw error;
  }
  const options = found.AirflowConfigurationOptions ?? {};
  const tag = (key: string) => found.Tags?.[key] ?? null;
  return {
    name: found.Name,
    status: found.Status,
    airflowVersion: found.AirflowVersion ?? 'unknown',
    webServerAccess: found.WebserverAccessMode ?? 'PRIVATE_ONLY',
    sourceBucket: (found.SourceBucketArn ?? '').replace('arn:aws:s3:::', ''),
    executionRoleArn: found.ExecutionRoleArn ?? '',
    dagPath: found.DagS3Path ?? 'dags',
    objects: objectsOf(found),
    hidesHeartbeat: heartbeatHiddenBy(options),
    opensNewDags: opensNewDags(options),
    madeFor: { pair: tag(environmentTags.pair), site: tag(environmentTags.site) },
  };
}

/** Helper DAGs and scheduler as Airflow itself sees them. */
export async function readAirflow(airflow: AirflowApi): Promise<AirflowFacts> {
  const [dags, health] = await Promise.all([airflow.listDags(), airflow.health()]);
  const helpers = dags.filter(({ dagId }) => isHelperDag(dagId));
  return {
    helpers: helpers.map(({ dagId, isPaused, isActive }) => ({ dagId, isPaused, isActive })),
    scheduler: health.scheduler.status,
  };
}

const MetricPage = z.object({
  NextToken: z.string().optional(),
  MetricDataResults: z
    .array(z.object({ Timestamps: z.array(z.date()).default([]), Values: z.array(z.number()).default([]) }))
    .default([]),
});

type HeartbeatWindow = {
  readonly environment: string;
  readonly periodSeconds: number;
  readonly windowSeconds: number;
  /** Age at which a period counts. */
  readonly lagSeconds: number;
  readonly now: Date;
};

/** The heartbeats of the newest `windowSeconds`, period by period. */
export async function readHeartbeat(client: CloudWatchClient, window: HeartbeatWindow): Promise<HeartbeatFacts> {
  const { environment, periodSeconds, windowSeconds, lagSeconds, now } = window;
  const periodMs = periodSeconds * 1000;
  const endMs = Math.floor((now.getTime() - lagSeconds * 1000) / periodMs) * periodMs;
  const Dimensions = [
    { Name: 'Function', Value: 'Scheduler' },
    { Name: 'Environment', Value: environment },
  ];
  const Metric = { Namespace: 'AmazonMWAA', MetricName: 'SchedulerHeartbeat', Dimensions };
  const query = {
    StartTime: new Date(endMs - windowSeconds * 1000),
    EndTime: new Date(endMs),
    MetricDataQueries: [{ Id: 'heartbeats', MetricStat: { Metric, Period: periodSeconds, Stat: 'Sum' } }],
  };
  const starts: number[] = [];
  let NextToken: string | undefined;
  do {
    const command = new GetMetricDataCommand({ ...query, ...(NextToken === undefined ? {} : { NextToken }) });
    const page = MetricPage.parse(await client.send(command));
    for (const { Timestamps, Values } of page.MetricDataResults) {
      starts.push(...Timestamps.filter((_, index) => (Values[index] ?? 0) > 0).map((time) => time.getTime()));
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return measureHeartbeats(
    starts.toSorted((x, y) => x - y),
    endMs,
    periodSeconds,
  );
}

const Subnets = z.array(
  z.object({
    SubnetId: z.string(),
    AvailabilityZone: z.string(),
    AvailableIpAddressCount: z.number(),
    VpcId: z.string(),
  }),
);
const Groups = z.array(z.object({ GroupId: z.string(), VpcId: z.string() }));

/** Subnets and security groups of a site that may have to be created. Asked for by filter: a missing one is no error. */
export async function readNetwork(clients: PreflightClients, create: SiteCreation): Promise<NetworkFacts> {
  const ec2 = clients.ec2();
  const by = (Name: string, Values: readonly string[]) => ({ Filters: [{ Name, Values: [...Values] }] });
  const [subnetsFound, groupsFound] = await Promise.all([
    ec2.send(new DescribeSubnetsCommand(by('subnet-id', create.subnetIds))),
    ec2.send(new DescribeSecurityGroupsCommand(by('group-id', create.securityGroupIds))),
  ]);
  const subnets = Subnets.parse(subnetsFound.Subnets ?? []);
  const groups = Groups.parse(groupsFound.SecurityGroups ?? []);
  return {
    subnets: create.subnetIds.map((id) => {
      const one = subnets.find(({ SubnetId }) => SubnetId === id);
      if (one === undefined) return { id, found: null };
      return { id, found: { zone: one.AvailabilityZone, freeAddresses: one.AvailableIpAddressCount, vpc: one.VpcId } };
    }),
    groups: create.securityGroupIds.map((id) => ({ id, vpc: groups.find((one) => one.GroupId === id)?.VpcId ?? null })),
  };
}

const Quotas = z.array(z.object({ QuotaName: z.string(), Value: z.number() }));
const Environments = z.object({ Environments: z.array(z.string()), NextToken: z.string().nullish() });
/** The quota has no documented code, so it is known by its name; those of one environment count workers and the like. */
const ENVIRONMENTS_QUOTA = /^(?!.*per environment)(?!.*(workers|web ?servers|schedulers)).*environments/i;

/** Environments that exist in a Region, and how many may. */
export async function readQuota(quotas: ServiceQuotasClient, mwaa: MWAAClient): Promise<QuotaFacts> {
  const [limit, used] = await Promise.all([quotaOf(quotas), environmentsOf(mwaa)]);
  return { limit, used };
}

async function quotaOf(client: ServiceQuotasClient): Promise<number | null> {
  const read = async () => {
    for await (const page of paginateListServiceQuotas({ client }, { ServiceCode: 'airflow' })) {
      const found = Quotas.parse(page.Quotas ?? []).find(({ QuotaName }) => ENVIRONMENTS_QUOTA.test(QuotaName));
      if (found) return found.Value;
    }
    return null;
  };
  return await orNull(read(), 'NoSuchResourceException');
}

async function environmentsOf(client: MWAAClient): Promise<number> {
  let count = 0;
  let NextToken: string | null | undefined;
  do {
    const page = await sendMwaa(client, 'ListEnvironments', NextToken ? { NextToken } : {}, Environments);
    count += page.Environments.length;
    NextToken = page.NextToken;
  } while (NextToken);
  return count;
}
