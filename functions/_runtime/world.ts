import { createHash } from 'node:crypto';
import { ulid } from 'ulid';
import {
  type AwsClients,
  type AwsPlace,
  awsClients,
  type CallBudget,
  invokeBudget,
  probeBudget,
  streamBudget,
  workBudget,
} from '../../lib/adapters/aws-clients.ts';
import { CloudWatchMetrics } from '../../lib/adapters/cloudwatch-metrics.ts';
import { DynamoControlTable } from '../../lib/adapters/dynamo-control-table.ts';
import { failureKind } from '../../lib/adapters/failure-kind.ts';
import { LambdaVantage } from '../../lib/adapters/lambda-vantage.ts';
import { mwaaControlPlane } from '../../lib/adapters/mwaa/mwaa-environment.ts';
import { siteAirflow } from '../../lib/adapters/mwaa/site-airflow.ts';
import { lookAt, probesOf } from '../../lib/adapters/probes/index.ts';
import { S3DagBucket } from '../../lib/adapters/s3-dag-bucket.ts';
import { S3SiteBucket } from '../../lib/adapters/s3-site-bucket.ts';
import { SnsPager } from '../../lib/adapters/sns-pager.ts';
import { StepFunctionsExecutions } from '../../lib/adapters/step-functions-executions.ts';
import type { PairConfig } from '../../lib/contracts/config.ts';
import type { SiteRecord } from '../../lib/contracts/control.ts';
import type { Side } from '../../lib/contracts/ids.ts';
import { namesOf } from '../../lib/contracts/names.ts';
import { parsePairConfig } from '../../lib/contracts/parse-config.ts';
import { records } from '../../lib/contracts/records.ts';
import { FunctionEnvironment } from '../../lib/contracts/step.ts';
import { withSiteNames } from '../../lib/core/creation/site-names.ts';
import type { ControlTable } from '../../lib/ports/control-table.ts';
import type { World } from '../../lib/ports/world.ts';
import { functionLog } from './log.ts';

/** A variable of the function's environment is missing or wrong: a fault of the deployment. */
export class EnvironmentInvalidError extends Error {
  override readonly name = 'EnvironmentInvalidError';
}

/** Longest time the probe function of another Region may take, in seconds; the state's own time-out is longer. */
const vantageSeconds = 12;

/** What is the same in every call of this function. */
type Deployed = {
  readonly configured: PairConfig;
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly controller: AwsClients;
  readonly table: ControlTable;
};

let deployed: Deployed | undefined;
const built = new Map<string, World>();

/**
 * The world of this function, with the names that the sites' environments have now: an op may have created one since
 * the last call. `facts` are in each line of its log.
 */
export async function worldOfFunction(facts: Record<string, unknown>): Promise<World> {
  deployed ??= readDeployed();
  const sites = await deployed.table.list(records.sites());
  const there = sites.map(({ value }) => value);
  return worldWith(deployed, withSiteNames(deployed.configured, there), { created: there, facts });
}

/** The world of a vantage, which has no way to the control table: who asks it says how the site's environment is named. */
export function worldOfVantage(site: Side, environment: string | undefined): World {
  deployed ??= readDeployed();
  const { configured } = deployed;
  const named = { ...configured.sites[site], environment: environment ?? configured.sites[site].environment };
  const config = { ...configured, sites: { ...configured.sites, [site]: named } };
  return worldWith(deployed, config, { created: [], facts: { site } });
}

function readDeployed(): Deployed {
  const environment = readEnvironment();
  const configured = parsePairConfig(environment.LIFEBOAT_CONFIG, 'LIFEBOAT_CONFIG');
  const endpoint = environment.AWS_ENDPOINT_URL;
  const controller = clientsOf({ endpoint }, workBudget)(configured.controllerRegion);
  const table = new DynamoControlTable({
    client: controller.dynamo(),
    table: namesOf(configured).table,
    pair: configured.pair,
  });
  return { configured, endpoint, region: environment.AWS_REGION, controller, table };
}

/** Clients are made once for each pair of names; what was read and what the log says are of this call. */
function worldWith(
  from: Deployed,
  config: PairConfig,
  call: { readonly created: readonly SiteRecord[]; readonly facts: Record<string, unknown> },
): World {
  const key = `${config.sites.a.environment} ${config.sites.b.environment}`;
  const world = built.get(key) ?? buildWorld(from, config);
  built.set(key, world);
  return { ...world, created: call.created, log: functionLog(call.facts) };
}

function buildWorld({ configured, endpoint, region, controller, table }: Deployed, config: PairConfig): World {
  const work = clientsOf({ endpoint }, workBudget);
  const bucketsOf = (budget: CallBudget) => {
    const clients = clientsOf({ endpoint }, budget);
    return perSide((side) => {
      const client = clients(config.sites[side].region).s3();
      return new S3SiteBucket({ client, bucket: namesOf(config).siteBucket(side) });
    });
  };
  const airflowOf = (budget?: CallBudget) => {
    const named = (side: Side, environment: string) =>
      siteAirflow({
        place: { region: config.sites[side].region, endpoint },
        environment,
        ...(budget ? { budget } : {}),
      });
    const own = perSide((side) => named(side, config.sites[side].environment));
    return (side: Side, environment?: string) => (environment === undefined ? own(side) : named(side, environment));
  };
  const probingMwaa = mwaaControlPlane({ endpoint }, probeBudget);
  const probes = probesOf({
    config,
    region,
    clients: clientsOf({ endpoint }, probeBudget),
    mwaa: () => probingMwaa,
    airflow: airflowOf(probeBudget),
    bucket: bucketsOf(probeBudget),
  });
  return {
    config,
    configured,
    created: [],
    table,
    bucket: bucketsOf(streamBudget),
    dagBucket: perSide((side) => {
      const { region: home, dagBucket } = config.sites[side];
      return new S3DagBucket({ client: work(home).s3(), bucket: dagBucket });
    }),
    mwaa: mwaaControlPlane({ endpoint }),
    airflow: airflowOf(),
    executions: new StepFunctionsExecutions({ client: controller.sfn(), names: namesOf(config) }),
    pager: new SnsPager({ client: controller.sns(), topicArn: namesOf(config).topicArn }),
    metrics: new CloudWatchMetrics({ client: controller.cloudWatch(), pair: config.pair }),
    look: (side, now) => lookAt(probes, side, now),
    vantages: vantagesOf(config, clientsOf({ endpoint }, invokeBudget(vantageSeconds))),
    isUnreachable: (error) => failureKind(error).kind === 'unreachable',
    now: () => new Date(),
    newId: () => ulid().toLowerCase(),
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    log: functionLog({}),
  };
}

function readEnvironment(): FunctionEnvironment {
  const parsed = FunctionEnvironment.safeParse(process.env);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new EnvironmentInvalidError(faults.join('; '));
}

/** One set of clients for each Region, made when it is first asked for. */
function clientsOf(place: Omit<AwsPlace, 'region'>, budget: CallBudget): (region: string) => AwsClients {
  const made = new Map<string, AwsClients>();
  return (region) => {
    const clients = made.get(region) ?? awsClients({ ...place, region }, budget);
    made.set(region, clients);
    return clients;
  };
}

function perSide<T>(make: (side: Side) => T): (side: Side) => T {
  const made: Partial<Record<Side, T>> = {};
  return (side) => {
    made[side] ??= make(side);
    return made[side];
  };
}

/** The probe functions in the sites' Regions: for each site, the other one's is the second vantage. */
function vantagesOf(config: PairConfig, clients: (region: string) => AwsClients) {
  const regions = [config.sites.a.region, config.sites.b.region].filter((region) => region !== config.controllerRegion);
  const functionName = namesOf(config).functionName('probe-site');
  const environmentOf = (side: Side) => config.sites[side].environment;
  return regions.map(
    (region) => new LambdaVantage({ region, client: clients(region).lambda(), functionName, environmentOf }),
  );
}
