import type { Action, Call } from "../model/action.ts";
import type { HistoryEvent, HistoryEventType, HistoryFact } from "../model/history-event.ts";

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

/** By which event each call is recorded. */
export const EVENT_OF = {
  ScheduleActivity: "TaskScheduled",
  CreateTimer: "TimerCreated",
  StartChild: "ChildWorkflowInstanceCreated",
  StartDetached: "DetachedWorkflowScheduled",
  SendEvent: "EventSent",
  CancelChild: "ChildCancelRequested",
  SendChildEvent: "ChildEventSent",
} as const satisfies Record<Call["type"], HistoryEventType>;

/** A call as the history has it. */
export type RecordedCall = Extract<HistoryFact, { type: (typeof EVENT_OF)[Call["type"]] }>;

const CALLS: ReadonlySet<HistoryEventType> = new Set(Object.values(EVENT_OF));

export function isRecordedCall<E extends HistoryFact>(event: E): event is E & RecordedCall {
  return CALLS.has(event.type);
}

/** What the code of the execution has asked for, or has done by itself. */
export function isAskedByCode({ type }: HistoryFact): boolean {
  return CALLS.has(type) || type === "PatchRecorded" || type === "UpdateCompleted" || type === "UpdateFailed";
}

/** What is the same when the fact comes again. */
export function messageKeyOf(fact: HistoryFact): string | undefined {
  if (fact.type === "EventRaised") return fact.messageId;
  return fact.type === "UpdateRequested" ? `update:${fact.updateId}` : undefined;
}

/** What the history holds of something the code has asked for. */
export function recordOf(action: Action, timestampMs: number): HistoryEvent {
  switch (action.type) {
    case "RecordPatch":
      return { type: "PatchRecorded", timestampMs, name: action.name };
    case "EndUpdate": {
      const { updateId, outcome } = action;
      return outcome.ok
        ? { type: "UpdateCompleted", timestampMs, updateId, result: outcome.result }
        : { type: "UpdateFailed", timestampMs, updateId, failure: outcome.failure, rejected: outcome.rejected };
    }
    default:
      return { ...action, type: EVENT_OF[action.type], timestampMs } as HistoryEvent;
  }
}
