import type { Side } from '../contracts/ids.ts';
import type { PairLook, PairLooks, SiteLook, SiteLooks } from '../core/preflight/facts.ts';

/** What a role has to be allowed: each of the actions on each of the resources, in a context. */
export type Demand = {
  readonly actions: readonly string[];
  /** Without wildcards. */
  readonly resources: readonly string[];
  /** Values of condition keys: a text for a key with one value, a list for a key that may have many at once. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
};

/** One function with what it needs, as the deployment grants it. */
export type FunctionDemand = { readonly name: string; readonly region: string; readonly demands: readonly Demand[] };

/**
 * Reads what the preflight list asks for. Nothing is changed anywhere. A look that cannot be made throws as it came
 * from the SDK; what does not exist is null, never an error.
 */
export type PreflightReader = {
  readonly pair: { readonly [L in PairLook]: () => Promise<PairLooks[L]> };
  readonly site: { readonly [L in SiteLook]: (side: Side) => Promise<SiteLooks[L]> };
};
