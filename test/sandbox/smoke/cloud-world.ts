import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LambdaClient } from '@aws-sdk/client-lambda';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { type Cloud, startCloud } from '../../../sandbox/cloud/cloud.ts';
import type { Deployment } from '../../../sandbox/cloud/deployer/definitions.ts';
import { deployAssembly } from '../../../sandbox/cloud/deployer/deploy.ts';
import { type SdkClients, sdkClients } from '../../../sandbox/cloud/deployer/sdk-clients.ts';
import type { FaultRule } from '../../../sandbox/cloud/faults.ts';
import { startProcess } from '../../../sandbox/host/processes.ts';
import { REGIONS, synthFixture } from '../../unit/sandbox-cloud/fixture/app.ts';

export const ACCOUNT = '123456789012';

/** The sandbox's cloud with the fixture's stacks deployed into it, without the clockwork. */
export type CloudWorld = Cloud & {
  readonly deployment: Deployment;
  /** Folder of all its files. */
  readonly state: string;
  readonly clientsAs: (region: string, accessKeyId?: string, timeoutMs?: number) => SdkClients;
  readonly lambdaIn: (region: string) => LambdaClient;
  /** Starts an execution of one of the fixture's machines; resolves with its ARN. */
  readonly start: (machine: string, input: object) => Promise<string>;
  readonly ended: (executionArn: string, withinMs?: number) => Promise<DescribeExecutionCommandOutput>;
  readonly setFault: (rule: FaultRule) => Promise<void>;
};

/** Polls until something is seen; throws, naming it, when it is not in time. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  withinMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`Not seen in ${withinMs} ms: ${what}`);
    await sleep(100);
  }
}

/** Boots and deploys; nothing stays running when that fails. */
export async function startCloudWorld(): Promise<CloudWorld> {
  const state = mkdtempSync(path.join(tmpdir(), 'lifeboat-cloud-'));
  const cloud = await boot(state);
  const close = async () => {
    await cloud.close();
    rmSync(state, { recursive: true, force: true });
  };
  try {
    const deployment = await deployTwice(state, cloud);
    return { ...cloud, ...callsOf(cloud.front.url), deployment, state, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The second deployment must update what the first one made. */
async function deployTwice(state: string, { front, gateway }: Cloud): Promise<Deployment> {
  const cdkOut = path.join(state, 'cdk.out');
  synthFixture(cdkOut);
  const parameters = { SiteB: { PrimaryKeyArn: { stack: 'SiteA', output: 'KeyArn' } } };
  const options = { cdkOut, frontUrl: front.url, gateway, parameters };
  await deployAssembly(options);
  return await deployAssembly(options);
}

const boot = (state: string): Promise<Cloud> =>
  startCloud({
    stateDir: state,
    python: path.resolve('.lifeboat/tools/bin/python'),
    regions: REGIONS,
    environment: { LIFEBOAT_SANDBOX: 'cloud-test' },
    spawn: ({ command, args, env, logFile, name }) =>
      startProcess({ sandbox: 'cloud-test', part: name, command, args, environment: env, logFile }),
    identities: {
      AKTEST: {
        accountId: ACCOUNT,
        userArn: `arn:aws:iam::${ACCOUNT}:user/person`,
        userId: 'AIDATEST',
        callerId: 'AIDATEST',
      },
    },
    mwaa: async ({ kind, region, path: asked, method }) => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind, region, path: asked, method }),
    }),
  });

function callsOf(frontUrl: string) {
  const clientsAs = (region: string, accessKeyId = 'AKTEST', timeoutMs = 10_000): SdkClients =>
    sdkClients(frontUrl, region, accessKeyId, timeoutMs);
  const { sfn } = clientsAs(REGIONS.controller);
  return {
    clientsAs,
    lambdaIn: (region: string): LambdaClient =>
      new LambdaClient({
        endpoint: frontUrl,
        region,
        credentials: { accessKeyId: 'AKTEST', secretAccessKey: 'x' },
        maxAttempts: 1,
      }),
    start: async (machine: string, input: object): Promise<string> => {
      const stateMachineArn = `arn:aws:states:${REGIONS.controller}:${ACCOUNT}:stateMachine:fixture-${machine}`;
      const command = new StartExecutionCommand({ stateMachineArn, name: randomUUID(), input: JSON.stringify(input) });
      return (await sfn.send(command)).executionArn ?? '';
    },
    ended: (executionArn: string, withinMs?: number) =>
      eventually(
        `end of ${executionArn}`,
        async () => {
          const described = await sfn.send(new DescribeExecutionCommand({ executionArn }));
          return described.status !== 'RUNNING' && described;
        },
        withinMs,
      ),
    setFault: async (rule: FaultRule): Promise<void> => {
      const response = await fetch(`${frontUrl}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(rule) });
      if (response.status !== 200) throw new Error(`fault refused: ${response.status} ${await response.text()}`);
    },
  };
}
