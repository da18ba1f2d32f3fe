import type { StepRecord } from '../contracts/control.ts';

/** What a step brings along when it claims its journal record. */
export type ClaimRequest = {
  readonly op: string;
  readonly state: string;
  readonly iteration: number;
  /** Attempt of the execution that calls. The caller has checked that it is the attempt of the op's record. */
  readonly attempt: number;
  readonly owner: string;
  readonly inputHash: string;
  readonly now: Date;
  /** False for Wait for approval and Judge again while Withdraw is not done: yesterday's answer must not count. */
  readonly replays: boolean;
};

/** `replay`: return this output, do nothing. `run`: commit this record, then act. `refused`: StaleAttemptError. */
export type Claim =
  | { readonly kind: 'replay'; readonly output: Record<string, unknown> | null }
  | { readonly kind: 'run'; readonly record: StepRecord }
  | { readonly kind: 'refused'; readonly because: string };

/**
 * May this call do the step, and with what memory? A done step returns its output whatever the input hash says: what
 * happened cannot be undone by another input. A claimed step (a poll, or a function that died) goes on with its
 * progress and start; a failed one keeps its progress, because the numbers of helper runs it used must not be used
 * again, but starts anew. Two calls of one attempt may both be told to run: the commit lets only one of them.
 */
export function claim(existing: StepRecord | null, request: ClaimRequest): Claim {
  if (existing !== null && request.attempt < existing.attempt) {
    return {
      kind: 'refused',
      because:
        `attempt ${request.attempt} of ${request.op} may not write "${request.state}": ` +
        `attempt ${existing.attempt} has taken over`,
    };
  }
  if (existing?.status === 'done' && request.replays) return { kind: 'replay', output: existing.output };
  const at = request.now.toISOString();
  return {
    kind: 'run',
    record: {
      op: request.op,
      state: request.state,
      iteration: request.iteration,
      attempt: request.attempt,
      owner: request.owner,
      status: 'claimed',
      inputHash: request.inputHash,
      progress: existing === null || existing.status === 'done' ? {} : existing.progress,
      output: null,
      error: null,
      startedAt: existing?.status === 'claimed' || existing?.status === 'waiting' ? existing.startedAt : at,
      claimedAt: at,
      endedAt: null,
    },
  };
}
