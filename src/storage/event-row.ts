import type { HistoryFact } from "../model/history-event.ts";
import { readPayload, type StoredPayload } from "./payload-chunks.ts";
import type { SqlDatabase } from "./sql-database.ts";
import { readFailure } from "./stored-failures.ts";
import { UnreadableError } from "./unreadable-error.ts";
import type { TextCodec } from "./vault.ts";

/** How a fact lies in the columns that history and inbox share. `payload` may be long, the rest is short. */
export interface FactColumns {
  readonly type: string;
  readonly task_id: number | null;
  readonly name: string | null;
  readonly payload: string | null;
  /** JSON of the fields that have no column of their own. */
  readonly detail: string | null;
}

/** A row holds an event that this code does not know: newer code wrote it. */
export class UnknownEventError extends UnreadableError {
  override readonly name = "UnknownEventError";
  constructor(what: string) {
    super(
      `The history holds ${what}, which this version of edge-workflows does not know. Newer code must have written it.`,
    );
  }
}

/** All that `toStoredColumns` encodes. */
export function textsOfFact(fact: HistoryFact): string[] {
  const { payload } = toColumns(fact);
  const texts = payload === null ? [] : [payload];
  if (fact.type === "ExecutionTerminated" && fact.reason !== undefined) texts.push(fact.reason);
  return texts;
}

/** As it is stored. */
export function toStoredColumns(fact: HistoryFact, codec: TextCodec): FactColumns {
  const columns = toColumns(fact);
  const payload = columns.payload === null ? null : codec.encode(columns.payload);
  if (fact.type !== "ExecutionTerminated" || fact.reason === undefined) return { ...columns, payload };
  // The payload is the output's, as code knows it that knows no reason.
  const detail = { recursive: fact.recursive, reason: codec.encode(fact.reason) };
  return { ...columns, payload, detail: JSON.stringify(detail) };
}

export function toColumns(fact: HistoryFact): FactColumns {
  switch (fact.type) {
    case "ExecutionStarted": {
      const { executionId, generation, version, parent, traceparent, recentMessages } = fact;
      const detail = { executionId, generation, version, parent, traceparent, recentMessages };
      return row(fact.type, null, fact.name, fact.input, detail);
    }
    case "TaskScheduled": {
      const { type, id, name, input, attempt, firstId, timeoutMs, deadlineAtMs, heartbeatTimeoutMs, progress } = fact;
      if (
        attempt === undefined &&
        timeoutMs === undefined &&
        deadlineAtMs === undefined &&
        heartbeatTimeoutMs === undefined
      )
        return row(type, id, name, input);
      return row(type, id, name, input, { attempt, firstId, timeoutMs, deadlineAtMs, heartbeatTimeoutMs, progress });
    }
    case "TaskCompleted":
    case "ChildWorkflowInstanceCompleted":
      return row(fact.type, fact.id, null, fact.result);
    case "TaskFailed":
      return row(fact.type, fact.id, null, JSON.stringify(fact.failure), fact.progress && { progress: fact.progress });
    case "ChildWorkflowInstanceFailed":
      return row(fact.type, fact.id, null, JSON.stringify(fact.failure));
    case "TimerCreated":
      return row(fact.type, fact.id, null, undefined, { fireAtMs: fact.fireAtMs });
    case "TimerFired":
      return row(fact.type, fact.id, null);
    case "EventRaised":
      return row(fact.type, null, fact.name, fact.input, fact.messageId && { messageId: fact.messageId });
    case "ChildWorkflowInstanceCreated":
    case "EventSent":
      return row(fact.type, fact.id, fact.name, fact.input, { instanceId: fact.instanceId });
    case "DetachedWorkflowScheduled": {
      const { type, id, name, input, instanceId, startAtMs } = fact;
      return row(type, id, name, input, { instanceId, startAtMs });
    }
    case "PatchRecorded":
      return row(fact.type, null, fact.name);
    case "UpdateRequested":
      return row(fact.type, null, fact.name, fact.input, { updateId: fact.updateId });
    case "UpdateCompleted":
      return row(fact.type, null, null, fact.result, { updateId: fact.updateId });
    case "UpdateFailed": {
      const { type, failure, updateId, rejected } = fact;
      return row(type, null, null, JSON.stringify(failure), { updateId, rejected });
    }
    case "ExecutionStalled": {
      const { type, message, reason, beforeFirstTurn, knownBy } = fact;
      return row(type, null, null, message, { reason, beforeFirstTurn, knownBy });
    }
    case "ExecutionUnstalled":
      return row(fact.type, null, null);
    case "ExecutionCancelRequested":
    case "ExecutionSuspended":
    case "ExecutionResumed":
      return row(fact.type, null, null, fact.reason);
    case "ExecutionTerminated":
      return row(fact.type, null, null, fact.output, { recursive: fact.recursive });
    case "ExecutionCompleted": {
      const payload = fact.failure === undefined ? fact.output : JSON.stringify(fact.failure);
      return row(fact.type, null, null, payload, { status: fact.status });
    }
  }
}

/** A row with one fact, of the history or the inbox. */
export type FactRow = FactColumns &
  StoredPayload & { seq: number; version: number; [column: string]: string | number | null };

/** Throws UnknownEventError when newer code has written it, UnreadableError when another key has encrypted it. */
export function readFact(db: SqlDatabase, codec: TextCodec, owner: "history" | "inbox", row: FactRow): HistoryFact {
  checkVersion(row.version);
  return fromColumns(row, row.chunks === null ? row.payload : readPayload(db, owner, row.seq, row), codec);
}

/** Throws UnknownEventError unless this is the version of the rows that this code writes. */
export function checkVersion(version: number, what = "an event"): void {
  if (version !== 1) throw new UnknownEventError(`${what} of version ${version}`);
}

/** `stored`: the whole payload, as it is stored. */
export function fromColumns(
  columns: Omit<FactColumns, "payload">,
  stored: string | null,
  codec: TextCodec,
): HistoryFact {
  const payload = stored === null ? undefined : codec.decode(stored);
  const id = columns.task_id ?? 0;
  const name = columns.name ?? "";
  const detail = columns.detail === null ? {} : JSON.parse(columns.detail);
  const type = columns.type as HistoryFact["type"];
  switch (type) {
    case "ExecutionStarted":
      return { type, name, input: payload, ...detail };
    case "TaskScheduled":
      return { type, id, name, input: payload, ...detail };
    case "TaskCompleted":
    case "ChildWorkflowInstanceCompleted":
      return { type, id, result: payload };
    case "TaskFailed":
      return { type, id, failure: readFailure(payload), ...detail };
    case "ChildWorkflowInstanceFailed":
      return { type, id, failure: readFailure(payload) };
    case "TimerCreated":
      return { type, id, fireAtMs: detail.fireAtMs };
    case "TimerFired":
      return { type, id };
    case "EventRaised":
      return { type, name, input: payload, messageId: detail.messageId };
    case "ChildWorkflowInstanceCreated":
    case "EventSent":
    case "DetachedWorkflowScheduled":
      return { type, id, name, input: payload, ...detail };
    case "PatchRecorded":
      return { type, name };
    case "UpdateRequested":
      return { type, name, input: payload, ...detail };
    case "UpdateCompleted":
      return { type, result: payload, ...detail };
    case "UpdateFailed":
      return { type, failure: readFailure(payload), ...detail };
    case "ExecutionStalled":
      return { type, message: payload ?? "", ...detail };
    case "ExecutionUnstalled":
      return { type };
    case "ExecutionCancelRequested":
    case "ExecutionSuspended":
    case "ExecutionResumed":
      return { type, reason: payload };
    case "ExecutionTerminated":
      if (detail.reason === undefined) return { type, output: payload, recursive: detail.recursive };
      return { type, output: payload, recursive: detail.recursive, reason: codec.decode(detail.reason) };
    case "ExecutionCompleted":
      return detail.status === "FAILED" || detail.status === "CANCELED"
        ? { type, status: detail.status, failure: readFailure(payload) }
        : { type, status: detail.status, output: payload };
    default:
      throw new UnknownEventError(`an event of type '${type satisfies never}'`);
  }
}

function row(
  type: string,
  taskId: number | null,
  name: string | null,
  payload?: string,
  detail?: object | "",
): FactColumns {
  return { type, task_id: taskId, name, payload: payload ?? null, detail: detail ? JSON.stringify(detail) : null };
}
