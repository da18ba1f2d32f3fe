import type { PairConfig } from '../contracts/config.ts';
import type { Side } from '../contracts/ids.ts';
import { environmentNames, keysOf, namesOf } from '../contracts/names.ts';
import { probeFunction } from './functions.ts';

/** One IAM statement of a function's role. */
export type Statement = {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
  /** Why a resource has a wildcard; a resource with one and no reason fails the synthesis. */
  readonly wildcard?: string;
};

const sides: readonly Side[] = ['a', 'b'];
const readTable: readonly string[] = ['dynamodb:GetItem', 'dynamodb:Query'];

const tableArn = (config: PairConfig): string =>
  `arn:aws:dynamodb:${config.controllerRegion}:${config.account}:table/${namesOf(config).table}`;

/** What functions may do, by name; `functions.ts` says which function has which. */
const statements = {
  /** The journal and the control records. Nothing of it is ever deleted by a function. */
  table: (config: PairConfig): Statement[] => [
    {
      actions: [...readTable, 'dynamodb:PutItem', 'dynamodb:ConditionCheckItem'],
      resources: [tableArn(config)],
    },
  ],

  tableRead: (config: PairConfig): Statement[] => [{ actions: readTable, resources: [tableArn(config)] }],

  metrics: (config: PairConfig): Statement[] => [
    {
      actions: ['cloudwatch:GetMetricData'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:RequestedRegion': regionsOf(config) } },
      wildcard: 'CloudWatch has no resource to name for reading metrics; the Regions are limited instead.',
    },
  ],

  environment: (config: PairConfig): Statement[] => [
    {
      actions: ['airflow:GetEnvironment'],
      resources: sides.flatMap((side) => environmentArns(config, side)),
    },
  ],

  /**
   * Creating the environment of a site, and nothing that the customer owns: the service-linked role exists since the
   * first environment of the account. Source of the list: the user guide of Amazon MWAA, "Accessing an environment".
   */
  createEnvironment: (config: PairConfig): Statement[] => created(config).flatMap((side) => creation(config, side)),

  /** Only environments of the names that ops give; the step looks at the tags before it asks. */
  deleteEnvironment: (config: PairConfig): Statement[] =>
    created(config).map((side) => ({
      actions: ['airflow:DeleteEnvironment'],
      resources: environmentArns(config, side),
    })),

  /** Do the objects that a created environment needs beside its DAGs exist? */
  dagBucketRead: (config: PairConfig): Statement[] =>
    created(config).flatMap((side) => [
      {
        actions: ['s3:GetObject', 's3:GetObjectVersion'],
        resources: [`arn:aws:s3:::${config.sites[side].dagBucket}/*`],
        wildcard: 'The captured configuration names the objects; they are looked at, not read.',
      },
      { actions: ['s3:ListBucket'], resources: [`arn:aws:s3:::${config.sites[side].dagBucket}`] },
    ]),

  /** Health needs no right inside Airflow, so those who only look have the smallest role that can call at all. */
  airflowHealth: (config: PairConfig): Statement[] => [
    { actions: ['airflow:InvokeRestApi'], resources: airflowRole(config, 'Viewer') },
  ],

  /**
   * Op is the smallest role that may edit DAGs, runs, tasks, variables and pools. Admin could also manage users and
   * roles, which no step needs. The web-login session is for paths that are longer than InvokeRestApi takes.
   */
  airflowOperate: (config: PairConfig): Statement[] => [
    { actions: ['airflow:InvokeRestApi', 'airflow:CreateWebLoginToken'], resources: airflowRole(config, 'Op') },
  ],

  bucketRead: (config: PairConfig): Statement[] => [
    {
      actions: ['s3:GetObject', 's3:GetObjectVersion'],
      resources: siteBuckets(config).map((bucket) => `${bucket}/${config.pair}/*`),
      wildcard: 'Keys of snapshots are not known before they exist; the prefix is the pair’s own.',
    },
    // Without a prefix: who may not list a bucket is told 403 for a key that does not exist, not 404.
    { actions: ['s3:ListBucket'], resources: siteBuckets(config) },
    siteKey(config, ['kms:Decrypt']),
  ],

  /** Requests to the helpers, and what is too much for a record. No function can write below snapshots/. */
  writeRequests: (config: PairConfig): Statement[] => [
    {
      actions: ['s3:PutObject'],
      resources: siteBuckets(config).map((bucket) => `${bucket}/${config.pair}/ops/*`),
      wildcard: 'Keys of requests hold the id of an op that does not exist yet.',
    },
    siteKey(config, ['kms:GenerateDataKey']),
  ],

  /** The word to a site to stop itself. */
  writeMarker: (config: PairConfig): Statement[] => writeOwn(config, (side) => keysOf(config.pair).fenceMarker(side)),

  /** The captured configuration of a site. */
  writeConfiguration: (config: PairConfig): Statement[] =>
    writeOwn(config, (side) => keysOf(config.pair).environment(side)),

  /** One cheap call to each of three services; the third, GetCallerIdentity, takes no permission. */
  regionCalls: (config: PairConfig): Statement[] => [
    {
      actions: ['sns:ListTopics', 'kms:ListAliases'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:RequestedRegion': regionsOf(config) } },
      wildcard: 'Listing has no resource to name; the Regions are limited instead.',
    },
  ],

  probe: (config: PairConfig): Statement[] => [
    {
      actions: ['lambda:InvokeFunction'],
      resources: sides.map((side) => {
        const name = namesOf(config).functionName(probeFunction.name);
        return `arn:aws:lambda:${config.sites[side].region}:${config.account}:function:${name}`;
      }),
    },
  ],

  publishMetrics: (): Statement[] => [
    {
      actions: ['cloudwatch:PutMetricData'],
      resources: ['*'],
      conditions: { StringEquals: { 'cloudwatch:namespace': metricNamespace } },
      wildcard: 'CloudWatch has no resource to name for writing metrics; the namespace is limited instead.',
    },
  ],

  page: (config: PairConfig): Statement[] => [{ actions: ['sns:Publish'], resources: [namesOf(config).topicArn] }],

  /** Starting an op's execution, and seeing whether it still runs. */
  executions: (config: PairConfig): Statement[] => [
    { actions: ['states:StartExecution'], resources: [namesOf(config).stateMachineArn('failover')] },
    {
      actions: ['states:DescribeExecution'],
      resources: [namesOf(config).executionArn('failover', '*')],
      wildcard: 'An execution is named after its op and attempt, which do not exist yet.',
    },
  ],
} satisfies Record<string, (config: PairConfig) => Statement[]>;

export type Access = keyof typeof statements;

/** Namespace of the product's own metrics. */
export const metricNamespace = 'Lifeboat';

/** The IAM statements of a function. */
export const statementsOf = (access: readonly Access[], config: PairConfig): Statement[] =>
  access.flatMap((name) => statements[name](config));

const regionsOf = (config: PairConfig): string[] => [
  ...new Set([config.controllerRegion, config.sites.a.region, config.sites.b.region]),
];

const siteBuckets = (config: PairConfig): string[] =>
  sides.map((side) => `arn:aws:s3:::${namesOf(config).siteBucket(side)}`);

/** Writing one object of each site, in the site's own bucket. */
const writeOwn = (config: PairConfig, keyOf: (side: Side) => string): Statement[] => [
  {
    actions: ['s3:PutObject'],
    resources: sides.map((side) => `arn:aws:s3:::${namesOf(config).siteBucket(side)}/${keyOf(side)}`),
  },
  siteKey(config, ['kms:GenerateDataKey']),
];

const airflowRole = (config: PairConfig, role: 'Viewer' | 'Op'): string[] =>
  sides.flatMap((side) =>
    namesOfSite(config, side).map(
      (name) => `arn:aws:airflow:${config.sites[side].region}:${config.account}:role/${name}/${role}`,
    ),
  );

/**
 * Sites whose environment an op may create, or has created: with the block `create`, whatever the strategy is by now. An
 * environment that has a number in its name must stay within reach.
 */
const created = (config: PairConfig): Side[] => sides.filter((side) => config.sites[side].create !== undefined);

/** Every name that the environment of a site may have; a name that an op chooses later is covered now. */
const namesOfSite = (config: PairConfig, side: Side): string[] => {
  const { environment } = config.sites[side];
  return created(config).includes(side) ? environmentNames(environment) : [environment];
};

const environmentArns = (config: PairConfig, side: Side): string[] =>
  namesOfSite(config, side).map(
    (name) => `arn:aws:airflow:${config.sites[side].region}:${config.account}:environment/${name}`,
  );

function creation(config: PairConfig, side: Side): Statement[] {
  const { region, create, dagBucket, executionRoleArn } = config.sites[side];
  if (create === undefined) return [];
  const ec2 = (kind: string) => `arn:aws:ec2:${region}:${config.account}:${kind}`;
  const subnets = create.subnetIds.map((id) => ec2(`subnet/${id}`));
  const groups = create.securityGroupIds.map((id) => ec2(`security-group/${id}`));
  return [
    { actions: ['airflow:CreateEnvironment', 'airflow:TagResource'], resources: environmentArns(config, side) },
    {
      actions: ['iam:PassRole'],
      resources: [executionRoleArn],
      conditions: { StringEquals: { 'iam:PassedToService': ['airflow.amazonaws.com', 'airflow-env.amazonaws.com'] } },
    },
    { actions: ['s3:GetEncryptionConfiguration'], resources: [`arn:aws:s3:::${dagBucket}`] },
    {
      actions: ['ec2:CreateNetworkInterface', 'ec2:CreateVpcEndpoint'],
      resources: [...subnets, ...groups, ec2('network-interface/*'), ec2('vpc-endpoint/*'), ec2('vpc/*')],
      wildcard: 'The interfaces and endpoints do not exist yet; subnets and groups are those of the configuration.',
    },
    ...(create.kmsKeyArn ? [{ actions: keyOfEnvironment, resources: [create.kmsKeyArn] }] : []),
  ];
}

/** What the service does with the environment's own key in the name of who creates it. */
const keyOfEnvironment = ['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'];

/** The key's id is made by AWS in another stack; its alias is not. */
const siteKey = (config: PairConfig, actions: readonly string[]): Statement => ({
  actions,
  resources: sides.map((side) => `arn:aws:kms:${config.sites[side].region}:${config.account}:key/*`),
  conditions: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': namesOf(config).keyAlias } },
  wildcard: 'The id of the key is made in the stacks of the sites; the condition limits this to the pair’s own key.',
});
