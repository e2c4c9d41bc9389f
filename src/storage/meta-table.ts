import type { SqlDatabase } from "./sql-database.ts";

/*
 * The table `meta` of shards, limiters and schedules: a text by its key, the version of the tables among them. It is made together with
 * an object's other tables: without it there are none.
 */

export const META_TABLE = "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;\n";

export function hasTable(db: SqlDatabase, name: string): boolean {
  return db.query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", name).length > 0;
}

export function readMeta(db: SqlDatabase, key: string): string | undefined {
  return db.query<{ value: string }>("SELECT value FROM meta WHERE key = ?", key)[0]?.value;
}

export function writeMeta(db: SqlDatabase, key: string, value: string): void {
  db.run(
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    key,
    value,
  );
}

/** Of an error that leaves alone what newer code has written. */
export function storedByNewer(what: string, found: string | number, known: number): string {
  return `${what} was stored by a newer version of edge-workflows (schema ${found}; this code knows up to ${known}). It is left as it is until that version runs again.`;
}
