import type { HistoryFact } from "../../model/history-event.ts";
import type { Message, RewindChildMessage, StartChildMessage } from "../../model/message.ts";
import { type InboxEntry, type OutboxEntry, textsOfFact } from "../../storage/instance-store.ts";
import { retryDelayMs } from "../limits.ts";
import { errorFields } from "../log-text.ts";
import type { InstancePorts } from "../ports.ts";
import type { DeliveryResult } from "../protocol.ts";
import { writing } from "../reading/index.ts";
import type { Lane, OnTheWay } from "./on-the-way.ts";
import { purgedFailure } from "./purge-notice.ts";

/** The instance whose messages are delivered. */
export interface Sender {
  /** What an acknowledgement means to it: a row of the inbox. */
  enqueue(entry: InboxEntry): void;
  /** There is room for another delivery, of whatever outbox is open by then, and a receiver's queue may have come to rest. */
  deliveryEnded(): void;
  /** One message less waits. */
  atRest(): void;
  /** No turn takes an answer any more. */
  readonly hasEnded: boolean;
  /** Confirms that the catalog has heard of it, or is owed that. Rejects when it is neither; `undefined`: nothing is to be waited for. */
  readonly announcer: { confirmed(): Promise<void> | undefined } | undefined;
}

/**
 * Delivers committed messages to other instances: at least once, in order for each receiver (a terminate must not
 * overtake the start it is meant for), until each is acknowledged. Failures are counted in memory only: after a
 * restart everything is tried at once.
 */
export class Outbox {
  readonly #ports: InstancePorts;
  readonly #sender: Sender;
  readonly #lanes = new Map<string, Lane>();
  readonly #onTheWay: OnTheWay;

  constructor(ports: InstancePorts, sender: Sender, onTheWay: OnTheWay) {
    this.#ports = ports;
    this.#sender = sender;
    this.#onTheWay = onTheWay;
  }

  get isEmpty(): boolean {
    return this.#lanes.size === 0;
  }

  /** Whether this instance has scheduled itself, by this request. */
  isCallingItself(requestId: string): boolean {
    const entries = this.#lanes.get(this.#ports.instanceId())?.entries ?? [];
    return entries.some(({ message }) => message.type === "StartDetached" && message.requestId === requestId);
  }

  /** When the next delivery is to be tried; infinity when nothing waits for a time. */
  nextAttemptAtMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes.values()) if (!lane.busy && lane.notBeforeMs < next) next = lane.notBeforeMs;
    return next;
  }

  add(entries: readonly OutboxEntry[]): void {
    for (const entry of entries) {
      this.#onTheWay.replace(entry);
      const lane = this.#lanes.get(entry.to);
      if (lane === undefined) this.#lanes.set(entry.to, { entries: [entry], busy: false, failures: 0, notBeforeMs: 0 });
      else lane.entries.push(entry);
    }
  }

  /** Nothing of it is delivered any more, and what is on its way is not ours when it comes back. */
  close(): void {
    for (const lane of this.#lanes.values()) if (lane.busy) this.#onTheWay.closed.add(lane);
    this.#lanes.clear();
  }

  /**
   * The child of this call has ended, so its start has been carried out, even if no acknowledgement has come: sent again, it would
   * start another child under an ID that may be free by now.
   */
  childEnded(executionId: string, taskId: number): void {
    for (const [to, lane] of this.#lanes) {
      const n = lane.entries.findIndex(
        ({ message: m }) => beginsChild(m) && m.parent.taskId === taskId && m.parent.executionId === executionId,
      );
      const entry = lane.entries[n];
      if (entry === undefined) continue;
      this.#ports.store.acknowledge(entry.seq, undefined);
      lane.entries.splice(n, 1);
      if (lane.entries.length === 0) this.#lanes.delete(to);
      // The pause was the start's.
      if (n === 0) lane.failures = lane.notBeforeMs = 0;
      this.deliverDue();
      return this.#sender.atRest();
    }
  }

  /** Starts whatever may be delivered now. */
  deliverDue(): void {
    if (this.isEmpty) return;
    const nowMs = this.#ports.clock.now();
    for (const lane of this.#lanes.values()) {
      if (this.#onTheWay.count >= this.#ports.limits.maxConcurrentDeliveries) return;
      if (!lane.busy && lane.notBeforeMs <= nowMs) void this.#work(lane);
    }
  }

  /** Delivers one receiver's messages one after the other. Never rejects. */
  async #work(lane: Lane): Promise<void> {
    this.#onTheWay.count++;
    lane.busy = true;
    let entry = lane.entries[0];
    try {
      while (entry !== undefined && this.#owes(lane, entry)) {
        await this.#deliverOne(lane, entry);
        entry = lane.entries[0];
      }
    } catch (error) {
      if (entry !== undefined) this.#failed(lane, entry, error);
    }
    lane.busy = false;
    this.#onTheWay.closed.delete(lane);
    this.#onTheWay.count--;
    this.#sender.deliveryEnded();
  }

  async #deliverOne(lane: Lane, entry: OutboxEntry): Promise<void> {
    const reply = await this.#deliver(lane, entry);
    // The parent waits no longer for its start to be acknowledged: what is owed to the parent stands for what the catalog is owed.
    const told = entry.message.type === "ChildEnded" ? this.#sender.announcer?.confirmed() : undefined;
    if (told !== undefined) await told;
    await writing(
      this.#ports,
      () => (reply === undefined ? [] : textsOfFact(reply.fact)),
      () => this.#settle(lane, entry, reply),
    );
  }

  #failed(lane: Lane, entry: OutboxEntry, error: unknown): void {
    const { clock, limits, log } = this.#ports;
    // For what is owed no more the next message does not wait.
    if (this.#owes(lane, entry)) {
      lane.failures++;
      lane.notBeforeMs = clock.now() + retryDelayMs(limits, lane.failures);
    }
    const { failures } = lane;
    log({ level: "warn", msg: "delivery", target: entry.to, failures, ...errorFields(this.#ports, error) });
  }

  #settle(lane: Lane, entry: OutboxEntry, reply: Omit<InboxEntry, "seq"> | undefined): void {
    if (!this.#owes(lane, entry)) return;
    const received = this.#ports.store.acknowledge(entry.seq, this.#sender.hasEnded ? undefined : reply);
    lane.entries.shift();
    lane.failures = 0;
    if (lane.entries.length === 0) this.#lanes.delete(entry.to);
    if (received !== undefined) this.#sender.enqueue(received);
  }

  /** False once it has been acknowledged, or the instance purged or started anew: the message is no longer ours to deliver. */
  #owes(lane: Lane, entry: OutboxEntry): boolean {
    return this.#lanes.get(entry.to) === lane && lane.entries[0] === entry;
  }

  /** With a start goes the answer to whether it is still to be carried out. */
  async #send(lane: Lane, entry: OutboxEntry): Promise<DeliveryResult> {
    const { to, message } = entry;
    const peer = this.#ports.peer(to);
    if (beginsChild(message)) return peer.deliver(message, async () => this.#owes(lane, entry));
    if (message.type !== "StartDetached") return peer.deliver(message);
    // It does not belong to the tree of its caller, so a purge of that does not call it back once it is on its way.
    let isOnItsWay = true;
    try {
      return await peer.deliver(message, async () => isOnItsWay && lane.entries[0] === entry);
    } finally {
      isOnItsWay = false;
    }
  }

  async #deliver(lane: Lane, entry: OutboxEntry): Promise<Omit<InboxEntry, "seq"> | undefined> {
    const { to, message } = entry;
    const result = await this.#send(lane, entry);
    if (result.accepted || !beginsChild(message)) return undefined;
    const exists = {
      errorType: "WorkflowInstanceAlreadyExists",
      message: `an active workflow with ID '${to}' already exists`,
    };
    const failure = result.code === "GONE" ? purgedFailure(to) : exists;
    const fact: HistoryFact = { type: "ChildWorkflowInstanceFailed", id: message.parent.taskId, failure };
    return { fact, executionId: message.parent.executionId };
  }
}

/** A rewind of a child may begin it again. */
function beginsChild(message: Message): message is Message & (StartChildMessage | RewindChildMessage) {
  return message.type === "StartChild" || message.type === "RewindChild";
}
