import type { Json } from './asl-paths.ts';
import { NamedError } from './asl-walker.ts';

/** What a function returns, or the error it throws. */
export type Reply = string | { readonly throws: string };

/**
 * Functions that say what a script says. Per state: its replies in order, the last one for ever; a state that the
 * script does not name answers `done`.
 */
export function scriptedFunctions(script: Readonly<Record<string, readonly Reply[]>>) {
  const asked = new Map<string, number>();
  return (payload: Json): Json => {
    const state = stateIn(payload);
    const replies = script[state] ?? ['done'];
    const nth = asked.get(state) ?? 0;
    asked.set(state, nth + 1);
    const reply = replies[Math.min(nth, replies.length - 1)] ?? 'done';
    if (typeof reply !== 'string') throw new NamedError(reply.throws, `scripted for ${state}`);
    return { outcome: reply, waitSeconds: 0, because: `${state} was asked ${nth + 1} times` };
  };
}

function stateIn(payload: Json): string {
  if (typeof payload === 'object' && payload !== null && 'state' in payload) return String(payload.state);
  throw new Error('a payload without the name of its state');
}
