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

/** So many rows always fit into one statement, which may have 100 bindings (Cloudflare): a row takes five at most. */
export const MAX_ROWS_PER_INSERT = 16;
const MAX_BINDINGS = 100;

/** What the rows of a turn take at most; as a rule all have one time. */
export function bindingsOf(rows: readonly EventRow[]): number {
  let bindings = 0;
  let previousMs: number | undefined;
  for (const row of rows) {
    if (row.timestampMs !== previousMs) bindings++;
    previousMs = row.timestampMs;
    for (const column of COLUMNS) if (row[column] !== null) bindings++;
  }
  return bindings;
}

/** Whether so many bindings fit beside that of the first number. */
export function fits(bindings: number): boolean {
  return bindings < MAX_BINDINGS;
}

/**
 * One statement that appends the rows of some turns, numbered from `firstSeq` on. Half of what an insert costs is its
 * bindings (docs/performance.md), so only what differs is bound: the statement itself says the types and what is NULL, numbers
 * are counted from the first, and a time or a name that all have is bound once.
 */
export function insertOf(turns: readonly (readonly EventRow[])[], firstSeq: number): Insert {
  const bindings: SqlValue[] = [firstSeq];
  const hasOneTime = areAlike(turns, (row) => row.timestampMs);
  const hasOneName = areAlike(turns, (row) => row.name);
  let shape = root;
  let previousMs: number | undefined;
  let boundName: string | undefined;
  for (const rows of turns) {
    // Where times differ, each turn binds its own, whether it is the same or not: the same turns give the same statement.
    if (!hasOneTime) previousMs = undefined;
    for (const row of rows) {
      let bound = 0;
      if (row.timestampMs !== previousMs) {
        bound |= TIME;
        previousMs = row.timestampMs;
        bindings.push(previousMs);
      }
      for (let n = 0; n < COLUMNS.length; n++) {
        const column = COLUMNS[n] as Column;
        const value = row[column];
        if (value === null) continue;
        bound |= 1 << n;
        if (column === "name" && hasOneName) {
          if (boundName !== undefined) {
            bound |= SAME_NAME;
            continue;
          }
          boundName = row.name ?? undefined;
        }
        bindings.push(value);
      }
      shape = shape.with(row.type, bound);
    }
  }
  return { statement: shape.statement, bindings };
}

function areAlike<T>(turns: readonly (readonly EventRow[])[], of: (row: EventRow) => T | null): boolean {
  let first: T | null = null;
  for (const rows of turns) {
    for (const row of rows) {
      const value = of(row);
      if (value === null) continue;
      first ??= value;
      if (value !== first) return false;
    }
  }
  return true;
}

type Column = "task_id" | "name" | "payload" | "chunks" | "detail";
const COLUMNS: readonly Column[] = ["task_id", "name", "payload", "chunks", "detail"];
const TIME = 1 << COLUMNS.length;
const SAME_NAME = TIME << 1;
const INSERT = "INSERT INTO history (seq, at_ms, type, task_id, name, payload, chunks, detail) VALUES ";

/** Types and NULLs of the rows of one statement. The same rows give the same text, which the platform keeps prepared. */
class Shape {
  readonly statement: string;
  readonly #rows: number;
  readonly #bindings: number;
  /** The numbers of the bindings of the last time and the last name. */
  readonly #time: number;
  readonly #name: number;
  readonly #longer = new Map<string, Map<number, Shape>>();

  constructor(statement: string, rows: number, bindings: number, time: number, name: number) {
    this.statement = statement;
    this.#rows = rows;
    this.#bindings = bindings;
    this.#time = time;
    this.#name = name;
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
    let name = this.#name;
    const values = COLUMNS.map((column, n) => {
      if (!(bound & (1 << n))) return "NULL";
      if (column !== "name") return `?${++bindings}`;
      if (!(bound & SAME_NAME)) name = ++bindings;
      return `?${name}`;
    });
    const row = `(?1+${this.#rows}, ?${time}, '${type}', ${values.join(", ")})`;
    return new Shape(this.statement + (this.#rows > 0 ? ", " : "") + row, this.#rows + 1, bindings, time, name);
  }
}

const root = new Shape(INSERT, 0, 1, 0, 0);
