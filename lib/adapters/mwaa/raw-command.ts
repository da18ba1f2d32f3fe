import {
  type DeleteEnvironmentCommand,
  type MWAAClient,
  type MWAAClientResolvedConfig,
  MWAAServiceException,
} from '@aws-sdk/client-mwaa';
import { HttpRequest } from '@smithy/protocol-http';
import { z } from 'zod';

/**
 * The newest installable client of Amazon MWAA has no InvokeRestApi, and drops members that it does not know, both ways.
 * This command keeps the client's stack (endpoint rules, credentials, signature, retries) and replaces only what turns
 * input into a request and a response into output, so that every member passes as it is. Dates stay epoch seconds.
 */
const OPERATIONS = {
  CreateEnvironment: { method: 'PUT', path: '/environments/{Name}', host: 'api.' },
  GetEnvironment: { method: 'GET', path: '/environments/{Name}', host: 'api.' },
  UpdateEnvironment: { method: 'PATCH', path: '/environments/{Name}', host: 'api.' },
  DeleteEnvironment: { method: 'DELETE', path: '/environments/{Name}', host: 'api.' },
  ListEnvironments: { method: 'GET', path: '/environments', host: 'api.' },
  TagResource: { method: 'POST', path: '/tags/{ResourceArn}', host: 'api.' },
  UntagResource: { method: 'DELETE', path: '/tags/{ResourceArn}', host: 'api.' },
  ListTagsForResource: { method: 'GET', path: '/tags/{ResourceArn}', host: 'api.' },
  CreateCliToken: { method: 'POST', path: '/clitoken/{Name}', host: 'env.' },
  CreateWebLoginToken: { method: 'POST', path: '/webtoken/{Name}', host: 'env.' },
  InvokeRestApi: { method: 'POST', path: '/restapi/{Name}', host: 'env.' },
} as const;

export type MwaaOperation = keyof typeof OPERATIONS;
export type MwaaInput = Readonly<Record<string, unknown>>;

/** Stands for every command of the client: the types of the SDK's internals are no dependency of ours. */
type AnyCommand = InstanceType<typeof DeleteEnvironmentCommand>;
type ClientStack = Parameters<AnyCommand['resolveMiddleware']>[0];
type Handler = ReturnType<AnyCommand['resolveMiddleware']>;
type HttpOptions = Parameters<MWAAClientResolvedConfig['requestHandler']['handle']>[1];

const RawResponse = z.object({
  statusCode: z.number(),
  headers: z.record(z.string(), z.string()),
  body: z.custom<AsyncIterable<Uint8Array> | undefined>(),
});
const Members = z.record(z.string(), z.unknown());

/**
 * Sends one operation and parses its answer with `output`.
 * @throws MWAAServiceException with the service's own error name and all members of the error.
 */
export async function sendMwaa<Output extends z.ZodType>(
  client: MWAAClient,
  operation: MwaaOperation,
  input: MwaaInput,
  output: Output,
): Promise<z.infer<Output>> {
  return output.parse(await client.send(new RawMwaaCommand(operation, input)));
}

class RawMwaaCommand {
  /** Only there for the type: the SDK's own serialisers, which would read it, are replaced. */
  readonly input = { Name: '' };
  readonly #operation: MwaaOperation;
  readonly #members: MwaaInput;

  constructor(operation: MwaaOperation, members: MwaaInput) {
    this.#operation = operation;
    this.#members = members;
  }

  /** Required by the type of a command; the stack that counts is made in `resolveMiddleware`. */
  get middlewareStack(): never {
    throw new Error('a raw command has no stack of its own');
  }

  resolveMiddleware(clientStack: ClientStack, config: MWAAClientResolvedConfig, options?: HttpOptions): Handler {
    const operation = this.#operation;
    const members = this.#members;
    const stack = clientStack.clone();
    // Same names and steps as the SDK's own, so that in clients which install theirs on the client these replace them.
    // The first is only an anchor: the SDK places authentication relative to it.
    stack.add((next) => next, { step: 'serialize', name: 'endpointV2Middleware', override: true });
    stack.add(
      (next, context) => async (args) => {
        context.endpointV2 = await endpointOf(config);
        const request = requestOf(operation, members, context.endpointV2.url, config.disableHostPrefix);
        return next({ ...args, request });
      },
      { step: 'serialize', name: 'serializerMiddleware', override: true },
    );
    stack.add(
      (next) => async (args) => {
        const { response } = await next(args);
        return { response, output: await outputOf(response) };
      },
      { step: 'deserialize', name: 'deserializerMiddleware', override: true },
    );
    return stack.resolve(
      // The stack passes the request on as unknown; it is the one made above, signed.
      ({ request }) => config.requestHandler.handle(httpRequest(request), options),
      contextOf(operation, config),
    );
  }
}

function contextOf(operation: MwaaOperation, config: MWAAClientResolvedConfig) {
  return {
    clientName: 'MWAAClient',
    commandName: `${operation}Command`,
    logger: config.logger,
    // Options, bodies and tokens are secrets: none of them may reach a logger.
    inputFilterSensitiveLog: () => ({}),
    outputFilterSensitiveLog: () => ({}),
    __smithy_context: { service: 'AmazonMWAA', operation },
  };
}

async function endpointOf(config: MWAAClientResolvedConfig) {
  const given = await config.endpoint?.();
  const parameters = {
    Region: await config.region(),
    UseFIPS: await config.useFipsEndpoint(),
    UseDualStack: await config.useDualstackEndpoint(),
  };
  if (given === undefined) return config.endpointProvider(parameters, { logger: config.logger });
  const port = given.port === undefined ? '' : `:${given.port}`;
  return { url: new URL(`${given.protocol}//${given.hostname}${port}${given.path}`), properties: {}, headers: {} };
}

function requestOf(operation: MwaaOperation, members: MwaaInput, url: URL, disableHostPrefix: boolean): HttpRequest {
  const { method, path, host } = OPERATIONS[operation];
  const rest = { ...members };
  const filled = path.replace(/\{(\w+)\}/, (_, label: string) => {
    const value = rest[label];
    delete rest[label];
    if (typeof value !== 'string' || value === '') throw new TypeError(`${operation} needs ${label}`);
    return encodeURIComponent(value);
  });
  const inBody = method === 'PUT' || method === 'PATCH' || method === 'POST';
  return new HttpRequest({
    protocol: url.protocol,
    hostname: disableHostPrefix ? url.hostname : host + url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    method,
    path: url.pathname.replace(/\/$/, '') + filled,
    query: inBody ? {} : queryOf(rest),
    headers: inBody ? { 'content-type': 'application/json' } : {},
    body: inBody ? JSON.stringify(rest) : undefined,
  });
}

function queryOf(members: MwaaInput): Record<string, string | string[]> {
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    given.map(([key, value]) => [key, Array.isArray(value) ? value.map(String) : String(value)]),
  );
}

function httpRequest(request: unknown): HttpRequest {
  if (HttpRequest.isInstance(request)) return request;
  throw new TypeError('the client made no HTTP request');
}

async function outputOf(response: unknown) {
  const { statusCode, headers, body } = RawResponse.parse(response);
  const text = await textOf(body);
  const members = membersOf(text);
  const requestId = headers['x-amzn-requestid'] ?? headers['x-amzn-request-id'];
  const $metadata = { httpStatusCode: statusCode, ...(requestId === undefined ? {} : { requestId }) };
  if (statusCode < 300) return { ...members, $metadata };
  const named = headers['x-amzn-errortype'] ?? members.__type ?? members.code ?? 'UnknownError';
  const name = String(named)
    .replace(/[,:].*$/s, '')
    .replace(/^.*#/s, '');
  const message = String(members.message ?? members.Message ?? name);
  const fault = new MWAAServiceException({ name, $fault: statusCode >= 500 ? 'server' : 'client', message, $metadata });
  for (const [key, value] of Object.entries(members)) if (!(key in fault)) Object.assign(fault, { [key]: value });
  // The SDK's retries read Retry-After from it; hidden, so that no log prints bodies.
  Object.defineProperty(fault, '$response', { value: response, enumerable: false });
  throw fault;
}

function membersOf(text: string): Record<string, unknown> {
  try {
    return Members.parse(text === '' ? {} : JSON.parse(text));
  } catch {
    // A proxy's or load balancer's page: no member of the service.
    return { message: text.slice(0, 200) };
  }
}

async function textOf(body: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  if (body === undefined) return '';
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
