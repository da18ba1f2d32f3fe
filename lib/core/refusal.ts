/**
 * Rules a refusal can name: invariants by their number (S2: the grant moves only X -> none -> Y; S5: no grant without a
 * fence or a waiver; S26: an approval is bound to op, epoch and plan), the others by what they ask for.
 */
export type Rule =
  | 'S2'
  | 'S5'
  | 'S26'
  | 'op-in-progress'
  | 'not-the-running-op'
  | 'op-ended'
  | 'expected-epoch'
  | 'no-holder'
  | 'target-holds-grant'
  | 'mode'
  | 'paused'
  | 'pause-too-long'
  | 'cooldown'
  | 'acknowledgement'
  | 'monthly-limit'
  | 'unfenced'
  | 'still-running'
  | 'claim-too-young'
  | 'site-not-well'
  | 'fence-still-tries';

/** Why a move is not made: the rule that forbids it, and one sentence for the person who asked. */
export type Refusal = { readonly rule: Rule; readonly because: string };

/** The new values of a legal move, or the refusal. */
export type Ruled<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly refusal: Refusal };

/** Builds the refusing side of `Ruled`. */
export const refuse = (rule: Rule, because: string): { readonly ok: false; readonly refusal: Refusal } => ({
  ok: false,
  refusal: { rule, because },
});

/** The first refusal of an ordered list of checks, or null when none of them objects. */
export const firstRefusal = (checks: readonly (readonly [boolean, Rule, string])[]) => {
  const failed = checks.find(([objects]) => objects);
  return failed ? refuse(failed[1], failed[2]) : null;
};
