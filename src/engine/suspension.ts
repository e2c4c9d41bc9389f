import type { HistoryEvent } from "../model/history-event.ts";

/**
 * Whether an execution is suspended, and what is kept for its code until it is resumed.
 *
 *   not suspended --ExecutionSuspended--> suspended --ExecutionResumed--> not suspended
 */
export class Suspension {
  isOn = false;
  /** Events that came while suspended; they are applied in order on resume. */
  readonly held: { readonly event: HistoryEvent; readonly position: number }[] = [];

  /** True for what the code is not to be shown yet. */
  holds(event: HistoryEvent, position: number): boolean {
    if (!this.isOn || !isForTheCode(event)) return false;
    this.held.push({ event, position });
    return true;
  }
}

function isForTheCode(event: HistoryEvent): boolean {
  switch (event.type) {
    case "TaskCompleted":
    case "TaskFailed":
    case "TimerFired":
    case "EventRaised":
    case "UpdateRequested":
    case "ExecutionCancelRequested":
    case "ChildWorkflowInstanceCompleted":
    case "ChildWorkflowInstanceFailed":
      return true;
    default:
      return false;
  }
}
