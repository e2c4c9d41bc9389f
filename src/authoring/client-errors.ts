import { WorkflowRuntimeStatus } from "./runtime-status.ts";
import type { WorkflowState } from "./workflow-state.ts";

/** What a TimeoutError tells. */
export interface TimeoutDetails {
  readonly instanceId: string;
  /** Where the instance was asked; none in a test environment. */
  readonly url?: string | undefined;
  /** How long was waited. */
  readonly seconds: number;
  /** What was waited for, after "the workflow instance": "has not ended". */
  readonly what?: string;
  /** Why the last request had no answer, where it had none. */
  readonly cause?: unknown;
}

/** A wait took longer than its timeout. The instance goes on: wait again with the same ID. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
  readonly instanceId: string;
  readonly url: string | undefined;
  readonly seconds: number;

  constructor({ instanceId, url, seconds, what = "has not got there", cause }: TimeoutDetails) {
    const where = url === undefined ? "" : `, asked at ${url}`;
    const last = cause === undefined ? "" : `. The last request had no answer: ${messageOf(cause)}`;
    const text = `Workflow instance '${instanceId}' ${what} within ${seconds} seconds${where}${last}`;
    super(text, cause === undefined ? {} : { cause });
    this.instanceId = instanceId;
    this.url = url;
    this.seconds = seconds;
  }

  toJSON(): object {
    const { name, message, instanceId, url, seconds } = this;
    return { name, message, instanceId, url, seconds };
  }
}

/** The server has refused a request. `errorCode` is Dapr's, for instance `ERR_START_WORKFLOW`; "ERROR" where the answer has none. */
export class WorkflowApiError extends Error {
  override readonly name = "WorkflowApiError";
  readonly status: number;
  readonly errorCode: string;

  constructor(status: number, errorCode: string, message: string) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }

  toJSON(): object {
    const { name, message, status, errorCode } = this;
    return { name, message, status, errorCode };
  }
}

/** The workflow has ended, and not by completing; `state` tells how. */
export class WorkflowFailedError extends Error {
  override readonly name = "WorkflowFailedError";
  readonly instanceId: string;
  readonly state: WorkflowState;

  constructor(state: WorkflowState) {
    const reason = state.workflowFailureDetails?.getErrorMessage();
    super(
      `Workflow instance '${state.instanceId}' is ${WorkflowRuntimeStatus[state.runtimeStatus]}` +
        (reason === undefined ? "" : `: ${reason}`),
    );
    this.instanceId = state.instanceId;
    this.state = state;
  }

  toJSON(): object {
    const { name, message, instanceId, state } = this;
    return { name, message, instanceId, state };
  }
}

/** `fetch failed (ECONNREFUSED)`: Node tells the reason only in the cause. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? `${error.message} (${code})` : error.message;
}
