import type { Call } from "../model/action.ts";
import type { FailureDetails } from "../model/failure.ts";
import { NonDeterminismError } from "./errors.ts";
import { EVENT_OF, type RecordedCall } from "./records.ts";

// The texts of Dapr's JavaScript SDK, and after them what the history holds and what the code did. As in Dapr, only the
// kind of call and its name are compared: inputs, dates and child IDs may change from one version of the code to the next.

const methods: Record<RecordedCall["type"], string> = {
  TaskScheduled: "callActivity",
  TimerCreated: "createTimer",
  ChildWorkflowInstanceCreated: "callSubOrchestrator",
  DetachedWorkflowScheduled: "scheduleNewWorkflow",
  EventSent: "sendEvent",
  ChildCancelRequested: "cancel of a child",
  ChildEventSent: "sendEvent of a child",
};

const reason = "if the code was changed after an instance of this orchestration already started running";

/** `undefined` when the code has made the call that the history holds. */
export function compareCall(
  event: RecordedCall,
  call: Call | undefined,
  historyIndex: number,
  failure?: FailureDetails,
): NonDeterminismError | undefined {
  const message = difference(event, call);
  if (message === undefined) return undefined;
  const expected = describe(methods[event.type], event);
  const end = failure === undefined ? "" : `, it has failed with ${failure.errorType}: ${failure.message}`;
  const actual = call === undefined ? `no such call${end}` : describe(methods[EVENT_OF[call.type]], call);
  return new NonDeterminismError(
    `${message} [event ${historyIndex} of the history: ${expected}; the code: ${actual}]`,
    {
      historyIndex,
      expected,
      actual,
    },
  );
}

/** The history says that an update has ended, and the code has not ended it. */
export function updateNotEnded(updateId: string, historyIndex: number): NonDeterminismError {
  const expected = `the end of update '${updateId}'`;
  const actual = "its handler still runs, or has never begun";
  return new NonDeterminismError(
    `A previous execution ended update '${updateId}' here, and the current execution does not. ` +
      `[event ${historyIndex} of the history: ${expected}; the code: ${actual}]`,
    { historyIndex, expected, actual },
  );
}

/** The history goes on behind this event, and the code fails there. */
export function failsWhereItWentOn(failure: FailureDetails, historyIndex: number): NonDeterminismError {
  const expected = "the workflow goes on";
  const actual = `${failure.errorType}: ${failure.message}`;
  return new NonDeterminismError(
    "A previous execution went on here, and the current execution fails. " +
      `[event ${historyIndex} of the history: ${expected}; the code: ${actual}]`,
    { historyIndex, expected, actual },
  );
}

function difference(event: RecordedCall, call: Call | undefined): string | undefined {
  const recorded = methods[event.type];
  if (call === undefined) {
    return (
      `A previous execution called ${recorded} with ID=${event.id} but the current execution doesn't ` +
      "have this action with this ID. This problem occurs when either the orchestration has non-deterministic logic or " +
      `${reason}`
    );
  }
  const current = methods[EVENT_OF[call.type]];
  if (recorded !== current) {
    return mismatch(
      `called ${recorded} with ID=${event.id}, but the current execution is instead trying to call ${current}`,
    );
  }
  const name = nameOf(event);
  const currentName = nameOf(call);
  if (name === currentName) return undefined;
  return mismatch(
    `called ${recorded} with name='${name}' and sequence number ${event.id}, ` +
      `but the current execution is instead trying to call ${currentName}`,
  );
}

function describe(method: string, call: RecordedCall | Call): string {
  const name = nameOf(call);
  const text = name === undefined ? `${method} #${call.id}` : `${method} '${name}' #${call.id}`;
  return text + inBranch(call.branch);
}

/** How texts name the branch of what they are about. */
export function inBranch(branch: string | undefined): string {
  return branch === undefined ? "" : ` in branch '${branch}'`;
}

/** By which a call is known beside its kind and number; of what is asked of a child, the number of that child's call belongs to it. */
function nameOf(call: RecordedCall | Call): string | undefined {
  const name = "name" in call ? call.name : undefined;
  if (!("taskId" in call)) return name;
  return name === undefined ? `#${call.taskId}` : `${name} to #${call.taskId}`;
}

function mismatch(what: string): string {
  return (
    `Failed to restore orchestration state due to a history mismatch: A previous execution ${what} as part of ` +
    "rebuilding its history. This kind of mismatch can happen if an orchestration has non-deterministic logic or " +
    `${reason}.`
  );
}
