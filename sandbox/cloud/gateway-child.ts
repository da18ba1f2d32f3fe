/**
 * Child process of the Lambda gateway: loads one bundled function and answers invocations over the IPC channel.
 * It ends with its parent, because the channel closes.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import type { ChildMessage } from './gateway-messages.ts';
import { invocationSchema } from './gateway-messages.ts';

type Handler = (event: unknown, context: object) => unknown;

function send(message: ChildMessage): void {
  process.send?.(message);
}

function describeError(error: unknown): { errorType: string; errorMessage: string; trace: string[] } {
  if (!(error instanceof Error)) return { errorType: 'Error', errorMessage: String(error), trace: [] };
  const trace = (error.stack ?? '').split('\n');
  return { errorType: error.name, errorMessage: error.message, trace };
}

async function loadHandler(assetDir: string, handler: string): Promise<Handler> {
  const dot = handler.lastIndexOf('.');
  const name = handler.slice(dot + 1);
  const stem = path.join(assetDir, handler.slice(0, dot));
  const file = ['.mjs', '.js', '.cjs'].map((ending) => stem + ending).find((candidate) => existsSync(candidate));
  if (!file) throw new Error(`Cannot find module '${stem}'`);
  const loaded = z.record(z.string(), z.unknown()).parse({ ...(await import(pathToFileURL(file).href)) });
  const found = loaded[name] ?? z.looseObject({}).safeParse(loaded.default).data?.[name];
  if (typeof found !== 'function') throw new Error(`${handler} is undefined or not exported`);
  return (event, context) => Reflect.apply(found, undefined, [event, context]);
}

async function answer(handler: Promise<Handler>, raw: unknown): Promise<void> {
  const { requestId, functionArn, deadline, payload } = invocationSchema.parse(raw);
  const context = {
    awsRequestId: requestId,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  try {
    const result = await (await handler)(JSON.parse(payload), context);
    send({ kind: 'result', requestId, body: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    send({ kind: 'error', requestId, body: JSON.stringify(describeError(error)) });
  }
}

const [assetDir = '', handlerName = ''] = process.argv.slice(2);
const handler = loadHandler(assetDir, handlerName);
// A bundle that cannot be loaded is reported by its first invocation, as on Lambda.
handler.catch(() => undefined);
process.on('message', (message) => void answer(handler, message));
process.on('disconnect', () => process.exit(0));
// Node's default would print and exit 1 as well; the exit itself is what the gateway reports as Runtime.ExitError.
handler.finally(() => send({ kind: 'ready' })).catch(() => undefined);
