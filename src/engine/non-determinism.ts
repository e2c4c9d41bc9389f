import type { Action } from "../model/action.ts";
import type { ChildWorkflowInstanceCreated, TaskScheduled, TimerCreated } from "../model/history-event.ts";

// The texts of Dapr's JavaScript SDK. As there, only the kind of call and its name are compared: inputs, dates and
// child IDs may change from one version of the code to the next.

type RecordedCall = TaskScheduled | TimerCreated | ChildWorkflowInstanceCreated;

const recordedMethod: Record<RecordedCall["type"], string> = {
  TaskScheduled: "callActivity",
  TimerCreated: "createTimer",
  ChildWorkflowInstanceCreated: "callSubOrchestrator",
};

const currentMethod: Record<Action["type"], string> = {
  ScheduleActivity: "callActivity",
  CreateTimer: "createTimer",
  StartChild: "callSubOrchestrator",
};

const reason = "if the code was changed after an instance of this orchestration already started running";

/** The history holds a call that the code has not made. */
export function missingAction(event: RecordedCall): string {
  return (
    `A previous execution called ${recordedMethod[event.type]} with ID=${event.id} but the current execution doesn't ` +
    "have this action with this ID. This problem occurs when either the orchestration has non-deterministic logic or " +
    `${reason}`
  );
}

/** The code has made a call of another kind. */
export function wrongAction(event: RecordedCall, action: Action): string | undefined {
  const recorded = recordedMethod[event.type];
  const current = currentMethod[action.type];
  if (recorded === current) return undefined;
  return mismatch(
    `called ${recorded} with ID=${event.id}, but the current execution is instead trying to call ${current}`,
  );
}

/** The code has called something else by the same means. */
export function wrongName(event: RecordedCall, action: Action): string | undefined {
  if (event.type === "TimerCreated" || action.type === "CreateTimer" || event.name === action.name) return undefined;
  return mismatch(
    `called ${recordedMethod[event.type]} with name='${event.name}' and sequence number ${event.id}, ` +
      `but the current execution is instead trying to call ${action.name}`,
  );
}

function mismatch(what: string): string {
  return (
    `Failed to restore orchestration state due to a history mismatch: A previous execution ${what} as part of ` +
    "rebuilding its history. This kind of mismatch can happen if an orchestration has non-deterministic logic or " +
    `${reason}.`
  );
}
