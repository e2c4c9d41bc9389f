import type {
  Asked,
  ChildCancelRequested,
  ChildEventSent,
  ChildWorkflowInstanceCreated,
  DetachedWorkflowScheduled,
  EventSent,
  ExecutionCompleted,
  ExecutionStarted,
  ParentLink,
} from "../model/history-event.ts";
import { nameOfExecution } from "../model/ids.ts";
import type {
  AddressedMessage,
  CancelMessage,
  RaiseEventMessage,
  StartChildMessage,
  TerminateMessage,
} from "../model/message.ts";
import { isTooLong, MAX_MESSAGE_BYTES } from "../model/message-limits.ts";

/** The execution that speaks. Its start is known by the time it says something. */
interface Sender {
  readonly instanceId: string;
  readonly started: ExecutionStarted | undefined;
  readonly rewinds: number;
}

type Unaddressed<M> = M extends unknown ? Omit<M, "parent"> : never;

interface StartOfChild extends AddressedMessage {
  readonly message: { readonly version: 1 } & StartChildMessage;
}

/** What one execution says to other instances. IDs come from the execution and the call, so that each counts once. */
export class Messages {
  readonly #from: Sender;

  constructor(from: Sender) {
    this.#from = from;
  }

  get instanceId(): string {
    return this.#from.instanceId;
  }

  /** By which others know it. */
  get #executionId(): string {
    return nameOfExecution(this.#from.started?.executionId ?? "", this.#from.rewinds);
  }

  startChild({ id, name, instanceId, input, searchAttributes }: ChildWorkflowInstanceCreated): StartOfChild {
    const { name: parentName = "", traceparent } = this.#from.started ?? {};
    const parent = { instanceId: this.#from.instanceId, executionId: this.#executionId, name: parentName, taskId: id };
    return {
      to: instanceId,
      message: { version: 1, type: "StartChild", name, input, parent, traceparent, searchAttributes },
    };
  }

  /** For an open child, when this execution has been rewound. `isFatal`: for the sake of its failure. */
  rewindChild(call: ChildWorkflowInstanceCreated, isFatal: boolean, asked: Asked): AddressedMessage {
    const { to, message } = this.startChild(call);
    const formerExecutionId = nameOfExecution(this.#from.started?.executionId ?? "", this.#from.rewinds - 1);
    return { to, message: { ...message, type: "RewindChild", formerExecutionId, isFatal, ...asked } };
  }

  startDetached(event: DetachedWorkflowScheduled): AddressedMessage {
    const { id, name, instanceId, input, startAtMs, searchAttributes } = event;
    const { traceparent } = this.#from.started ?? {};
    const how = { startAtMs, requestId: `${this.#executionId}:${id}`, traceparent, searchAttributes };
    return { to: instanceId, message: { version: 1, type: "StartDetached", name, input, ...how } };
  }

  raiseEvent({ id, name, instanceId, input }: EventSent | ChildEventSent) {
    const messageId = `${this.#executionId}:${id}`;
    return { to: instanceId, message: { version: 1, type: "RaiseEvent", name, input, messageId } as const };
  }

  /** What the code has asked of a child. */
  askOfChild(event: ChildCancelRequested | ChildEventSent): AddressedMessage {
    const { taskId: id, instanceId } = event;
    const isCancel = event.type === "ChildCancelRequested";
    const what = isCancel ? ({ type: "Cancel", reason: event.reason } as const) : this.raiseEvent(event).message;
    return this.toChild({ id, instanceId }, what);
  }

  /** Meant for the child of this call alone, not for a stranger, or a later attempt, under its ID. */
  toChild(
    { id: taskId, instanceId: to }: Pick<ChildWorkflowInstanceCreated, "id" | "instanceId">,
    what: Unaddressed<TerminateMessage | CancelMessage | RaiseEventMessage>,
  ): AddressedMessage {
    const parent = { instanceId: this.#from.instanceId, executionId: this.#executionId, taskId };
    return { to, message: { version: 1, ...what, parent } };
  }

  /** How this execution ended, for the call that started it; `undefined` when none did. */
  toParent(completed: ExecutionCompleted): AddressedMessage | undefined {
    const parent = this.#from.started?.parent;
    return parent && childEnded(this.#from.instanceId, parent, completed);
  }
}

/** How a child has ended, for the call that it is the child of. */
export function childEnded(instanceId: string, parent: ParentLink, completed: ExecutionCompleted): AddressedMessage {
  const { instanceId: to, executionId: parentExecutionId, taskId } = parent;
  const outcome = outcomeOf(completed, instanceId);
  return { to, message: { version: 1, type: "ChildEnded", parentExecutionId, taskId, outcome } };
}

function outcomeOf({ status, output, failure }: ExecutionCompleted, instanceId: string) {
  switch (status) {
    case "COMPLETED":
      if (isTooLong(output)) return resultTooLarge(instanceId);
      return { ok: true, result: output } as const;
    case "FAILED":
    case "CANCELED":
      return { ok: false, failure: failure ?? { errorType: "", message: "" } } as const;
    case "TERMINATED":
      return {
        ok: false,
        failure: { errorType: "WorkflowTerminated", message: `workflow instance '${instanceId}' was terminated` },
      } as const;
  }
}

/** The child has its result, and its parent a failure in place of it, rather than nothing for ever. */
function resultTooLarge(instanceId: string) {
  const message =
    `workflow instance '${instanceId}' is completed, and its result does not fit into a message to its parent, ` +
    `which holds ${MAX_MESSAGE_BYTES} bytes; it can be read from the instance`;
  return { ok: false, failure: { errorType: "ResultTooLargeError", message } } as const;
}
