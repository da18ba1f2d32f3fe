import type { PairConfig } from '../../contracts/config.ts';
import { otherSide } from '../../contracts/config.ts';
import type { Side } from '../../contracts/ids.ts';
import { keysOf, namesOf } from '../../contracts/names.ts';
import { withSiteNames } from '../../core/creation/site-names.ts';
import { targetOf } from '../../core/preflight/check.ts';
import type { ExecutionRoleFacts, MissingRight, RightsFacts } from '../../core/preflight/facts.ts';
import type { ControlTable } from '../../ports/control-table.ts';
import type { Demand, FunctionDemand, PreflightReader } from '../../ports/preflight.ts';
import type { AwsPlace } from '../aws-clients.ts';
import { mwaaClient, mwaaControlPlane } from '../mwaa/mwaa-environment.ts';
import { siteAirflow } from '../mwaa/site-airflow.ts';
import { S3DagBucket } from '../s3-dag-bucket.ts';
import { S3SiteBucket } from '../s3-site-bucket.ts';
import { type PreflightClients, preflightBudget, preflightClients } from './clients.ts';
import { readClock, readFunction, readMachine, readTable, readTopic } from './deployment.ts';
import { admits, parsePolicy, trustedServices } from './policy.ts';
import { readCaptured, readControl, readDagBucket, readManifest } from './recovery.ts';
import { type Answer, simulate, trustPolicyOf } from './rights.ts';
import { readSchedule } from './schedules.ts';
import { readAirflow, readEnvironment, readHeartbeat, readNetwork, readQuota } from './sites.ts';
import { bucketPolicyOf, keyPolicyOf, readBucket, readKey, readStamp } from './storage.ts';

export type PreflightOptions = {
  readonly config: PairConfig;
  readonly place: Omit<AwsPlace, 'region'>;
  readonly table: ControlTable;
  /** Every function with what its role has to be allowed. */
  readonly functions: readonly FunctionDemand[];
  /** Text of the definition of each state machine, by its short name. */
  readonly definitions: Readonly<Record<string, string>>;
  readonly now: () => Date;
};

const weekSeconds = 7 * 86_400;
/** A rehearsal has lived for minutes only, and its CloudWatch reads all it has for each single period. */
const rehearsalSeconds = 900;
/** Questions that IAM is asked at the same time; it throttles more. */
const questionsAtOnce = 8;
/** Services that run an environment. */
const environmentServices = ['airflow.amazonaws.com', 'airflow-env.amazonaws.com'];
/** KMS encryption context of what is tried: the pair's, and a snapshot that never exists. */
const contextOf = (pair: string) => ({ pair, snapshotId: 'doctor' });

/** Reads AWS, or the sandbox, for the preflight list. A look is made once, however many checks need it. */
export function preflightReader(options: PreflightOptions): PreflightReader {
  const { config: configured, place, table, now } = options;
  const clients = preflightClients(place);
  const at = (side: Side) => clients(configured.sites[side].region);
  const controller = clients(configured.controllerRegion);
  const names = namesOf(configured);
  const keys = keysOf(configured.pair);
  const bucket = (side: Side) => new S3SiteBucket({ client: at(side).s3(), bucket: names.siteBucket(side) });
  const dagBucket = (side: Side) =>
    new S3DagBucket({ client: at(side).s3(), bucket: configured.sites[side].dagBucket });
  const control = once(() => readControl(table));
  const known = () => control().catch(() => null);
  /** The configuration with the names that the environments really have. */
  const config = once(async () => withSiteNames(configured, (await known())?.sites ?? []));
  const target = async () => {
    const value = await known();
    return targetOf(configured, { seen: true, value });
  };
  const mwaa = mwaaControlPlane(place, preflightBudget);
  const environment = eachSide(async (side) => {
    const site = (await config()).sites[side];
    return await readEnvironment(mwaa.getEnvironment(site.region, site.environment));
  });
  const functions = once(() =>
    Promise.all(options.functions.map(({ name, region }) => readFunction(clients(region), configured, name))),
  );
  const captured = once(async () => {
    const to = await target();
    return await readCaptured({ config: configured, target: to, bucket: bucket(to), dagBucket: dagBucket(to) });
  });
  const ofEnvironment = async <T>(side: Side, read: (name: string) => Promise<T>): Promise<T | null> => {
    const found = await environment(side);
    return found === null ? null : await read(found.name);
  };
  const rights = () => readRights(controller, options.functions, functions());
  return {
    pair: {
      control,
      table: () => readTable(controller, names.table),
      functions,
      rights,
      machines: () =>
        Promise.all(
          Object.entries(options.definitions).map(([name, text]) => readMachine(controller, configured, name, text)),
        ),
      schedules: () =>
        Promise.all(
          Object.keys(options.definitions)
            .filter((name) => name !== 'failover')
            .map((name) => readSchedule(controller, names.stateMachineName(name), place.endpoint)),
        ),
      topic: () => readTopic(controller, names.topicArn),
      clock: () => readClock(controller, now),
      manifest: async () => readManifest(bucket(await target()), await control(), await target()),
      captured: async () => (await captured())?.facts ?? null,
    },
    site: {
      executionRole: (side) => readExecutionRole(at(side), configured, side),
      quota: (side) => {
        const client = mwaaClient({ ...place, region: configured.sites[side].region }, preflightBudget);
        return readQuota(at(side).serviceQuotas(), client);
      },
      bucket: eachSide((side) => readBucket(at(side), names.siteBucket(side))),
      key: (side) =>
        readKey(at(side), at(otherSide(side)), { alias: names.keyAlias, context: contextOf(configured.pair) }),
      environment,
      airflow: (side) =>
        ofEnvironment(side, (name) =>
          readAirflow(siteAirflow({ place: { ...place, region: configured.sites[side].region }, environment: name })),
        ),
      heartbeat: (side) =>
        ofEnvironment(side, (name) => {
          const { heartbeatPeriodSeconds: periodSeconds, ingestionLagSeconds: lagSeconds } = configured.timing;
          const windowSeconds = configured.sandbox ? rehearsalSeconds : weekSeconds;
          const window = { environment: name, periodSeconds, windowSeconds, lagSeconds, now: now() };
          return readHeartbeat(at(side).cloudWatch(), window);
        }),
      stamp: (side) => readStamp(at(side), names.siteBucket(side), keys.canary(side)),
      replica: (side) => readStamp(at(otherSide(side)), names.siteBucket(otherSide(side)), keys.canary(side)),
      dagBucket: async (side) => {
        const here = await environment(side);
        const copy = here === null && side === (await target()) ? await captured() : null;
        return await readDagBucket({
          clients: at(side),
          bucket: dagBucket(side),
          dagPath: here?.dagPath ?? copy?.dagPath ?? 'dags',
          objects: here?.objects ?? copy?.objects ?? [],
        });
      },
      network: async (side) => {
        const { create } = configured.sites[side];
        return create === undefined ? null : await readNetwork(at(side), create);
      },
    },
  };
}

async function readRights(
  clients: PreflightClients,
  demands: readonly FunctionDemand[],
  deployed: ReturnType<PreflightReader['pair']['functions']>,
): Promise<RightsFacts> {
  const roles = await deployed;
  const missing: MissingRight[] = [];
  let asked = 0;
  const queue = demands.flatMap(({ name, region, demands: each }) => {
    const found = roles.find((one) => one.name === name && one.region === region)?.deployed;
    // A function that is not there is told by another check.
    if (!found) return [];
    const single = each.flatMap((demand) => demand.actions.map((action) => ({ ...demand, actions: [action] })));
    return single.map((demand) => ({ who: name, roleArn: found.roleArn, demand }));
  });
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const answers = await simulate(clients.iam(), next.roleArn, next.demand);
      asked += answers.length;
      const { who, roleArn } = next;
      missing.push(...answers.flatMap((answer) => notAllowed(answer).map((right) => ({ who, roleArn, ...right }))));
    }
  };
  await Promise.all(Array.from({ length: questionsAtOnce }, work));
  return { asked, missing };
}

const notAllowed = ({ action, resource, decision }: Answer) =>
  decision === 'allowed' ? [] : [{ action, resource, decision }];

/** What the helper DAGs do in their site's bucket, and with its key. */
async function readExecutionRole(
  clients: PreflightClients,
  config: PairConfig,
  side: Side,
): Promise<ExecutionRoleFacts> {
  const { siteBucket, keyAlias } = namesOf(config);
  const arn = config.sites[side].executionRoleArn;
  const trust = await trustPolicyOf(clients.iam(), arn);
  if (trust === null) return null;
  const [bucketPolicy, key] = await Promise.all([
    bucketPolicyOf(clients, siteBucket(side)),
    keyPolicyOf(clients, keyAlias),
  ]);
  const bucketArn = `arn:aws:s3:::${siteBucket(side)}`;
  const keyArn = `arn:aws:kms:${clients.region}:${config.account}:key/${key?.arn ?? 'none'}`;
  const objects = ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject', 's3:AbortMultipartUpload'];
  const demand = (actions: readonly string[], resource: string, policy: string | null) => ({
    ask: { actions, resources: [resource], context: {} } satisfies Demand,
    policy: policy === null ? null : parsePolicy(policy),
  });
  const demands = [
    demand(objects, `${bucketArn}/${config.pair}/sites/${side}/canary.json`, bucketPolicy),
    demand(['s3:ListBucket'], bucketArn, bucketPolicy),
    demand(['kms:Decrypt', 'kms:GenerateDataKey'], keyArn, key?.text ?? null),
  ];
  const trusted = trustedServices(parsePolicy(trust));
  const missing = [];
  for (const { ask, policy } of demands) {
    for (const answer of await simulate(clients.iam(), arn, ask)) {
      // A policy of the resource that names the role is enough in the same account, but no answer to a denial.
      const { action, resource, decision } = answer;
      const isAdmitted = decision === 'implicitDeny' && policy !== null && admits(policy, arn, action, resource);
      if (!isAdmitted) missing.push(...notAllowed(answer));
    }
  }
  return { notTrusted: environmentServices.filter((service) => !trusted.includes(service)), missing };
}

function once<T>(look: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= look();
    return made;
  };
}

function eachSide<T>(look: (side: Side) => Promise<T>): (side: Side) => Promise<T> {
  const looks = { a: once(() => look('a')), b: once(() => look('b')) };
  return (side) => looks[side]();
}
