import { Sha256 } from '@aws-crypto/sha256-js';
import { GetFunctionUrlConfigCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { type Command, CommandReply } from '../contracts/command.ts';
import { CommandNotSentError } from './errors.ts';
import type { CommandChannel } from './pair-access.ts';
import { unreachable } from './reached.ts';

const TIMEOUT_MS = 35_000;

/** Sends commands to the function URL of `accept-command`, signed with the credentials of the Lambda client. */
export class SignedCommands implements CommandChannel {
  readonly #lambda: LambdaClient;
  readonly #functionName: string;
  readonly #region: string;

  constructor(options: { lambda: LambdaClient; functionName: string; region: string }) {
    this.#lambda = options.lambda;
    this.#functionName = options.functionName;
    this.#region = options.region;
  }

  async send(command: Command): Promise<CommandReply> {
    const url = await this.#functionUrl();
    const body = JSON.stringify(command);
    const signed = await this.#sign(url, body);
    let response: Response;
    try {
      response = await fetch(url, {
        method: 'POST',
        headers: signed,
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      throw notSent(`${url.host} did not answer: ${causeOf(error)}`);
    }
    return await this.#readReply(response);
  }

  async #functionUrl(): Promise<URL> {
    const ask = new GetFunctionUrlConfigCommand({ FunctionName: this.#functionName });
    const answer = await this.#lambda.send(ask).catch((error: unknown) => {
      throw unreachable(error, `Lambda in ${this.#region}`);
    });
    if (!answer.FunctionUrl) throw notSent(`${this.#functionName} has no function URL`);
    return new URL(answer.FunctionUrl);
  }

  async #sign(url: URL, body: string): Promise<Record<string, string>> {
    const signer = new SignatureV4({
      service: 'lambda',
      region: this.#region,
      sha256: Sha256,
      credentials: this.#lambda.config.credentials,
    });
    const request = new HttpRequest({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      headers: { host: url.host, 'content-type': 'application/json' },
      body,
      ...(url.port ? { port: Number(url.port) } : {}),
    });
    const { headers } = await signer.sign(request);
    // `host` is signed, but fetch writes it itself from the URL.
    return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'host'));
  }

  async #readReply(response: Response): Promise<CommandReply> {
    const text = await response.text();
    const parsed = CommandReply.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    if (response.status === 401 || response.status === 403) {
      throw new CommandNotSentError(
        `${this.#functionName} refused the caller (HTTP ${response.status})`,
        'use a role with lambda:InvokeFunctionUrl and lambda:InvokeFunction on it',
      );
    }
    throw notSent(`${this.#functionName} answered HTTP ${response.status} with something else than a reply`);
  }
}

const notSent = (cause: string) =>
  new CommandNotSentError(cause, 'look whether it was done (lifeboat status) before you repeat it');

/** The reason behind fetch's own "fetch failed". */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not our function's answer: the caller says what came instead.
    return null;
  }
}
