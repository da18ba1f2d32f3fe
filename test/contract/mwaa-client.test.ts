import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { failureKind } from '../../lib/adapters/failure-kind.ts';
import { mwaaClient, mwaaControlPlane } from '../../lib/adapters/mwaa/mwaa-environment.ts';
import { sendMwaa } from '../../lib/adapters/mwaa/raw-command.ts';
import { siteAirflow } from '../../lib/adapters/mwaa/site-airflow.ts';
import { CreateEnvironmentRequest } from '../../lib/contracts/environment.ts';
import { awsError, type RawAnswer, useRawEndpoint } from '../support/raw-endpoint.ts';

const Anything = z.record(z.string(), z.unknown());
const endpoint = useRawEndpoint();
const client = (maxAttempts = 1, requestMs = 4000) =>
  mwaaClient(endpoint.place(), { maxAttempts, connectMs: 2000, requestMs });
const json = (document: unknown, status = 200): RawAnswer => ({ status, body: JSON.stringify(document) });
const bodyOf = (index = 0): unknown => JSON.parse(endpoint.requests[index]?.body ?? 'null');

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: unknown) => error,
  );
}

describe('the raw MWAA command', () => {
  it('sends every member, signed for the service airflow, and returns every member', async () => {
    endpoint.answer(() => json({ Arn: 'arn', FutureMember: { x: 1 } }));
    const input = { Name: 'a b', DagS3Path: 'dags', MinWebservers: 2, FutureMember: [1] };
    const answer = await sendMwaa(client(), 'CreateEnvironment', input, Anything);
    expect(answer).toMatchObject({ Arn: 'arn', FutureMember: { x: 1 } });
    expect(endpoint.requests[0]).toMatchObject({
      method: 'PUT',
      path: '/environments/a%20b',
      service: 'airflow',
      region: 'eu-west-1',
    });
    expect(bodyOf()).toEqual({ DagS3Path: 'dags', MinWebservers: 2, FutureMember: [1] });
  });

  it('puts the members of a read into the query', async () => {
    endpoint.answer(() => json({ Environments: [] }));
    await sendMwaa(client(), 'ListEnvironments', { MaxResults: 5, NextToken: undefined }, Anything);
    const ResourceArn = 'arn:aws:airflow:eu-west-1:123456789012:environment/x';
    await sendMwaa(client(), 'UntagResource', { ResourceArn, tagKeys: ['a', 'b c'] }, Anything);
    expect(endpoint.requests.map(({ path, body }) => path + body)).toEqual([
      '/environments?MaxResults=5',
      `/tags/${encodeURIComponent(ResourceArn)}?tagKeys=a&tagKeys=b%20c`,
    ]);
  });

  it('refuses to send without a name', async () => {
    await expect(sendMwaa(client(), 'GetEnvironment', {}, Anything)).rejects.toThrow('GetEnvironment needs Name');
    expect(endpoint.requests).toEqual([]);
  });

  it("keeps the service's error name, status and members", async () => {
    endpoint.answer(() => ({
      status: 400,
      headers: { 'x-amzn-errortype': 'RestApiClientException:http://internal/', 'x-amzn-requestid': 'r-1' },
      body: JSON.stringify({ RestApiStatusCode: 404, RestApiResponse: { detail: 'no such DAG' } }),
    }));
    const error = await failureOf(sendMwaa(client(), 'InvokeRestApi', { Name: 'x', Path: '/dags/y' }, Anything));
    expect(error).toMatchObject({
      name: 'RestApiClientException',
      $metadata: { httpStatusCode: 400, requestId: 'r-1' },
      RestApiStatusCode: 404,
      RestApiResponse: { detail: 'no such DAG' },
    });
  });

  it('reads the name from the body too, and survives a body that is no JSON', async () => {
    endpoint.answer(() => json({ __type: 'com.amazon#ThrottlingException', message: 'slow' }, 429));
    expect(await failureOf(sendMwaa(client(), 'GetEnvironment', { Name: 'x' }, Anything))).toMatchObject({
      name: 'ThrottlingException',
      message: 'slow',
    });
    endpoint.answer(() => ({ status: 502, body: '<html>Bad Gateway</html>' }));
    const page = await failureOf(sendMwaa(client(), 'GetEnvironment', { Name: 'x' }, Anything));
    expect(failureKind(page)).toEqual({ kind: 'unreachable', cause: 'UnknownError: <html>Bad Gateway</html>' });
  });

  it("repeats with the SDK's own retries", async () => {
    endpoint.answer((request) =>
      endpoint.requests.length < 3 ? awsError(request, 503, 'ServiceUnavailableException') : json({ ok: true }),
    );
    expect(await sendMwaa(client(3), 'GetEnvironment', { Name: 'x' }, Anything)).toMatchObject({ ok: true });
    expect(endpoint.requests).toHaveLength(3);
  });

  it.each([
    ['eu-west-1', 'GetEnvironment', 'api.airflow.eu-west-1.amazonaws.com'],
    ['eu-west-1', 'InvokeRestApi', 'env.airflow.eu-west-1.amazonaws.com'],
    ['cn-north-1', 'CreateWebLoginToken', 'env.airflow.cn-north-1.amazonaws.com.cn'],
  ] as const)('calls the host of AWS when no endpoint is given: %s %s', async (region, operation, host) => {
    const credentials = { accessKeyId: 'AKSANDBOX', secretAccessKey: 'sandbox' };
    const onAws = mwaaClient({ region, credentials }, { maxAttempts: 1, connectMs: 2000, requestMs: 2000 });
    const asked: unknown[] = [];
    onAws.config.requestHandler.handle = async (request) => {
      asked.push(request.hostname);
      throw new Error('not sent');
    };
    await failureOf(sendMwaa(onAws, operation, { Name: 'x' }, Anything));
    expect(asked).toEqual([host]);
  });
});

describe('an endpoint that hangs', () => {
  it('is given up within the budget, as unreachable', async () => {
    const began = performance.now();
    const error = await failureOf(
      mwaaControlPlane(endpoint.place(), { maxAttempts: 2, connectMs: 200, requestMs: 300 }).getEnvironment(
        'eu-west-1',
        'x',
      ),
    );
    expect(performance.now() - began).toBeLessThan(2500);
    expect(endpoint.requests).toHaveLength(2);
    expect(failureKind(error).kind).toBe('unreachable');
  });

  it('is given up when only the body hangs', async () => {
    endpoint.answer(() => ({ status: 200, body: '{"Environment":', stall: true }));
    const error = await failureOf(sendMwaa(client(1, 300), 'GetEnvironment', { Name: 'x' }, Anything));
    expect(failureKind(error).kind).toBe('unreachable');
  });

  it('gets a POST to Airflow once only', async () => {
    const site = { place: endpoint.place(), environment: 'x' };
    const airflow = siteAirflow({ ...site, budget: { maxAttempts: 3, connectMs: 200, requestMs: 200 } });
    const error = await failureOf(airflow.triggerRun('lifeboat_export', 'lb-1', {}));
    expect(failureKind(error).kind).toBe('unreachable');
    expect(endpoint.requests).toHaveLength(1);
    endpoint.requests.length = 0;
    await failureOf(airflow.health());
    expect(endpoint.requests).toHaveLength(3);
  });
});

describe('getEnvironment', () => {
  it('returns known and unknown members', async () => {
    endpoint.answer(() => json({ Environment: { Name: 'x', Status: 'NEW_WORD', FutureMember: 1 } }));
    expect(await mwaaControlPlane(endpoint.place()).getEnvironment('eu-central-1', 'x')).toEqual({
      Name: 'x',
      Status: 'NEW_WORD',
      FutureMember: 1,
    });
    expect(endpoint.requests[0]).toMatchObject({ region: 'eu-central-1' });
  });

  it('names an environment that does not exist', async () => {
    endpoint.answer((request) => awsError(request, 404, 'ResourceNotFoundException'));
    const error = await failureOf(mwaaControlPlane(endpoint.place()).getEnvironment('eu-west-1', 'x'));
    expect(error).toMatchObject({ name: 'EnvironmentNotFoundError', region: 'eu-west-1', environment: 'x' });
  });

  it('lets a refusal pass as it came', async () => {
    endpoint.answer((request) => awsError(request, 403, 'AccessDeniedException'));
    const error = await failureOf(mwaaControlPlane(endpoint.place()).getEnvironment('eu-west-1', 'x'));
    expect(failureKind(error)).toMatchObject({ kind: 'unreadable' });
  });
});

describe('createEnvironment', () => {
  const request = CreateEnvironmentRequest.parse({
    Name: 'x',
    ExecutionRoleArn: 'arn:aws:iam::123456789012:role/x',
    SourceBucketArn: 'arn:aws:s3:::x',
    DagS3Path: 'dags',
    AirflowVersion: '2.10.3',
    EnvironmentClass: 'mw1.small',
    NetworkConfiguration: { SubnetIds: ['subnet-1', 'subnet-2'], SecurityGroupIds: ['sg-1'] },
    Tags: {},
  });
  const create = () => mwaaControlPlane(endpoint.place()).createEnvironment('eu-central-1', request);

  it('sends what was asked for, and no empty map of tags', async () => {
    endpoint.answer(() => json({ Arn: 'arn' }));
    await create();
    const { Name: _, Tags: __, ...members } = request;
    expect(endpoint.requests[0]).toMatchObject({ method: 'PUT', path: '/environments/x', region: 'eu-central-1' });
    expect(bodyOf()).toEqual(members);
  });

  it('tells a refusal of the request from every other failure', async () => {
    endpoint.answer(() => json({ __type: 'ValidationException', message: 'Unsupported class' }, 400));
    expect(await failureOf(create())).toMatchObject({
      name: 'EnvironmentRequestRefusedError',
      message: 'Unsupported class',
    });
    endpoint.answer((asked) => awsError(asked, 403, 'AccessDeniedException'));
    expect(await failureOf(create())).toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('deleteEnvironment', () => {
  const remove = () => mwaaControlPlane(endpoint.place()).deleteEnvironment('eu-central-1', 'x');

  it('asks for the deletion, and one that is gone already is no error', async () => {
    endpoint.answer(() => json({}));
    await remove();
    expect(endpoint.requests[0]).toMatchObject({ method: 'DELETE', path: '/environments/x' });
    endpoint.answer((asked) => awsError(asked, 404, 'ResourceNotFoundException'));
    await remove();
  });

  it('lets every other failure pass as it came', async () => {
    endpoint.answer((asked) => awsError(asked, 400, 'ValidationException'));
    expect(await failureOf(remove())).toMatchObject({ name: 'ValidationException' });
  });
});
