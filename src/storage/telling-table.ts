import type { SqlDatabase } from "./sql-database.ts";

/*
 * Lives of which a shard of the catalog has not been told yet: the one that is current is announced, a former one forgotten. The
 * table is there only while it has rows. It is no part of the schema's version: code that does not know it leaves it alone, a reuse
 * too, and so do lives: it is what a purge leaves behind whose shard could not be reached.
 *
 * Written by: an announcement that was not acknowledged in time, a reuse whose former life lies in another shard, and a purge.
 * Deleted by: the acknowledgement, and a purge that could tell.
 */

/** `seq`: as new as all that the shard has been told of that life. */
export interface OwedTelling {
  readonly createdAtMs: number;
  readonly shard: string;
  readonly seq: number;
}

type TellingRow = { created_at_ms: number; shard: string; seq: number };

const table = `
CREATE TABLE IF NOT EXISTS telling (
  created_at_ms INTEGER NOT NULL, shard TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (created_at_ms, shard)
) STRICT, WITHOUT ROWID
`;

export function readTellings(db: SqlDatabase): OwedTelling[] {
  return db
    .query<TellingRow>("SELECT created_at_ms, shard, seq FROM telling ORDER BY created_at_ms")
    .map(({ created_at_ms: createdAtMs, shard, seq }) => ({ createdAtMs, shard, seq }));
}

/** In a transaction, as all that follows. */
export function writeTelling(db: SqlDatabase, { createdAtMs, shard, seq }: OwedTelling): void {
  db.run(table);
  db.run("INSERT OR REPLACE INTO telling (created_at_ms, shard, seq) VALUES (?, ?, ?)", createdAtMs, shard, seq);
}

/** Returns whether rows are left, and so the table. */
export function deleteTelling(db: SqlDatabase, { createdAtMs, shard }: OwedTelling): boolean {
  db.run("DELETE FROM telling WHERE created_at_ms = ? AND shard = ?", createdAtMs, shard);
  if (db.query("SELECT 1 FROM telling LIMIT 1").length > 0) return true;
  db.run("DROP TABLE telling");
  return false;
}

/** Of whatever code, newer too, the platform's own excepted. */
export function dropAllTables(db: SqlDatabase): void {
  const tables = db.query<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*'",
  );
  for (const { name } of tables) db.run(`DROP TABLE "${name.replaceAll('"', '""')}"`);
}
