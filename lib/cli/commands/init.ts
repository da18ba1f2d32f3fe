import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Command as Verb } from 'commander';
import { z } from 'zod';
import { SiteConfig } from '../../contracts/config.ts';
import { parseConfigFile } from '../../contracts/config-file.ts';
import type { Side } from '../../contracts/ids.ts';
import { PairConfigError } from '../../contracts/parse-config.ts';
import { EnvironmentNotFoundError } from '../../ports/mwaa.ts';
import { addressingOf, type Result, readOptions, type SetupInvocation, type SetupRunner, verb } from '../cli.ts';
import { ConfigInvalidError, UsageError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { missingFields, pairConfigText } from '../init/config-text.ts';
import {
  findingsOf,
  type PairProposal,
  proposeController,
  proposePairName,
  strategyOf,
} from '../init/pair-proposal.ts';
import { type SiteFacts, siteFacts } from '../init/site-facts.ts';
import { unreachable } from '../reached.ts';
import type { SetupAccess } from '../setup-access.ts';
import { writeWholeFile } from '../write-file.ts';

const Region = SiteConfig.shape.region;
const Address = z
  .string()
  .regex(/^[^/]+\/[^/]+$/, 'expected <region>/<name>, such as eu-west-1/data-platform')
  .transform((text) => ({ region: text.split('/')[0] ?? '', name: text.split('/')[1] ?? '' }))
  .pipe(z.object({ region: Region, name: SiteConfig.shape.environment }));
const List = z.string().transform((text) => text.split(',').map((one) => one.trim()));

const Options = z.object({
  a: Address,
  b: Address.optional(),
  bRegion: Region.optional(),
  bDagBucket: z.string().optional(),
  bExecutionRole: z.string().optional(),
  bSubnets: List.optional(),
  bSecurityGroups: List.optional(),
  bKmsKey: z.string().optional(),
  pair: z.string().optional(),
  controllerRegion: Region.optional(),
  out: z.string().min(1).default('pair.json'),
  force: z.boolean().default(false),
});
type Options = z.infer<typeof Options>;

export const initCommand = (run: SetupRunner): Verb =>
  verb('init', {
    summary:
      'reads two environments, or one that shall be created elsewhere, and writes a commented pair configuration',
    examples: [
      'lifeboat init --a eu-west-1/data-platform --b eu-central-1/data-platform-standby',
      'lifeboat init --a eu-west-1/data-platform --b-region eu-central-1 --pair data --b-subnets subnet-1a,subnet-2b --b-security-groups sg-1a',
    ],
    exitCodes: [0, 1, 2, 4, 6],
    writesConfig: true,
  })
    .requiredOption('--a <region/name>', 'the environment that runs production now')
    .option('--b <region/name>', 'the environment that takes over: strategy warm-standby')
    .option('--b-region <region>', 'where one is created when it is needed: strategy backup-restore')
    .option('--b-dag-bucket <name>', 'with --b-region: its DAG bucket')
    .option('--b-execution-role <arn>', 'with --b-region: its execution role')
    .option('--b-subnets <ids>', 'with --b-region: two private subnets, separated by a comma')
    .option('--b-security-groups <ids>', 'with --b-region: one to five security groups, separated by commas')
    .option('--b-kms-key <arn>', 'with --b-region: its key, when site a has one of its own')
    .option('--pair <name>', 'name of the pair (default: after that of the first environment)')
    .option('--controller-region <region>', 'Region of the controller (default: a third one, which is proposed)')
    .option('--out <file>', 'file to write (default: pair.json)')
    .option('--force', 'replace the file if it exists')
    .action(run(init));

async function init({ setup, options: given, json }: SetupInvocation): Promise<Result> {
  const options = readOptions(Options, given);
  assertTwoRegions(options);
  const proposal = await propose(setup, options);
  const file = resolve(setup.workingFolder, options.out);
  const missing = missingFields(proposal);
  const text = pairConfigText(proposal, headOf(setup, options), schemaSeenFrom(file, setup.projectRoot));
  assertParses(text, missing);
  await writeWholeFile(file, text, { replace: options.force });
  const findings = findingsOf(proposal);
  const document = {
    file,
    complete: missing.length === 0,
    missing,
    strategy: strategyOf(proposal),
    mode: 'observe',
    ...proposal,
    findings,
  };
  const config = options.out === 'pair.json' ? undefined : options.out;
  const next = `lifeboat doctor${addressingOf({ json, config, sandbox: false })}${setup.addressing}`;
  const lines = [
    `${options.out} is written: pair ${proposal.pair}, ${strategyOf(proposal)}, mode observe, controller in ${proposal.controllerRegion}`,
    ...siteLines('a', proposal.a),
    ...(proposal.b.kind === 'found'
      ? siteLines('b', proposal.b.site)
      : [`SITE b    to be created in ${proposal.b.site.region} when it is needed`]),
    ...[
      ...findings.pair,
      ...findings.a.map((one) => `site a: ${one}`),
      ...findings.b.map((one) => `site b: ${one}`),
    ].map((one) => `CHECK     ${one}`),
    ...missing.map((name) => `FILL IN   ${name}`),
    `NEXT      ${missing.length === 0 ? 'see whether everything is there' : 'fill these in, then see whether everything is there'}`,
    `  ${next}`,
  ];
  return { exitCode: missing.length === 0 ? exitCodes.done : exitCodes.warnings, document, lines };
}

const siteLines = (side: Side, site: SiteFacts): string[] => [
  `SITE ${side}    ${site.environment} in ${site.region}: ${site.status}, Airflow ${site.airflowVersion}, ${site.environmentClass}`,
];

/** What can be known to be wrong before AWS is asked. */
function assertTwoRegions({ a, b, bRegion, ...planned }: Options): void {
  if ((b === undefined) === (bRegion === undefined)) {
    throw new UsageError(
      b === undefined ? 'site b is missing' : 'both --b and --b-region are given',
      'either --b <region>/<name> for an environment that exists, or --b-region <region> for one to be created',
    );
  }
  const alone = Object.entries(planned).find(([name, value]) => /^b[A-Z]/.test(name) && value !== undefined)?.[0];
  if (b !== undefined && alone !== undefined) {
    const option = alone.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${option} is for an environment that is to be created`, 'leave it out, or use --b-region');
  }
  if (b !== undefined && b.region === a.region && b.name === a.name) {
    throw new UsageError(`both sites are ${a.name} in ${a.region}`, 'name another environment for site b');
  }
  if (a.region === (b?.region ?? bRegion)) {
    throw new UsageError(
      `both sites are in ${a.region}: what takes that Region takes both`,
      'choose site b in another Region',
    );
  }
}

async function propose(setup: SetupAccess, options: Options): Promise<PairProposal> {
  const { b } = options;
  const a = await lookUp(setup, 'a', options.a);
  const found = b === undefined ? null : await lookUp(setup, 'b', b);
  const bRegion = found?.region ?? options.bRegion ?? '';
  assertOneAccount(a, found);
  const proposed = proposeController(a.region, bRegion);
  const planned = {
    region: bRegion,
    environment: a.environment,
    dagBucket: options.bDagBucket ?? null,
    executionRoleArn: options.bExecutionRole ?? null,
    subnetIds: options.bSubnets ?? null,
    securityGroupIds: options.bSecurityGroups ?? null,
    kmsKeyArn: options.bKmsKey ?? null,
  };
  return {
    pair: options.pair ?? proposePairName(a.environment),
    account: a.account,
    controllerRegion: options.controllerRegion ?? proposed.region,
    controllerBecause:
      options.controllerRegion === undefined ? proposed.because : 'As it was asked for; a third Region is recommended.',
    a,
    b: found === null ? { kind: 'planned', site: planned } : { kind: 'found', site: found },
  };
}

async function lookUp(setup: SetupAccess, side: Side, { region, name }: z.infer<typeof Address>): Promise<SiteFacts> {
  try {
    return siteFacts(side, region, await setup.mwaa.getEnvironment(region, name));
  } catch (error) {
    if (error instanceof EnvironmentNotFoundError) {
      throw new UsageError(
        `there is no environment ${name} in ${region} of this account`,
        `aws mwaa list-environments --region ${region} names those that exist; check the account, too`,
      );
    }
    if (error instanceof Error && /AccessDenied/.test(error.name)) {
      throw new UsageError(
        `you may not read environment ${name} in ${region}: ${error.name}`,
        'use a role with airflow:GetEnvironment on it',
      );
    }
    throw unreachable(error, `Amazon MWAA in ${region}`);
  }
}

function assertOneAccount(a: SiteFacts, b: SiteFacts | null): void {
  if (b === null || a.account === b.account) return;
  throw new UsageError(
    `site a is of account ${a.account}, site b of account ${b.account}`,
    'a pair lives in one account: choose two environments of one',
  );
}

const headOf = ({ now }: SetupAccess, { a, b, bRegion }: Options): string[] => [
  `Pair configuration of MWAA Lifeboat, written on ${now().toISOString().slice(0, 10)} by lifeboat init from ` +
    `${a.region}/${a.name}${b === undefined ? ` for ${bRegion}` : ` and ${b.region}/${b.name}`}.`,
  'JSON with comments. docs/deploying.md explains the fields, docs/getting-started.md the way from here.',
];

/** Where editors find what each field takes. */
function schemaSeenFrom(file: string, projectRoot: string): string {
  const path = relative(dirname(file), join(projectRoot, 'examples', 'pair.schema.json'))
    .split(sep)
    .join('/');
  return path.startsWith('.') ? path : `./${path}`;
}

/** Nothing is written that the next command would refuse, but for what is marked to be filled in. */
function assertParses(text: string, missing: readonly string[]): void {
  try {
    parseConfigFile(text, 'the new pair configuration');
  } catch (error) {
    if (!(error instanceof PairConfigError)) throw error;
    const faults = error.faults.filter((fault) => !missing.some((field) => fault.startsWith(field)));
    if (faults.length === 0) return;
    throw new ConfigInvalidError(
      `nothing was written, because it would not be valid: ${faults.join('; ')}`,
      'correct the option that says it, or the environment',
    );
  }
}
