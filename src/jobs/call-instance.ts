import type { InstanceApi, OperationResult, RepairResult, RerunResult, RestartResult } from "../instance/protocol.ts";
import { isJobId, uuidOf } from "../model/ids.ts";

import type { JobCall } from "./job.ts";

/** What jobs ask of an instance. */
export type CalledInstance = Pick<
  InstanceApi,
  "terminate" | "cancel" | "suspend" | "resume" | "purge" | "raiseEvent" | "rewind" | "rerun" | "restart"
>;

/** What became of a call. */
export type Outcome =
  | { readonly type: "done" }
  /** There is no such instance, or only one that has come since the job began. */
  | { readonly type: "gone" }
  | { readonly type: "failed"; readonly error: string };

export interface JobTarget {
  readonly jobId: string;
  readonly instanceId: string;
  readonly createdByMs: number;
  /** A run before this one has made the same calls, or some of them. */
  readonly isRepeated: boolean;
}

const DONE = { type: "done" } as const;
const GONE = { type: "gone" } as const;
const NO_SOURCE = "workflow instance does not exist";

/** Never rejects. A fault that the platform marks as retryable, such as that of a deploy, is tried once more. */
export async function callInstance(
  instance: (instanceId: string) => CalledInstance,
  call: JobCall,
  target: JobTarget,
  mayTryAgain = true,
): Promise<Outcome> {
  if (isJobId(target.instanceId)) return GONE;
  try {
    const asked = call.operation === "rerun" ? rerunId(target, call) : target.instanceId;
    return outcomeOf(await ask(instance(asked), call, target), call, target);
  } catch (error) {
    const { retryable, overloaded, message } = Object(error) as Partial<Record<string, unknown>>;
    // The first call may have been carried out, and its answer alone be lost.
    if (retryable === true && overloaded !== true && mayTryAgain)
      return callInstance(instance, call, { ...target, isRepeated: true }, false);
    return { type: "failed", error: `the instance cannot be reached at the moment: ${message}` };
  }
}

function ask(instance: CalledInstance, call: JobCall, { jobId, instanceId, createdByMs }: JobTarget) {
  const { reason, actor, output } = call;
  const command = { reason, actor, createdByMs };
  // The same in each run of the batch, so that what is asked twice counts once.
  const ofThisCall = `${jobId}:${instanceId}`;
  const recursive = call.nonRecursive !== true;
  switch (call.operation) {
    case "terminate":
      return instance.terminate({ ...command, output, recursive });
    case "cancel":
      return instance.cancel(command);
    case "pause":
      return instance.suspend(command);
    case "resume":
      return instance.resume(command);
    case "purge":
      return instance.purge({ ...command, recursive, force: call.force === true });
    case "raise": {
      const { eventName: name = "", payload: input } = call;
      return instance.raiseEvent({ ...command, name, input, messageId: ofThisCall });
    }
    case "rewind":
      return instance.rewind({ ...command, requestId: ofThisCall });
    case "rerun": {
      const { eventId = 0, input } = call;
      const given = input === undefined ? undefined : { text: input };
      const rerun = { requestId: ofThisCall, sourceInstanceId: instanceId, eventId, input: given };
      return instance.rerun({ ...command, ...rerun });
    }
    case "restart":
      return instance.restart({ ...command, requestId: ofThisCall });
    default:
      throw new Error(`this deployment knows no operation '${call.operation satisfies never}'`);
  }
}

/** The ID of the new instance: the same in each run of the batch, with a UUID made of job and source. */
export function rerunId(
  { jobId, instanceId }: Pick<JobTarget, "jobId" | "instanceId">,
  { newIdPrefix = "" }: Pick<JobCall, "newIdPrefix"> = {},
): string {
  return `${newIdPrefix}${uuidOf(`${jobId}:${instanceId}`)}`;
}

function outcomeOf(
  result: OperationResult | RepairResult | RestartResult | RerunResult,
  { operation }: JobCall,
  { instanceId, isRepeated }: JobTarget,
): Outcome {
  if (result.ok) return DONE;
  const failed = (error: string) => ({ type: "failed", error }) as const;
  // Dapr's words for a rerun. One without its source has the same code as one without the call that is asked for.
  if ("message" in result) return result.message.startsWith(NO_SOURCE) ? GONE : failed(result.message);
  switch (result.code) {
    case "NOT_FOUND":
      return operation === "purge" && isRepeated ? DONE : GONE;
    case "STALLED":
      return failed("workflow is stalled");
    case "NOT_ENDED": {
      const child = result.instanceId === instanceId ? "" : `child workflow '${result.instanceId}': `;
      return failed(`${child}orchestration has not yet completed`);
    }
    case "PARENT_UNREACHABLE":
      return failed(`its parent '${result.instanceId}' waits for it and cannot be told at the moment`);
    case "CHILD":
      return failed("cannot restart child-workflows; restart the parent");
    case "CHILD_ACTIVE":
      return failed(`child workflow '${result.childInstanceId}': orchestration has not yet completed`);
    case "ALREADY_ACTIVE":
    case "AWAITING_ACTIVITY":
      return failed("it has been told to terminate, and has not ended yet; restart it again");
    case "UNREADABLE":
      return failed("it has ended, and cannot be read by this deployment");
    case "ALREADY_EXISTS":
      return failed("the ID of its rerun is in use");
    case "CHANGED":
      return failed("it was replaced or purged while its history was read");
    case "WRONG_STATUS":
      return failed(`it is ${result.status}, and only an instance that is FAILED can be rewound`);
    case "PARENT_KNOWS":
      return failed(`its parent '${result.instanceId}' has taken its failure; rewind the parent`);
    default:
      return failed(result.code);
  }
}
