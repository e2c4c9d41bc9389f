import type { FailureDetails } from "./failure.ts";
import type { Asked, ParentLink } from "./history-event.ts";
import type { SearchAttributes } from "./search-attributes.ts";

/**
 * A message from one instance to another, committed with the turn that caused it and delivered until it is
 * acknowledged: at least once, in any order. `version` is raised when a field changes its meaning; a receiver
 * that does not know a version refuses the message and the sender keeps it (old and new code overlap in a deploy).
 */
export type Message = { readonly version: 1 } & (
  | StartChildMessage
  | RewindChildMessage
  | StartDetachedMessage
  | ChildEndedMessage
  | RaiseEventMessage
  | CancelMessage
  | TerminateMessage
);

export interface StartChildMessage {
  readonly type: "StartChild";
  readonly name: string;
  readonly input?: string | undefined;
  readonly parent: ParentLink;
  readonly traceparent?: string | undefined;
  readonly searchAttributes?: SearchAttributes | undefined;
  /** Limits of which the caller, or one above, has a lease. */
  readonly coveredBy?: readonly string[] | undefined;
}

/**
 * The caller of the child has been rewound, and waits for it again. From here on the child is that of the call as `parent` names it.
 * One that has ended tells it once more; where it is the failure of this child that the caller is rewound for, the child is rewound,
 * or started again where that cannot be.
 */
export interface RewindChildMessage extends Omit<StartChildMessage, "type">, Asked {
  readonly type: "RewindChild";
  /** By which name of the execution the child knows its caller until it gets this. */
  readonly formerExecutionId: string;
  readonly isFatal: boolean;
}

export interface ChildEndedMessage {
  readonly type: "ChildEnded";
  /** The execution and the call of the parent that started the child. A later execution ignores the message. */
  readonly parentExecutionId: string;
  readonly taskId: number;
  readonly outcome:
    | { readonly ok: true; readonly result?: string | undefined }
    | { readonly ok: false; readonly failure: FailureDetails };
}

/** Starts an instance that nobody waits for. `requestId` names the call, so that it counts once. */
export interface StartDetachedMessage {
  readonly type: "StartDetached";
  readonly name: string;
  readonly input?: string | undefined;
  readonly startAtMs?: number | undefined;
  readonly requestId: string;
  readonly traceparent?: string | undefined;
  readonly searchAttributes?: SearchAttributes | undefined;
}

/** `messageId` names the call that sent it, so that it counts once. Nobody hears whether there is such an instance. */
export interface RaiseEventMessage {
  readonly type: "RaiseEvent";
  /** Only the child of this call is meant. */
  readonly parent?: CallLink | undefined;
  readonly name: string;
  readonly input?: string | undefined;
  readonly messageId: string;
}

/** The call of a child; code before this one did not tell which of the execution's. */
export type CallLink = Pick<ParentLink, "instanceId" | "executionId"> & Partial<Pick<ParentLink, "taskId">>;

export interface CancelMessage extends Asked {
  readonly type: "Cancel";
  readonly parent: CallLink;
}

export interface TerminateMessage extends Asked {
  readonly type: "Terminate";
  /** Only the execution that this parent's call started is meant; a stranger, or another attempt, under the same ID is left alone. */
  readonly parent: CallLink;
  readonly output?: string | undefined;
}

/** A message and the instance that it is for. */
export interface AddressedMessage {
  readonly to: string;
  readonly message: Message;
}
