import type { HistoryFact } from "../../model/history-event.ts";
import { isJobId } from "../../model/ids.ts";
import type { CallLink, ChildEndedMessage, Message } from "../../model/message.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { InstancePorts } from "../ports.ts";
import type { DeliveryResult, IsOwed } from "../protocol.ts";
import type { Lives } from "./lives.ts";
import type { Purges } from "./purges.ts";
import type { Reception } from "./reception.ts";
import type { Repairs } from "./repairs.ts";
import { notReplaced, type Starts } from "./starts.ts";

const ACCEPTED = { accepted: true } as const;
const OCCUPIED = { accepted: false, code: "OCCUPIED" } as const;

type MessageOf<T extends Message["type"]> = Extract<Message, { type: T }>;

/** Takes messages of other instances. What is thrown here is a reason to send the message again. */
export class Deliveries {
  readonly #ports: InstancePorts;
  readonly #lives: Lives;
  readonly #purges: Purges;
  readonly #reception: Reception;
  readonly #starts: Starts;
  readonly #repairs: Repairs;

  constructor(
    ports: InstancePorts,
    lives: Lives,
    purges: Purges,
    reception: Reception,
    starts: Starts,
    repairs: Repairs,
  ) {
    this.#ports = ports;
    this.#lives = lives;
    this.#purges = purges;
    this.#reception = reception;
    this.#starts = starts;
    this.#repairs = repairs;
  }

  async deliver(message: Message, isOwed?: IsOwed): Promise<DeliveryResult> {
    const purges = this.#purges.countAsChild;
    while (this.#reception.inTheWay() !== undefined) await this.#reception.inTheWay();
    this.#lives.readability.check();
    if (message.version !== 1) {
      const { version } = message as { version: unknown };
      throw new Error(`A message of version ${version} came; this code knows version 1. It will be sent again.`);
    }
    // A bulk job calls instances as a client does: no instance has anything to tell it, and none takes its ID.
    if (isJobId(this.#ports.instanceId())) return OCCUPIED;
    if (message.type === "StartChild") return this.#starts.startAsChild(message, purges, isOwed);
    if (message.type === "RewindChild") return this.#repairs.rewindChild(message, purges, isOwed);
    await this.#take(message, isOwed);
    return ACCEPTED;
  }

  async #take(
    message: Exclude<Message, { type: "StartChild" | "RewindChild" }>,
    isOwed: IsOwed | undefined,
  ): Promise<void> {
    switch (message.type) {
      case "ChildEnded": {
        const { parentExecutionId, taskId } = message;
        await this.#reception.receive(resolutionOf(message), parentExecutionId);
        return this.#lives.current.outbox.childEnded(parentExecutionId, taskId);
      }
      case "Terminate": {
        const { output, reason, actor, parent } = message;
        const fact: HistoryFact = { type: "ExecutionTerminated", output, recursive: true, reason, actor };
        return this.#reception.receive(fact, undefined, isChildOf(parent));
      }
      case "Cancel": {
        const { reason, actor, parent } = message;
        const fact: HistoryFact = { type: "ExecutionCancelRequested", reason, actor };
        return this.#reception.receive(fact, undefined, isChildOf(parent));
      }
      case "RaiseEvent": {
        const { name, input, messageId, parent } = message;
        const fact: HistoryFact = { type: "EventRaised", name, input, messageId };
        return this.#reception.receive(fact, undefined, parent && isChildOf(parent));
      }
      case "StartDetached":
        return this.#startDetached(message, isOwed);
      default: {
        const { type } = message satisfies never as Message;
        throw new Error(`A message of type ${type} came, which this code does not know. It will be sent again.`);
      }
    }
  }

  async #startDetached(message: MessageOf<"StartDetached">, isOwed: IsOwed | undefined): Promise<void> {
    const { name, input, startAtMs, requestId, traceparent, searchAttributes } = message;
    const instanceId = this.#ports.instanceId();
    const start = { instanceId, name, input, startAtMs, requestId, traceparent, searchAttributes };
    const result = await this.#starts.start(start, isOwed);
    if (!result.ok && result.code === "UNREADABLE") throw notReplaced(instanceId);
    if (!result.ok) this.#ports.log({ level: "warn", msg: "detached", instanceId, refused: result.code });
  }
}

/** Asked when the fact is written: another instance may have taken the ID while it was encrypted. */
function isChildOf({ instanceId, executionId, taskId }: CallLink) {
  return ({ parent }: InstanceRecord): boolean =>
    parent?.instanceId === instanceId &&
    parent.executionId === executionId &&
    (taskId === undefined || taskId === parent.taskId);
}

function resolutionOf({ taskId, outcome }: ChildEndedMessage): HistoryFact {
  return outcome.ok
    ? { type: "ChildWorkflowInstanceCompleted", id: taskId, result: outcome.result }
    : { type: "ChildWorkflowInstanceFailed", id: taskId, failure: outcome.failure };
}
