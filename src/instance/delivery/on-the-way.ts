import type { OutboxEntry } from "../../storage/instance-store.ts";

/** Messages to one receiver, of which the first may be on its way. */
export interface Lane {
  readonly entries: OutboxEntry[];
  busy: boolean;
  failures: number;
  notBeforeMs: number;
}

/** The messages that are on their way just now, of whatever life: what has left the object comes back to it, if to nobody else. */
export class OnTheWay {
  count = 0;
  /** Lanes of outboxes that were closed while a message of theirs was on its way. */
  readonly closed = new Set<Lane>();

  /** Read again from its row, it is sent again: the copy that is on its way counts no more. */
  replace(entry: OutboxEntry): void {
    for (const lane of this.closed) if (isSame(lane.entries[0], entry)) lane.entries.length = 0;
  }
}

/** Made anew from its row. */
function isSame(a: OutboxEntry | undefined, b: OutboxEntry): boolean {
  if (a?.message.type !== "StartDetached" || b.message.type !== "StartDetached") return false;
  return a.message.requestId === b.message.requestId;
}
