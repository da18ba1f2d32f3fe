import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { type Answer, FunctionProcess } from './function-process.ts';

export type FunctionDefinition = {
  region: string;
  name: string;
  /** Folder with the bundle. */
  assetDir: string;
  /** `file.export`, as in the template. */
  handler: string;
  timeoutSeconds: number;
  memoryMb: number;
  /** Variables of the template. */
  environment: Record<string, string>;
  /** Its role, as the Lambda API shows it; nothing here depends on it. */
  roleArn?: string;
};

export type InvocationCall = { region: string; name: string; payload: string; requestId: string };

/** What the Invoke API answers. `functionError` is the value of `X-Amz-Function-Error`. */
export type InvocationResult = {
  status: 200 | 404;
  functionError: 'Unhandled' | null;
  body: string;
  requestId: string;
};

/**
 * Callbacks for test rigs. `before` runs before the function has any effect; if it throws, the function is not run.
 * `after` runs when the function has done its work; if it throws, the caller sees a crash all the same.
 */
export type InvocationHooks = {
  before?: (call: InvocationCall) => void | Promise<void>;
  after?: (call: InvocationCall, result: InvocationResult) => void | Promise<void>;
};

export type GatewayOptions = {
  /** Folder for one log file per function. */
  logDir: string;
  /** Base URL of the front, given to the functions as `AWS_ENDPOINT_URL`. */
  endpoint: () => string;
  /** Access key id of a function by the Region it is registered in. */
  accessKeyFor: (region: string) => string;
  /** Environment of every child, for instance the tag by which left processes are found. */
  environment: Record<string, string>;
  account: string;
  /** Idle children are ended after so many milliseconds (default 60 000). */
  idleMs?: number;
};

type Registered = { definition: FunctionDefinition; arn: string; idle: FunctionProcess[] };

const keyOf = (region: string, name: string): string => `${region}/${name}`;

/** Runs bundled Lambda functions: one child process for each concurrent invocation, kept warm between calls. */
export class LambdaGateway {
  readonly #options: GatewayOptions;
  readonly #account: string;
  readonly #functions = new Map<string, Registered>();
  readonly #urls = new Set<string>();
  readonly #alive = new Set<FunctionProcess>();
  /** By the id of the invocation that it runs. */
  readonly #running = new Map<string, FunctionProcess>();
  readonly #reaper: NodeJS.Timeout;
  #hooks: InvocationHooks = {};

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#account = options.account;
    mkdirSync(options.logDir, { recursive: true });
    const idleMs = options.idleMs ?? 60_000;
    this.#reaper = setInterval(() => this.#reap(Date.now() - idleMs), Math.min(5000, idleMs));
    this.#reaper.unref();
  }

  /** Registers a function, or updates it: warm children of an older definition are ended. */
  register(definition: FunctionDefinition): void {
    const key = keyOf(definition.region, definition.name);
    for (const child of this.#functions.get(key)?.idle ?? []) this.#end(child);
    const arn = `arn:aws:lambda:${definition.region}:${this.#account}:function:${definition.name}`;
    this.#functions.set(key, { definition, arn, idle: [] });
  }

  /** Notes that a function has a URL (AWS_IAM). */
  registerUrl(region: string, name: string): void {
    this.#urls.add(keyOf(region, name));
  }

  /** ARN of a registered function with a URL, else null. */
  urlTarget(region: string, name: string): string | null {
    const key = keyOf(region, name);
    return this.#urls.has(key) ? (this.#functions.get(key)?.arn ?? null) : null;
  }

  /** What a function was registered as; null when there is none. */
  definition(region: string, name: string): FunctionDefinition | null {
    return this.#functions.get(keyOf(region, name))?.definition ?? null;
  }

  /** The functions known, as `region/name`. */
  list(): string[] {
    return [...this.#functions.keys()];
  }

  /** Sets the callbacks of a test rig; an empty object removes them. */
  setHooks(hooks: InvocationHooks): void {
    this.#hooks = hooks;
  }

  /** Kills the process of an invocation that is under way; its caller sees `Runtime.ExitError`. */
  kill(requestId: string): void {
    this.#running.get(requestId)?.kill();
  }

  /**
   * Invokes a function with a JSON text. Never throws: an unknown function, a thrown error (its `name` becomes `errorType`), a
   * time-out (`Sandbox.Timedout`) and a crash (`Runtime.ExitError`) are results, as at the Invoke API.
   */
  async invoke(call: { region: string; name: string; payload: string }): Promise<InvocationResult> {
    const requestId = randomUUID();
    const known = this.#functions.get(keyOf(call.region, call.name));
    if (!known) {
      const arn = `arn:aws:lambda:${call.region}:${this.#account}:function:${call.name}`;
      const body = JSON.stringify({ Type: 'User', Message: `Function not found: ${arn}` });
      return { status: 404, functionError: null, body, requestId };
    }
    const full = { ...call, requestId };
    try {
      await this.#hooks.before?.(full);
      const answer = await this.#run(known, full);
      const result = toResult(answer, requestId);
      await this.#hooks.after?.(full, result);
      return result;
    } catch (error) {
      const errorMessage = `RequestId: ${requestId} Error: ${error instanceof Error ? error.message : String(error)}`;
      return toResult(
        { failed: true, body: JSON.stringify({ errorType: 'Runtime.ExitError', errorMessage, trace: [] }) },
        requestId,
      );
    }
  }

  async #run(known: Registered, call: InvocationCall): Promise<Answer> {
    const child = this.#takeWarm(known) ?? this.#start(known);
    const { requestId, payload } = call;
    const invocation = { requestId, payload: payload || '{}', functionArn: known.arn };
    this.#running.set(requestId, child);
    const answer = await child.invoke(invocation, known.definition.timeoutSeconds);
    this.#running.delete(requestId);
    const current = this.#functions.get(keyOf(call.region, call.name)) === known;
    if (child.dead || !current) this.#end(child);
    else known.idle.push(child);
    return answer;
  }

  #takeWarm(known: Registered): FunctionProcess | null {
    for (let child = known.idle.pop(); child; child = known.idle.pop()) {
      if (!child.dead) return child;
      this.#alive.delete(child);
    }
    return null;
  }

  #start(known: Registered): FunctionProcess {
    const { definition } = known;
    const child = new FunctionProcess({
      assetDir: definition.assetDir,
      handler: definition.handler,
      memoryMb: definition.memoryMb,
      environment: this.#environmentOf(definition),
      logFile: path.join(this.#options.logDir, `${definition.region}.${definition.name}.log`),
    });
    this.#alive.add(child);
    return child;
  }

  #environmentOf(definition: FunctionDefinition): Record<string, string> {
    return {
      // A function sees nothing of the machine it runs on except where programs are found.
      PATH: process.env.PATH ?? '',
      NODE_COMPILE_CACHE: path.join(this.#options.logDir, '.compile-cache'),
      NODE_NO_WARNINGS: '1',
      ...this.#options.environment,
      ...definition.environment,
      AWS_REGION: definition.region,
      AWS_DEFAULT_REGION: definition.region,
      AWS_ENDPOINT_URL: this.#options.endpoint(),
      AWS_ACCESS_KEY_ID: this.#options.accessKeyFor(definition.region),
      AWS_SECRET_ACCESS_KEY: 'sandbox',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_NAME: definition.name,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${definition.name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: 'sandbox',
      LAMBDA_TASK_ROOT: definition.assetDir,
      TZ: ':UTC',
    };
  }

  #reap(idleBefore: number): void {
    for (const known of this.#functions.values()) {
      const old = known.idle.filter((child) => child.dead || child.idleSince < idleBefore);
      known.idle = known.idle.filter((child) => !old.includes(child));
      for (const child of old) this.#end(child);
    }
  }

  #end(child: FunctionProcess): void {
    this.#alive.delete(child);
    child.kill();
  }

  /** Ends all children; resolves when they are gone. */
  async close(): Promise<void> {
    clearInterval(this.#reaper);
    const children = [...this.#alive];
    for (const child of children) child.kill();
    await Promise.all(children.map((child) => child.gone()));
    this.#alive.clear();
  }
}

function toResult(answer: Answer, requestId: string): InvocationResult {
  return { status: 200, functionError: answer.failed ? 'Unhandled' : null, body: answer.body, requestId };
}
