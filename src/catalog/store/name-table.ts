import type { SqlDatabase } from "../../storage/sql-database.ts";

/*
 * The table `names`: the names of workflows, each once, since a store with a million rows has few of them.
 *
 * Written by: the announcement that is the first with a name.
 * Deleted by: nobody.
 */

/** All names are in memory, too. */
export class Names {
  readonly #db: SqlDatabase;
  readonly #numbers = new Map<string, number>();
  readonly #names = new Map<number, string>();

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  /** Again, when a transaction has failed that may have added some: `areTables` whether there is anything to read. */
  load(areTables: boolean): void {
    this.#numbers.clear();
    this.#names.clear();
    if (!areTables) return;
    for (const { id, name } of this.#db.query<{ id: number; name: string }>("SELECT id, name FROM names"))
      this.#know(id, name);
  }

  nameOf(number: number): string {
    return this.#names.get(number) ?? "";
  }

  /** In a transaction: a new name is written. */
  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const [row] = this.#db.query<{ id: number }>("SELECT coalesce(max(id), 0) + 1 AS id FROM names");
    const id = row?.id ?? 1;
    this.#db.run("INSERT INTO names (id, name) VALUES (?, ?)", id, name);
    this.#know(id, name);
    return id;
  }

  #know(id: number, name: string): void {
    this.#numbers.set(name, id);
    this.#names.set(id, name);
  }
}
