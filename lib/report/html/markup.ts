/** Markup that may stand in a page as it is; everything else is text and is escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a template may hold; `null`, `undefined` and `false` leave nothing behind. */
export type Part = Html | string | number | null | undefined | false | readonly Part[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text that is inert between tags and between quotes. Control characters, which no page may hold, and marks that turn
 * the direction of what follows are replaced by a sign that can be seen.
 */
export const escaped = (text: string): string =>
  text
    .replaceAll(/(?![\t\n\r])[\p{Cc}\p{Bidi_Control}]/gu, '\ufffd')
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');

function markupOf(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(markupOf).join('');
  return escaped(String(part));
}

/** A template of HTML: what stands in the source is markup, every value in it is escaped unless it is markup itself. */
export const html = (source: TemplateStringsArray, ...values: readonly Part[]): Html =>
  new Html(source.map((piece, n) => piece + markupOf(values[n] ?? null)).join(''));
