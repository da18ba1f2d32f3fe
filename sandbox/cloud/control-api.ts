import * as z from 'zod';
import { type FaultBook, faultRuleSchema } from './faults.ts';
import type { Reply } from './lambda-api.ts';
import type { RequestFacts } from './request-facts.ts';
import type { RequestLog } from './request-log.ts';

const json = (status: number, body: object): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/**
 * The front's own API: `GET|POST|DELETE /_sandbox/faults[?id=]` (POST takes one rule or a list, answers their ids) and
 * `GET|DELETE /_sandbox/requests[?since=<epoch ms>]`.
 */
export function answerControl(facts: RequestFacts, body: Buffer, faults: FaultBook, log: RequestLog): Reply {
  const { method, path, query } = facts;
  if (path === '/_sandbox/faults') return answerFaults(method, query.get('id') ?? undefined, body, faults);
  if (path === '/_sandbox/requests') {
    if (method === 'DELETE') log.clear();
    return json(200, { counts: log.counts(), requests: log.newest(Number(query.get('since') ?? 0)) });
  }
  return json(404, { message: `The sandbox has no ${path}` });
}

function answerFaults(method: string, id: string | undefined, body: Buffer, faults: FaultBook): Reply {
  if (method === 'DELETE') faults.clear(id);
  if (method !== 'POST') return json(200, { faults: faults.list() });
  try {
    const asked = z.union([faultRuleSchema.transform((rule) => [rule]), z.array(faultRuleSchema)]);
    const rules = asked.parse(JSON.parse(body.toString('utf8')));
    return json(200, { ids: rules.map((rule) => faults.set(rule)) });
  } catch (error) {
    return json(400, { message: error instanceof z.ZodError ? z.prettifyError(error) : 'The body is not JSON' });
  }
}
