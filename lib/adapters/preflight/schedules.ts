import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { z } from 'zod';
import type { ScheduleFacts } from '../../core/preflight/facts.ts';
import { type PreflightClients, preflightBudget } from './clients.ts';

const Schedule = z.object({ State: z.string() });

/** EventBridge Scheduler refused; `status` is its HTTP status. */
class SchedulerError extends Error {
  override readonly name: string;
  readonly status: number;
  constructor(name: string, status: number) {
    super(`EventBridge Scheduler answered ${status} ${name}`);
    this.name = name;
    this.status = status;
  }
}

/**
 * One schedule of the default group. The one call that is needed of this service is signed here, so that its client is
 * no dependency.
 */
export async function readSchedule(
  clients: PreflightClients,
  name: string,
  endpoint: string | undefined,
): Promise<ScheduleFacts> {
  const url = new URL(`/schedules/${name}`, endpoint ?? `https://scheduler.${clients.region}.amazonaws.com`);
  const { credentials } = clients.sfn().config;
  const signer = new SignatureV4({ service: 'scheduler', region: clients.region, sha256: Sha256, credentials });
  const { headers } = await signer.sign(
    new HttpRequest({
      method: 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      headers: { host: url.host },
      ...(url.port === '' ? {} : { port: Number(url.port) }),
    }),
  );
  const sent = Object.entries(headers).filter(([header]) => header.toLowerCase() !== 'host');
  const signal = AbortSignal.timeout(preflightBudget.requestMs);
  const response = await fetch(url, { headers: Object.fromEntries(sent), redirect: 'error', signal });
  if (response.status === 404) return { name, exists: false, isEnabled: false };
  if (!response.ok) {
    const named = response.headers.get('x-amzn-errortype')?.replace(/:.*$/s, '') ?? 'SchedulerError';
    throw new SchedulerError(named, response.status);
  }
  return { name, exists: true, isEnabled: Schedule.parse(await response.json()).State === 'ENABLED' };
}
