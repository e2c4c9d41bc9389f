// The databases of the instances, read from outside while no workerd has them open.

import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { EVENTS } from "../../../src/storage/history-table.ts";
import { INSTANCE } from "../../rows.ts";
import { objectDirectory, temporaryDirectory } from "../e2e/server.ts";

export interface HistoryRow {
  readonly seq: number;
  readonly atMs: number;
  readonly type: string;
  readonly taskId: number | null;
  readonly name: string | null;
  readonly payload: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface StoredInstance {
  readonly instanceId: string;
  readonly executionId: string;
  /** When its life began. */
  readonly createdAtMs: number;
  readonly status: string;
  readonly customStatus?: string | undefined;
  readonly searchAttributes?: unknown;
  readonly history: readonly HistoryRow[];
  /** How many rows are left in each table that holds unfinished work. */
  readonly left: Readonly<Record<"inbox" | "outbox" | "recovery" | "telling", number>>;
}

/** All instances, by their IDs. Nothing may run. */
export function readInstances(directory: string): Map<string, StoredInstance> {
  return inCopies(directory, "WorkflowInstance", (files) => {
    const instances = files.flatMap((file) => readInstance(file) ?? []);
    return new Map(instances.map((instance) => [instance.instanceId, instance]));
  });
}

/** The databases of the objects of a class. Copies, because opening a database after a crash changes it. */
export function inCopies<T>(directory: string, className: string, read: (files: readonly string[]) => T): T {
  const source = objectDirectory(directory, className);
  const copy = temporaryDirectory();
  try {
    if (existsSync(source)) cpSync(source, copy, { recursive: true });
    return read(filesIn(copy));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** One for each object. */
export function filesIn(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
  return names.map((name) => join(directory, name));
}

/** Nothing where there is no such table. */
export function query(file: string, table: string, sql: string): Record<string, unknown>[] {
  const db = new DatabaseSync(file);
  try {
    const isThere = db.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(table) !== undefined;
    return isThere ? db.prepare(sql).all() : [];
  } finally {
    db.close();
  }
}

function readInstance(file: string): StoredInstance | undefined {
  const db = new DatabaseSync(file);
  try {
    const check = db.prepare("PRAGMA integrity_check").get() as { integrity_check: string };
    if (check.integrity_check !== "ok") throw new Error(`${file} is damaged: ${check.integrity_check}`);
    if (db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'instance'").get() === undefined) return undefined;
    const row = db
      .prepare(`SELECT instance_id, execution_id, created_at_ms, status, custom_status, attributes FROM ${INSTANCE}`)
      .get();
    if (row === undefined) return undefined;
    const history = db
      .prepare(`SELECT seq, at_ms, type, task_id, name, payload, detail FROM ${EVENTS.instance} ORDER BY seq`)
      .all();
    const tables = new Set(
      db
        .prepare("SELECT name FROM sqlite_master")
        .all()
        .map(({ name }) => name),
    );
    // A table that nothing has ever been in is not there.
    const count = (table: string) =>
      tables.has(table) ? Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n) : 0;
    return {
      instanceId: String(row.instance_id),
      executionId: String(row.execution_id),
      createdAtMs: Number(row.created_at_ms),
      status: String(row.status),
      customStatus: row.custom_status === null ? undefined : String(row.custom_status),
      searchAttributes: row.attributes === null ? undefined : JSON.parse(String(row.attributes)),
      history: history.map((event) => ({
        seq: Number(event.seq),
        atMs: Number(event.at_ms),
        type: String(event.type),
        taskId: event.task_id === null ? null : Number(event.task_id),
        name: event.name === null ? null : String(event.name),
        payload: event.payload === null ? null : String(event.payload),
        detail: event.detail === null ? {} : JSON.parse(String(event.detail)),
      })),
      left: { inbox: count("inbox"), outbox: count("outbox"), recovery: count("recovery"), telling: count("telling") },
    };
  } finally {
    db.close();
  }
}

/** The instances whose alarm is set, each with its time. */
export function readAlarms(directory: string): Map<string, number> {
  const file = join(objectDirectory(directory, "WorkflowInstance"), "metadata.sqlite");
  if (!existsSync(file)) return new Map();
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const rows = db.prepare("SELECT actor_name, scheduled_time / 1000000 AS at_ms FROM _cf_ALARM").all();
    return new Map(rows.map((row) => [String(row.actor_name), Number(row.at_ms)]));
  } finally {
    db.close();
  }
}

/**
 * Those of `readAlarms` whose objects have no alarm. The local runtime keeps a list of alarms beside the objects, and strikes one off
 * after the object has given it up on its own disk: killed in between, it keeps it on the list. It rings at its time, and nobody
 * answers. Nothing may run.
 */
export function readStrayAlarms(directory: string): Set<string> {
  const source = objectDirectory(directory, "WorkflowInstance");
  if (!existsSync(join(source, "metadata.sqlite"))) return new Set();
  const copy = temporaryDirectory();
  try {
    cpSync(source, copy, { recursive: true });
    const list = new DatabaseSync(join(copy, "metadata.sqlite"));
    const rows = list.prepare("SELECT actor_id, actor_name FROM _cf_ALARM").all();
    list.close();
    const strays = rows.filter((row) => !hasAlarm(join(copy, `${row.actor_id}.sqlite`)));
    return new Set(strays.map((row) => String(row.actor_name)));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** What the object itself says. */
function hasAlarm(file: string): boolean {
  if (!existsSync(file)) return false;
  const db = new DatabaseSync(file);
  try {
    if (db.prepare("SELECT 1 FROM sqlite_master WHERE name = '_cf_METADATA'").get() === undefined) return false;
    return db.prepare("SELECT 1 FROM _cf_METADATA WHERE key = 1 AND value IS NOT NULL").get() !== undefined;
  } finally {
    db.close();
  }
}

/** Before the time given. A database that is just being written cannot always be read: ask again. */
export function hasNoAlarm(directory: string, beforeMs = Number.POSITIVE_INFINITY): boolean {
  try {
    return [...readAlarms(directory).values()].every((atMs) => atMs >= beforeMs);
  } catch {
    return false;
  }
}
