import { randomUUID } from 'node:crypto';
import type { MwaaReply } from '../cloud/mwaa-handler.ts';

type Shape = { readonly status: number; readonly message: 'message' | 'Message' | null };

/** Errors of the service model 2020-07-01, with HTTP status and the member that carries the text. */
const SHAPES = {
  ValidationException: { status: 400, message: 'message' },
  RestApiClientException: { status: 400, message: null },
  // Flagged as the caller's fault in the model, so that the SDK does not repeat it.
  RestApiServerException: { status: 400, message: null },
  AccessDeniedException: { status: 403, message: 'Message' },
  ResourceNotFoundException: { status: 404, message: 'message' },
  InternalServerException: { status: 500, message: 'message' },
  ServiceUnavailableException: { status: 503, message: 'message' },
} as const satisfies Record<string, Shape>;

export type ServiceErrorName = keyof typeof SHAPES;

/** An answer of the service that is an error. */
export class MwaaServiceError extends Error {
  override readonly name = 'MwaaServiceError';
  readonly error: ServiceErrorName;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(error: ServiceErrorName, message: string, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.error = error;
    this.members = members;
  }
}

/** Refuses a request whose content or moment is wrong. */
export function invalid(message: string): MwaaServiceError {
  return new MwaaServiceError('ValidationException', message);
}

/** A successful answer of the service. */
export function jsonReply(body: unknown, status = 200, headers: Record<string, string> = {}): MwaaReply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID(), ...headers },
    body: JSON.stringify(body),
  };
}

/** The service's answer to any failure: its own errors in their shapes, everything else as an internal error. */
export function errorReply(error: unknown): MwaaReply {
  if (!(error instanceof MwaaServiceError)) {
    return errorReply(
      new MwaaServiceError('InternalServerException', error instanceof Error ? error.message : 'unknown'),
    );
  }
  const { status, message }: Shape = SHAPES[error.error];
  const text = message === null ? {} : { [message]: error.message };
  return jsonReply({ ...text, ...error.members }, status, { 'x-amzn-errortype': error.error });
}
