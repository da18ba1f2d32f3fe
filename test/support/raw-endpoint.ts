import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { AwsPlace } from '../../lib/adapters/aws-clients.ts';
import { errorReply } from '../../sandbox/cloud/error-reply.ts';

export type RawRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** As the signature says. */
  readonly service: string;
  readonly region: string;
};

/**
 * `hang`: the request is read and never answered. `drop`: the connection is cut. `stall`: the body never ends.
 * `stream`: the body in pieces, each when the last one has left.
 */
export type RawAnswer =
  | {
      status: number;
      headers?: Record<string, string>;
      body?: string | Buffer;
      stall?: boolean;
      stream?: readonly Buffer[];
    }
  | 'hang'
  | 'drop';

/** An endpoint of AWS that answers whatever a test wants, and remembers what it was asked. */
export type RawEndpoint = {
  readonly requests: RawRequest[];
  /** Answers every request from now on; each test begins with `hang`. */
  answer(how: (request: RawRequest) => RawAnswer): void;
  url(): string;
  place(region?: string): AwsPlace & { endpoint: string };
};

/** Starts one endpoint for the tests of a file. */
export function useRawEndpoint(): RawEndpoint {
  const requests: RawRequest[] = [];
  let how: (request: RawRequest) => RawAnswer = () => 'hang';
  let server: Server | undefined;
  let port = 0;
  beforeAll(async () => {
    server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const scope = /Credential=[^/]+\/[^/]+\/([^/]+)\/([^/]+)\//.exec(incoming.headers.authorization ?? '');
        const request = {
          method: incoming.method ?? '',
          path: incoming.url ?? '',
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString('utf8'),
          region: scope?.[1] ?? '',
          service: scope?.[2] ?? '',
        };
        requests.push(request);
        send(outgoing, how(request));
      });
    });
    const listening = server;
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const address = listening.address();
    if (address !== null && typeof address === 'object') port = address.port;
  });
  beforeEach(() => {
    requests.length = 0;
    how = () => 'hang';
  });
  afterAll(() => {
    server?.closeAllConnections();
    server?.close();
  });
  const url = () => `http://127.0.0.1:${port}`;
  return {
    requests,
    answer: (next) => {
      how = next;
    },
    url,
    place: (region = 'eu-west-1') => ({
      region,
      endpoint: url(),
      credentials: { accessKeyId: 'AKSANDBOX', secretAccessKey: 'sandbox' },
    }),
  };
}

/** An AWS error in the protocol of the request. */
export function awsError(request: RawRequest, status: number, name: string): RawAnswer {
  const { headers, body } = errorReply(request, status, name, `refused by the test: ${name}`, 'test-request');
  return { status, headers, body };
}

function send(outgoing: ServerResponse, answer: RawAnswer): void {
  if (answer === 'hang') return;
  if (answer === 'drop') {
    outgoing.destroy();
    return;
  }
  outgoing.writeHead(answer.status, answer.headers ?? {});
  if (answer.stream !== undefined) Readable.from(answer.stream).pipe(outgoing);
  else if (answer.stall === true) outgoing.write(answer.body ?? '');
  else outgoing.end(answer.body ?? '');
}
