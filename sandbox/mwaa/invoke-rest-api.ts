import type { RunningAirflow } from './backend.ts';
import { MwaaServiceError } from './replies.ts';
import type { InvokeInput } from './validation.ts';

export type InvokeLimits = { readonly timeoutMs: number; readonly maxBytes: number };

/** The service's own limits. */
export const INVOKE_LIMITS: InvokeLimits = { timeoutMs: 10_000, maxBytes: 6 * 1024 * 1024 };

/** The value of an Authorization header that Airflow's basic authentication accepts. */
export function basicAuthorization({ username, password }: RunningAirflow): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/**
 * Sends one request to Airflow's REST API as InvokeRestApi does.
 * @throws MwaaServiceError RestApiClientException for Airflow's 4xx, RestApiServerException for its 5xx and for silence.
 */
export async function invokeRestApi(
  airflow: RunningAirflow | undefined,
  input: InvokeInput,
  limits: InvokeLimits,
): Promise<{ RestApiStatusCode: number; RestApiResponse: unknown }> {
  if (airflow === undefined) throw refused(503, 'The web server is not running.');
  const { status, text } = await ask(airflow, input, limits);
  const document = documentOf(text);
  if (status >= 400) throw refusedWith(status, document);
  return { RestApiStatusCode: status, RestApiResponse: document };
}

async function ask(airflow: RunningAirflow, input: InvokeInput, limits: InvokeLimits) {
  try {
    const answer = await fetch(addressOf(airflow, input), {
      method: input.Method,
      headers: { authorization: basicAuthorization(airflow), 'content-type': 'application/json' },
      body: input.Method === 'GET' || input.Body === undefined ? null : JSON.stringify(input.Body),
      signal: AbortSignal.timeout(limits.timeoutMs),
    });
    return { status: answer.status, text: await textOf(answer, limits.maxBytes) };
  } catch (error) {
    if (error instanceof MwaaServiceError) throw error;
    const late = error instanceof Error && error.name === 'TimeoutError';
    throw late ? refused(504, 'The web server did not answer in time.') : refused(503, 'The web server is away.');
  }
}

function addressOf(airflow: RunningAirflow, { Path, QueryParameters = {} }: InvokeInput): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(QueryParameters)) {
    for (const each of Array.isArray(value) ? value : [value]) query.append(key, String(each));
  }
  return `${airflow.baseUrl}/api/v1${Path}${query.size === 0 ? '' : `?${query}`}`;
}

async function textOf(answer: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) throw refused(413, `The response is larger than ${maxBytes} bytes.`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Airflow answers JSON; a page of a broken web server passes as text. */
function documentOf(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return text;
  }
}

function refused(status: number, detail: string): MwaaServiceError {
  return refusedWith(status, { detail, status, title: detail, type: 'about:blank' });
}

function refusedWith(status: number, document: unknown): MwaaServiceError {
  return new MwaaServiceError(
    status >= 500 ? 'RestApiServerException' : 'RestApiClientException',
    `Airflow answered ${status}`,
    { RestApiStatusCode: status, RestApiResponse: document },
  );
}
