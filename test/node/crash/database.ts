// The databases of the instances, read from outside while no workerd has them open.
import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
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
  readonly inbox: number;
  readonly outbox: number;
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
    const row = db.prepare("SELECT instance_id, execution_id, status FROM instance").get();
    if (row === undefined) return undefined;
    const history = db
      .prepare("SELECT seq, at_ms, type, task_id, name, payload, detail FROM history ORDER BY seq")
      .all();
    const count = (table: string) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
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
      inbox: count("inbox"),
      outbox: count("outbox"),
    };
  } finally {
    db.close();
  }
}

const CALLS = ["TaskScheduled", "TimerCreated", "ChildWorkflowInstanceCreated"];
const RESOLVES: Readonly<Record<string, string>> = {
  TaskCompleted: "TaskScheduled",
  TaskFailed: "TaskScheduled",
  TimerFired: "TimerCreated",
  ChildWorkflowInstanceCompleted: "ChildWorkflowInstanceCreated",
  ChildWorkflowInstanceFailed: "ChildWorkflowInstanceCreated",
};

/** What is wrong with the history of an instance that has ended; empty when nothing is. */
export function faultsOf({ history, inbox, outbox }: StoredInstance): string[] {
  const faults: string[] = [];
  const calls = new Map<number, HistoryRow>();
  const resolved = new Set<number>();
  const raises = new Set<unknown>();
  let previousAtMs = 0;
  for (const [index, event] of history.entries()) {
    const what = `${event.type} #${event.taskId} at ${index}`;
    if (event.seq !== index) faults.push(`${what} has seq ${event.seq}`);
    if (event.atMs < previousAtMs) faults.push(`${what} is older than the one before`);
    previousAtMs = event.atMs;
    if ((event.type === "ExecutionStarted") !== (index === 0)) faults.push(`${what} is misplaced`);
    if ((event.type === "ExecutionCompleted") !== (index === history.length - 1)) faults.push(`${what} is misplaced`);
    const id = event.taskId ?? -1;
    if (CALLS.includes(event.type)) {
      if (calls.has(id)) faults.push(`${what} is there twice`);
      calls.set(id, event);
    }
    const call = RESOLVES[event.type];
    if (call !== undefined) {
      if (calls.get(id)?.type !== call) faults.push(`${what} answers no ${call}`);
      if (resolved.has(id)) faults.push(`${what} is there twice`);
      resolved.add(id);
    }
    if (event.type === "TimerFired" && event.atMs < Number(calls.get(id)?.detail.fireAtMs)) {
      faults.push(`${what} fired ${Number(calls.get(id)?.detail.fireAtMs) - event.atMs} ms early`);
    }
    if (event.type === "EventRaised") {
      const { messageId } = event.detail;
      if (messageId === undefined || raises.has(messageId)) faults.push(`${what} has the message ID ${messageId}`);
      raises.add(messageId);
    }
  }
  if (inbox > 0) faults.push(`${inbox} rows are left in the inbox`);
  if (outbox > 0) faults.push(`${outbox} rows are left in the outbox`);
  return faults;
}

/** Task execution IDs of the activities whose results are recorded. */
export function recordedActivities(instances: Iterable<StoredInstance>): Set<string> {
  const ids = new Set<string>();
  for (const { executionId, history } of instances) {
    for (const { type, taskId } of history) if (type === "TaskCompleted") ids.add(`${executionId}:${taskId}`);
  }
  return ids;
}
