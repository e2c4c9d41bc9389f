import type { HistoryEvent } from "../../model/history-event.ts";
import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { InboxEntry, OutboxEntry } from "../../storage/instance-store.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import type { Outbox } from "../delivery/index.ts";
import type { InstanceLog } from "../instance-log.ts";
import type { InstancePorts } from "../ports.ts";
import { readingInto } from "../reading/index.ts";
import { StallWatch } from "../waking/index.ts";
import { FactQueue } from "./fact-queue.ts";

type StoredQueues = { readonly inbox: readonly InboxEntry[]; readonly outbox: readonly OutboxEntry[] };

/**
 * What memory holds of the tables beside the history: the instance's row, the facts to take, the messages to deliver. Or why
 * they cannot be read, and when somebody looks again: then nothing is taken or written, until other code, or other keys, can
 * read it.
 */
export class InstanceMemory {
  record: InstanceRecord | undefined;
  readonly queue = new FactQueue();
  readonly outbox: Outbox;
  readonly stallWatch: StallWatch;
  readonly #ports: InstancePorts;
  readonly #log: InstanceLog;
  #unreadable: UnreadableError | undefined;

  constructor(ports: InstancePorts, outbox: Outbox, log: InstanceLog) {
    this.#ports = ports;
    this.outbox = outbox;
    this.#log = log;
    this.stallWatch = new StallWatch(ports);
  }

  /** Why the database cannot be read. */
  get unreadable(): UnreadableError | undefined {
    return this.#unreadable;
  }

  forget(): void {
    this.record = undefined;
    this.#unreadable = undefined;
    this.queue.clear();
    this.outbox.forget();
  }

  /**
   * Reads all of it, unless `isOver` says by then that nobody wants it any more. `then` is called in the moment in which it was
   * read, or found to be unreadable, with the history where that had to be read as well. Rejects when the storage fails.
   */
  async readAll(isOver: () => boolean, then: (history?: readonly HistoryEvent[]) => void): Promise<void> {
    const { store } = this.#ports;
    const read = () => {
      const record = store.load();
      if (record === undefined) return { record, inbox: [], outbox: [], history: undefined };
      // Whether the keys are those it was written with, before anything is written with them.
      store.outline(undefined);
      const queues = this.#storedQueues();
      // What a message is answered may be written before the next turn.
      const mayBeAnswered = queues.outbox.length > 0 && !isTerminal(record.status);
      return { record, ...queues, history: mayBeAnswered ? store.history() : undefined };
    };
    const use = ({ record, history, ...queues }: ReturnType<typeof read>) => {
      if (isOver()) return;
      this.#unreadable = undefined;
      this.record = record;
      this.#useQueues(queues);
      then(history);
    };
    try {
      await readingInto(this.#ports, read, use);
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      if (isOver()) return;
      this.cannotRead(error);
      then();
    }
  }

  /** The queues alone. */
  async readQueues(isOver: () => boolean): Promise<void> {
    await readingInto(
      this.#ports,
      () => this.#storedQueues(),
      (queues) => {
        if (!isOver()) this.#useQueues(queues);
      },
    );
  }

  /** What memory holds is let go, and the database left as it is. */
  cannotRead(error: UnreadableError): void {
    const instanceId = this.#ports.instanceId();
    if (this.#unreadable === undefined) this.#log.unreadable(error);
    this.#unreadable = error;
    this.queue.clear();
    this.outbox.forget();
    this.record ??= { instanceId, name: "", status: "STALLED", executionId: "", generation: 0, createdAtMs: 0 };
    this.stallWatch.beginLong();
  }

  #storedQueues(): StoredQueues {
    return { inbox: this.#ports.store.inbox(), outbox: this.#ports.store.outbox() };
  }

  #useQueues({ inbox, outbox }: StoredQueues): void {
    this.queue.reread(inbox);
    this.outbox.forget();
    this.outbox.add(outbox);
  }
}
