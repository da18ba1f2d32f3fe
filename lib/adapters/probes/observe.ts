import type { Side } from '../../contracts/ids.ts';
import type { Observation, Outcome, Signal } from '../../contracts/observation.ts';
import { failureKind } from '../failure-kind.ts';

/** What a probe looks at, from where and when. */
type Subject = { readonly site: Side; readonly signal: Signal; readonly vantage: string; readonly now: Date };

/** What it found. `cause` is one sentence. */
export type Finding = {
  readonly outcome: Outcome;
  readonly cause: string;
  readonly evidence?: Observation['evidence'];
};

/** Two attempts of connect and request fit in, so that this only ends what has no time-out of its own. */
const PROBE_BUDGET_MS = 9000;

/** The probe's time was over before the thing had answered. */
class ProbeTimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/**
 * Runs one look and never throws: a failure becomes `unreachable` or `unreadable` with its cause. After `budgetMs` the
 * signal given to `look` is aborted and the answer is `unreachable`, whether or not `look` has noticed.
 */
export async function observe(
  subject: Subject,
  look: (signal: AbortSignal) => Promise<Finding>,
  budgetMs: number = PROBE_BUDGET_MS,
): Promise<Observation> {
  const { site, signal, vantage, now } = subject;
  const finding = await withinBudget(look, budgetMs).catch((error: unknown): Finding => {
    const { kind, cause } = failureKind(error);
    return { outcome: kind, cause };
  });
  const { outcome, cause, evidence = {} } = finding;
  return { site, signal, vantage, outcome, at: now.toISOString(), cause, evidence };
}

async function withinBudget<T>(work: (signal: AbortSignal) => Promise<T>, budgetMs: number): Promise<T> {
  const controller = new AbortController();
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new ProbeTimeoutError(`no answer within ${budgetMs / 1000} s`));
    controller.abort();
  }, budgetMs);
  try {
    return await Promise.race([work(controller.signal), over]);
  } finally {
    clearTimeout(timer);
  }
}
