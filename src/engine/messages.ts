import type { Completion } from "../model/action.ts";
import type {
  Asked,
  ChildWorkflowInstanceCreated,
  DetachedWorkflowScheduled,
  EventSent,
  ExecutionStarted,
} from "../model/history-event.ts";
import type { AddressedMessage } from "../model/message.ts";
import { isTooLong, MAX_MESSAGE_BYTES } from "../model/message-limits.ts";

/** The execution that speaks. Its start is known by the time it says something. */
interface Sender {
  readonly instanceId: string;
  readonly started: ExecutionStarted | undefined;
}

/** What one execution says to other instances. IDs come from the execution and the call, so that each counts once. */
export class Messages {
  readonly #from: Sender;

  constructor(from: Sender) {
    this.#from = from;
  }

  startChild({ id, name, instanceId, input, searchAttributes }: ChildWorkflowInstanceCreated): AddressedMessage {
    const { executionId = "", name: parentName = "", traceparent } = this.#from.started ?? {};
    const parent = { instanceId: this.#from.instanceId, executionId, name: parentName, taskId: id };
    return {
      to: instanceId,
      message: { version: 1, type: "StartChild", name, input, parent, traceparent, searchAttributes },
    };
  }

  startDetached(event: DetachedWorkflowScheduled): AddressedMessage {
    const { id, name, instanceId, input, startAtMs, searchAttributes } = event;
    const { executionId, traceparent } = this.#from.started ?? {};
    const how = { startAtMs, requestId: `${executionId}:${id}`, traceparent, searchAttributes };
    return { to: instanceId, message: { version: 1, type: "StartDetached", name, input, ...how } };
  }

  raiseEvent({ id, name, instanceId, input }: EventSent): AddressedMessage {
    const messageId = `${this.#from.started?.executionId}:${id}`;
    return { to: instanceId, message: { version: 1, type: "RaiseEvent", name, input, messageId } };
  }

  /** Meant for the child of this execution alone, not for a stranger under its ID. */
  toChild(
    to: string,
    what: Asked & ({ type: "Terminate"; output: string | undefined } | { type: "Cancel" }),
  ): AddressedMessage {
    const parent = { instanceId: this.#from.instanceId, executionId: this.#from.started?.executionId ?? "" };
    return { to, message: { version: 1, parent, ...what } };
  }

  /** How this execution ended, for the call that started it; `undefined` when none did. */
  toParent(completion: Exclude<Completion, { type: "ContinuedAsNew" }>): AddressedMessage | undefined {
    const parent = this.#from.started?.parent;
    if (parent === undefined) return undefined;
    const { instanceId: to, executionId: parentExecutionId, taskId } = parent;
    const outcome = outcomeFor(completion, this.#from.instanceId);
    return { to, message: { version: 1, type: "ChildEnded", parentExecutionId, taskId, outcome } };
  }
}

function outcomeFor(completion: Exclude<Completion, { type: "ContinuedAsNew" }>, instanceId: string) {
  switch (completion.type) {
    case "Completed":
      if (isTooLong(completion.output)) return resultTooLarge(instanceId);
      return { ok: true, result: completion.output } as const;
    case "Failed":
    case "Canceled":
      return { ok: false, failure: completion.failure } as const;
    case "Terminated":
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
