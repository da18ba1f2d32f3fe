import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsClients, streamBudget } from '../../lib/adapters/aws-clients.ts';
import { DynamoControlTable } from '../../lib/adapters/dynamo-control-table.ts';
import { AirflowRestApi } from '../../lib/adapters/mwaa/airflow-rest.ts';
import { S3DagBucket } from '../../lib/adapters/s3-dag-bucket.ts';
import { S3SiteBucket } from '../../lib/adapters/s3-site-bucket.ts';
import { SnsPager } from '../../lib/adapters/sns-pager.ts';
import { StepFunctionsExecutions } from '../../lib/adapters/step-functions-executions.ts';
import { AirflowApiError } from '../../lib/ports/airflow.ts';
import type { Reply } from '../../sandbox/cloud/lambda-api.ts';
import { readBody } from '../../sandbox/cloud/moto-proxy.ts';
import { type RequestFacts, readFacts } from '../../sandbox/cloud/request-facts.ts';
import { controlTableContract } from '../contract/control-table.contract.ts';
import { executionsContract } from '../contract/executions.contract.ts';
import { siteBucketContract } from '../contract/site-bucket.contract.ts';
import { FakeAirflow } from '../support/fakes/airflow.ts';
import { InMemoryControlTable } from '../support/fakes/control-table.ts';
import { InMemoryExecutions } from '../support/fakes/executions.ts';
import { RecordingPager } from '../support/fakes/pager.ts';
import { InMemorySiteBucket } from '../support/fakes/site-bucket.ts';
import { newestOnly } from '../support/simulation-creation.ts';
import { answerAirflow } from './wire/airflow.ts';
import { answerDynamo } from './wire/dynamo.ts';
import { answerS3 } from './wire/s3.ts';
import { answerSns } from './wire/sns.ts';
import { answerStates } from './wire/states.ts';

type Answer = (facts: RequestFacts, headers: Readonly<Record<string, unknown>>, body: Buffer) => Promise<Reply>;

/** AWS clients of a server that answers as `answer` says at each request. */
function useWire(): { clients: () => ReturnType<typeof awsClients>; answer: (answer: Answer) => void } {
  let server: Server;
  let port = 0;
  let current: Answer | null = null;
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const body = await readBody(request);
      const facts = readFacts(request.method ?? 'GET', request.url ?? '/', request.headers, body.toString('utf8'));
      const reply = await current?.(facts, request.headers, body);
      response.writeHead(reply?.status ?? 500, reply?.headers).end(reply?.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    port = typeof address === 'object' && address ? address.port : 0;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const credentials = { accessKeyId: 'AKSANDBOX', secretAccessKey: 'sandbox' };
  return {
    clients: () => awsClients({ region: 'eu-west-1', endpoint: `http://127.0.0.1:${port}`, credentials }, streamBudget),
    answer: (answer) => {
      current = answer;
    },
  };
}

const wire = useWire();

describe('the control table of the rig, through the adapter for DynamoDB', () => {
  controlTableContract(async () => {
    const behind = new InMemoryControlTable();
    wire.answer(({ operation }, _headers, body) => answerDynamo(behind, operation, body.toString('utf8')));
    const table = new DynamoControlTable({ client: wire.clients().dynamo(), table: 'any', pair: 'demo' });
    return { table, writeRaw: async (sk, record) => behind.corrupt(sk, record) };
  });
});

describe('the bucket of a site in the rig, through the adapter for S3', () => {
  siteBucketContract(async () => {
    const site = new InMemorySiteBucket('site');
    wire.answer((facts, headers, body) => answerS3(() => ({ site, dags: null }), facts, headers, body));
    return new S3SiteBucket({ client: wire.clients().s3(), bucket: 'site' });
  });

  it('stands beside a DAG bucket that knows its newest versions only', async () => {
    const dags = newestOnly('dags');
    wire.answer((facts, headers, body) => answerS3(() => ({ site: null, dags }), facts, headers, body));
    const bucket = new S3DagBucket({ client: wire.clients().s3(), bucket: 'dags' });
    expect(await bucket.newestVersion('plugins.zip')).toBe('newest');
    expect(await bucket.hasVersion('plugins.zip', 'newest')).toBe(true);
    expect(await bucket.hasVersion('plugins.zip', 'older')).toBe(false);
  });
});

describe('the executions of the rig, through the adapter for Step Functions', () => {
  executionsContract(async () => {
    const behind = new InMemoryExecutions();
    wire.answer(({ operation }, _headers, body) => answerStates(behind, 'pair', operation, body.toString('utf8')));
    const arn = 'arn:aws:states:eu-west-1:123456789012';
    const names = {
      stateMachineArn: (machine: string) => `${arn}:stateMachine:pair-${machine}`,
      executionArn: (machine: string, name: string) => `${arn}:execution:pair-${machine}:${name}`,
    };
    const executions = new StepFunctionsExecutions({ client: wire.clients().sfn(), names });
    return { executions, machine: 'watch', finish: async (name) => behind.finish('watch', name, 'ABORTED') };
  });
});

it('people are paged through the adapter for SNS', async () => {
  const pager = new RecordingPager();
  wire.answer((_facts, _headers, body) => answerSns(pager, body.toString('utf8')));
  const message = { subject: 'demo: an op is held', text: 'Next: a & b\nRunbook: c' };
  await new SnsPager({ client: wire.clients().sns(), topicArn: 'arn:aws:sns:eu-west-1:123456789012:t' }).page(message);
  expect(pager.pages).toEqual([message]);
});

describe('the Airflow of the rig, through the adapter for its REST API', () => {
  async function made() {
    const behind = new FakeAirflow();
    for (const dagId of ['sales', 'lifeboat_canary']) behind.addDag(dagId);
    behind.addTask({ dagId: 'sales', runId: 'scheduled__1', taskId: 'load' });
    const airflow = new AirflowRestApi(
      async (method, path, { body }) => {
        const { status, document } = await answerAirflow(behind, method, path, body ?? null);
        if (status >= 400) throw new AirflowApiError(status, JSON.stringify(document));
        return document;
      },
      () => Promise.reject(new Error('no path of these is long')),
    );
    return { airflow, behind };
  }

  it('pauses everything, helpers too until they are opened again', async () => {
    const { airflow, behind } = await made();
    await airflow.pauseAll();
    expect(await airflow.listDags()).toMatchObject([
      { dagId: 'lifeboat_canary', isPaused: false },
      { dagId: 'sales', isPaused: true },
    ]);
    expect(behind.calls.filter((call) => call === 'setPaused')).toHaveLength(3);
  });

  it('starts a run of one id once', async () => {
    const { airflow, behind } = await made();
    await airflow.triggerRun('sales', 'one', {});
    expect(await airflow.triggerRun('sales', 'one', {})).toMatchObject({ runId: 'one', state: 'queued' });
    expect(behind.runs).toHaveLength(1);
  });

  it('keeps variables, and fails tasks', async () => {
    const { airflow } = await made();
    expect(await airflow.getVariable('row')).toBeNull();
    await airflow.setVariable('row', 'first');
    await airflow.setVariable('row', 'second');
    expect(await airflow.getVariable('row')).toBe('second');
    const [task] = await airflow.activeTaskInstances(['running']);
    if (task) await airflow.failTask(task);
    expect(await airflow.activeTaskInstances(['running'])).toEqual([]);
  });
});
