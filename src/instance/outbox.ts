import type { HistoryFact } from "../model/history-event.ts";
import { type InboxEntry, type OutboxEntry, textsOfFact } from "../storage/instance-store.ts";
import { retryDelayMs } from "./limits.ts";
import type { InstancePorts } from "./ports.ts";
import { writing } from "./sealing.ts";

/** After so long, what an object had sent when it was lost has arrived, or never will. */
export const STRAY_MS = 10_000;

/**
 * Delivers committed messages to other instances: at least once, in order for each receiver (a terminate must not
 * overtake the start it is meant for), until each is acknowledged. Failures are counted in memory only: after a
 * restart everything is tried at once.
 */
export class Outbox {
  readonly #ports: InstancePorts;
  /** Called with what an acknowledgement means to this instance. */
  readonly #receive: (entry: InboxEntry) => void;
  /** Called when a receiver's queue has come to rest. */
  readonly #rested: () => void;
  readonly #lanes = new Map<string, Lane>();
  #delivering = 0;
  #starting = 0;
  #mayHaveStrays = false;

  constructor(ports: InstancePorts, receive: (entry: InboxEntry) => void, rested: () => void) {
    this.#ports = ports;
    this.#receive = receive;
    this.#rested = rested;
  }

  get isEmpty(): boolean {
    return this.#lanes.size === 0;
  }

  /** Whether a message is on its way just now. */
  get isBusy(): boolean {
    return this.#delivering > 0;
  }

  /** Whether a message that starts an instance is on its way just now, or may be, from a life that was lost. */
  get isStarting(): boolean {
    return this.#starting > 0 || this.#mayHaveStrays;
  }

  /** A life that has just begun: the one before may have sent the starts of children that it finds here. */
  expectStrays(): void {
    const lanes = [...this.#lanes.values()];
    if (!lanes.some(({ entries }) => entries.some(({ message }) => message.type === "StartChild"))) return;
    this.#mayHaveStrays = true;
    this.#ports.clock.schedule(STRAY_MS, () => {
      this.#mayHaveStrays = false;
      this.#rested();
    });
  }

  /** When the next delivery is to be tried; infinity when nothing waits for a time. */
  nextAttemptAtMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes.values()) if (!lane.busy && lane.notBeforeMs < next) next = lane.notBeforeMs;
    return next;
  }

  add(entries: readonly OutboxEntry[]): void {
    for (const entry of entries) {
      const lane = this.#lanes.get(entry.to);
      if (lane === undefined) this.#lanes.set(entry.to, { entries: [entry], busy: false, failures: 0, notBeforeMs: 0 });
      else lane.entries.push(entry);
    }
  }

  forget(): void {
    this.#lanes.clear();
  }

  /** Starts whatever may be delivered now. */
  deliverDue(): void {
    if (this.isEmpty) return;
    const nowMs = this.#ports.clock.now();
    for (const lane of this.#lanes.values()) {
      if (this.#delivering >= this.#ports.limits.maxConcurrentDeliveries) return;
      if (!lane.busy && lane.notBeforeMs <= nowMs) void this.#work(lane);
    }
  }

  /** Delivers one receiver's messages one after the other. Never rejects. */
  async #work(lane: Lane): Promise<void> {
    this.#delivering++;
    lane.busy = true;
    try {
      for (;;) {
        const [entry] = lane.entries;
        if (entry === undefined || !this.#owns(lane, entry)) break;
        const reply = await this.#deliver(entry);
        await writing(
          this.#ports,
          () => (reply === undefined ? [] : textsOfFact(reply.fact)),
          () => this.#settle(lane, entry, reply),
        );
      }
    } catch (error) {
      lane.failures++;
      lane.notBeforeMs = this.#ports.clock.now() + retryDelayMs(this.#ports.limits, lane.failures);
      this.#ports.log({
        level: "warn",
        msg: "delivery",
        target: lane.entries[0]?.to,
        failures: lane.failures,
        errorType: error instanceof Error ? error.name : typeof error,
      });
    }
    lane.busy = false;
    this.#delivering--;
    this.deliverDue();
    this.#rested();
  }

  #settle(lane: Lane, entry: OutboxEntry, reply: Omit<InboxEntry, "seq"> | undefined): void {
    if (!this.#owns(lane, entry)) return;
    const received = this.#ports.store.acknowledge(entry.seq, reply);
    lane.entries.shift();
    lane.failures = 0;
    if (lane.entries.length === 0) this.#lanes.delete(entry.to);
    if (received !== undefined) this.#receive(received);
  }

  /** False once the instance has been purged or started anew: the message is no longer ours to deliver. */
  #owns(lane: Lane, entry: OutboxEntry): boolean {
    return this.#lanes.get(entry.to) === lane;
  }

  async #deliver({ to, message }: OutboxEntry): Promise<Omit<InboxEntry, "seq"> | undefined> {
    const starts = message.type === "StartChild" || message.type === "StartDetached" ? 1 : 0;
    this.#starting += starts;
    const result = await this.#ports
      .peer(to)
      .deliver(message)
      .finally(() => {
        this.#starting -= starts;
      });
    if (result.accepted || message.type !== "StartChild") return undefined;
    const fact: HistoryFact = {
      type: "ChildWorkflowInstanceFailed",
      id: message.parent.taskId,
      failure: {
        errorType: "WorkflowInstanceAlreadyExists",
        message: `an active workflow with ID '${to}' already exists`,
      },
    };
    return { fact, executionId: message.parent.executionId };
  }
}

interface Lane {
  readonly entries: OutboxEntry[];
  busy: boolean;
  failures: number;
  notBeforeMs: number;
}
