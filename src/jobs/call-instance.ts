import type { InstanceApi, OperationResult, RepairResult, RestartResult } from "../instance/protocol.ts";
import { isJobId } from "../model/ids.ts";
import type { JobCall } from "./job.ts";

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

/** Never rejects. A fault that the platform marks as retryable, such as that of a deploy, is tried once more. */
export async function callInstance(
  instance: () => InstanceApi,
  call: JobCall,
  target: JobTarget,
  mayTryAgain = true,
): Promise<Outcome> {
  if (isJobId(target.instanceId)) return GONE;
  try {
    return outcomeOf(await ask(instance(), call, target), call, target);
  } catch (error) {
    const { retryable, overloaded, message } = Object(error) as Partial<Record<string, unknown>>;
    if (retryable === true && overloaded !== true && mayTryAgain) return callInstance(instance, call, target, false);
    return { type: "failed", error: `the instance cannot be reached at the moment: ${message}` };
  }
}

function ask(instance: InstanceApi, call: JobCall, { jobId, instanceId, createdByMs }: JobTarget) {
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
    case "restart":
      return instance.restart({ ...command, requestId: ofThisCall });
    default:
      throw new Error(`this deployment knows no operation '${call.operation satisfies never}'`);
  }
}

function outcomeOf(
  result: OperationResult | RepairResult | RestartResult,
  { operation }: JobCall,
  { instanceId, isRepeated }: JobTarget,
): Outcome {
  if (result.ok) return DONE;
  const failed = (error: string) => ({ type: "failed", error }) as const;
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
    case "WRONG_STATUS":
      return failed(`it is ${result.status}, and what is rewound is FAILED`);
    case "PARENT_KNOWS":
      return failed(`its parent '${result.instanceId}' has taken its failure; rewind the parent`);
    default:
      return failed(result.code);
  }
}
