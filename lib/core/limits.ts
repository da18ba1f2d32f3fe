import type { Mode, PairConfig } from '../contracts/config.ts';
import type { ControlRecord } from '../contracts/control.ts';
import { ageSeconds, isAhead } from './time.ts';

/** A named person's standing word that an automatic op may go on although the lost site cannot be fenced. */
export type UnfencedWord = NonNullable<PairConfig['preAuthorisedUnfenced']>;

const order: readonly Mode[] = ['observe', 'manual', 'prepare', 'automatic'];
/** Days in which one automatic op may withdraw the grant: a second loss that soon is a question for people. */
const automaticCommitDays = 30;

/** The mode that counts: the more cautious one of the deployed configuration and the control record. */
export const effectiveMode = (configured: Mode, recorded: Mode): Mode =>
  order.indexOf(configured) < order.indexOf(recorded) ? configured : recorded;

/*
 * Each of these says in one sentence what limits the controller now, or null when nothing does.
 */

/** A pause forbids preparing and withdrawing until it expires. */
export const pauseLimit = (control: ControlRecord, now: Date): string | null =>
  isAhead(control.pausedUntil, now)
    ? `the pair is paused until ${control.pausedUntil} (${control.pauseReason ?? 'no reason given'})`
    : null;

/** The cooldown forbids that the controller begins an op by itself; a person may. */
export const cooldownLimit = (control: ControlRecord, now: Date): string | null =>
  isAhead(control.cooldownUntil, now) ? `the cooldown after the last op lasts until ${control.cooldownUntil}` : null;

/** An automatic op that withdrew the grant must be acknowledged by a person before the next one. */
export const acknowledgementLimit = (control: ControlRecord): string | null =>
  control.acknowledgementOwed === null
    ? null
    : `nobody has acknowledged the automatic op ${control.acknowledgementOwed} yet`;

/** One automatic withdrawal in 30 days. */
export const monthlyLimit = (control: ControlRecord, now: Date): string | null => {
  const recent = control.automaticCommits.find((at) => ageSeconds(at, now) < automaticCommitDays * 86_400);
  return recent === undefined
    ? null
    : `an automatic op already withdrew the grant at ${recent}; only one may in ${automaticCommitDays} days`;
};

/** True while the word is in the configuration and has not expired. */
export const mayGoUnfenced = (word: UnfencedWord | undefined, now: Date): word is UnfencedWord =>
  word !== undefined && isAhead(word.until, now);
