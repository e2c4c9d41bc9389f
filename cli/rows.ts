import type { Format } from "./command.ts";
import { tellOfNone } from "./listing.ts";
import type { Server } from "./server.ts";
import { writeJson, writeJsonLine, writeLine, writeTable, writeYaml } from "./terminal/output.ts";
import type { Column } from "./terminal/table.ts";
import { oneLine } from "./terminal/text.ts";

/** What a list is of, and how it looks. */
export interface Rows<Row> {
  /** One of them, as a word. */
  readonly what: string;
  readonly id: (row: Row) => string;
  readonly columns: readonly Column<Row>[];
}

/** A whole list, in the format that was asked for. One of nothing has no titles; JSON and YAML are `[]`. */
export async function writeRows<Row>(
  server: Server,
  format: Format,
  rows: readonly Row[],
  { what, id, columns }: Rows<Row>,
): Promise<void> {
  if (format === "json") await writeJson(rows);
  else if (format === "yaml") await writeYaml(rows);
  else if (format === "ids") for (const row of rows) await writeLine(oneLine(id(row)));
  else if (format === "jsonl") for (const row of rows) await writeJsonLine(row);
  else if (rows.length > 0) await writeTable(columns, rows);
  if (rows.length === 0) await tellOfNone(server, what);
}
