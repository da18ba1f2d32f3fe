import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { definitionFile } from '../../lib/infra/definition.ts';
import type { Machine } from '../../lib/infra/functions.ts';
import { startMoto } from '../../sandbox/cloud/moto.ts';
import { installCleanup, killTagged, startProcess } from '../../sandbox/host/processes.ts';
import type { Json } from './asl-paths.ts';
import { toolsPython } from './moto-server.ts';

type Invoke = (payload: Json) => Json;
const region = 'eu-north-1';
const account = '123456789012';
const JsonText = z.string().transform((text): Json => z.json().parse(JSON.parse(text)));

/** Runs the shipped definitions on moto, whose functions are answered by `functionsOf(pair)` of the payload's pair. */
export async function startMotoExecutions() {
  const scripts = new Map<string, Invoke>();
  const functions = await listen(createServer((request, response) => void answer(scripts, request, response)));
  const python = await toolsPython();
  const stateDir = await mkdtemp(path.join(tmpdir(), 'lifeboat-asl-'));
  const sandbox = `test-${path.basename(stateDir)}`;
  const withoutCleanup = installCleanup(sandbox);
  const moto = await startMoto({
    python,
    frontPort: functions.port,
    stateDir,
    spawn: ({ name, env, ...rest }) => startProcess({ sandbox, part: name, environment: env, ...rest }),
  });
  const client = new SFNClient({
    region,
    endpoint: `http://127.0.0.1:${moto.port}`,
    credentials: { accessKeyId: 'AKSANDBOX', secretAccessKey: 'sandbox' },
  });
  return {
    create: (machine: Machine) => create(client, machine),
    run: async (machine: Machine, key: string, input: Json, invoke: Invoke) => {
      scripts.set(key, invoke);
      return await run(client, machine, key, input);
    },
    stop: async () => {
      client.destroy();
      await killTagged({ sandbox });
      withoutCleanup();
      functions.server.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

async function listen(server: Server): Promise<{ server: Server; port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { server, port: address.port };
}

/** The Invoke API: what a function threw comes with status 200, a header, and its name as errorType. */
async function answer(scripts: ReadonlyMap<string, Invoke>, request: IncomingMessage, response: ServerResponse) {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const payload = JsonText.parse(Buffer.concat(chunks).toString('utf8'));
  const { pair } = z.object({ pair: z.string() }).parse(payload);
  const reply = (body: Json, headers: Record<string, string> = {}) => {
    response.writeHead(200, { 'content-type': 'application/json', 'x-amzn-requestid': 'test', ...headers });
    response.end(JSON.stringify(body));
  };
  try {
    reply(scripts.get(pair)?.(payload) ?? null);
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    reply({ errorType: name, errorMessage: message }, { 'x-amz-function-error': 'Unhandled' });
  }
}

async function create(client: SFNClient, machine: Machine): Promise<void> {
  const definition = readFileSync(definitionFile(machine), 'utf8').replace(
    /\$\{(\w+)\}/g,
    `arn:aws:lambda:${region}:${account}:function:$1`,
  );
  const roleArn = `arn:aws:iam::${account}:role/test`;
  await client.send(new CreateStateMachineCommand({ name: machine, definition, roleArn }));
}

async function run(client: SFNClient, machine: Machine, name: string, input: Json) {
  const stateMachineArn = `arn:aws:states:${region}:${account}:stateMachine:${machine}`;
  const started = await client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
  const executionArn = started.executionArn;
  const deadline = Date.now() + 50_000;
  for (;;) {
    const now = await client.send(new DescribeExecutionCommand({ executionArn }));
    if (now.status !== 'RUNNING') {
      const output = now.output ? JsonText.parse(now.output) : null;
      const states = await statesEntered(client, executionArn);
      return { status: now.status, states, output, error: now.error, cause: now.cause };
    }
    if (Date.now() > deadline) throw new Error(`execution ${name} of ${machine} is still running`);
    await sleep(100);
  }
}

async function statesEntered(client: SFNClient, executionArn: string | undefined): Promise<string[]> {
  const history = await client.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
  return (history.events ?? []).flatMap((event) => {
    const entered = event.stateEnteredEventDetails?.name;
    return entered ? [entered] : [];
  });
}
