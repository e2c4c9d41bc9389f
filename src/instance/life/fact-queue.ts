import type { HistoryFact } from "../../model/history-event.ts";
import type { InboxEntry } from "../../storage/instance-store.ts";

/** A fact on its way into a turn; `seq` when a row of the inbox holds it. */
export type QueuedFact = Pick<InboxEntry, "fact" | "executionId"> & { readonly seq?: number };

/**
 * What the next turn will be given, in order of arrival: the rows of the inbox, and the results of activities, which
 * no row holds.
 *
 * A start that waits for its time stands aside, and what comes meanwhile waits behind it: events and updates too, whatever
 * Dapr does. It is released when its time has come, unless the instance is paused, and before that by what ends the instance.
 */
export class FactQueue {
  #items: QueuedFact[] = [];
  /** What the turn that is being taken was given, until it is committed. */
  #taken: readonly QueuedFact[] = [];
  #scheduledStart: InboxEntry | undefined;
  /** The workflow waits for a lease: no turn is taken but for one that ends it. */
  isHeldUp = false;

  get length(): number {
    return this.#items.length;
  }

  /** Nothing is taken or run before a start that waits for its time. */
  get waitsForStart(): boolean {
    return this.#scheduledStart !== undefined;
  }

  /** When to look after a start that waits; infinity when none does. A pause leaves that where it is, and it is done once. */
  startAtMs(nowMs: number): number {
    const dueAtMs = this.#scheduledStart?.dueAtMs ?? Number.POSITIVE_INFINITY;
    return dueAtMs <= nowMs && this.isStartPaused ? Number.POSITIVE_INFINITY : dueAtMs;
  }

  /** Somebody has paused the instance, which waits for its start, or for its lease, and whose turns have taken no pause. */
  get isStartPaused(): boolean {
    return this.isPaused(false);
  }

  /** By who has asked last, be it that no turn takes that yet. `isSuspended`: by what its turns have taken. */
  isPaused(isSuspended: boolean): boolean {
    if (this.#scheduledStart === undefined && !this.isHeldUp) return isSuspended;
    const last = this.#items.findLast(({ fact }) => isPauseOrResume(fact));
    return last === undefined ? isSuspended : last.fact.type === "ExecutionSuspended";
  }

  /** When it may begin, where it waits for that. */
  get scheduledAtMs(): number | undefined {
    return this.#scheduledStart?.dueAtMs;
  }

  /** The start that waits. */
  get scheduledStart(): HistoryFact | undefined {
    return this.#scheduledStart?.fact;
  }

  /** What has come and no turn has taken. */
  get waiting(): readonly HistoryFact[] {
    return this.#items.map(({ fact }) => fact);
  }

  /** Results of activities that no row holds, and no turn has committed. */
  get results(): readonly QueuedFact[] {
    return [...new Set([...this.#taken, ...this.#items].filter((item) => item.seq === undefined))];
  }

  /** The same without answers to these calls. */
  resultsBut(calls: readonly number[]): readonly QueuedFact[] {
    return this.results.filter(({ fact }) => !("id" in fact && calls.includes(fact.id)));
  }

  /** Takes over such results from the life before. */
  keep(results: readonly QueuedFact[]): void {
    this.#items.push(...results);
  }

  /** Begins again with what the inbox holds. Results of activities that no turn has committed are kept. */
  reread(entries: readonly InboxEntry[]): void {
    const { results } = this;
    this.#items = [];
    this.#taken = [];
    this.#scheduledStart = undefined;
    for (const entry of entries) {
      if (entry.dueAtMs === undefined) this.#items.push(entry);
      else this.#scheduledStart = entry;
    }
    this.#items.push(...results);
  }

  /** A pause of what is paused, or a resume of what is not, that no turn would take yet. `isSuspended`: as in `isPaused`. */
  changesNothing(fact: HistoryFact, isSuspended: boolean): boolean {
    if ((this.#scheduledStart === undefined && !this.isHeldUp) || !isPauseOrResume(fact)) return false;
    return this.isPaused(isSuspended) === (fact.type === "ExecutionSuspended");
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

  /** Lets the start go that waits, if it may go now. A terminate does not wait for a resume. */
  releaseStart(nowMs: number): void {
    if (this.#scheduledStart === undefined) return;
    const isDue = (this.#scheduledStart.dueAtMs ?? 0) <= nowMs || this.has("ExecutionCancelRequested");
    if (!this.has("ExecutionTerminated") && (!isDue || this.isStartPaused)) return;
    this.#items.unshift(this.#scheduledStart);
    this.#scheduledStart = undefined;
  }

  /** Nothing is to be done with what has come. What ends the instance does not wait for a lease. */
  get isWaitingForLease(): boolean {
    return this.isHeldUp && !this.has("ExecutionTerminated") && !this.has("ExecutionCancelRequested");
  }

  /** For its time, or for a lease. */
  get isKeptWaiting(): boolean {
    return this.waitsForStart || this.isWaitingForLease;
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

function isPauseOrResume({ type }: HistoryFact): boolean {
  return type === "ExecutionSuspended" || type === "ExecutionResumed";
}
