import type { MWAAClient } from '@aws-sdk/client-mwaa';
import { z } from 'zod';
import { AirflowAnswerError, AirflowApiError, type AirflowRequest, type HttpMethod } from '../../ports/airflow.ts';
import { sendMwaa } from './raw-command.ts';

/** One way to reach Airflow's REST API: a request below `/api/v1` in, the parsed document out. */
export type Road = (method: HttpMethod, path: string, request: AirflowRequest) => Promise<unknown>;

/** InvokeRestApi refuses longer paths; the query does not count. */
export const LONGEST_INVOKED_PATH = 64;

const InvokeAnswer = z.object({ RestApiStatusCode: z.number(), RestApiResponse: z.unknown().optional() });
const RefusedInvocation = z.object({
  name: z.enum(['RestApiClientException', 'RestApiServerException']),
  // A server exception without a status is MWAA's own time-out in front of Airflow.
  RestApiStatusCode: z.number().default(504),
  RestApiResponse: z.unknown().optional(),
  message: z.string(),
});
const LoginToken = z.object({ WebToken: z.string(), WebServerHostname: z.string() });
const Problem = z.object({ detail: z.string().nullish(), title: z.string().nullish() });

/**
 * Through the service's InvokeRestApi: signed, for paths up to 64 characters. `once` sends what must not be sent twice,
 * for the SDK would repeat a POST that timed out but had arrived.
 */
export function invokeRoad(clients: { readonly once: MWAAClient; readonly repeat: MWAAClient }, name: string): Road {
  return async (method, path, { query, body }) => {
    const input = { Name: name, Method: method, Path: path, QueryParameters: query, Body: body };
    try {
      const client = method === 'POST' ? clients.once : clients.repeat;
      return (await sendMwaa(client, 'InvokeRestApi', input, InvokeAnswer)).RestApiResponse ?? null;
    } catch (error) {
      const refused = RefusedInvocation.safeParse(error);
      if (!refused.success) throw error;
      const { RestApiStatusCode, RestApiResponse, message } = refused.data;
      throw new AirflowApiError(RestApiStatusCode, detailOf(RestApiResponse) ?? message);
    }
  };
}

export type WebSessionOptions = {
  readonly client: MWAAClient;
  readonly environment: string;
  /** Longest wait for one answer. */
  readonly requestMs: number;
  readonly fetch: typeof fetch;
  readonly now: () => Date;
};

type Session = { readonly address: string; readonly cookie: string; readonly until: number };
/** A session of the web server lives 12 hours; one that ends on the way would cost a second login. */
const SESSION_MS = 12 * 3600_000 - 30_000;

/** Through a login session on the environment's web server: for paths of any length. Logs in at first use. */
export function webSessionRoad(options: WebSessionOptions): Road {
  let session: Session | undefined;
  return async (method, path, request) => {
    const known = session !== undefined && options.now().getTime() < session.until;
    session = known && session ? session : await logIn(options);
    let answer = await callWithin(options, session, method, path, request);
    if (known && isTurnedAway(answer.status)) {
      session = await logIn(options);
      answer = await callWithin(options, session, method, path, request);
    }
    if (isTurnedAway(answer.status)) session = undefined;
    return documentOf(answer);
  };
}

/** A session that ended is answered with a refusal, or with a redirect to the login page. */
function isTurnedAway(status: number): boolean {
  return status === 401 || status === 403 || (status >= 300 && status < 400);
}

async function logIn({ client, environment, requestMs, fetch, now }: WebSessionOptions): Promise<Session> {
  const token = await sendMwaa(client, 'CreateWebLoginToken', { Name: environment }, LoginToken);
  // On AWS it is a bare host name.
  const host = token.WebServerHostname;
  const address = /^https?:\/\//.test(host) ? host : `https://${host}`;
  const answer = await fetch(`${address}/aws_mwaa/login`, {
    method: 'POST',
    body: new URLSearchParams({ token: token.WebToken }),
    redirect: 'manual',
    signal: AbortSignal.timeout(requestMs),
  });
  await answer.body?.cancel();
  const cookie = answer.headers.getSetCookie().find((each) => each.startsWith('session='));
  if (answer.status >= 400) throw new AirflowApiError(answer.status, 'the web server refused the login');
  if (cookie === undefined) throw new AirflowAnswerError('the login brought no session');
  return { address, cookie: cookie.split(';', 1)[0] ?? cookie, until: now().getTime() + SESSION_MS };
}

type WebAnswer = { readonly status: number; readonly text: string };

async function callWithin(
  { requestMs, fetch }: WebSessionOptions,
  { address, cookie }: Session,
  method: HttpMethod,
  path: string,
  { query = {}, body }: AirflowRequest,
): Promise<WebAnswer> {
  const search = new URLSearchParams(
    Object.fromEntries(Object.entries(query).map(([key, value]) => [key, String(value)])),
  );
  const answer = await fetch(`${address}/api/v1${path}${search.size === 0 ? '' : `?${search}`}`, {
    method,
    headers: { cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? null : JSON.stringify(body),
    redirect: 'manual',
    signal: AbortSignal.timeout(requestMs),
  });
  return { status: answer.status, text: await answer.text() };
}

function documentOf({ status, text }: WebAnswer): unknown {
  const document = parsedOr(text, null);
  if (status >= 200 && status < 300) return document;
  throw new AirflowApiError(status, detailOf(document) ?? 'no explanation');
}

function parsedOr(text: string, otherwise: unknown): unknown {
  try {
    return text === '' ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

/** Airflow explains a refusal in a problem document; a body of a wrong shape explains nothing. */
function detailOf(document: unknown): string | undefined {
  const problem = Problem.safeParse(document);
  const text = problem.success ? (problem.data.detail ?? problem.data.title) : undefined;
  return text?.replace(/\s+/g, ' ').slice(0, 300);
}
