import { SeenMessages } from "../../engine/seen-messages.ts";
import type { HistoryEvent } from "../../model/history-event.ts";
import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import type { InstancePorts } from "../ports.ts";
import { reading, readingInto } from "../reading/index.ts";
import type { Life, StoredQueues } from "./life.ts";

/** When which messages were taken. */
export type Recent = Readonly<Record<string, number>>;

/** What the database holds of an instance, or why it cannot be read. */
export type Stored =
  | { readonly type: "vacant" }
  | {
      readonly type: "read";
      readonly record: InstanceRecord;
      readonly queues: StoredQueues;
      /** Where that had to be read as well. */
      readonly history: readonly HistoryEvent[] | undefined;
    }
  | { readonly type: "unreadable"; readonly error: UnreadableError };

/** Reads it; `use` is called in the moment in which it was read, or found to be unreadable. Rejects when the storage fails. */
export async function readStored(ports: InstancePorts, use: (stored: Stored) => void): Promise<void> {
  try {
    await readingInto(ports, () => stored(ports), use);
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    use({ type: "unreadable", error });
  }
}

/** The queues alone. */
export async function readQueues(ports: InstancePorts, use: (queues: StoredQueues) => void): Promise<void> {
  await readingInto(ports, () => queuesOf(ports), use);
}

function stored(ports: InstancePorts): Stored {
  const { store } = ports;
  const record = store.load();
  if (record === undefined) return { type: "vacant" };
  // Whether the keys are those it was written with, before anything is written with them.
  store.outline(undefined);
  const queues = queuesOf(ports);
  // What a message is answered may be written before the next turn.
  const mayBeAnswered = queues.outbox.length > 0 && !isTerminal(record.status);
  return { type: "read", record, queues, history: mayBeAnswered ? store.history() : undefined };
}

function queuesOf({ store }: InstancePorts): StoredQueues {
  return { inbox: store.inbox(), outbox: store.outbox() };
}

/**
 * Raises and updates that a life has taken lately: a copy that comes late must not count for whoever takes the ID. Its history
 * tells, where the object was lost since.
 */
export function recentMessages(ports: InstancePorts, { record, orchestration }: Life): Recent | Promise<Recent> {
  if (record === undefined) return {};
  return orchestration?.recentMessages(ports.clock.now()) ?? recentInStore(ports);
}

/** Of one that cannot be read whole, and may be replaced all the same, nothing is known. */
async function recentInStore(ports: InstancePorts): Promise<Recent> {
  const { store, clock } = ports;
  try {
    return await reading(ports, () => {
      const seen = new SeenMessages();
      for (const { event } of store.skimHistory(0, false)) seen.record(event);
      return seen.recent(clock.now());
    });
  } catch (error) {
    if (error instanceof UnreadableError) return {};
    throw error;
  }
}
