import { clock, relative, secondsBetween, spoken } from '../time-text.ts';
import { type Html, html } from './markup.ts';

/** An instant in UTC. */
export const time = (at: string): Html => html`<time datetime="${at}">${clock(at)}</time>`;

/** An instant in UTC and how long before the report was made. */
export const timeAgo = (at: string, now: string): Html =>
  html`${time(at)} <span class="quiet">(${relative(at, new Date(now))})</span>`;

/** A length of time that no line end breaks. */
export const length = (seconds: number): Html => html`<span class="together">${spoken(seconds)}</span>`;

/** How long after another instant: `+8.7 s`, `−31 s`. */
export function offset(at: string, zero: string): string {
  const seconds = secondsBetween(zero, at);
  if (Math.abs(seconds) < 0.0005) return '0';
  return seconds < 0 ? `\u2212${spoken(-seconds)}` : `+${spoken(seconds)}`;
}
