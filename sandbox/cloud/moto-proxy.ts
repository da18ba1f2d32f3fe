import http from 'node:http';
import { errorReply } from './error-reply.ts';
import type { RequestFacts } from './request-facts.ts';

/** Region in which moto keeps all KMS keys, so that the halves of a multi-Region key are one key. */
export const KMS_HOME_REGION = 'us-east-1';

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'expect', 'proxy-connection', 'upgrade']);

/** Names in a KMS request that carry a key or alias, wherever it is said to live, are moved to the home Region. */
export function kmsBodyToHome(body: string): string {
  return body.replaceAll(/arn:aws:kms:[a-z0-9-]+:/g, `arn:aws:kms:${KMS_HOME_REGION}:`);
}

/** Key and alias ARNs of a KMS reply are shown in the Region that was asked. */
export function kmsBodyFromHome(body: string, region: string): string {
  return body.replaceAll(`arn:aws:kms:${KMS_HOME_REGION}:`, `arn:aws:kms:${region}:`);
}

/** The SigV4 scope of a KMS request, moved to the home Region. moto does not verify signatures. */
export function kmsScopeToHome(authorization: string): string {
  return authorization.replace(/\/[a-z0-9-]+\/kms\//, `/${KMS_HOME_REGION}/kms/`);
}

function forwardedHeaders(request: http.IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name)) headers[name] = value;
  }
  return headers;
}

function replyHeaders(reply: http.IncomingMessage, requestId: string): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(reply.headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name)) headers[name] = value;
  }
  headers['x-amzn-requestid'] ??= requestId;
  return headers;
}

/** Forwards requests to moto: streaming both ways, with kept connections. */
export class MotoProxy {
  // moto's server closes no idle connection by itself, so that kept ones do not break under a request.
  readonly #agent = new http.Agent({ keepAlive: true, maxFreeSockets: 32 });
  #port: number | null = null;

  /** Where moto listens; null before it is up. */
  get port(): number | null {
    return this.#port;
  }

  /** Says where moto listens. Until then requests are answered with 503. */
  connect(port: number): void {
    this.#port = port;
  }

  /**
   * Forwards one request. `body` is given when it has been read already, else it is streamed.
   * Resolves when the answer has been sent or the caller has gone; never throws.
   */
  forward(
    facts: RequestFacts,
    request: http.IncomingMessage,
    response: http.ServerResponse,
    body: Buffer | null,
    requestId: string,
  ): Promise<void> {
    const kms = facts.service === 'kms';
    const headers = forwardedHeaders(request);
    let sent = body;
    if (kms && sent) {
      sent = Buffer.from(kmsBodyToHome(sent.toString('utf8')));
      headers.authorization = kmsScopeToHome(request.headers.authorization ?? '');
    }
    if (sent) {
      delete headers['transfer-encoding'];
      headers['content-length'] = String(sent.length);
    }
    return new Promise((resolve) => {
      response.once('close', resolve);
      if (this.#port === null) return void this.#unavailable(facts, request, response, requestId, 'moto is not up yet');
      const options = { host: '127.0.0.1', port: this.#port, agent: this.#agent, method: facts.method };
      const upstream = http.request({ ...options, path: request.url, headers, setHost: false }, (reply) => {
        if (kms) return void this.#answerKms(reply, response, facts.region, requestId);
        const shown = replyHeaders(reply, requestId);
        // A fault may have set another time.
        if (response.hasHeader('date')) delete shown.date;
        response.writeHead(reply.statusCode ?? 502, shown);
        reply.pipe(response);
        reply.once('error', () => response.destroy());
      });
      response.once('close', () => upstream.destroy());
      upstream.once('error', (error) => this.#unavailable(facts, request, response, requestId, error.message));
      if (sent) upstream.end(sent);
      else request.pipe(upstream);
    });
  }

  async #answerKms(
    reply: http.IncomingMessage,
    response: http.ServerResponse,
    region: string,
    requestId: string,
  ): Promise<void> {
    const body = Buffer.from(kmsBodyFromHome((await readBody(reply)).toString('utf8'), region));
    const headers = { ...replyHeaders(reply, requestId), 'content-length': String(body.length) };
    response.writeHead(reply.statusCode ?? 502, headers).end(body);
  }

  #unavailable(
    facts: RequestFacts,
    request: http.IncomingMessage,
    response: http.ServerResponse,
    requestId: string,
    why: string,
  ): void {
    if (response.headersSent || response.destroyed) return void response.destroy();
    const { service } = facts;
    const reply = errorReply({ service, headers: request.headers }, 503, 'ServiceUnavailable', why, requestId);
    response.writeHead(reply.status, reply.headers).end(reply.body);
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Reads a whole body. */
export async function readBody(message: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
