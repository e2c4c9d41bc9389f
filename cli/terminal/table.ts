import { cut, oneLine, widthOf } from "./text.ts";

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Is cut first where the terminal is too narrow. */
  readonly isLong?: true;
  readonly paint?: (text: string, row: Row) => string;
}

const GAP = "  ";
/** No column gets narrower than this; what does not fit then, is wrapped by the terminal. */
const MIN_LONG = 8;
const MIN = 6;

/**
 * Rows under titles, two spaces between them, no borders. Rows may come in parts: a column gets wider with a later part where it has to,
 * and never narrower. `width` is that of the terminal; without one, as in a pipe, nothing is cut.
 */
export class Table<Row> {
  readonly #columns: readonly Column<Row>[];
  readonly #width: number | undefined;
  #widths: number[];
  #hasTitle = false;

  constructor(columns: readonly Column<Row>[], width?: number | undefined) {
    this.#columns = columns;
    this.#width = width;
    this.#widths = columns.map(({ title }) => widthOf(title));
  }

  /** The lines of these rows; before the first of all, that of the titles. */
  add(rows: readonly Row[]): string[] {
    const cells = rows.map((row) => this.#columns.map((column) => oneLine(column.value(row))));
    this.#widths = this.#widths.map((width, n) =>
      cells.reduce((most, row) => Math.max(most, widthOf(row[n] ?? "")), width),
    );
    const widths = this.#fit();
    const lines = cells.map((row, n) => this.#line(row, widths, rows[n]));
    if (this.#hasTitle) return lines;
    this.#hasTitle = true;
    const titles = this.#columns.map(({ title }) => title);
    return [this.#line(titles, widths), ...lines];
  }

  #line(cells: readonly string[], widths: readonly number[], row?: Row): string {
    const painted = cells.map((cell, n) => {
      const shown = cut(cell, widths[n] ?? 0);
      const paint = this.#columns[n]?.paint;
      const space = n === cells.length - 1 ? "" : " ".repeat((widths[n] ?? 0) - widthOf(shown));
      return `${row === undefined || paint === undefined || shown === "" ? shown : paint(shown, row)}${space}`;
    });
    return painted.join(GAP).trimEnd();
  }

  #fit(): number[] {
    const widths = [...this.#widths];
    if (this.#width === undefined) return widths;
    const room = this.#width - GAP.length * (widths.length - 1);
    this.#narrow(widths, room, ({ isLong }) => isLong === true, MIN_LONG);
    this.#narrow(widths, room, () => true, MIN);
    return widths;
  }

  /** Takes from the widest of these, until all fit or none can be narrower. */
  #narrow(widths: number[], room: number, isMeant: (column: Column<Row>) => boolean, least: number): void {
    for (;;) {
      const excess = widths.reduce((sum, width) => sum + width, 0) - room;
      if (excess <= 0) return;
      const meant = widths
        .map((width, n) => ({ n, width }))
        .filter(({ n }) => isMeant(this.#columns[n] as Column<Row>));
      const [widest, next] = meant.sort((a, b) => b.width - a.width);
      if (widest === undefined || widest.width <= least) return;
      const down = Math.max(least, Math.min(widest.width - 1, next?.width ?? 0));
      widths[widest.n] = Math.max(down, widest.width - excess);
    }
  }
}
