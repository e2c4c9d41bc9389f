/** One lease, given or waited for. */
export interface Entry {
  readonly instanceId: string;
  readonly lease: string;
  readonly key: string;
  readonly seq: number;
  /** Its place among those that wait in its queue: the lowest is the first. */
  readonly place: number;
  /** When it was given or, while it waits, first asked for. */
  readonly sinceMs: number;
  /** Until then it is given; `undefined`: it waits. */
  readonly untilMs: number | undefined;
}

/** What is kept beside the leases. */
export interface Standing {
  /** What is left of the rate, and when that was so. */
  readonly tokens: number;
  readonly atMs: number;
  /** The key that was served last. */
  readonly served: string;
}

/** A key with those that wait in its queue. */
export interface Queue {
  readonly key: string;
  readonly waiting: number;
  readonly oldestSinceMs: number;
}

/**
 * Where the leases lie: rows of a database, so that a queue costs no memory. The order of keys is that of `nextKey`, whichever it is. `book.ts`
 * decides over it, in a transaction.
 */
export interface Ledger {
  find(instanceId: string, lease: string): Entry | undefined;
  put(entry: Entry): void;
  remove(entry: Pick<Entry, "instanceId" | "lease">): void;
  /** Those that are given. */
  held(): readonly Entry[];
  /** How many wait. */
  waiting(): number;
  /** The highest place of all; 0: there is none. */
  lastPlace(): number;
  /** Of those that wait with this key. */
  firstOf(key: string): Entry | undefined;
  /** The first key behind this one, or of all, with which something waits. */
  nextKey(after: string | undefined): string | undefined;
  standing(): Standing | undefined;
  save(standing: Standing): void;
  /** The keys with which most wait, and how many keys there are. */
  queues(most: number): { readonly queues: readonly Queue[]; readonly keys: number };
  /** When the first of all that wait began to. */
  oldestSinceMs(): number | undefined;
  /** How many wait in the queue of that key before this place. */
  before(key: string, place: number): number;
  /** Of those instances of which something waits: the place of the first, in the queue of its key, from 1. */
  positions(instanceIds: readonly string[]): ReadonlyMap<string, number>;
  /** How many of other queues come before one with so many before it in its own, when `served` was served last. */
  beforeInOthers(key: string, ahead: number, served: string): number;
}
