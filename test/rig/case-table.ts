/** What came of the cases: state x interruption -> ends, with the number of cases. */
export class CaseTable {
  readonly #title: string;
  readonly #began = performance.now();
  readonly #cells = new Map<string, Map<string, Map<string, number>>>();
  #cases = 0;

  constructor(title: string) {
    this.#title = title;
  }

  add(row: string, column: string, end: string): void {
    const cells = this.#cells.get(row) ?? new Map();
    const ends = cells.get(column) ?? new Map();
    this.#cells.set(row, cells.set(column, ends.set(end, (ends.get(end) ?? 0) + 1)));
    this.#cases += 1;
  }

  print(): void {
    const columns = [...new Set([...this.#cells.values()].flatMap((cells) => [...cells.keys()]))];
    const rows = [...this.#cells].map(([row, cells]) => [
      row,
      ...columns.map((column) => [...(cells.get(column) ?? [])].map(([end, n]) => `${n} ${end}`).join(', ')),
    ]);
    const lines = [['', ...columns], ...rows];
    const widths = ['', ...columns].map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
    const text = lines.map((line) =>
      line
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    );
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(0);
    process.stdout.write(`\n${this.#title}: ${this.#cases} cases in ${seconds} s\n${text.join('\n')}\n`);
  }
}
