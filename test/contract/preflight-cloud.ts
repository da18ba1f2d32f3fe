import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { afterAll, beforeAll } from 'vitest';
import { awsClients } from '../../lib/adapters/aws-clients.ts';
import { DynamoControlTable } from '../../lib/adapters/dynamo-control-table.ts';
import { preflightReader } from '../../lib/adapters/preflight/reader.ts';
import { functionDemands } from '../../lib/cli/doctor/demands.ts';
import type { PairConfig } from '../../lib/contracts/config.ts';
import { namesOf } from '../../lib/contracts/names.ts';
import { controllerFunctions, probeFunction } from '../../lib/infra/functions.ts';
import { composeLifeboat } from '../../lib/infra/lifeboat-app.ts';
import { projectRoot } from '../../lib/infra/project-root.ts';
import type { PreflightReader } from '../../lib/ports/preflight.ts';
import { ACCOUNT, CALLERS, IDENTITIES } from '../../sandbox/cloud/callers.ts';
import type { Deployment } from '../../sandbox/cloud/deployer/definitions.ts';
import { deployAssembly } from '../../sandbox/cloud/deployer/deploy.ts';
import { type SdkClients, sdkClients } from '../../sandbox/cloud/deployer/sdk-clients.ts';
import { createExecutionRoles } from '../../sandbox/cloud/execution-roles.ts';
import { type Front, startFront } from '../../sandbox/cloud/front.ts';
import { LambdaGateway } from '../../sandbox/cloud/gateway.ts';
import type { MwaaHandler } from '../../sandbox/cloud/mwaa-handler.ts';
import { useMoto } from '../support/moto-server.ts';

/** A pair that is really deployed, from its own templates, into moto behind the sandbox's front. No Airflow runs. */
export type DeployedPair = {
  readonly front: () => Front;
  readonly deployment: () => Deployment;
  /** What GetEnvironment shows, by name; may be changed. */
  readonly environments: Map<string, Record<string, unknown>>;
  readonly clients: (region: string) => SdkClients;
  readonly table: () => DynamoControlTable;
  /** A new reader; each remembers what it has read. */
  readonly reader: (changed?: Partial<PairConfig>) => PreflightReader;
};

/** Deploys `config` before the tests of a file. */
export function useDeployedPair(config: PairConfig): DeployedPair {
  const moto = useMoto();
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-preflight-'));
  const environments = new Map<string, Record<string, unknown>>();
  const gateway = new LambdaGateway({
    logDir: join(folder, 'functions-log'),
    endpoint: () => front?.url ?? '',
    accessKeyFor: () => CALLERS.controller,
    environment: {},
    account: ACCOUNT,
  });
  let front: Front | undefined;
  let deployment: Deployment | undefined;
  const there = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('the pair is there only while tests run');
    return value;
  };
  beforeAll(async () => {
    front = await startFront({ gateway, identities: IDENTITIES, mwaa: controlPlane(environments) });
    front.connectMoto(Number(new URL(moto.place().endpoint).port));
    const { prefix } = namesOf(config);
    deployment = await deployAssembly({
      cdkOut: synthesised(config, folder),
      frontUrl: front.url,
      gateway,
      parameters: { [`${prefix}-site-b`]: { PrimaryKeyArn: { stack: `${prefix}-site-a`, output: 'KeyArn' } } },
    });
    const { a, b } = config.sites;
    await createExecutionRoles(front.url, a.region, [a.executionRoleArn, b.executionRoleArn]);
    front.useAccount({
      networks: {
        [a.region]: { subnetIds: ['subnet-1a', 'subnet-1b'], securityGroupIds: ['sg-1'] },
        [b.region]: { subnetIds: ['subnet-2a', 'subnet-2b'], securityGroupIds: ['sg-2'] },
      },
      environmentsQuota: () => 10,
      schedules: deployment.schedules,
    });
  }, 120_000);
  afterAll(async () => {
    await front?.close();
    await gateway.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const place = () => ({
    endpoint: there(front).url,
    credentials: { accessKeyId: CALLERS.cli, secretAccessKey: 'sandbox' },
  });
  const table = () => {
    const client = awsClients({ ...place(), region: config.controllerRegion }).dynamo();
    return new DynamoControlTable({ client, table: namesOf(config).table, pair: config.pair });
  };
  return {
    front: () => there(front),
    deployment: () => there(deployment),
    environments,
    clients: (region) => sdkClients(there(front).url, region, CALLERS.harness),
    table,
    reader: (changed = {}) => {
      const asked = { ...config, ...changed };
      return preflightReader({
        config: asked,
        place: place(),
        table: table(),
        functions: functionDemands(asked),
        definitions: Object.fromEntries(['watch', 'protect', 'failover'].map((name) => [name, definitionOf(name)])),
        now: () => new Date(),
      });
    },
  };
}

const definitionOf = (machine: string): string =>
  readFileSync(join(projectRoot, 'state-machines', `${machine}.asl.json`), 'utf8');

/** The cloud assembly of the pair's own templates, with stubs in place of the functions. */
function synthesised(config: PairConfig, folder: string): string {
  const functionsDir = join(folder, 'functions');
  for (const { name } of [...controllerFunctions, probeFunction]) {
    mkdirSync(join(functionsDir, name), { recursive: true });
    writeFileSync(join(functionsDir, name, 'handler.ts'), `export const handler = async () => '${name}';\n`);
  }
  const app = new App({ outdir: join(folder, 'cdk.out') });
  composeLifeboat(app, config, { functionsDir });
  app.synth();
  return join(folder, 'cdk.out');
}

/** GetEnvironment and ListEnvironments of what stands in the map. */
function controlPlane(environments: Map<string, Record<string, unknown>>): MwaaHandler {
  const json = (status: number, body: object, more: Record<string, string> = {}) => ({
    status,
    headers: { 'content-type': 'application/json', ...more },
    body: JSON.stringify(body),
  });
  return async ({ path }) => {
    const name = path.split('/')[2] ?? '';
    if (name === '') return json(200, { Environments: [...environments.keys()] });
    const found = environments.get(name);
    if (found) return json(200, { Environment: { Name: name, Status: 'AVAILABLE', ...found } });
    return json(404, { message: `${name} not found` }, { 'x-amzn-errortype': 'ResourceNotFoundException' });
  };
}
