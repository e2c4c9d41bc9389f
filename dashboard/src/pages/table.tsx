import type { ComponentChildren } from "preact";

export interface Column<Row> {
  readonly title: string;
  /** What the title does not say. */
  readonly hint?: string;
  readonly isNumber?: boolean;
  readonly cell: (row: Row) => ComponentChildren;
}

/** Rows and columns; on a narrow screen each row is a card. The first column names the row. */
export function Table<Row>({
  label,
  columns,
  rows,
  keyOf,
}: {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
}) {
  return (
    <div class="data-box">
      <table class="data-table" aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ title, hint, isNumber }) => (
              <th key={title} scope="col" class={isNumber ? "number" : undefined} title={hint}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ title, isNumber, cell }, n) =>
                n === 0 ? (
                  <th key={title} scope="row">
                    {cell(row)}
                  </th>
                ) : (
                  <td key={title} class={isNumber ? "number" : undefined} data-label={title}>
                    <div class="cell">{cell(row)}</div>
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
