import { storedByNewer } from "./meta-table.ts";
import type { SqlDatabase } from "./sql-database.ts";
import { UnreadableError } from "./unreadable-error.ts";

/**
 * Version of the tables below and of what is in them, kept in `instance.schema_version`. Raise it together with a new entry in
 * `migrations`, or with code that reads and writes both forms.
 * A database of a newer version is left alone: see SchemaTooNewError.
 */
export const SCHEMA_VERSION = 5;
/** From this version on, several events may lie in one row of `history`: see history-table.ts. */
export const SHARING_VERSION = 4;
/** From this version on, the instance and its history lie in one table; before, in `instance` and `history`. */
const ONE_TABLE_VERSION = 5;

/** Where the events of the history lie. */
export type HistoryTable = "instance" | "history";

export function historyTable(version: number): HistoryTable {
  return version >= ONE_TABLE_VERSION ? "instance" : "history";
}

/**
 * The tables of one instance: README.md has what is in them. No table has an index beside its key, since each index update is
 * billed as a row.
 *
 * The first is created by the transaction that creates the instance: asking after an unknown ID writes nothing. The
 * others are created together when the first of them is needed, which for many instances is never: a table costs a page
 * of 4 KiB, a row in SQLite's own table, and a tenth of the time that a small instance takes. That is why the instance
 * and its history share one. Code that knows them as two finds the version of the instance in it, and leaves it alone.
 */
const firstTable = `
CREATE TABLE instance (
  seq INTEGER PRIMARY KEY, schema_version INTEGER, version INTEGER NOT NULL DEFAULT 1, at_ms INTEGER NOT NULL,
  type TEXT NOT NULL, task_id INTEGER, name TEXT, payload TEXT, chunks INTEGER, detail TEXT
) STRICT;
`;

const otherTables = `
CREATE TABLE inbox (
  seq INTEGER PRIMARY KEY, version INTEGER NOT NULL DEFAULT 1, execution_id TEXT, due_at_ms INTEGER,
  type TEXT NOT NULL, task_id INTEGER, name TEXT, payload TEXT, chunks INTEGER, detail TEXT
) STRICT;
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY, version INTEGER NOT NULL DEFAULT 1, target TEXT NOT NULL, payload TEXT, chunks INTEGER
) STRICT;
CREATE TABLE chunk (
  owner TEXT NOT NULL, seq INTEGER NOT NULL, part INTEGER NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (owner, seq, part)
) STRICT, WITHOUT ROWID;
CREATE TABLE former_child (instance_id TEXT PRIMARY KEY, execution_id TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE recovery (task_id INTEGER PRIMARY KEY, count INTEGER NOT NULL, progress TEXT) STRICT;
`;

/**
 * `migrations.get(n)` brings a database of version n to version n + 1; new ones are made with today's. Databases of versions 2
 * to 4 stay what they are until their ID is used anew, so that the code before can still read them after a deploy has been
 * taken back: one of version 2 has all tables, in 2 and 3 each event has a row of its own, and in all three the history has a
 * table of its own.
 */
const migrations = new Map<number, (db: SqlDatabase) => void>([
  [1, (db) => db.run("ALTER TABLE recovery ADD COLUMN progress TEXT")],
]);
const MIGRATED_VERSION = 2;

/** The object's database was written by newer code than this. Nothing is read or changed; deploy that code again. */
export class SchemaTooNewError extends UnreadableError {
  override readonly name = "SchemaTooNewError";
  constructor(found: number) {
    super(storedByNewer("The instance", found, SCHEMA_VERSION));
  }
}

/** Which tables there are. */
export interface Tables {
  /** No instance has ever been here, or it has been purged. */
  readonly areNone: boolean;
  /** The history has a table to itself. */
  readonly haveHistory: boolean;
  /** All those are there that are made when one of them is needed. */
  readonly areAll: boolean;
  /** The catalog has not been told of something. */
  readonly haveTelling: boolean;
  /** There were webhooks. */
  readonly haveWebhooks: boolean;
}

export const NO_TABLES: Tables = {
  areNone: true,
  haveHistory: false,
  areAll: false,
  haveTelling: false,
  haveWebhooks: false,
};

/** Reads only. */
export function tablesIn(db: SqlDatabase): Tables {
  const names = db
    .query<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('instance', 'history', 'inbox', 'telling', 'webhook')",
    )
    .map(({ name }) => name);
  if (names.length === 0) return NO_TABLES;
  const have = (name: string) => names.includes(name);
  const haveTelling = have("telling");
  const areNone = haveTelling && names.length === 1;
  const haveWebhooks = have("webhook");
  return { areNone, haveHistory: have("history"), areAll: have("inbox"), haveTelling, haveWebhooks };
}

export function createFirstTable(db: SqlDatabase): void {
  db.run(firstTable);
}

/** Makes the tables of an ended instance ready for another one. In a transaction. */
export function clearTables(db: SqlDatabase, { haveHistory, areAll }: Tables): void {
  if (areAll)
    for (const table of ["inbox", "outbox", "chunk", "former_child", "recovery"]) db.run(`DELETE FROM ${table}`);
  if (!haveHistory) return db.run("DELETE FROM instance");
  db.run("DROP TABLE history");
  db.run("DROP TABLE instance");
  createFirstTable(db);
}

export function createOtherTables(db: SqlDatabase): void {
  db.run(otherTables);
}

/** Makes tables of version `from` such that this code can use them, in a transaction. Throws SchemaTooNewError. */
export function migrate(db: SqlDatabase, from: number): void {
  if (from > SCHEMA_VERSION) throw new SchemaTooNewError(from);
  if (from >= MIGRATED_VERSION) return;
  db.transaction(() => {
    for (let version = from; version < MIGRATED_VERSION; version++) migrations.get(version)?.(db);
    db.run("UPDATE instance SET schema_version = ?", MIGRATED_VERSION);
  });
}
