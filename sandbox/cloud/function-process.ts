import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ChildMessage, childMessageSchema, type Invocation } from './gateway-messages.ts';

export type Answer = { failed: boolean; body: string };

const CHILD = fileURLToPath(new URL('./gateway-child.ts', import.meta.url));
const START_LIMIT_MS = 60_000;

const failure = (errorType: string, errorMessage: string): Answer => ({
  failed: true,
  body: JSON.stringify({ errorType, errorMessage, trace: [] }),
});

/** One warm child process of one function. It runs one invocation at a time; after a time-out or a crash it is dead. */
export class FunctionProcess {
  readonly #child: ChildProcess;
  readonly #ready: Promise<void>;
  readonly #ended: Promise<string>;
  /** Epoch milliseconds at the end of its last invocation. */
  idleSince = Date.now();
  dead = false;

  constructor(options: {
    assetDir: string;
    handler: string;
    memoryMb: number;
    environment: Record<string, string>;
    logFile: string;
  }) {
    const log = openSync(options.logFile, 'a');
    this.#child = spawn(
      process.execPath,
      [`--max-old-space-size=${options.memoryMb}`, CHILD, options.assetDir, options.handler],
      { env: options.environment, stdio: ['ignore', log, log, 'ipc'], cwd: options.assetDir },
    );
    closeSync(log);
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#ended = promise;
    const end = (why: string): void => {
      this.dead = true;
      resolve(why);
    };
    this.#child.once('exit', (code, signal) => end(signal ? `signal: ${signal}` : `exit status ${code}`));
    this.#child.once('error', (error) => end(error.message));
    this.#ready = this.#next((message) => message.kind === 'ready').then(() => undefined);
  }

  #next(accept: (message: ChildMessage) => boolean): Promise<ChildMessage> {
    return new Promise((resolve) => {
      const onMessage = (raw: unknown): void => {
        const message = childMessageSchema.parse(raw);
        if (!accept(message)) return;
        this.#child.off('message', onMessage);
        resolve(message);
      };
      this.#child.on('message', onMessage);
    });
  }

  /** Runs the handler once. Loading the bundle does not count against `timeoutSeconds`, as on Lambda. Never throws. */
  async invoke(invocation: Omit<Invocation, 'deadline'>, timeoutSeconds: number): Promise<Answer> {
    const started = await this.#within(
      this.#ready.then(() => null),
      START_LIMIT_MS,
      () => failure('Sandbox.Timedout', `RequestId: ${invocation.requestId} Error: Initialisation timed out`),
      invocation.requestId,
    );
    if (started) return started;
    const { requestId } = invocation;
    const answered = this.#next((message) => message.kind !== 'ready' && message.requestId === requestId).then(
      (message): Answer =>
        message.kind === 'ready'
          ? failure('Runtime.Unknown', '')
          : { failed: message.kind === 'error', body: message.body },
    );
    const limit = timeoutSeconds * 1000;
    if (this.#child.connected) this.#child.send({ ...invocation, deadline: Date.now() + limit });
    const text = `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
    const answer = await this.#within(answered, limit, () => failure('Sandbox.Timedout', text), requestId);
    this.idleSince = Date.now();
    return answer ?? failure('Runtime.Unknown', '');
  }

  async #within<T extends Answer | null>(
    work: Promise<T>,
    limitMs: number,
    onTimeout: () => Answer,
    requestId: string,
  ): Promise<T | Answer> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Answer>((resolve) => {
      timer = setTimeout(() => {
        const answer = onTimeout();
        resolve(answer);
        this.kill();
      }, limitMs);
    });
    const crashed = this.#ended.then((why) =>
      failure('Runtime.ExitError', `RequestId: ${requestId} Error: Runtime exited with error: ${why}`),
    );
    try {
      return await Promise.race([work, late, crashed]);
    } finally {
      clearTimeout(timer);
    }
  }

  kill(): void {
    this.dead = true;
    this.#child.kill('SIGKILL');
  }

  /** Resolves when the process is gone. */
  async gone(): Promise<void> {
    await this.#ended;
  }
}
