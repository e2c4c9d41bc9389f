import type { SqlDatabase } from "../../storage/sql-database.ts";
import { countEntries } from "./entry-table.ts";
import { readMeta, writeMeta } from "./schema.ts";

/** How many rows have this name and this status, both as they lie in the rows. */
export interface Count {
  readonly name: number;
  readonly status: number;
  readonly n: number;
}

/** A row has come (1) or gone (-1). */
export interface CountChange {
  readonly name: number;
  readonly status: number;
  readonly by: 1 | -1;
}

/** As they lie in `meta`. `isDirty`: rows have been written since, and these numbers are not theirs. */
interface StoredCounts {
  readonly isDirty: boolean;
  readonly counts: readonly (readonly [name: number, status: number, n: number])[];
}

/** Whoever may start workflows may start them under any name. */
const MOST_COUNTS = 10_000;

const DIRTY: StoredCounts = { isDirty: true, counts: [] };

/**
 * How many rows there are by name and status, kept in memory. They lie in the database as well, but not with each
 * flush: the first that changes something marks them as dirty, and `save`, a few seconds later, writes what they are. Who finds
 * the mark counts the rows, once they are asked for. Where there are too many names for that, they are not known.
 */
export class Counts {
  readonly #db: SqlDatabase;
  /** `undefined`: not known; counted when they are asked for. */
  #counts: Map<string, Count> | undefined;
  #areTooMany = false;
  #isDirty = false;

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  /** The rows have changed since the counts were last stored. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** `areTables`: whether there is anything to read. */
  load(areTables: boolean): void {
    const text = areTables ? readMeta(this.#db, "counts") : undefined;
    const stored: StoredCounts | undefined = text === undefined ? undefined : JSON.parse(text);
    this.#isDirty = stored?.isDirty ?? false;
    this.#counts = stored?.isDirty ? undefined : new Map();
    for (const [name, status, n] of stored?.counts ?? []) this.#add({ name, status }, n);
  }

  /** In the transaction that changes rows, before it ends. */
  markDirty(): void {
    if (!this.#isDirty) writeMeta(this.#db, "counts", JSON.stringify(DIRTY));
  }

  /** After that transaction. */
  apply(changes: readonly CountChange[]): void {
    this.#isDirty = true;
    for (const { by, ...of } of changes) this.#add(of, by);
  }

  /** At most every few seconds. Writes one row, or none. */
  save(): void {
    if (!this.#isDirty || this.#counts === undefined) return;
    const counts = [...this.#counts.values()].map(({ name, status, n }) => [name, status, n] as const);
    writeMeta(this.#db, "counts", JSON.stringify({ isDirty: false, counts } satisfies StoredCounts));
    this.#isDirty = false;
  }

  /** `undefined`: there are more than 10,000 of them, and nobody holds them in memory. */
  all(): Count[] | undefined {
    if (this.#counts === undefined && !this.#areTooMany) {
      this.#counts = new Map();
      for (const { name, status, n } of countEntries(this.#db, MOST_COUNTS + 1)) this.#add({ name, status }, n);
    }
    return this.#counts && [...this.#counts.values()];
  }

  #add(of: { readonly name: number; readonly status: number }, by: number): void {
    if (this.#counts === undefined) return;
    const key = `${of.name} ${of.status}`;
    const n = (this.#counts.get(key)?.n ?? 0) + by;
    if (n === 0) this.#counts.delete(key);
    else this.#counts.set(key, { name: of.name, status: of.status, n });
    if (this.#counts.size <= MOST_COUNTS) return;
    this.#areTooMany = true;
    this.#counts = undefined;
  }
}
