import { z } from 'zod';

/**
 * Why a look failed. `unreachable`: the far end did not answer, or answered that it cannot (time-out, name resolution,
 * refused, 5xx). `unreadable`: everything else (denied, throttled, bad request, an answer that does not parse, our own
 * resources), which says nothing about the far end and never counts for anything.
 */
export type Failure = {
  readonly kind: 'unreachable' | 'unreadable';
  /** One line without secrets. */
  readonly cause: string;
};

/** The members by which errors of the SDK, of fetch, of sockets and of our own adapters are told apart. */
const Facts = z.object({
  name: z.string().catch(''),
  message: z.string().catch(''),
  code: z.string().catch(''),
  status: z.number().optional().catch(undefined),
  $metadata: z.object({ httpStatusCode: z.number().optional() }).optional().catch(undefined),
  $response: z.object({ statusCode: z.number().optional() }).optional().catch(undefined),
  RestApiStatusCode: z.number().optional().catch(undefined),
  CancellationReasons: z.array(z.object({ Code: z.string().catch('') })).catch([]),
  cause: z.unknown().optional(),
  errors: z.array(z.unknown()).catch([]),
});
type Facts = z.infer<typeof Facts>;

const THROTTLED = /thrott|slowdown|toomanyrequests|requestlimitexceeded|limitexceeded|bandwidthlimit/i;
/** Our own side failed before the far end was asked. */
const OURS = /credential|tokenprovider|expiredtoken|schema|zoderror|answererror/i;
const UNREACHABLE_NAMES = new Set(['TimeoutError', 'AbortError', 'RequestTimeout']);
const UNREACHABLE_CODES = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** Classifies any error of an AWS SDK client, of fetch, or of the adapters. Never throws. */
export function failureKind(error: unknown): Failure {
  const chain = factsOf(error);
  const decided = chain.map(kindOf).find((kind) => kind !== undefined);
  const innermost = chain.at(-1);
  const said = chain.find((facts) => facts.message !== '' && facts.message !== 'fetch failed') ?? innermost;
  return { kind: decided ?? 'unreadable', cause: oneLine(said, error) };
}

/**
 * May the same call succeed soon? True when the far end did not answer or cannot, and when it throttled us, which says
 * nothing about the far end but passes, too. `cause` is one line without secrets. Never throws.
 */
export function isTransient(error: unknown): { readonly transient: boolean; readonly cause: string } {
  const { kind, cause } = failureKind(error);
  return { transient: kind === 'unreachable' || factsOf(error).some(isThrottled), cause };
}

const isThrottled = ({ name, status, $metadata, CancellationReasons }: Facts): boolean =>
  THROTTLED.test(name) ||
  (status ?? $metadata?.httpStatusCode) === 429 ||
  // A transaction that was cancelled for it has another name, and one reason for each of its writes.
  CancellationReasons.some(({ Code }) => THROTTLED.test(Code) || Code === 'ProvisionedThroughputExceeded');

function kindOf(facts: Facts): Failure['kind'] | undefined {
  const status =
    facts.RestApiStatusCode ?? facts.$metadata?.httpStatusCode ?? facts.$response?.statusCode ?? facts.status;
  if (THROTTLED.test(facts.name) || status === 429) return 'unreadable';
  if (OURS.test(facts.name)) return 'unreadable';
  if (status !== undefined) return status >= 500 ? 'unreachable' : 'unreadable';
  if (UNREACHABLE_NAMES.has(facts.name) || UNREACHABLE_CODES.has(facts.code)) return 'unreachable';
  return undefined;
}

/** The error, its causes and the errors it gathers, outermost first; cycles and depth are bounded. */
function factsOf(error: unknown, depth = 0): Facts[] {
  const parsed = Facts.safeParse(error);
  if (!parsed.success || depth > 4) return [];
  return [parsed.data, ...[parsed.data.cause, ...parsed.data.errors].flatMap((each) => factsOf(each, depth + 1))];
}

function oneLine(facts: Facts | undefined, error: unknown): string {
  const head = facts?.code || facts?.name || 'Error';
  const text = facts === undefined ? String(error) : facts.message;
  return withoutSecrets(`${head}: ${text}`.replace(/\s+/g, ' ').trim()).slice(0, 300);
}

function withoutSecrets(text: string): string {
  return text
    .replace(/\/\/[^/\s:@]+:[^/\s@]+@/g, '//***@')
    .replace(/(https?:\/\/[^\s?"']+)\?[^\s"']*/g, '$1?***')
    .replace(/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 ***')
    .replace(/\b(Authorization|Cookie|Set-Cookie|X-Amz-[\w-]+)\s*[:=]\s*\S+/gi, '$1=***')
    .replace(
      /\b(token|password|passwd|secret|session|signature|credential)(["']?\s*[:=]\s*)["']?[^\s"',;&]+/gi,
      '$1$2***',
    )
    .replace(/\b(AKIA|ASIA)[A-Z0-9]{12,}\b/g, '***');
}
