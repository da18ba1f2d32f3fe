import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ulid } from 'ulid';
import { type AwsPlace, awsClients, streamBudget } from '../adapters/aws-clients.ts';
import { CloudWatchMetrics } from '../adapters/cloudwatch-metrics.ts';
import { DynamoControlTable } from '../adapters/dynamo-control-table.ts';
import { failureKind } from '../adapters/failure-kind.ts';
import { mwaaControlPlane } from '../adapters/mwaa/mwaa-environment.ts';
import { siteAirflow } from '../adapters/mwaa/site-airflow.ts';
import { S3DagBucket } from '../adapters/s3-dag-bucket.ts';
import { S3SiteBucket } from '../adapters/s3-site-bucket.ts';
import { SnsPager } from '../adapters/sns-pager.ts';
import { StepFunctionsExecutions } from '../adapters/step-functions-executions.ts';
import type { PairConfig } from '../contracts/config.ts';
import type { Side } from '../contracts/ids.ts';
import { namesOf } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import { withSiteNames } from '../core/creation/site-names.ts';
import type { ControlTable } from '../ports/control-table.ts';
import type { World } from '../ports/world.ts';
import { adoptPair } from '../steps/adopt-pair.ts';
import { addressingOf, type CommonOptions } from './cli.ts';
import { openPreflight } from './doctor/preflight.ts';
import { failoverSteps } from './failover-steps.ts';
import { loadConfig } from './load-config.ts';
import type { PairAccess } from './pair-access.ts';
import { runCommandLine } from './program.ts';
import { createScreen } from './render.ts';
import { defaultSandbox, readSandbox, type SandboxState } from './sandbox-state.ts';
import type { SetupAccess } from './setup-access.ts';
import { SignedCommands } from './signed-commands.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

type Address = Omit<AwsPlace, 'region'> & { readonly config: PairConfig; readonly addressing: string };

/** Runs the command line on this process's own streams; the only place of the command line that builds adapters. */
export async function main(words: readonly string[]): Promise<number> {
  const interruption = new AbortController();
  const stop = () => {
    // The first Ctrl-C stops waiting; whoever presses it again wants out at once, and nothing is lost by that.
    if (interruption.signal.aborted) process.exit(130);
    interruption.abort();
  };
  process.on('SIGINT', stop);
  // Whoever reads the output (head, less) may have seen enough; that is no fault.
  process.stdout.on('error', endWhenClosed);
  try {
    const screen = createScreen(process, process.env);
    const connect = async (options: CommonOptions) => access(await addressOf(options), interruption.signal);
    return await runCommandLine(words, screen, connect, setupOf);
  } finally {
    process.off('SIGINT', stop);
  }
}

function endWhenClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}

async function addressOf(options: CommonOptions): Promise<Address> {
  const addressing = addressingOf(options);
  if (options.sandbox === false) return { config: await loadConfig(options.config ?? './pair.json'), addressing };
  const sandbox = await readSandbox(root, sandboxName(options));
  const config = await loadConfig(options.config ?? resolve(root, sandbox.configFile));
  return { config, ...placeOf(sandbox), addressing };
}

const sandboxName = ({ sandbox }: CommonOptions): string => (typeof sandbox === 'string' ? sandbox : defaultSandbox);

/** The one address and the key that stand for AWS in a sandbox. */
const placeOf = ({ endpoint, accessKeyId, secretAccessKey }: SandboxState): Omit<AwsPlace, 'region'> => ({
  endpoint,
  credentials: { accessKeyId, secretAccessKey },
});

async function setupOf(options: CommonOptions): Promise<SetupAccess> {
  return {
    mwaa: mwaaControlPlane(options.sandbox === false ? {} : placeOf(await readSandbox(root, sandboxName(options)))),
    config: async () => (await addressOf(options)).config,
    projectRoot: root,
    workingFolder: process.cwd(),
    now: () => new Date(),
    addressing: addressingOf(options),
  };
}

async function access({ config, addressing, ...place }: Address, interrupted: AbortSignal): Promise<PairAccess> {
  const names = namesOf(config);
  const controller = awsClients({ ...place, region: config.controllerRegion });
  const table = new DynamoControlTable({ client: controller.dynamo(), table: names.table, pair: config.pair });
  return {
    config: await named(config, table),
    table,
    bucket: (side) => siteBucket(config, place, side),
    commands: new SignedCommands({
      lambda: controller.lambda(),
      functionName: names.functionName('accept-command'),
      region: config.controllerRegion,
    }),
    preflight: () => openPreflight({ root, config, place, table, now: () => new Date() }),
    adopt: () => adoptPair(worldOfAdoption(config, place, table)),
    failoverSteps: failoverSteps(await readFile(join(root, 'state-machines', 'failover.asl.json'), 'utf8')),
    now: () => new Date(),
    sleep: (milliseconds) =>
      wait(milliseconds, undefined, { signal: interrupted }).catch((error: unknown) => {
        if (!interrupted.aborted) throw error;
      }),
    stopped: () => interrupted.aborted,
    addressing,
  };
}

/** The names that the environments really have. Without a table to ask, the command itself says what is missing. */
async function named(config: PairConfig, table: ControlTable): Promise<PairConfig> {
  try {
    const sites = await table.list(records.sites());
    return withSiteNames(
      config,
      sites.map(({ value }) => value),
    );
  } catch {
    return config;
  }
}

/** Adoption is the one step that runs here and not in a function: before it the controller has nothing to act on. */
function worldOfAdoption(config: PairConfig, place: Omit<AwsPlace, 'region'>, table: ControlTable): World {
  const names = namesOf(config);
  const controller = awsClients({ ...place, region: config.controllerRegion });
  return {
    config,
    configured: config,
    created: [],
    table,
    bucket: (side) => siteBucket(config, place, side),
    dagBucket: (side) => {
      const { region, dagBucket } = config.sites[side];
      return new S3DagBucket({ client: awsClients({ ...place, region }).s3(), bucket: dagBucket });
    },
    mwaa: mwaaControlPlane(place),
    airflow: (side, environment = config.sites[side].environment) =>
      siteAirflow({ place: { ...place, region: config.sites[side].region }, environment }),
    executions: new StepFunctionsExecutions({ client: controller.sfn(), names }),
    pager: new SnsPager({ client: controller.sns(), topicArn: names.topicArn }),
    metrics: new CloudWatchMetrics({ client: controller.cloudWatch(), pair: config.pair }),
    look: async () => [],
    vantages: [],
    now: () => new Date(),
    isUnreachable: (error) => failureKind(error).kind === 'unreachable',
    newId: () => ulid().toLowerCase(),
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    log: { info: () => {}, warn: () => {}, error: () => {} },
  };
}

function siteBucket(config: PairConfig, place: Omit<AwsPlace, 'region'>, side: Side): S3SiteBucket {
  const { region } = config.sites[side];
  return new S3SiteBucket({
    client: awsClients({ ...place, region }, streamBudget).s3(),
    bucket: namesOf(config).siteBucket(side),
  });
}
