import type { FactColumns } from "./event-row.ts";
import type { StoredPayload } from "./payload-chunks.ts";
import type { SqlValue } from "./sql-database.ts";

/** A row of the history but for its number. */
export interface EventRow extends FactColumns, StoredPayload {
  readonly timestampMs: number;
}

/** A statement, and what to bind to it. */
export interface Insert {
  readonly statement: string;
  readonly bindings: readonly SqlValue[];
}

/** A statement may have 100 bindings (Cloudflare). A row takes six at most, and the first number one. */
export const MAX_ROWS_PER_INSERT = 16;

/**
 * One statement that appends the rows of some turns, numbered from `firstSeq` on; at most MAX_ROWS_PER_INSERT. Half of what
 * an insert costs is its bindings (docs/performance.md), so only what differs is bound: the statement itself says the types
 * and what is NULL, numbers are counted from the first, and the time of a turn is bound once.
 */
export function insertOf(turns: readonly (readonly EventRow[])[], firstSeq: number): Insert {
  const bindings: SqlValue[] = [firstSeq];
  let shape = root;
  for (const rows of turns) {
    let previousMs: number | undefined;
    for (const row of rows) {
      let bound = 0;
      if (row.timestampMs !== previousMs) {
        bound |= TIME;
        previousMs = row.timestampMs;
        bindings.push(previousMs);
      }
      for (let n = 0; n < COLUMNS.length; n++) {
        const value = row[COLUMNS[n] as Column];
        if (value === null) continue;
        bound |= 1 << n;
        bindings.push(value);
      }
      shape = shape.with(row.type, bound);
    }
  }
  return { statement: shape.statement, bindings };
}

type Column = "task_id" | "name" | "payload" | "chunks" | "detail";
const COLUMNS: readonly Column[] = ["task_id", "name", "payload", "chunks", "detail"];
const TIME = 1 << COLUMNS.length;
const INSERT = "INSERT INTO history (seq, at_ms, type, task_id, name, payload, chunks, detail) VALUES ";

/** Types and NULLs of the rows of one statement. The same rows give the same text, which the platform keeps prepared. */
class Shape {
  readonly statement: string;
  readonly #rows: number;
  readonly #bindings: number;
  /** The number of the binding of the last row's time. */
  readonly #time: number;
  readonly #longer = new Map<string, Map<number, Shape>>();

  constructor(statement: string, rows: number, bindings: number, time: number) {
    this.statement = statement;
    this.#rows = rows;
    this.#bindings = bindings;
    this.#time = time;
  }

  with(type: string, bound: number): Shape {
    let ofType = this.#longer.get(type);
    if (ofType === undefined) {
      ofType = new Map();
      this.#longer.set(type, ofType);
    }
    let shape = ofType.get(bound);
    if (shape === undefined) {
      shape = this.#make(type, bound);
      ofType.set(bound, shape);
    }
    return shape;
  }

  #make(type: string, bound: number): Shape {
    let bindings = this.#bindings;
    const time = bound & TIME ? ++bindings : this.#time;
    const values = COLUMNS.map((_, n) => (bound & (1 << n) ? `?${++bindings}` : "NULL"));
    const row = `(?1+${this.#rows}, ?${time}, '${type}', ${values.join(", ")})`;
    return new Shape(this.statement + (this.#rows > 0 ? ", " : "") + row, this.#rows + 1, bindings, time);
  }
}

const root = new Shape(INSERT, 0, 1, 0);
