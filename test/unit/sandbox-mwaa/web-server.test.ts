import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { mwaaClient } from '../../../lib/adapters/mwaa/mwaa-environment.ts';
import { type MwaaInput, type MwaaOperation, sendMwaa } from '../../../lib/adapters/mwaa/raw-command.ts';
import { allowedCommand, splitCommand } from '../../../sandbox/mwaa/cli-commands.ts';
import { ManualClock } from './fixture/manual-clock.ts';
import { type MwaaWorld, REQUIRED, startMwaaWorld } from './fixture/mwaa-world.ts';

const Tokens = z.object({
  CliToken: z.string().default(''),
  WebToken: z.string().default(''),
  WebServerHostname: z.string(),
});

const clock = new ManualClock();
let world: MwaaWorld;
let web: string;

beforeAll(async () => {
  world = await startMwaaWorld({ clock, invokeLimits: { timeoutMs: 300, maxBytes: 6 * 1024 * 1024 } });
  for (const [Name, more] of [
    ['orders', {}],
    ['secret', { WebserverAccessMode: 'PRIVATE_ONLY' }],
  ] as const) {
    await call('CreateEnvironment', { Name, ...REQUIRED, ...more });
  }
  await clock.advance(30);
  await vi.waitFor(() => expect(world.backend.events).toHaveLength(2));
  web = `${world.url}/web/eu-west-1/orders`;
});
afterAll(() => world.close());

function call<Output extends z.ZodType>(operation: MwaaOperation, input: MwaaInput, output?: Output) {
  const client = mwaaClient(world.place(), { maxAttempts: 1, connectMs: 2000, requestMs: 4000 });
  return sendMwaa(client, operation, input, output ?? z.record(z.string(), z.unknown()));
}

const invoke = (input: MwaaInput) => call('InvokeRestApi', { Name: 'orders', Method: 'GET', ...input });

async function logIn(): Promise<Response> {
  const { WebToken } = Tokens.parse(await call('CreateWebLoginToken', { Name: 'orders' }));
  return useToken(WebToken);
}

function useToken(token: string): Promise<Response> {
  return fetch(`${web}/aws_mwaa/login`, { method: 'POST', body: new URLSearchParams({ token }) });
}

const cookieOf = (answer: Response) => answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';

describe('InvokeRestApi', () => {
  it('passes method, path, query and body to Airflow, with authority of its own', async () => {
    const answer = await invoke({
      Method: 'PATCH',
      Path: '/dags',
      QueryParameters: { dag_id_pattern: '%', limit: 5, tags: ['a b'] },
      Body: { is_paused: true },
    });
    expect(answer).toMatchObject({
      RestApiStatusCode: 200,
      RestApiResponse: {
        echo: {
          method: 'PATCH',
          path: '/api/v1/dags',
          query: { dag_id_pattern: '%', limit: '5', tags: 'a b' },
          authorization: `Basic ${Buffer.from('admin:pass word').toString('base64')}`,
          body: '{"is_paused":true}',
        },
      },
    });
  });

  it('answers null where Airflow has no document', async () => {
    expect(await invoke({ Method: 'DELETE', Path: '/empty' })).toMatchObject({
      RestApiStatusCode: 204,
      RestApiResponse: null,
    });
  });

  it('refuses a path of 65 characters', async () => {
    expect(await invoke({ Path: `/${'x'.repeat(63)}` })).toMatchObject({ RestApiStatusCode: 200 });
    await expect(invoke({ Path: `/${'x'.repeat(64)}` })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it.each([
    [404, 'RestApiClientException'],
    [409, 'RestApiClientException'],
    [500, 'RestApiServerException'],
    [503, 'RestApiServerException'],
  ])("turns Airflow's %i into a %s of status 400", async (status, name) => {
    await expect(invoke({ Path: `/status/${status}` })).rejects.toMatchObject({
      name,
      $metadata: { httpStatusCode: 400 },
      RestApiStatusCode: status,
      RestApiResponse: { detail: `as asked: ${status}` },
    });
  });

  it('gives up on an Airflow that does not answer in time', async () => {
    await expect(invoke({ Path: '/hang' })).rejects.toMatchObject({
      name: 'RestApiServerException',
      RestApiStatusCode: 504,
    });
  });

  it('refuses a response of more than 6 MB', async () => {
    await expect(invoke({ Path: '/big' })).rejects.toMatchObject({ RestApiStatusCode: 413 });
  });

  it('does not reach a private web server', async () => {
    await expect(invoke({ Name: 'secret', Path: '/health' })).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: 'The web server is private.',
      $metadata: { httpStatusCode: 403 },
    });
  });
});

describe('the web session', () => {
  it('passes requests on with the cookie of a login', async () => {
    const cookie = cookieOf(await logIn());
    const answer = await fetch(`${web}/api/v1/dags?dag_id_pattern=%25`, { headers: { cookie } });
    expect(await answer.json()).toMatchObject({ echo: { path: '/api/v1/dags', query: { dag_id_pattern: '%' } } });
    const page = await fetch(`${web}/page`, { headers: { cookie } });
    expect(await page.text()).toBe('<p>Airflow</p>');
    expect(page.headers.getSetCookie()).toEqual([]);
  });

  it('turns away who has no cookie, or the cookie of another environment', async () => {
    expect((await fetch(`${web}/api/v1/dags`)).status).toBe(403);
    const cookie = cookieOf(await logIn());
    const other = `${world.url}/web/eu-west-1/secret/api/v1/dags`;
    expect((await fetch(other, { headers: { cookie } })).status).toBe(403);
  });

  it('ends after 12 hours', async () => {
    const cookie = cookieOf(await logIn());
    await clock.advance(12 * 3600 - 1);
    expect((await fetch(`${web}/api/v1/x`, { headers: { cookie } })).status).toBe(200);
    await clock.advance(1);
    expect((await fetch(`${web}/api/v1/x`, { headers: { cookie } })).status).toBe(403);
  });

  it('takes a token once, and for a minute', async () => {
    const { WebToken } = Tokens.parse(await call('CreateWebLoginToken', { Name: 'orders' }));
    expect((await useToken(WebToken)).status).toBe(200);
    expect((await useToken(WebToken)).status).toBe(401);
    const late = Tokens.parse(await call('CreateWebLoginToken', { Name: 'orders' }));
    await clock.advance(60);
    expect((await useToken(late.WebToken)).status).toBe(401);
  });
});

describe('the command endpoint', () => {
  async function run(command: string, token?: string) {
    const { CliToken } = Tokens.parse(await call('CreateCliToken', { Name: 'orders' }));
    const headers = { authorization: `Bearer ${token ?? CliToken}`, 'content-type': 'text/plain' };
    const answer = await fetch(`${web}/aws_mwaa/cli`, { method: 'POST', headers, body: command });
    const body = z.record(z.string(), z.unknown()).parse(await answer.json());
    const text = (key: string) => Buffer.from(String(body[key]), 'base64').toString();
    return { status: answer.status, stdout: text('stdout'), stderr: text('stderr') };
  }

  it('runs an allowed command and returns both outputs encoded', async () => {
    expect(await run('variables set "a key" \'{"x": 1}\'')).toEqual({
      status: 200,
      stdout: 'variables|set|a key|{"x": 1}',
      stderr: 'a warning',
    });
  });

  it('tells a failed command by its status', async () => {
    expect((await run('dags state no-such-dag 2026-01-01')).status).toBe(400);
  });

  it('refuses other commands and a wrong token', async () => {
    expect(await run('connections list')).toMatchObject({ status: 403, stderr: 'sub command not allowed' });
    expect((await run('version', 'wrong')).status).toBe(403);
  });

  it('knows its commands by both words', () => {
    expect(allowedCommand(['version'])).toBe(true);
    expect(allowedCommand(['dags', 'list-runs', '-d', 'x'])).toBe(true);
    expect(allowedCommand(['db', 'reset'])).toBe(false);
    expect(allowedCommand(['constructor'])).toBe(false);
    expect(allowedCommand([])).toBe(false);
  });

  it('splits a line as a shell does', () => {
    expect(splitCommand(`dags trigger -c '{"a": "b c"}' x"y z"w  ""`)).toEqual([
      'dags',
      'trigger',
      '-c',
      '{"a": "b c"}',
      'xy zw',
      '',
    ]);
  });
});
