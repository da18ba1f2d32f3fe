import type { IncomingHttpHeaders } from 'node:http';

/** What the front knows of a request before it decides anything. Empty strings where the request does not say. */
export type RequestFacts = {
  method: string;
  path: string;
  query: URLSearchParams;
  /** From the SigV4 scope. */
  region: string;
  /** From the SigV4 scope; `airflow-web` for the web server of an environment. */
  service: string;
  /** Access key id of the caller. */
  source: string;
  /** AWS name of the operation where it can be told, else `<METHOD>`. */
  operation: string;
};

type Scope = { source: string; region: string; service: string };

const NO_SCOPE: Scope = { source: '', region: '', service: '' };

/** Reads caller, Region and service from a SigV4 `Credential=` (header) or `X-Amz-Credential` (query). */
export function readScope(authorization: string | undefined, query: URLSearchParams): Scope {
  const credential = authorization?.match(/Credential=([^,\s]+)/)?.[1] ?? query.get('X-Amz-Credential') ?? '';
  const [source, , region, service, end] = credential.split('/');
  return end === 'aws4_request' && source && region && service ? { source, region, service } : NO_SCOPE;
}

const LAMBDA_INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
const LAMBDA_CONFIGURATION = /^\/2015-03-31\/functions\/([^/]+)\/configuration$/;
const LAMBDA_URL = /^\/2021-10-31\/functions\/([^/]+)\/url$/;

type LambdaOperation = 'Invoke' | 'GetFunctionUrlConfig' | 'GetFunctionConfiguration';
const LAMBDA_PATHS: readonly (readonly [LambdaOperation, RegExp])[] = [
  ['Invoke', LAMBDA_INVOKE],
  ['GetFunctionUrlConfig', LAMBDA_URL],
  ['GetFunctionConfiguration', LAMBDA_CONFIGURATION],
];

/** Name or ARN of the function of a Lambda API path. */
export function lambdaTarget(path: string): { operation: LambdaOperation; target: string } | null {
  for (const [operation, pattern] of LAMBDA_PATHS) {
    const target = pattern.exec(path)?.[1];
    if (target !== undefined) return { operation, target: decodeURIComponent(target) };
  }
  return null;
}

const AIRFLOW_OPERATIONS: Record<string, string> = {
  'GET /environments': 'GetEnvironment',
  'PUT /environments': 'CreateEnvironment',
  'PATCH /environments': 'UpdateEnvironment',
  'DELETE /environments': 'DeleteEnvironment',
  'POST /restapi': 'InvokeRestApi',
  'POST /clitoken': 'CreateCliToken',
  'POST /webtoken': 'CreateWebLoginToken',
};

function airflowOperation(method: string, path: string): string | undefined {
  if (method === 'GET' && path === '/environments') return 'ListEnvironments';
  return AIRFLOW_OPERATIONS[`${method} /${path.split('/')[1]}`];
}

function s3Operation(method: string, path: string, query: URLSearchParams): string {
  const onObject = path.split('/').filter(Boolean).length > 1;
  if (!onObject && method === 'GET') return query.has('versions') ? 'ListObjectVersions' : 'ListObjectsV2';
  const verb = `${method.charAt(0)}${method.slice(1).toLowerCase()}`;
  return `${verb}${onObject ? 'Object' : 'Bucket'}`;
}

/**
 * Tells Region, service, caller and operation of a request.
 * `form` is the body of a query-protocol request (`application/x-www-form-urlencoded`), else empty.
 */
export function readFacts(method: string, url: string, headers: IncomingHttpHeaders, form: string): RequestFacts {
  const { pathname: path, searchParams: query } = new URL(url, 'http://front');
  const web = /^\/web\/([^/]+)\//.exec(path);
  const scope = readScope(headers.authorization, query);
  if (web) return { method, path, query, ...scope, region: web[1] ?? '', service: 'airflow-web', operation: method };
  return { method, path, query, ...scope, operation: readOperation(method, path, query, headers, form, scope.service) };
}

function readOperation(
  method: string,
  path: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
  form: string,
  service: string,
): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.').pop() ?? method;
  const rpc = /^\/service\/[^/]+\/operation\/([^/]+)$/.exec(path)?.[1];
  const action = new URLSearchParams(form).get('Action') ?? query.get('Action');
  const known = rpc ?? action ?? lambdaTarget(path)?.operation;
  if (known) return known;
  if (service === 'airflow') return airflowOperation(method, path) ?? method;
  return service === 's3' ? s3Operation(method, path, query) : method;
}
