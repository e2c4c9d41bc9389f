import type { SqlDatabase } from "../../storage/sql-database.ts";
import type { Deployed } from "../deployments.ts";
import { Tables } from "./schema.ts";

/** The names of all schedules, and which declarations hold. Synchronous; it knows no clock. */
export class IndexStore {
  readonly #tables: Tables;

  /** Throws ScheduleTooNewError. */
  constructor(db: SqlDatabase) {
    this.#tables = new Tables(db);
  }

  add(id: string): void {
    this.#tables.write(() => this.#tables.db.run("INSERT OR IGNORE INTO name (id) VALUES (?)", id));
  }

  remove(id: string): void {
    if (this.#tables.areThere) this.#tables.db.run("DELETE FROM name WHERE id = ?", id);
  }

  /** In their order, behind that one. */
  list(after: string, limit: number): string[] {
    if (!this.#tables.areThere) return [];
    return this.#tables.db
      .query<{ id: string }>("SELECT id FROM name WHERE id > ? ORDER BY id LIMIT ?", after, limit)
      .map(({ id }) => id);
  }

  deployed(): Deployed | undefined {
    const stored = this.#tables.meta("deployed");
    return stored === undefined ? undefined : JSON.parse(stored);
  }

  setDeployed(deployed: Deployed): void {
    this.#tables.write(() => this.#tables.setMeta("deployed", JSON.stringify(deployed)));
  }
}
