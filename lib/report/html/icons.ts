import { type Html, html } from './markup.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'plain';

const shapes: Readonly<Record<Tone, Html>> = {
  good: html`<path d="M3 8.5 6.5 12 13 4.5"/>`,
  warn: html`<path d="M8 2 15 14H1Z"/><path d="M8 6.5v3.5M8 12v.1"/>`,
  bad: html`<path d="M3.5 3.5l9 9M12.5 3.5l-9 9"/>`,
  plain: html`<path d="M3 8h10"/>`,
};

/** A sign beside a word, so that its colour says nothing alone. */
export const icon = (tone: Tone): Html =>
  html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">${shapes[tone]}</svg>`;

/** A word with its sign and its colour. */
export const toned = (tone: Tone, word: string): Html =>
  html`<span class="toned ${tone}${word.length > 30 ? '' : ' together'}">${icon(tone)}<span>${word}</span></span>`;
