import { LEASE_MS, type LeaseAsk, type LeaseRelease, type LeaseRequest, type LeaseState } from "../model/lease.ts";
import type { Quota } from "../model/limit.ts";
import { type Bucket, fullBucket, nextTokenMs, refilled } from "./bucket.ts";
import type { Entry, Ledger } from "./ledger.ts";

const NEVER = Number.POSITIVE_INFINITY;
/** So far before all that wait is one that has begun already. Places are in microseconds since 1970. */
const IN_FRONT = 4e15;
/** So many are given in one go to those who wait; the others follow at once. */
const MOST_GRANTS = 256;
/** So many queues are known to be free; with more, all are looked at. */
const MOST_FREED = 64;
/** So long after it has asked at a former part of the limit one is sent on. */
const SEND_ON_MS = 1_000;

/** A lease that has been given to one who waits, and has to be told. `untilMs` 0: it is to be asked for elsewhere. */
export type Grant = Entry & { readonly untilMs: number };

/** What has come since the last turn. */
export interface News extends LeaseRequest {
  /** Grants that the instance does not want: what they have taken of the rate comes back, too. */
  readonly refused?: readonly LeaseRelease[] | undefined;
}

export interface Turn {
  /** To each of the news, to each of its asks. */
  readonly answers: readonly (readonly LeaseState[])[];
  readonly grants: readonly Grant[];
}

/** Of those that are given, what is looked at often. */
type Held = Pick<Entry, "instanceId" | "lease" | "key"> & { readonly untilMs: number };

/**
 * Who gets a lease, and when. Pure, over a ledger: the same news at the same times give the same decisions.
 *
 *            asked for, no room          its turn, or room at once          released, refused, over
 *   nobody -------------------> waiting ---------------------------> held -------------------------> nobody
 *                                  |  released                        |  asked for again: renewed
 *
 * 1. Never more are held than the quota allows, of all and of a key; nor do more begin than the rate does.
 * 2. In a queue the first comes first; of the queues each in its turn. Nobody overtakes one that waits and could begin.
 * 3. What an instance has been told that it holds, it holds until then: `untilMs` in an answer is what the ledger has.
 * 4. A lower number than the one that is known of a lease changes nothing.
 * 5. With something that waits and could begin, or that is held, there is a time at which to look again.
 *
 * When a change fails, the book is made anew of what the ledger holds.
 */
export class Book {
  readonly #ledger: Ledger;
  readonly #quota: Quota;
  readonly #leaseMs: number;
  readonly #openedMs: number;
  readonly #held = new Map<string, Held>();
  readonly #heldOf = new Map<string, number>();
  #waiting: number;
  #lastPlace: number;
  #bucket: Bucket;
  #served: string;
  #isStandingNew = false;
  /** After a look at all queues that wait, in vain: those since of which one may begin. Not every turn is to look at all that are full. */
  #freed: Set<string> | undefined;
  /** No lease is over before that. */
  #nextEndMs = NEVER;

  /** `quota`: empty where nothing is limited any more. */
  constructor(ledger: Ledger, quota: Quota, nowMs: number, leaseMs = LEASE_MS) {
    this.#ledger = ledger;
    this.#leaseMs = leaseMs;
    this.#openedMs = nowMs;
    this.#quota = quota;
    for (const entry of ledger.held()) this.#count(entry as Grant);
    this.#waiting = ledger.waiting();
    this.#lastPlace = ledger.lastPlace();
    const standing = ledger.standing();
    this.#bucket = standing ?? (quota.rate ? fullBucket(quota.rate, nowMs) : { tokens: 0, atMs: nowMs });
    this.#served = standing?.served ?? "";
  }

  get running(): number {
    return this.#held.size;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** The key that was served last. */
  get served(): string {
    return this.#served;
  }

  runningOf(key: string): number {
    return this.#heldOf.get(key) ?? 0;
  }

  /** In one transaction. */
  turn(news: readonly News[], nowMs: number): Turn {
    this.#expire(nowMs);
    const fresh = new Set<string>();
    const stale = news.map(({ instanceId, asks, releases, refused = [] }) => {
      for (const release of releases) this.#release(instanceId, release);
      for (const refusal of refused) if (this.#release(instanceId, refusal)) this.#giveBack(nowMs);
      return asks.map((ask) => {
        fresh.add(idOf(instanceId, ask.lease));
        return this.#ask(instanceId, ask, nowMs);
      });
    });
    const given = this.#quota.isFormer ? this.#sendOn(news) : this.#grant(nowMs);
    const grants = given.filter(({ instanceId, lease }) => !fresh.has(idOf(instanceId, lease)));
    if (this.#isStandingNew) this.#ledger.save({ ...this.#bucket, served: this.#served });
    this.#isStandingNew = false;
    const answers = news.map(({ instanceId, asks }, n) =>
      asks.map((ask, m) => stale[n]?.[m] ?? this.#stateOf(instanceId, ask.lease)),
    );
    return { answers, grants };
  }

  /** When to take a turn again, if nothing comes; infinity: never. */
  nextTurnMs(nowMs: number): number {
    const { rate, isFormer } = this.#quota;
    const isFree = this.#waiting > 0 && this.#isBelowConcurrency && this.#nextKey() !== undefined;
    let beginsAtMs = isFree ? (rate === undefined ? nowMs : nextTokenMs(this.#bucket, rate)) : NEVER;
    if (isFormer && isFree) beginsAtMs = nowMs + SEND_ON_MS;
    return Math.min(beginsAtMs, this.#held.size === 0 ? NEVER : this.#nextEndMs);
  }

  /** Given to one who waits, and not renewed since: whether it was told of that is not known. */
  untold(): Grant[] {
    return this.#ledger.held().filter(({ sinceMs, untilMs }) => untilMs === sinceMs + this.#leaseMs) as Grant[];
  }

  isHeld({ instanceId, lease }: Pick<Entry, "instanceId" | "lease">): boolean {
    return this.#held.has(idOf(instanceId, lease));
  }

  // What comes.

  /** A state where it is none that the ledger has. */
  #ask(instanceId: string, { lease, key, seq, isBegun }: LeaseAsk, nowMs: number): LeaseState | undefined {
    const entry = this.#ledger.find(instanceId, lease);
    if (entry === undefined) {
      const place = this.#nextPlace(nowMs) - (isBegun ? IN_FRONT : 0);
      const asked = { instanceId, lease, key, seq, place, sinceMs: nowMs, untilMs: undefined };
      if (this.#waiting === 0 && this.#hasRoomFor(key, nowMs)) {
        this.#hold(asked, nowMs);
        // Not worth a row of its own.
        this.#served = key;
      } else {
        this.#ledger.put(asked);
        this.#waiting++;
        this.#free(key);
      }
      return undefined;
    }
    if (seq < entry.seq) return { type: "stale", seq: entry.seq };
    if (entry.untilMs === undefined) {
      if (seq > entry.seq) this.#ledger.put({ ...entry, seq });
    } else if (seq > entry.seq || this.#isLow(entry.untilMs - nowMs)) {
      const renewed = { ...entry, seq, untilMs: nowMs + this.#leaseMs };
      this.#ledger.put(renewed);
      this.#held.set(idOf(instanceId, lease), renewed);
    }
    return undefined;
  }

  /** One with less than half of its time left is given a new end when it is renewed: not each renewal is a row. */
  #isLow(leftMs: number): boolean {
    return leftMs <= this.#leaseMs / 2;
  }

  /** Whether it had been given. */
  #release(instanceId: string, { lease, seq }: LeaseRelease): boolean {
    const entry = this.#ledger.find(instanceId, lease);
    if (entry === undefined || seq < entry.seq) return false;
    this.#ledger.remove(entry);
    if (entry.untilMs === undefined) this.#waiting--;
    else this.#uncount(entry as Grant);
    return entry.untilMs !== undefined;
  }

  #giveBack(nowMs: number): void {
    const { rate } = this.#quota;
    if (rate === undefined) return;
    this.#bucket = refilled({ ...this.#bucket, tokens: this.#bucket.tokens + 1 }, rate, nowMs);
    this.#isStandingNew = true;
  }

  #expire(nowMs: number): void {
    if (this.#nextEndMs > nowMs) return;
    this.#nextEndMs = NEVER;
    for (const held of this.#held.values()) {
      if (held.untilMs > nowMs) {
        this.#nextEndMs = Math.min(this.#nextEndMs, held.untilMs);
        continue;
      }
      this.#ledger.remove(held);
      this.#uncount(held);
    }
  }

  // What is given.

  /** To the parts of today. In turns of its own: whoever asks here all the time is of code from before, and is to come back in peace. */
  #sendOn(news: readonly News[]): Grant[] {
    const sent: Grant[] = [];
    while (news.length === 0 && sent.length < MOST_GRANTS) {
      const key = this.#ledger.nextKey(undefined);
      const first = key === undefined ? undefined : this.#ledger.firstOf(key);
      if (first === undefined) break;
      sent.push(this.#sentOn(first));
    }
    return sent;
  }

  #sentOn(entry: Entry): Grant {
    this.#ledger.remove(entry);
    this.#waiting--;
    return { ...entry, untilMs: 0 };
  }

  /** One from before this object was loaded may have come here when the parts were others. It has asked at its own since, or will. */
  #isOwn({ key, instanceId, sinceMs }: Entry): boolean {
    return sinceMs >= this.#openedMs || this.#quota.owns?.(key, instanceId) !== false;
  }

  #grant(nowMs: number): Grant[] {
    const grants: Grant[] = [];
    while (grants.length < MOST_GRANTS && this.#waiting > 0 && this.#isBelowConcurrency && this.#hasToken(nowMs)) {
      const key = this.#nextKey();
      const first = key === undefined ? undefined : this.#ledger.firstOf(key);
      if (first === undefined) break;
      if (!this.#isOwn(first)) {
        grants.push(this.#sentOn(first));
        continue;
      }
      this.#waiting--;
      this.#served = first.key;
      this.#isStandingNew = true;
      grants.push(this.#hold(first, nowMs));
    }
    return grants;
  }

  /** The next queue in turn of which one may begin. */
  #nextKey(): string | undefined {
    const { concurrencyPerKey = NEVER } = this.#quota;
    if (this.#freed !== undefined) return this.#nextFreed(this.#freed, concurrencyPerKey);
    const first = this.#ledger.nextKey(this.#served) ?? this.#ledger.nextKey(undefined);
    let key = first;
    while (key !== undefined && this.runningOf(key) >= concurrencyPerKey) {
      key = this.#ledger.nextKey(key) ?? this.#ledger.nextKey(undefined);
      if (key === first) key = undefined;
    }
    if (key === undefined) this.#freed = new Set();
    return key;
  }

  #nextFreed(freed: Set<string>, concurrencyPerKey: number): string | undefined {
    for (const key of freed)
      if (this.runningOf(key) >= concurrencyPerKey || this.#ledger.firstOf(key) === undefined) freed.delete(key);
    const keys = [...freed].sort();
    return keys.find((key) => key > this.#served) ?? keys[0];
  }

  /** One has come to its queue, or has given back its lease. */
  #free(key: string): void {
    this.#freed?.add(key);
    if (this.#freed !== undefined && this.#freed.size > MOST_FREED) this.#freed = undefined;
  }

  #hold(entry: Entry, nowMs: number): Grant {
    const held = { ...entry, sinceMs: nowMs, untilMs: nowMs + this.#leaseMs };
    this.#ledger.put(held);
    this.#count(held);
    if (this.#quota.rate !== undefined) {
      this.#bucket = { ...this.#bucket, tokens: this.#bucket.tokens - 1 };
      this.#isStandingNew = true;
    }
    return held;
  }

  get #isBelowConcurrency(): boolean {
    return this.#held.size < (this.#quota.concurrency ?? NEVER);
  }

  #hasRoomFor(key: string, nowMs: number): boolean {
    const isBelow =
      !this.#quota.isFormer &&
      this.#isBelowConcurrency &&
      this.runningOf(key) < (this.#quota.concurrencyPerKey ?? NEVER);
    return isBelow && this.#hasToken(nowMs);
  }

  #hasToken(nowMs: number): boolean {
    const { rate } = this.#quota;
    if (rate === undefined) return true;
    this.#bucket = refilled(this.#bucket, rate, nowMs);
    return this.#bucket.tokens >= 1;
  }

  // What memory has of it.

  #count(held: Held): void {
    const { instanceId, lease, key, untilMs } = held;
    this.#held.set(idOf(instanceId, lease), { instanceId, lease, key, untilMs });
    this.#heldOf.set(key, this.runningOf(key) + 1);
    this.#nextEndMs = Math.min(this.#nextEndMs, untilMs);
  }

  #uncount({ instanceId, lease, key }: Held): void {
    this.#held.delete(idOf(instanceId, lease));
    const left = this.runningOf(key) - 1;
    if (left > 0) this.#heldOf.set(key, left);
    else this.#heldOf.delete(key);
    this.#free(key);
  }

  #nextPlace(nowMs: number): number {
    this.#lastPlace = Math.max(nowMs * 1_000, this.#lastPlace + 1);
    return this.#lastPlace;
  }

  #stateOf(instanceId: string, lease: string): LeaseState {
    const held = this.#held.get(idOf(instanceId, lease));
    if (held !== undefined) return { type: "held", untilMs: held.untilMs };
    // A release has come with it, and one of them is late.
    return this.#ledger.find(instanceId, lease) === undefined ? { type: "stale", seq: 0 } : { type: "waiting" };
  }
}

function idOf(instanceId: string, lease: string): string {
  return `${lease} ${instanceId}`;
}
