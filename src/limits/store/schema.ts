import * as metaTable from "../../storage/meta-table.ts";
import type { SqlDatabase } from "../../storage/sql-database.ts";

/** Version of the tables below, kept in `meta`. */
export const SCHEMA_VERSION = 1;

/**
 * README.md has what is in them. A lease that is given at once is one row, written and deleted; one that waits is two, as the index has it,
 * until it is given.
 */
const tables = `
CREATE TABLE lease (
  instance TEXT NOT NULL, lease TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, place INTEGER NOT NULL,
  since INTEGER NOT NULL, until INTEGER, PRIMARY KEY (instance, lease)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting ON lease (key, place) WHERE until IS NULL;
${metaTable.META_TABLE}`;

/** The limiter was written by newer code than this. Nothing is read or changed; deploy that code again. */
export class LimiterTooNewError extends Error {
  override readonly name = "LimiterTooNewError";
  constructor(found: string) {
    super(metaTable.storedByNewer("This limiter", found, SCHEMA_VERSION));
  }
}

/** Whether there are tables. Throws LimiterTooNewError. */
export function openTables(db: SqlDatabase): boolean {
  if (!metaTable.hasTable(db, "meta")) return false;
  const version = readMeta(db, "schema_version") ?? "none";
  if (Number(version) !== SCHEMA_VERSION) throw new LimiterTooNewError(version);
  return true;
}

/** In a transaction. */
export function createTables(db: SqlDatabase): void {
  db.run(tables);
  writeMeta(db, "schema_version", String(SCHEMA_VERSION));
}

/** `schema_version`; `standing`, JSON of what is left of the rate, and of the key that was served last. */
export type MetaKey = "schema_version" | "standing";

export const readMeta: (db: SqlDatabase, key: MetaKey) => string | undefined = metaTable.readMeta;
export const writeMeta: (db: SqlDatabase, key: MetaKey, value: string) => void = metaTable.writeMeta;
