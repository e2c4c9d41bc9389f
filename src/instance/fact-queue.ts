import type { HistoryFact } from "../model/history-event.ts";
import type { InboxEntry } from "../storage/instance-store.ts";

/** A fact on its way into a turn; `seq` when a row of the inbox holds it. */
export type QueuedFact = Pick<InboxEntry, "fact" | "executionId"> & { readonly seq?: number };

/**
 * What the next turn will be given, in order of arrival: the rows of the inbox, and the results of activities, which
 * no row holds. A start that waits for its time stands aside until it is released.
 */
export class FactQueue {
  #items: QueuedFact[] = [];
  /** What the turn that is being taken was given, until it is committed. */
  #taken: readonly QueuedFact[] = [];
  #scheduledStart: InboxEntry | undefined;

  get length(): number {
    return this.#items.length;
  }

  /** When the start that waits is due; infinity when none does. */
  get scheduledAtMs(): number {
    return this.#scheduledStart?.dueAtMs ?? Number.POSITIVE_INFINITY;
  }

  clear(): void {
    this.#items = [];
    this.#taken = [];
    this.#scheduledStart = undefined;
  }

  /** Begins anew, with a start that waits for its time, if one does. */
  begin(scheduledStart: InboxEntry | undefined): void {
    this.clear();
    this.#scheduledStart = scheduledStart;
  }

  /** Begins again with what the inbox holds. Results of activities that no turn has committed are kept. */
  reread(entries: readonly InboxEntry[]): void {
    const results = new Set([...this.#taken, ...this.#items].filter((item) => item.seq === undefined));
    this.clear();
    for (const entry of entries) {
      if (entry.dueAtMs === undefined) this.#items.push(entry);
      else this.#scheduledStart = entry;
    }
    this.#items.push(...results);
    // Something had woken the instance before its time.
    if (this.#items.length > 0) this.releaseScheduledStart();
  }

  add(item: QueuedFact): void {
    this.#items.push(item);
  }

  takeAll(): readonly QueuedFact[] {
    this.#taken = this.#items;
    this.#items = [];
    return this.#taken;
  }

  /** The turn that took has been committed, but for these: they come before everything that has come since. */
  committed(left: Iterable<QueuedFact>): void {
    this.#taken = [];
    this.#items = [...left, ...this.#items];
  }

  releaseScheduledStart(): void {
    if (this.#scheduledStart === undefined) return;
    this.#items.unshift(this.#scheduledStart);
    this.#scheduledStart = undefined;
  }

  has(type: HistoryFact["type"]): boolean {
    return this.#items.some((item) => item.fact.type === type);
  }

  hasUpdate(updateId: string): boolean {
    return this.#items.some(({ fact }) => fact.type === "UpdateRequested" && fact.updateId === updateId);
  }

  /** The activities of this execution whose results wait here. */
  endedActivities(executionId: string): Set<number> {
    const results = this.#items.filter((item) => item.seq === undefined && item.executionId === executionId);
    return new Set(results.flatMap(({ fact }) => ("id" in fact ? [fact.id] : [])));
  }
}
