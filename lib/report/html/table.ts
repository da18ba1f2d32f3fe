import { type Html, html, type Part } from './markup.ts';

type Table = {
  readonly caption: string;
  readonly columns: readonly string[];
  /** Cells of each row; the first one names the row. */
  readonly rows: ReadonlyArray<readonly Part[]>;
  /** What is said when there are no rows. */
  readonly none: string;
  /** True where a heading right above says what the caption says. */
  readonly isNamed?: boolean;
};

/** Rows that are shown at once; a longer table goes on below a line that opens it. */
const mostShown = 20;

/**
 * A table that becomes a list of cards on a phone. The roles are written out because a table whose rows are laid out as
 * blocks is no table any more for some readers.
 */
export function table(given: Table): Html {
  const { caption, rows, none } = given;
  if (rows.length === 0) return html`<p class="none">${none}</p>`;
  const rest = rows.slice(mostShown);
  const shown = tableOf({ ...given, rows: rows.slice(0, mostShown) });
  if (rest.length === 0) return shown;
  return html`${shown}<details class="more"><summary>${rest.length} more</summary>
${tableOf({ ...given, caption: `${caption}, continued`, rows: rest })}</details>`;
}

const tableOf = ({ caption, columns, rows, isNamed }: Table): Html => html`<table role="table">
<caption${isNamed && html` class="named"`}>${caption}</caption>
<thead role="rowgroup"><tr role="row">${columns.map(
  (column) => html`<th scope="col" role="columnheader">${column}</th>`,
)}</tr></thead>
<tbody role="rowgroup">${rows.map(
  (cells) => html`
<tr role="row">${cells.map((cell, n) =>
    n === 0
      ? html`<th scope="row" role="rowheader">${cell}</th>`
      : html`<td role="cell"><span class="label" aria-hidden="true">${columns[n] ?? ''}</span><div>${cell}</div></td>`,
  )}</tr>`,
)}</tbody>
</table>`;

/** Names and values. */
export const facts = (pairs: ReadonlyArray<readonly [string, Part]>): Html =>
  html`<dl class="facts">${pairs
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;

/** A section of the page with its heading. */
export const section = (id: string, title: string, ...content: readonly Part[]): Html =>
  html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
${content}
</section>
`;
