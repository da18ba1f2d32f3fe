import type { IncomingHttpHeaders } from 'node:http';

export type ErrorReply = { status: number; headers: Record<string, string>; body: Buffer };

const THROTTLES: Record<string, [number, string]> = {
  s3: [503, 'SlowDown'],
  lambda: [429, 'TooManyRequestsException'],
  sns: [400, 'Throttling'],
  sts: [400, 'Throttling'],
};

/** Status and error name with which `service` throttles. */
export function throttleOf(service: string): [number, string] {
  return THROTTLES[service] ?? [service === 'airflow' ? 429 : 400, 'ThrottlingException'];
}

function cborText(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  const head = bytes.length < 24 ? [0x60 + bytes.length] : [0x78, Math.min(bytes.length, 255)];
  return Buffer.concat([Buffer.from(head), bytes.subarray(0, 255)]);
}

function cborError(name: string, message: string): Buffer {
  return Buffer.concat([Buffer.from([0xa2]), ...['__type', name, 'message', message].map(cborText)]);
}

/**
 * Answers an error in the protocol of the request: S3 XML, query XML, CBOR, or JSON.
 * `name` is the AWS error name.
 */
export function errorReply(
  request: { service: string; headers: IncomingHttpHeaders },
  status: number,
  name: string,
  message: string,
  requestId: string,
): ErrorReply {
  const sent = String(request.headers['content-type'] ?? '');
  const reply = (type: string, body: string | Buffer, more: Record<string, string> = {}): ErrorReply => ({
    status,
    headers: { 'content-type': type, 'x-amzn-requestid': requestId, ...more },
    body: Buffer.from(body),
  });
  if (request.service === 's3') {
    const xml = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${name}</Code><Message>${message}</Message><RequestId>${requestId}</RequestId></Error>`;
    return reply('application/xml', xml);
  }
  if (sent.startsWith('application/cbor')) {
    return reply('application/cbor', cborError(name, message), { 'smithy-protocol': 'rpc-v2-cbor' });
  }
  if (sent.startsWith('application/x-www-form-urlencoded')) {
    const xml = `<ErrorResponse><Error><Type>Sender</Type><Code>${name}</Code><Message>${message}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
    return reply('text/xml', xml);
  }
  const type = sent.startsWith('application/x-amz-json') ? sent : 'application/json';
  return reply(type, JSON.stringify({ __type: name, message }), { 'x-amzn-errortype': name });
}
