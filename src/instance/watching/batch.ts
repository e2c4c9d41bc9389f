import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { InstanceStorage } from "../../storage/instance-store.ts";
import type { WatchState } from "../ports.ts";
import { endFrame, executionFrame, historyFrame } from "./frames.ts";

/** So many events are read at a time. */
const PAGE = 128;
/** A batch ends with the event that makes it as long as this. */
const BATCH_LENGTH = 64 * 1024;

/** What a watcher is sent at once, and where it is after that. */
export interface Batch {
  /** Empty: there is nothing new. */
  readonly text: string;
  readonly executionId: string;
  readonly next: number;
  /** Nothing comes after it. */
  readonly isLast: boolean;
}

/**
 * What comes next for a watcher that has been sent all events before `next`. Reads the store and the instance's row, which must be of the same
 * moment. What the store has is committed when this is sent, as the platform holds messages back until then.
 */
export function nextBatch(store: InstanceStorage, record: InstanceRecord, at: Omit<WatchState, "room">): Batch {
  const { executionId, status } = record;
  const isSame = at.executionId === executionId;
  let text = isSame || at.executionId === "" ? "" : executionFrame(record);
  let next = isSame ? at.next : 0;
  while (text.length < BATCH_LENGTH) {
    const events = store.historyPage(next, PAGE);
    for (const event of events) {
      text += historyFrame(executionId, next++, event);
      if (text.length >= BATCH_LENGTH) break;
    }
    if (events.length === 0) break;
  }
  const isLast = isTerminal(status) && next >= store.nextHistorySeq;
  return { text: isLast ? text + endFrame(status) : text, executionId, next, isLast };
}
