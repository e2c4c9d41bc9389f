import type { Action } from "../model/action.ts";
import type { HistoryEvent, HistoryFact } from "../model/history-event.ts";

/** What only a turn itself writes, and nobody can tell it. */
export function isRecordOfTheEngine(fact: HistoryFact): boolean {
  const { type } = fact;
  return (
    isAskedByCode(fact) ||
    type === "ExecutionStalled" ||
    type === "ExecutionUnstalled" ||
    type === "ExecutionCompleted" ||
    type === "ExecutionRewound" ||
    type === "ExecutionVersionChanged"
  );
}

/** What the code of the execution has asked for, or has done by itself. */
export function isAskedByCode({ type }: HistoryFact): boolean {
  return (
    type === "TaskScheduled" ||
    type === "TimerCreated" ||
    type === "ChildWorkflowInstanceCreated" ||
    type === "DetachedWorkflowScheduled" ||
    type === "EventSent" ||
    type === "ChildCancelRequested" ||
    type === "ChildEventSent" ||
    type === "PatchRecorded" ||
    type === "UpdateCompleted" ||
    type === "UpdateFailed"
  );
}

/** What is the same when the fact comes again. */
export function messageKeyOf(fact: HistoryFact): string | undefined {
  if (fact.type === "EventRaised") return fact.messageId;
  return fact.type === "UpdateRequested" ? `update:${fact.updateId}` : undefined;
}

/** What the history holds of something the code has asked for. */
export function recordOf(action: Action, timestampMs: number): HistoryEvent {
  switch (action.type) {
    case "ScheduleActivity":
      return { ...action, type: "TaskScheduled", timestampMs };
    case "CreateTimer":
      return { ...action, type: "TimerCreated", timestampMs };
    case "StartChild":
      return { ...action, type: "ChildWorkflowInstanceCreated", timestampMs };
    case "StartDetached":
      return { ...action, type: "DetachedWorkflowScheduled", timestampMs };
    case "SendEvent":
      return { ...action, type: "EventSent", timestampMs };
    case "CancelChild":
      return { ...action, type: "ChildCancelRequested", timestampMs };
    case "SendChildEvent":
      return { ...action, type: "ChildEventSent", timestampMs };
    case "RecordPatch":
      return { type: "PatchRecorded", timestampMs, name: action.name };
    case "EndUpdate": {
      const { updateId, outcome } = action;
      return outcome.ok
        ? { type: "UpdateCompleted", timestampMs, updateId, result: outcome.result }
        : { type: "UpdateFailed", timestampMs, updateId, failure: outcome.failure, rejected: outcome.rejected };
    }
  }
}
