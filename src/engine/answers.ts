import { describeFailure, type FailureDetails } from "../model/failure.ts";
import type {
  ChildWorkflowInstanceCompleted,
  ChildWorkflowInstanceFailed,
  TaskCompleted,
  TaskFailed,
} from "../model/history-event.ts";
import { failureMessage, NOUNS } from "./failed-call.ts";
import type { Payloads } from "./payload.ts";
import type { Task } from "./task.ts";

/** Who gets the answer to a call: the task itself, or the retry policy before it. */
export interface Answered {
  /** The name of the activity or workflow that was called. */
  readonly callName?: string | undefined;
  /** The task that gets the answer in the end; default: itself. */
  readonly task?: Task | undefined;
  /** An activity has failed, and this is its next attempt, or the pause before it. */
  readonly isRetried?: boolean | undefined;
  /** The history has the child of this call under this ID. */
  recordedAs?(instanceId: string): void;
  complete(result: unknown): void;
  /** Gives a promise where something of the author's has to be waited for. */
  fail(message: string, failure: FailureDetails, progress: string | undefined): void | Promise<void>;
}

/** How an activity or a child workflow has ended. */
type Answer = TaskCompleted | TaskFailed | ChildWorkflowInstanceCompleted | ChildWorkflowInstanceFailed;

/**
 * Hands an answer to the call that waits for it, if one does. Gives a promise where something of the author's has to be waited
 * for. A result that the payload converter cannot read fails the call, and no policy calls again.
 */
export function answerCall(
  answer: Answer,
  answered: Answered | undefined,
  payloads: Payloads,
  instanceId: string,
): void | Promise<void> {
  if (answered === undefined) return;
  const { id, type } = answer;
  const kind = type === "TaskCompleted" || type === "TaskFailed" ? "Activity" : "Sub-orchestration";
  const { callName = "" } = answered;
  if (type === "TaskFailed" || type === "ChildWorkflowInstanceFailed") {
    const { failure } = answer;
    const progress = type === "TaskFailed" ? answer.progress : undefined;
    return answered.fail(failureMessage(instanceId, kind, callName, id, failure), failure, progress);
  }
  let value: unknown;
  try {
    value = payloads.decode(answer.result, "result", NOUNS[kind], answered.callName);
  } catch (error) {
    const failure = describeFailure(error);
    return answered.fail(failureMessage(instanceId, kind, callName, id, failure), failure, undefined);
  }
  answered.complete(value);
}
