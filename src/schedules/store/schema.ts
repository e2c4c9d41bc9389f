import { hasTable, META_TABLE, readMeta, storedByNewer, writeMeta } from "../../storage/meta-table.ts";
import type { SqlDatabase } from "../../storage/sql-database.ts";

/** Version of the tables below, kept in `meta`. Raise it together with a migration. */
export const SCHEMA_VERSION = 1;

/** README.md has what is in them. */
const tables = `
${META_TABLE}CREATE TABLE input (key TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE ran (number INTEGER PRIMARY KEY, times TEXT NOT NULL) STRICT;
CREATE TABLE name (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
`;

/** It was written by newer code than this. Nothing is read or changed; deploy that code again. */
export class ScheduleTooNewError extends Error {
  override readonly name = "ScheduleTooNewError";
  constructor(found: string) {
    super(storedByNewer("This schedule", found, SCHEMA_VERSION));
  }
}

/** Tables that are made when something is written first: an object that is only asked keeps nothing. */
export class Tables {
  readonly db: SqlDatabase;
  #areThere: boolean;

  /** Throws ScheduleTooNewError. */
  constructor(db: SqlDatabase) {
    this.db = db;
    this.#areThere = hasTable(db, "meta");
    const stored = this.meta("schema_version");
    if (stored !== undefined && Number(stored) > SCHEMA_VERSION) throw new ScheduleTooNewError(stored);
  }

  get areThere(): boolean {
    return this.#areThere;
  }

  /** All or nothing. */
  write(change: () => void): void {
    this.db.transaction(() => {
      if (!this.#areThere) {
        this.db.run(tables);
        this.setMeta("schema_version", String(SCHEMA_VERSION));
      }
      change();
    });
    this.#areThere = true;
  }

  meta(key: string): string | undefined {
    if (!this.#areThere) return undefined;
    return readMeta(this.db, key);
  }

  setMeta(key: string, value: string): void {
    writeMeta(this.db, key, value);
  }

  /** What was there is wiped by the object. */
  forget(): void {
    this.#areThere = false;
  }
}
