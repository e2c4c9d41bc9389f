import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { InstanceStorage } from "../../storage/instance-store.ts";
import type { WatchState } from "../ports.ts";
import { endFrame, executionFrame, historyFrame } from "./frames.ts";

/** A batch has at most so many events, and so many characters as they are stored, or one event that has more: all of them may have to be decrypted. */
const MOST_EVENTS = 256;
const MAX_LENGTH = 64 * 1024;

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
  for (const event of store.historyPage(next, MOST_EVENTS, MAX_LENGTH))
    text += historyFrame(executionId, next++, event);
  const isLast = isTerminal(status) && next >= store.nextHistorySeq;
  return { text: isLast ? text + endFrame(status) : text, executionId, next, isLast };
}
