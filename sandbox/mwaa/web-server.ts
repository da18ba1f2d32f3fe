import type { MwaaReply, MwaaRequest } from '../cloud/mwaa-handler.ts';
import { allowedCommand, splitCommand } from './cli-commands.ts';
import type { SandboxEnvironment } from './environment.ts';
import { basicAuthorization } from './invoke-rest-api.ts';
import type { TokenDesk } from './tokens.ts';

export type WebDesks = { readonly cli: TokenDesk; readonly login: TokenDesk; readonly session: TokenDesk };

/** Headers that belong to one connection, to the caller's authority, or to an encoding that fetch has undone. */
const NOT_PASSED = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'set-cookie',
  'transfer-encoding',
  'upgrade',
]);

/** Answers a request to the environment's web server; `path` is what follows `/web/<region>/<name>`. */
export async function serveWeb(
  environment: SandboxEnvironment,
  desks: WebDesks,
  request: MwaaRequest,
  path: string,
): Promise<MwaaReply> {
  if (request.method === 'POST' && path === '/aws_mwaa/cli') return runCli(environment, desks.cli, request);
  if (request.method === 'POST' && path === '/aws_mwaa/login') return logIn(environment, desks, request);
  if (!desks.session.isGood(sessionOf(request), environment.arn)) return problem(403, 'Forbidden');
  return passOn(environment, request, path);
}

async function runCli(environment: SandboxEnvironment, desk: TokenDesk, request: MwaaRequest): Promise<MwaaReply> {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (!desk.isGood(token, environment.arn)) return problem(403, 'Forbidden');
  if (environment.airflow === undefined) return problem(503, 'The web server is not running.');
  const args = splitCommand(request.body.toString('utf8'));
  if (!allowedCommand(args)) return output(403, '', 'sub command not allowed');
  const { stdout, stderr, exitCode } = await environment.airflow.cli(args);
  return output(exitCode === 0 ? 200 : 400, stdout, stderr);
}

function output(status: number, stdout: Buffer | string, stderr: Buffer | string): MwaaReply {
  const encoded = (text: Buffer | string) => Buffer.from(text).toString('base64');
  return json(status, { stdout: encoded(stdout), stderr: encoded(stderr) });
}

function logIn(environment: SandboxEnvironment, desks: WebDesks, request: MwaaRequest): MwaaReply {
  const token = new URLSearchParams(request.body.toString('utf8')).get('token') ?? undefined;
  if (!desks.login.take(token, environment.arn)) return problem(401, 'The token is not valid.');
  const home = `/web/${environment.region}/${environment.name}`;
  const session = desks.session.issue(environment.arn);
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'set-cookie': `session=${session}; Path=${home}; HttpOnly; SameSite=Lax`,
    },
    body: `<!doctype html><meta http-equiv="refresh" content="0; url=${home}/"><title>Airflow</title>`,
  };
}

function sessionOf(request: MwaaRequest): string | undefined {
  return /(?:^|;\s*)session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
}

async function passOn({ airflow }: SandboxEnvironment, request: MwaaRequest, path: string): Promise<MwaaReply> {
  if (airflow === undefined) return problem(503, 'The web server is not running.');
  const headers = new Headers({ authorization: basicAuthorization(airflow) });
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && !NOT_PASSED.has(name)) headers.set(name, String(value));
  }
  const query = request.query.size === 0 ? '' : `?${request.query}`;
  try {
    const answer = await fetch(`${airflow.baseUrl}${path}${query}`, {
      method: request.method,
      headers,
      body: request.method === 'GET' || request.method === 'HEAD' ? null : new Uint8Array(request.body),
      redirect: 'manual',
    });
    const kept = [...answer.headers].filter(([name]) => !NOT_PASSED.has(name));
    return { status: answer.status, headers: Object.fromEntries(kept), body: Buffer.from(await answer.arrayBuffer()) };
  } catch {
    return problem(502, 'The web server is away.');
  }
}

function problem(status: number, detail: string): MwaaReply {
  return json(status, { detail, status, title: detail, type: 'about:blank' });
}

function json(status: number, body: unknown): MwaaReply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
