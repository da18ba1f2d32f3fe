import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { type AccountFacts, answerAccount } from './account-api.ts';
import { answerControl } from './control-api.ts';
import { errorReply, throttleOf } from './error-reply.ts';
import { FaultBook, type FaultEffect } from './faults.ts';
import type { LambdaGateway } from './gateway.ts';
import { IamSimulator } from './iam-simulation.ts';
import { answerFunctionUrl, answerLambda, functionUrlTarget, type Identity, type Reply } from './lambda-api.ts';
import { MotoProxy, readBody } from './moto-proxy.ts';
import type { MwaaHandler } from './mwaa-handler.ts';
import { type RequestFacts, readFacts } from './request-facts.ts';
import { RequestLog } from './request-log.ts';

export type FrontOptions = {
  gateway: LambdaGateway;
  /** The fake of Amazon MWAA; may be set later with `useMwaa`. */
  mwaa?: MwaaHandler;
  /** Owners of access keys, for function URLs. Unknown keys get 403 there. */
  identities: Record<string, Identity>;
  /** 0 = chosen by the system. */
  port?: number;
};

/** For test rigs: a reply instead of what stands behind the front, `hold` for none ever, `pass` to change nothing. */
export type Intercept = (facts: RequestFacts, headers: http.IncomingHttpHeaders, body: Buffer) => Promise<Answered>;
type Answered = Reply | 'hold' | 'pass';

export type Front = {
  port: number;
  /** `http://127.0.0.1:<port>`, the endpoint of all AWS calls. */
  url: string;
  faults: FaultBook;
  log: RequestLog;
  /** Says where moto listens. */
  connectMoto(port: number): void;
  useMwaa(handler: MwaaHandler): void;
  /** Says what the account has beside what moto keeps; without it moto is asked. */
  useAccount(account: AccountFacts): void;
  /** From now on every request is shown to `intercept` first, after the faults; null ends that. */
  useIntercept(intercept: Intercept | null): void;
  /** Stops listening and drops all connections, hanging ones too. */
  close(): Promise<void>;
};

type Exchange = {
  facts: RequestFacts;
  request: http.IncomingMessage;
  response: http.ServerResponse;
  requestId: string;
};

/** Services whose requests are read whole before they are routed; all others stream. */
const READ_WHOLE = new Set(['kms', 'lambda', 'airflow', 'airflow-web', 'servicequotas', 'scheduler']);

function isForm(request: http.IncomingMessage): boolean {
  return String(request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
}

function isLocal(path: string): boolean {
  return path.startsWith('/_sandbox/') || path.startsWith('/_lambda-url/') || path.startsWith('/web/');
}

function send(exchange: Exchange, reply: Reply): void {
  const { response, requestId } = exchange;
  if (response.destroyed) return;
  response.writeHead(reply.status, { 'x-amzn-requestid': requestId, ...reply.headers }).end(reply.body);
}

class FrontServer {
  readonly faults = new FaultBook();
  readonly log = new RequestLog();
  readonly moto = new MotoProxy();
  readonly #options: FrontOptions;
  readonly #simulator = new IamSimulator();
  mwaa: MwaaHandler | undefined;
  account: AccountFacts | null = null;
  intercept: Intercept | null = null;
  url = '';

  constructor(options: FrontOptions) {
    this.#options = options;
    this.mwaa = options.mwaa;
  }

  async handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const at = Date.now();
    const started = performance.now();
    const requestId = randomUUID();
    const method = request.method ?? 'GET';
    const url = request.url ?? '/';
    const first = readFacts(method, url, request.headers, '');
    const whole = this.intercept !== null || READ_WHOLE.has(first.service) || isLocal(first.path) || isForm(request);
    const body = whole ? await readBody(request) : null;
    const form = body && isForm(request) ? body.toString('utf8') : '';
    const facts = form ? readFacts(method, url, request.headers, form) : first;
    const exchange: Exchange = { facts, request, response, requestId };
    if (facts.path.startsWith('/_sandbox/')) {
      return send(exchange, answerControl(facts, body ?? Buffer.alloc(0), this.faults, this.log));
    }
    const subject = faultSubject(facts);
    const fault = this.faults.take(subject);
    response.once('close', () => {
      const { source, service, region, operation } = subject;
      const status = response.writableFinished ? response.statusCode : 0;
      const milliseconds = Math.round(performance.now() - started);
      const where = { source, service, operation, region, method, path: facts.path };
      this.log.add({ at, ...where, status, milliseconds, fault: fault?.id ?? null });
    });
    if (fault && (await applyFault(exchange, fault.effect)) === 'done') return;
    // The request is served; its answer goes nowhere, and the caller waits until it gives up.
    const lost = fault?.effect.kind === 'lose-answer' ? { response: new http.ServerResponse(request) } : {};
    await this.#route({ ...exchange, ...lost }, body);
  }

  async #route(exchange: Exchange, body: Buffer | null): Promise<void> {
    const { facts, request, response, requestId } = exchange;
    const bytes = body ?? Buffer.alloc(0);
    const { gateway, identities } = this.#options;
    const intercepted = (await this.intercept?.(facts, request.headers, bytes)) ?? 'pass';
    if (intercepted === 'hold') return;
    if (intercepted !== 'pass') return send(exchange, intercepted);
    if (functionUrlTarget(facts.path)) {
      const identity = identities[facts.source] ?? null;
      return send(exchange, await answerFunctionUrl(gateway, facts, request.headers, bytes, identity));
    }
    if (facts.service === 'airflow' || facts.service === 'airflow-web') return this.#routeMwaa(exchange, bytes);
    if (facts.service === 'lambda') {
      const reply = await answerLambda(gateway, facts, request.headers, bytes, this.url);
      if (reply) return send(exchange, reply);
    }
    const own = await this.#answerAccount(exchange, bytes);
    if (own) return send(exchange, own);
    await this.moto.forward(facts, request, response, body, requestId);
  }

  async #answerAccount({ facts, request, requestId }: Exchange, body: Buffer): Promise<Reply | null> {
    const form = new URLSearchParams(body.toString('utf8'));
    const asked = { facts, headers: request.headers, form, body, requestId };
    const motoPort = this.moto.port;
    if (facts.operation === 'SimulatePrincipalPolicy' && motoPort !== null) {
      return await this.#simulator.answer({ ...asked, motoPort });
    }
    return this.account === null ? null : answerAccount(this.account, asked);
  }

  async #routeMwaa(exchange: Exchange, body: Buffer): Promise<void> {
    const { facts, request, requestId } = exchange;
    const { region, method, path, query, service } = facts;
    if (!this.mwaa) {
      const why = 'The sandbox has no MWAA yet';
      return send(
        exchange,
        errorReply({ service, headers: request.headers }, 503, 'ServiceUnavailable', why, requestId),
      );
    }
    const kind = service === 'airflow' ? 'api' : 'web';
    send(exchange, await this.mwaa({ region, method, path, query, headers: request.headers, body, kind }));
  }
}

/** A function URL is a host of its Region, whoever signs for it. */
function faultSubject(facts: RequestFacts): RequestFacts {
  const target = functionUrlTarget(facts.path);
  return target ? { ...facts, region: target.region, service: 'lambda', operation: 'InvokeFunctionUrl' } : facts;
}

async function applyFault(exchange: Exchange, effect: FaultEffect): Promise<'done' | 'go on'> {
  const { facts, request, response, requestId } = exchange;
  if (effect.kind === 'refuse') {
    request.socket.destroy();
    return 'done';
  }
  if (effect.kind === 'hang') {
    // What the caller still sends is taken and dropped; the connection stays until it gives up.
    request.resume();
    return 'done';
  }
  if (effect.kind === 'lose-answer') return 'go on';
  if (effect.kind === 'clock') {
    response.setHeader('date', new Date(Date.now() + effect.seconds * 1000).toUTCString());
    return 'go on';
  }
  if (effect.kind === 'delay') {
    await new Promise((resolve) => setTimeout(resolve, effect.ms));
    return response.destroyed ? 'done' : 'go on';
  }
  const [code, name] = effect.kind === 'throttle' ? throttleOf(facts.service) : [effect.code, effect.errorName];
  const why = effect.kind === 'throttle' ? 'Rate exceeded' : `${name} (a fault of the sandbox)`;
  request.resume();
  send(exchange, errorReply({ service: facts.service, headers: request.headers }, code, name, why, requestId));
  return 'done';
}

/** Starts the one AWS endpoint of the sandbox on loopback. Rejects when the port is taken. */
export async function startFront(options: FrontOptions): Promise<Front> {
  const front = new FrontServer(options);
  const server = http.createServer((request, response) => {
    front.handle(request, response).catch(() => response.destroy());
  });
  // An invocation may take as long as a function's time-out, and a hang is ended by the caller only.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  front.url = `http://127.0.0.1:${port}`;
  return {
    port,
    url: front.url,
    faults: front.faults,
    log: front.log,
    connectMoto: (motoPort) => front.moto.connect(motoPort),
    useMwaa: (handler) => {
      front.mwaa = handler;
    },
    useAccount: (account) => {
      front.account = account;
    },
    useIntercept: (intercept) => {
      front.intercept = intercept;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        front.moto.close();
      }),
  };
}
