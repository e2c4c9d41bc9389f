import type { SqlDatabase } from "./sql-database.ts";
import { UnreadableError } from "./unreadable-error.ts";

/**
 * Version of the tables below, kept in `instance.schema_version`. Raise it together with a new entry in `migrations`.
 * A database of a newer version is left alone: see SchemaTooNewError.
 */
export const SCHEMA_VERSION = 2;

/**
 * The tables of one instance. No table has an index beside its key, since each index update is billed as a row.
 * They are created by the transaction that creates the instance: asking after an unknown ID writes nothing.
 *
 * | table        | one row is                                    | written by              | deleted by                    |
 * |--------------|-----------------------------------------------|-------------------------|-------------------------------|
 * | instance     | the instance (there is one row)               | start, commit           | purge                         |
 * | history      | an event of the current execution             | start, commit           | continue-as-new, reuse, purge |
 * | inbox        | a fact received and not yet taken by a turn   | receive, scheduled start| the commit that takes it      |
 * | outbox       | a message not yet acknowledged                | commit                  | its acknowledgement           |
 * | chunk        | a piece of a payload too long for one row     | with the row it is of   | with the row it is of         |
 * | former_child | a child of an execution that continued as new | continue-as-new         | reuse, purge                  |
 * | recovery     | how often a restart found an activity open,   | start after a restart,  | the commit of its result      |
 * |              | and the details of its last heartbeat         | heartbeat               |                               |
 */
const tables = `
CREATE TABLE instance (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  schema_version INTEGER NOT NULL,
  instance_id TEXT NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  execution_id TEXT NOT NULL,
  generation INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  start_request_id TEXT,
  custom_status TEXT,
  parent TEXT,
  completed_seq INTEGER
) STRICT;
CREATE TABLE history (
  seq INTEGER PRIMARY KEY, version INTEGER NOT NULL DEFAULT 1, at_ms INTEGER NOT NULL,
  type TEXT NOT NULL, task_id INTEGER, name TEXT, payload TEXT, chunks INTEGER, detail TEXT
) STRICT;
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

/** `migrations.get(n)` brings a database of version n to version n + 1. An empty one gets today's tables at once. */
const migrations = new Map<number, (db: SqlDatabase) => void>([
  [1, (db) => db.run("ALTER TABLE recovery ADD COLUMN progress TEXT")],
]);

/** The object's database was written by newer code than this. Nothing is read or changed; deploy that code again. */
export class SchemaTooNewError extends UnreadableError {
  override readonly name = "SchemaTooNewError";
  constructor(found: number) {
    super(
      `The instance was stored by a newer version of edge-workflows (schema ${found}; this code knows up to ` +
        `${SCHEMA_VERSION}). It is left as it is until that version runs again.`,
    );
  }
}

/** The version of the database, 0 when it has no tables yet. Reads only. */
export function storedVersion(db: SqlDatabase): number {
  const tables = db.query("SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = 'instance'");
  if (tables.length === 0) return 0;
  const [row] = db.query<{ schema_version: number }>("SELECT schema_version FROM instance");
  return row?.schema_version ?? SCHEMA_VERSION;
}

/** Brings the tables from version `from` to today's. To be called inside the transaction that needs them. */
export function migrate(db: SqlDatabase, from: number): void {
  if (from > SCHEMA_VERSION) throw new SchemaTooNewError(from);
  if (from === 0) return db.run(tables);
  for (let version = from; version < SCHEMA_VERSION; version++) migrations.get(version)?.(db);
  if (from < SCHEMA_VERSION) db.run("UPDATE instance SET schema_version = ?", SCHEMA_VERSION);
}
