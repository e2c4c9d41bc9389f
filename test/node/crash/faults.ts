import { replayOrder } from "../../../src/engine/rewind.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import type { HistoryRow, StoredInstance } from "./database.ts";

export interface Violation {
  readonly what: "lost" | "twice" | "early" | "wrong" | "catalog";
  readonly text: string;
}

const ENDED = ["COMPLETED", "FAILED", "CANCELED", "TERMINATED"];
const CALLS = ["TaskScheduled", "TimerCreated", "ChildWorkflowInstanceCreated"];
const RESOLVES: Readonly<Record<string, string>> = {
  TaskCompleted: "TaskScheduled",
  TaskFailed: "TaskScheduled",
  TimerFired: "TimerCreated",
  ChildWorkflowInstanceCompleted: "ChildWorkflowInstanceCreated",
  ChildWorkflowInstanceFailed: "ChildWorkflowInstanceCreated",
};

/** What is wrong with an instance that has ended, whatever its workflow; empty when nothing is. */
export function faultsOf({ instanceId, status, history: stored, left }: StoredInstance): Violation[] {
  const faults: Violation[] = [];
  const calls = new Map<number, HistoryRow>();
  const resolved = new Set<number>();
  const messages = new Set<unknown>();
  let previousAtMs = 0;
  let isSuspended = false;
  for (const [index, event] of stored.entries()) {
    const what = `${event.type} #${event.taskId} at ${index}`;
    if (event.seq !== index) add("wrong", `${what} has seq ${event.seq}`);
    if (event.atMs < previousAtMs) add("wrong", `${what} is older than the one before`);
    previousAtMs = event.atMs;
  }
  const history = replayed(stored);
  const endedAt = history.findIndex(({ event: { type } }) => type === "ExecutionCompleted");
  if (!ENDED.includes(status)) add("wrong", `is ${status}`);
  if (endedAt < 0) add("wrong", "has no end in its history");
  for (const [index, { event, position }] of history.entries()) {
    const what = `${event.type} #${event.taskId} at ${position}`;
    if ((event.type === "ExecutionStarted") !== (index === 0)) add("wrong", `${what} is misplaced`);
    // Of an activity that ran when the instance was canceled, the result is taken all the same (T8).
    const mayBeLate = status === "CANCELED" && /^Task(Completed|Failed)$/.test(event.type);
    if (endedAt >= 0 && index > endedAt && !mayBeLate) add("wrong", `${what} is misplaced`);
    if (event.type === "ExecutionSuspended") isSuspended = true;
    if (event.type === "ExecutionResumed") isSuspended = false;
    const id = event.taskId ?? -1;
    if (CALLS.includes(event.type)) {
      if (calls.has(id)) add("twice", `${what} is there twice`);
      if (isSuspended) add("wrong", `${what} was called while suspended`);
      calls.set(id, event);
    }
    const call = RESOLVES[event.type];
    if (call !== undefined) {
      if (calls.get(id)?.type !== call) add("wrong", `${what} answers no ${call}`);
      if (resolved.has(id)) add("twice", `${what} is there twice`);
      resolved.add(id);
    }
    const earlyMs = Number(calls.get(id)?.detail.fireAtMs) - event.atMs;
    if (event.type === "TimerFired" && earlyMs > 0) add("early", `${what} fired ${earlyMs} ms early`);
    const message = event.type === "UpdateRequested" ? event.detail.updateId : event.detail.messageId;
    if (event.type === "EventRaised" || event.type === "UpdateRequested") {
      if (message === undefined) add("wrong", `${what} has no ID`);
      if (messages.has(message)) add("twice", `${what} has the ID ${message} of another`);
      messages.add(message);
    }
  }
  for (const [table, rows] of Object.entries(left)) if (rows > 0) add("lost", `${rows} rows are left in ${table}`);
  return faults;

  function add(what: Violation["what"], text: string): void {
    faults.push({ what, text: `${instanceId}: ${text}` });
  }
}

/** What a replay makes of it, and where it stands: what was taken back by a rewind is not there. */
function replayed(history: readonly HistoryRow[]): readonly { event: HistoryRow; position: number }[] {
  const steps = history.map((event, position) => ({ event, position }));
  const events = history.map(({ atMs, type, taskId, detail }) => ({
    ...detail,
    timestampMs: atMs,
    type,
    id: taskId ?? undefined,
  }));
  const order = replayOrder(events as HistoryEvent[]);
  return order?.flatMap(({ position }) => steps[position] ?? []) ?? steps;
}
