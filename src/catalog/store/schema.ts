import * as metaTable from "../../storage/meta-table.ts";
import type { SqlDatabase } from "../../storage/sql-database.ts";

/** Version of the tables below, kept in `meta`. Raise it together with a new entry in `migrations`. */
export const SCHEMA_VERSION = 1;

/**
 * README.md has what is in them. The order of the key is the order of lists, so that a page is read from where it begins. Each
 * update of an index is billed as a row, so they are of the few rows that are not COMPLETED: an ended instance costs one
 * row, one that lives two.
 */
const tables = `
CREATE TABLE entry (
  created INTEGER NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, status INTEGER NOT NULL, name INTEGER NOT NULL,
  updated INTEGER NOT NULL, ended INTEGER, version TEXT, parent TEXT, custom_status TEXT, error_type TEXT,
  error_message TEXT, waiting_for TEXT, retrying INTEGER, attributes TEXT, retention INTEGER, asked INTEGER,
  PRIMARY KEY (created, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX live ON entry (status, created) WHERE status >= 0 AND status < 4;
CREATE INDEX bad ON entry (status, created) WHERE status >= 5;
CREATE INDEX marked ON entry (status, asked) WHERE status < 0;
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
${metaTable.META_TABLE}`;

/** `migrations.get(n)` brings a database of version n to version n + 1; new ones are made with today's. */
const migrations = new Map<number, (db: SqlDatabase) => void>();

/** The shard was written by newer code than this. Nothing is read or changed; deploy that code again. */
export class CatalogTooNewError extends Error {
  override readonly name = "CatalogTooNewError";
  constructor(found: string) {
    super(metaTable.storedByNewer("This shard of the catalog", found, SCHEMA_VERSION));
  }
}

/** Whether there are tables; those of a former version are brought up to today's. Throws CatalogTooNewError. */
export function openTables(db: SqlDatabase): boolean {
  if (!metaTable.hasTable(db, "meta")) return false;
  migrate(db, readMeta(db, "schema_version") ?? "none");
  return true;
}

function migrate(db: SqlDatabase, stored: string): void {
  const from = Number(stored);
  if (from === SCHEMA_VERSION) return;
  if (!(from < SCHEMA_VERSION)) throw new CatalogTooNewError(stored);
  db.transaction(() => {
    for (let version = from; version < SCHEMA_VERSION; version++) migrations.get(version)?.(db);
    writeMeta(db, "schema_version", String(SCHEMA_VERSION));
  });
}

/** In a transaction. */
export function createTables(db: SqlDatabase): void {
  db.run(tables);
  writeMeta(db, "schema_version", String(SCHEMA_VERSION));
}

/** `schema_version`; `counts`, as counts.ts writes them; `sweep`, how far the sweep of the alarm has come. */
export type MetaKey = "schema_version" | "counts" | "sweep";

export const readMeta: (db: SqlDatabase, key: MetaKey) => string | undefined = metaTable.readMeta;
export const writeMeta: (db: SqlDatabase, key: MetaKey, value: string) => void = metaTable.writeMeta;
