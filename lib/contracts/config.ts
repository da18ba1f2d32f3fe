import { z } from 'zod';
import { Instant, PairId, Region, Side } from './ids.ts';
import { Timing, timingFaults } from './timing.ts';

const RoleArn = z
  .string()
  .regex(/^arn:aws:iam::\d{12}:role\//, 'expected the ARN of a role, such as arn:aws:iam::123456789012:role/name');
/** The other partitions have other ARNs and endpoints, for which nothing here was made or tried. */
const CommercialRegion = Region.regex(
  /^(?!us-gov-|cn-|[a-z]{2}-iso)/,
  'expected a Region of the commercial partition: those of us-gov, cn and iso are not supported',
);
const BucketName = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'expected an S3 bucket name');

/** What a site cannot take over from the other one's configuration when its environment is created on the spot. */
export const SiteCreation = z.strictObject({
  subnetIds: z
    .array(z.string().regex(/^subnet-[a-zA-Z0-9]+$/, 'expected a subnet id such as subnet-0a1b2c3d'))
    .length(2, 'expected two subnets in two Availability Zones')
    .describe('Private subnets of this site’s Region.'),
  securityGroupIds: z
    .array(z.string().regex(/^sg-[a-zA-Z0-9]+$/, 'expected a security group id such as sg-0a1b2c3d'))
    .min(1)
    .max(5)
    .describe('Security groups of this site’s Region.'),
  kmsKeyArn: z
    .string()
    .regex(
      /^arn:aws:kms:[a-z0-9-]+:\d{12}:key\/[a-f0-9-]{36}$/,
      'expected the ARN of a key that is no multi-Region key',
    )
    .optional()
    .describe('Key of this Region; needed when the other environment has a key of its own. MWAA takes no alias.'),
  environmentClass: z.string().min(1).optional().describe('Another class than that of the other environment.'),
  airflowConfigurationOptions: z
    .record(z.string(), z.string())
    .default({})
    .describe('Options that differ in this Region, such as those that name a host or an ARN of the other one.'),
});
export type SiteCreation = z.infer<typeof SiteCreation>;

/** One MWAA environment of the pair and what belongs to it. */
export const SiteConfig = z.strictObject({
  region: CommercialRegion.describe('AWS Region of the environment.'),
  environment: z
    .string()
    .regex(
      /^[a-zA-Z][0-9a-zA-Z_-]{0,79}$/,
      'expected an MWAA environment name: a letter, then up to 79 of letters, digits, - and _',
    )
    .describe('Name of the MWAA environment.'),
  dagBucket: BucketName.describe('The bucket the environment reads its DAGs from.'),
  executionRoleArn: RoleArn.describe('Execution role of the environment; the helper DAGs run with it.'),
  webServerAccess: z
    .enum(['PUBLIC_ONLY', 'PUBLIC_AND_PRIVATE', 'PRIVATE_ONLY'])
    .default('PUBLIC_ONLY')
    .describe('PRIVATE_ONLY leaves the airflow signal out of the judgement.'),
  create: SiteCreation.optional().describe('Strategy backup-restore: how the environment of this site is created.'),
});
export type SiteConfig = z.infer<typeof SiteConfig>;

/** `warm-standby`: the other environment exists and is all paused. `backup-restore`: it is created when it is needed. */
export const Strategy = z.enum(['warm-standby', 'backup-restore']);
export type Strategy = z.infer<typeof Strategy>;

export const Mode = z.enum(['observe', 'manual', 'prepare', 'automatic']);
export type Mode = z.infer<typeof Mode>;

/** A named person's standing word that an automatic op may go on although the lost site cannot be fenced. */
export const PreAuthorisedUnfenced = z.strictObject({
  by: z.string().min(1),
  reason: z.string().min(1),
  until: Instant,
});

/** What happens to a task that was running, queued, deferred or rescheduled when the site was lost. */
export const InterruptedPolicy = z.enum(['fail', 'resume', 'rerun']);
export type InterruptedPolicy = z.infer<typeof InterruptedPolicy>;

/** Fields that do not go together: where, and what was expected and found. */
type Fault = { readonly path: readonly string[]; readonly message: string };
type Sites = Readonly<Record<Side, SiteConfig>>;

function siteFaults({ account, sites }: { account: string; sites: Sites }): Fault[] {
  const { a, b } = sites;
  const strange = Side.options.flatMap((side) => {
    const found = sites[side].executionRoleArn.split(':')[4];
    const message = `found a role of account ${found}, expected one of account ${account}`;
    return found === account ? [] : [{ path: ['sites', side, 'executionRoleArn'], message }];
  });
  if (a.region !== b.region) return strange;
  const region = {
    path: ['sites', 'b', 'region'],
    message: `expected another Region than site a, found ${b.region} for both`,
  };
  if (a.environment !== b.environment) return [...strange, region];
  const message = `expected another environment than site a, found the same one (${a.environment} in ${a.region})`;
  return [...strange, { path: ['sites', 'b', 'environment'], message }, region];
}

/** MWAA takes names of 80 characters; the second to fifth try add `-2` to `-5`. */
const longestCreated = 78;

function creationFaults(config: { strategy: Strategy; homeSite: Side; sites: Sites }): Fault[] {
  const away = otherSide(config.homeSite);
  const isMissing = config.strategy === 'backup-restore' && config.sites[away].create === undefined;
  const message = `expected the subnets and security groups of site ${away} with strategy backup-restore, found nothing`;
  const missing = isMissing ? [{ path: ['sites', away, 'create'], message }] : [];
  const long = Side.options.flatMap((side) => {
    const { create, environment } = config.sites[side];
    const message = `found ${environment.length} characters, expected at most ${longestCreated}: a number may follow`;
    const isLong = create !== undefined && environment.length > longestCreated;
    return isLong ? [{ path: ['sites', side, 'environment'], message }] : [];
  });
  const keys = Side.options.flatMap((side) => {
    const { region, create } = config.sites[side];
    const found = create?.kmsKeyArn?.split(':')[3] ?? region;
    const wrong = `found a key of ${found}, expected one of ${region}`;
    return found === region ? [] : [{ path: ['sites', side, 'create', 'kmsKeyArn'], message: wrong }];
  });
  return [...missing, ...long, ...keys];
}

function modeFaults(config: { mode: Mode; controllerRegion: string; sites: Sites }): Fault[] {
  const { controllerRegion, mode, sites } = config;
  const isThird = controllerRegion !== sites.a.region && controllerRegion !== sites.b.region;
  if (isThird || mode !== 'automatic') return [];
  const message =
    'expected observe, manual or prepare when the controller stands in a site’s Region, found automatic: ' +
    'use a third Region for the controller';
  return [{ path: ['mode'], message }];
}

/** The pair configuration: the one file a user writes. */
export const PairConfig = z
  .strictObject({
    $schema: z.string().optional().describe('For editors only.'),
    pair: PairId.describe('Name of the pair; part of every resource name.'),
    account: z.string().regex(/^\d{12}$/, 'expected a 12-digit AWS account id'),
    controllerRegion: CommercialRegion.describe('Region of the controller; a third Region is recommended.'),
    strategy: Strategy.default('warm-standby').describe(
      'Does the other environment exist, or is it created on the spot?',
    ),
    mode: Mode.default('prepare').describe('How far the controller goes by itself.'),
    preAuthorisedUnfenced: PreAuthorisedUnfenced.optional(),
    homeSite: Side.default('a').describe('Where the pair prefers to run.'),
    sites: z.strictObject({ a: SiteConfig, b: SiteConfig }),
    interruptedTasks: InterruptedPolicy.default('fail'),
    catchUpBudget: z
      .int()
      .nonnegative()
      .default(100)
      .describe('Catch-up runs a DAG may start at promotion before a person is asked.'),
    historyDays: z.int().positive().default(90),
    notifyEmails: z.array(z.email()).default([]),
    timing: Timing,
    sandbox: z
      .boolean()
      .default(false)
      .describe('For a rehearsal on one machine: times may be shorter than AWS can keep. Never true for an account.'),
  })
  .superRefine((config, context) => {
    for (const { path, message } of [...siteFaults(config), ...creationFaults(config), ...modeFaults(config)]) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
    for (const { field, message } of timingFaults(config.timing, config.sandbox)) {
      context.addIssue({ code: 'custom', path: ['timing', field], message });
    }
  });
export type PairConfig = z.infer<typeof PairConfig>;

/** The other side of a pair. */
export const otherSide = (side: Side): Side => (side === 'a' ? 'b' : 'a');
