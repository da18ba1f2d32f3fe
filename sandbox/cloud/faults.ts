import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { CALLERS } from './callers.ts';
import type { RequestFacts } from './request-facts.ts';

const oneOrMore = z.union([z.string(), z.array(z.string()).min(1)]);

const effectSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('refuse') }),
  z.strictObject({ kind: z.literal('hang') }),
  z.strictObject({ kind: z.literal('lose-answer') }),
  z.strictObject({ kind: z.literal('delay'), ms: z.number().int().positive() }),
  z.strictObject({ kind: z.literal('status'), code: z.number().int().min(400).max(599), errorName: z.string() }),
  z.strictObject({ kind: z.literal('throttle') }),
  /** The answers say a time that is so many seconds ahead. */
  z.strictObject({ kind: z.literal('clock'), seconds: z.number().int() }),
]);

/** A fault: which requests (every given member must match; none given = all) and what happens to them. */
export const faultRuleSchema = z.strictObject({
  id: z.string().min(1).optional(),
  region: oneOrMore.optional(),
  service: oneOrMore.optional(),
  /** Access key id of the caller. */
  source: oneOrMore.optional(),
  operation: oneOrMore.optional(),
  pathPrefix: z.string().optional(),
  effect: effectSchema,
  /** The rule is spent after so many requests. */
  times: z.number().int().positive().optional(),
  /** Share of matching requests that it meets, 0 to 1. */
  probability: z.number().min(0).max(1).optional(),
});

export type FaultEffect = z.infer<typeof effectSchema>;
export type FaultRule = z.infer<typeof faultRuleSchema>;
export type ActiveFault = FaultRule & { id: string; used: number };

type Subject = Pick<RequestFacts, 'region' | 'service' | 'source' | 'operation' | 'path'>;

function among(allowed: string | string[] | undefined, value: string): boolean {
  if (allowed === undefined) return true;
  return typeof allowed === 'string' ? allowed === value : allowed.includes(value);
}

/**
 * True when `rule` speaks of this request. The harness is never met, the engine only by name. Pure; times and probability are not
 * looked at.
 */
export function matches(rule: FaultRule, subject: Subject): boolean {
  if (subject.source === CALLERS.harness) return false;
  if (subject.source === CALLERS.engine && rule.source === undefined) return false;
  return (
    among(rule.region, subject.region) &&
    among(rule.service, subject.service) &&
    among(rule.source, subject.source) &&
    among(rule.operation, subject.operation) &&
    (rule.pathPrefix === undefined || subject.path.startsWith(rule.pathPrefix))
  );
}

/** The faults in force. */
export class FaultBook {
  readonly #faults = new Map<string, ActiveFault>();
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Sets a fault (one of the same id is replaced) and answers its id. */
  set(rule: FaultRule): string {
    const id = rule.id ?? randomUUID();
    this.#faults.set(id, { ...rule, id, used: 0 });
    return id;
  }

  /** Lifts one fault, or all. Requests that hang already go on hanging. */
  clear(id?: string): void {
    if (id === undefined) this.#faults.clear();
    else this.#faults.delete(id);
  }

  list(): ActiveFault[] {
    return [...this.#faults.values()];
  }

  /** Chooses the fault that meets this request (the one set first), counts it, and drops it when it is spent. */
  take(subject: Subject): ActiveFault | null {
    for (const fault of this.#faults.values()) {
      if (!matches(fault, subject)) continue;
      if (fault.probability !== undefined && this.#random() >= fault.probability) continue;
      fault.used += 1;
      if (fault.times !== undefined && fault.used >= fault.times) this.#faults.delete(fault.id);
      return fault;
    }
    return null;
  }

  /** True when a network cut (refuse or hang) would meet a caller in this Region; nothing is counted. */
  cuts(subject: Subject): boolean {
    return this.list().some((f) => (f.effect.kind === 'refuse' || f.effect.kind === 'hang') && matches(f, subject));
  }
}
