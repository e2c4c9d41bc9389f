import type { SqlDatabase } from "../../storage/sql-database.ts";

/*
 * The table `names`: the names of workflows, each once, since a store with a million rows has few of them.
 *
 * Written by: the announcement that is the first with a name.
 * Deleted by: nobody.
 */

/** So many are in memory: whoever may start workflows may start them under any name. */
const MOST_KNOWN = 10_000;

export class Names {
  readonly #db: SqlDatabase;
  readonly #numbers = new Map<string, number>();
  readonly #names = new Map<number, string>();

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  /** When a transaction has failed that may have added some. */
  forget(): void {
    this.#numbers.clear();
    this.#names.clear();
  }

  /** 0, of a life that was never announced, has none. */
  nameOf(number: number): string {
    const known = this.#names.get(number);
    if (known !== undefined) return known;
    const [row] = this.#db.query<{ name: string }>("SELECT name FROM names WHERE id = ?", number);
    if (row === undefined) return "";
    this.#know(number, row.name);
    return row.name;
  }

  /** In a transaction: a new name is written. */
  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const [row] = this.#db.query<{ id: number }>("SELECT id FROM names WHERE name = ?", name);
    const id = row?.id ?? this.#insert(name);
    this.#know(id, name);
    return id;
  }

  #insert(name: string): number {
    const [row] = this.#db.query<{ id: number }>("SELECT coalesce(max(id), 0) + 1 AS id FROM names");
    const id = row?.id ?? 1;
    this.#db.run("INSERT INTO names (id, name) VALUES (?, ?)", id, name);
    return id;
  }

  #know(id: number, name: string): void {
    if (this.#names.size >= MOST_KNOWN) this.forget();
    this.#numbers.set(name, id);
    this.#names.set(id, name);
  }
}
