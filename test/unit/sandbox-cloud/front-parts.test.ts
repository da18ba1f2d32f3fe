import { describe, expect, it } from 'vitest';
import { functionNameIn, functionUrlEvent, functionUrlTarget } from '../../../sandbox/cloud/lambda-api.ts';
import { KMS_HOME_REGION, kmsBodyFromHome, kmsBodyToHome, kmsScopeToHome } from '../../../sandbox/cloud/moto-proxy.ts';
import { readFacts, readScope } from '../../../sandbox/cloud/request-facts.ts';
import { type LoggedRequest, RequestLog } from '../../../sandbox/cloud/request-log.ts';

const signed = (service: string, region = 'eu-west-1') => ({
  authorization: `AWS4-HMAC-SHA256 Credential=AKCLI/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
});

describe('what the front reads from a request', () => {
  it('is caller, Region and service of the signature, in the header or the query', () => {
    const scope = { source: 'AKCLI', region: 'eu-west-1', service: 's3' };
    expect(readScope(signed('s3').authorization, new URLSearchParams())).toEqual(scope);
    const query = new URLSearchParams({ 'X-Amz-Credential': 'AKCLI/20260101/eu-west-1/s3/aws4_request' });
    expect(readScope(undefined, query)).toEqual(scope);
    expect(readScope('Bearer x', new URLSearchParams())).toEqual({ source: '', region: '', service: '' });
  });

  it.each([
    ['PutItem', 'POST', '/', { ...signed('dynamodb'), 'x-amz-target': 'DynamoDB_20120810.PutItem' }, ''],
    [
      'GetMetricData',
      'POST',
      '/service/GraniteServiceVersion20100801/operation/GetMetricData',
      signed('monitoring'),
      '',
    ],
    ['Publish', 'POST', '/', signed('sns'), 'Action=Publish&Version=2010-03-31'],
    ['Invoke', 'POST', '/2015-03-31/functions/probe/invocations', signed('lambda'), ''],
    ['GetFunctionUrlConfig', 'GET', '/2021-10-31/functions/probe/url', signed('lambda'), ''],
    ['GetEnvironment', 'GET', '/environments/site-a', signed('airflow'), ''],
    ['ListEnvironments', 'GET', '/environments', signed('airflow'), ''],
    ['InvokeRestApi', 'POST', '/restapi/site-a', signed('airflow'), ''],
    ['GetObject', 'GET', '/bucket/a/key', signed('s3'), ''],
    ['ListObjectVersions', 'GET', '/bucket?versions', signed('s3'), ''],
    ['PutBucket', 'PUT', '/bucket', signed('s3'), ''],
  ])('is the operation %s', (operation, method, url, headers, form) => {
    expect(readFacts(method, url, headers, form).operation).toBe(operation);
  });

  it('is the Region in the path for the web server of an environment', () => {
    const facts = readFacts('GET', '/web/eu-central-1/site-b/login?x=1', {}, '');
    expect(facts).toMatchObject({ region: 'eu-central-1', service: 'airflow-web', source: '' });
  });
});

describe('KMS of several Regions', () => {
  it('is one Region of moto, and looks like the asked one', () => {
    const arn = 'arn:aws:kms:eu-west-1:123456789012:key/mrk-1';
    const home = kmsBodyToHome(JSON.stringify({ KeyId: arn }));
    expect(home).toContain(`:kms:${KMS_HOME_REGION}:`);
    expect(kmsBodyFromHome(home, 'eu-west-1')).toContain(arn);
    expect(kmsScopeToHome(signed('kms').authorization)).toContain(`/${KMS_HOME_REGION}/kms/aws4_request`);
  });
});

describe('a function URL', () => {
  it('names Region, function and path', () => {
    const expected = { region: 'eu-north-1', name: 'accept', rawPath: '/x' };
    expect(functionUrlTarget('/_lambda-url/eu-north-1/accept/x')).toEqual(expected);
    expect(functionUrlTarget('/other')).toBeNull();
  });

  it('hands over who asked, without the signature, and bytes that are no text as base64', () => {
    const facts = readFacts('POST', '/_lambda-url/eu-north-1/accept/?a=1', signed('lambda', 'eu-north-1'), '');
    const identity = { accountId: '1', userArn: 'arn:u', userId: 'U', callerId: 'U' };
    const headers = { ...signed('lambda'), host: 'h', 'x-own': 'v' };
    const event = functionUrlEvent(facts, headers, Buffer.from([0xff]), identity, '/', new Date(0));
    expect(event).toMatchObject({
      version: '2.0',
      headers: { host: 'h', 'x-own': 'v' },
      queryStringParameters: { a: '1' },
      requestContext: {
        authorizer: { iam: { accessKey: 'AKCLI', userArn: 'arn:u' } },
        http: { method: 'POST', path: '/' },
      },
      body: '/w==',
      isBase64Encoded: true,
    });
    expect(event).not.toHaveProperty('headers.authorization');
  });

  it('is not the only way to a function: names and ARNs of the asked Region are read', () => {
    expect(functionNameIn('probe', 'eu-west-1')).toBe('probe');
    expect(functionNameIn('arn:aws:lambda:eu-west-1:1:function:probe:live', 'eu-west-1')).toBe('probe');
    expect(functionNameIn('arn:aws:lambda:eu-west-2:1:function:probe', 'eu-west-1')).toBeNull();
  });
});

describe('the request log', () => {
  it('keeps the newest requests and counts all', () => {
    const log = new RequestLog(3);
    const request = (at: number): LoggedRequest => {
      const where = { source: 'AKCLI', service: 's3', operation: 'GetObject', region: 'eu-west-1' };
      return { at, ...where, method: 'GET', path: '/', status: 200, milliseconds: 1, fault: null };
    };
    for (let at = 1; at <= 10; at += 1) log.add(request(at));
    expect(log.newest().map((r) => r.at)).toEqual([8, 9, 10]);
    expect(log.newest(10).map((r) => r.at)).toEqual([10]);
    expect(log.counts()[0]?.count).toBe(10);
    log.clear();
    expect(log.counts()).toEqual([]);
  });
});
