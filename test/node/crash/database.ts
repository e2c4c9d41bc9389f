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
  readonly status: string;
  readonly history: readonly HistoryRow[];
  /** How many rows are left in each table that holds unfinished work. */
  readonly left: Readonly<Record<"inbox" | "outbox" | "recovery", number>>;
}

/** All instances, by their IDs. Reads a copy, because opening a database after a crash changes it. */
export function readInstances(directory: string): Map<string, StoredInstance> {
  const source = objectDirectory(directory, "WorkflowInstance");
  const copy = temporaryDirectory();
  try {
    if (existsSync(source)) cpSync(source, copy, { recursive: true });
    const files = readdirSync(copy).filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
    const instances = files.flatMap((name) => readInstance(join(copy, name)) ?? []);
    return new Map(instances.map((instance) => [instance.instanceId, instance]));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function readInstance(file: string): StoredInstance | undefined {
  const db = new DatabaseSync(file);
  try {
    const check = db.prepare("PRAGMA integrity_check").get() as { integrity_check: string };
    if (check.integrity_check !== "ok") throw new Error(`${file} is damaged: ${check.integrity_check}`);
    if (db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'instance'").get() === undefined) return undefined;
    const row = db.prepare(`SELECT instance_id, execution_id, status FROM ${INSTANCE}`).get();
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
      status: String(row.status),
      history: history.map((event) => ({
        seq: Number(event.seq),
        atMs: Number(event.at_ms),
        type: String(event.type),
        taskId: event.task_id === null ? null : Number(event.task_id),
        name: event.name === null ? null : String(event.name),
        payload: event.payload === null ? null : String(event.payload),
        detail: event.detail === null ? {} : JSON.parse(String(event.detail)),
      })),
      left: { inbox: count("inbox"), outbox: count("outbox"), recovery: count("recovery") },
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

/** A database that is just being written cannot always be read: ask again. */
export function hasNoAlarm(directory: string): boolean {
  try {
    return readAlarms(directory).size === 0;
  } catch {
    return false;
  }
}
