import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import * as z from 'zod';
import type { LambdaGateway } from './gateway.ts';
import { lambdaTarget, type RequestFacts } from './request-facts.ts';

export type Reply = { status: number; headers: Record<string, string | string[]>; body: Buffer | string };

/** Who an access key belongs to, as `requestContext.authorizer.iam` shows it. */
export type Identity = { accountId: string; userArn: string; userId: string; callerId: string };

const json = (status: number, body: object, more: Record<string, string> = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/json', ...more },
  body: JSON.stringify(body),
});

const notFound = (message: string): Reply =>
  json(404, { Type: 'User', Message: message }, { 'x-amzn-errortype': 'ResourceNotFoundException' });

/**
 * Reads a function name or ARN. A function is reached only at the endpoint of its own Region, as on AWS: null for the ARN of
 * another Region.
 */
export function functionNameIn(target: string, region: string): string | null {
  if (!target.startsWith('arn:')) return target.split(':')[0] ?? null;
  const parts = target.split(':');
  return parts[3] === region ? (parts[6] ?? null) : null;
}

/** Answers the Lambda API as far as the product uses it: Invoke and two reads. Null: not ours. */
export async function answerLambda(
  gateway: LambdaGateway,
  facts: RequestFacts,
  headers: IncomingHttpHeaders,
  body: Buffer,
  frontUrl: string,
): Promise<Reply | null> {
  const asked = lambdaTarget(facts.path);
  if (!asked) return null;
  const { region } = facts;
  const name = functionNameIn(asked.target, region);
  if (name === null) return notFound(`Function not found: ${asked.target}`);
  if (asked.operation === 'GetFunctionConfiguration') return describeFunction(gateway, region, name);
  if (asked.operation === 'GetFunctionUrlConfig') return describeUrl(gateway, region, name, frontUrl);
  const call = { region, name, payload: body.toString('utf8') };
  if (headers['x-amz-invocation-type'] === 'Event') {
    void gateway.invoke(call);
    return { status: 202, headers: {}, body: '' };
  }
  const result = await gateway.invoke(call);
  const common = { 'x-amzn-requestid': result.requestId, 'content-type': 'application/json' };
  if (result.status === 404) {
    const error = { ...common, 'x-amzn-errortype': 'ResourceNotFoundException' };
    return { status: 404, headers: error, body: result.body };
  }
  const failed = result.functionError === null ? {} : { 'x-amz-function-error': result.functionError };
  return { status: 200, headers: { ...common, 'x-amz-executed-version': '$LATEST', ...failed }, body: result.body };
}

function describeFunction(gateway: LambdaGateway, region: string, name: string): Reply {
  const known = gateway.definition(region, name);
  if (known === null) return notFound(`Function not found: ${name}`);
  const { handler, timeoutSeconds, memoryMb, environment, roleArn } = known;
  return json(200, {
    FunctionName: name,
    Role: roleArn ?? '',
    Handler: handler,
    Timeout: timeoutSeconds,
    MemorySize: memoryMb,
    State: 'Active',
    Environment: { Variables: environment },
  });
}

function describeUrl(gateway: LambdaGateway, region: string, name: string, frontUrl: string): Reply {
  const arn = gateway.urlTarget(region, name);
  if (arn === null) return notFound('The resource you requested does not exist.');
  const since = '2026-01-01T00:00:00.000Z';
  const FunctionUrl = `${frontUrl}/_lambda-url/${region}/${name}/`;
  const rest = { AuthType: 'AWS_IAM', InvokeMode: 'BUFFERED', CreationTime: since, LastModifiedTime: since };
  return json(200, { FunctionUrl, FunctionArn: arn, ...rest });
}

const FUNCTION_URL = /^\/_lambda-url\/([^/]+)\/([^/]+)(\/.*)?$/;

/** Region, function and rest of the path of a function URL; null for other paths. */
export function functionUrlTarget(path: string): { region: string; name: string; rawPath: string } | null {
  const found = FUNCTION_URL.exec(path);
  if (!found?.[1] || !found[2]) return null;
  return { region: found[1], name: found[2], rawPath: found[3] ?? '/' };
}

const urlResultSchema = z.looseObject({
  statusCode: z.number().int(),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().optional(),
});

/** The event (payload format 2.0) that a function URL with AWS_IAM hands to its function. */
export function functionUrlEvent(
  facts: RequestFacts,
  headers: IncomingHttpHeaders,
  body: Buffer,
  identity: Identity,
  rawPath: string,
  now: Date,
): object {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    // The signature ends at the gateway of the service; the function does not see it.
    if (value !== undefined && name !== 'authorization') flat[name] = Array.isArray(value) ? value.join(',') : value;
  }
  const text = body.toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(body);
  const domainName = headers.host ?? '';
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: facts.query.toString(),
    headers: flat,
    ...(facts.query.size > 0 ? { queryStringParameters: Object.fromEntries(facts.query) } : {}),
    requestContext: {
      accountId: identity.accountId,
      apiId: 'sandbox',
      authentication: null,
      authorizer: { iam: { accessKey: facts.source, ...identity, cognitoIdentity: null, principalOrgId: null } },
      domainName,
      domainPrefix: domainName.split('.')[0],
      http: {
        method: facts.method,
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: now.toUTCString(),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 ? { body: isText ? text : body.toString('base64') } : {}),
    isBase64Encoded: !isText,
  };
}

/** Answers a request to a function URL: 403 without a known signer, 404 without a URL, 502 when the function fails. */
export async function answerFunctionUrl(
  gateway: LambdaGateway,
  facts: RequestFacts,
  headers: IncomingHttpHeaders,
  body: Buffer,
  identity: Identity | null,
): Promise<Reply> {
  const target = functionUrlTarget(facts.path);
  if (!target || gateway.urlTarget(target.region, target.name) === null) return json(404, { Message: null });
  if (!identity || facts.service !== 'lambda' || facts.region !== target.region)
    return json(403, { Message: 'Forbidden' });
  const event = functionUrlEvent(facts, headers, body, identity, target.rawPath, new Date());
  const result = await gateway.invoke({ ...target, payload: JSON.stringify(event) });
  const common = { 'x-amzn-requestid': result.requestId };
  if (result.functionError !== null) return json(502, { Message: 'Internal Server Error' }, common);
  return urlReply(result.body, common);
}

function urlReply(text: string, common: Record<string, string>): Reply {
  const parsed = urlResultSchema.safeParse(JSON.parse(text));
  if (!parsed.success) return { status: 200, headers: { ...common, 'content-type': 'application/json' }, body: text };
  const { statusCode, headers = {}, body = '', isBase64Encoded = false } = parsed.data;
  const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
  return {
    status: statusCode,
    headers: { 'content-type': 'application/json', ...common, ...named },
    body: isBase64Encoded ? Buffer.from(body, 'base64') : body,
  };
}
