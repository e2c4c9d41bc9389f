import { LEASE_MS, type LeaseAsk, RENEW_MS } from "../../model/lease.ts";
import type { Limit } from "../../model/limit.ts";
import type { ActivityRun } from "../activities/index.ts";

/** One who waits is in a queue that lies on disk. Should the limiter have lost it all the same, it is asked for again. */
const ASK_AGAIN_MS = 300_000;

/** What a lease is for. */
export type LeaseOf =
  /** The turns of the workflow. `isBegun`: it has had some. */
  | { readonly type: "workflow"; readonly isBegun: boolean }
  /** One run of an activity, which `begin` begins. */
  | { readonly type: "activity"; readonly run: ActivityRun; readonly begin: () => void };

/**
 * One lease, as its instance knows it.
 *
 *                asked              answered "waiting"           granted
 *   new, seq n --------> asking --------------------> waiting ------------> held
 *                          | answered "held"                                 |  ^  asked again: renewed
 *                          '-------------------------------------------------+--'
 *                                                                            v  not renewed in time
 *                                                                           lost, and asked for
 */
export class Lease {
  readonly id: string;
  readonly limit: Limit;
  readonly key: string;
  readonly of: LeaseOf;
  seq: number;
  /** What it is for has begun. */
  hasBegun = false;
  isAsking = false;
  /** The limiter has it in its queue. */
  isWaiting = false;
  failures = 0;
  /** When to ask, or ask again. */
  nextAtMs = 0;
  /** 0: it is not held. */
  #untilMs = 0;

  constructor(id: string, limit: Limit, key: string, of: LeaseOf, seq: number) {
    this.id = id;
    this.limit = limit;
    this.key = key;
    this.of = of;
    this.seq = seq;
  }

  get isHeld(): boolean {
    return this.#untilMs > 0;
  }

  isOverAt(nowMs: number): boolean {
    return this.#untilMs > 0 && this.#untilMs <= nowMs;
  }

  /** Of a call that has waited for longer than it may take in all: it is begun without a lease, and fails at once. */
  get deadlineMs(): number {
    const { of } = this;
    return of.type === "activity" && !this.hasBegun ? (of.run.task.deadlineAtMs ?? Infinity) : Infinity;
  }

  /** When there is something to do about it. */
  get dueAtMs(): number {
    const overAtMs = this.isHeld ? this.#untilMs : Number.POSITIVE_INFINITY;
    return Math.min(overAtMs, this.deadlineMs, this.isAsking ? overAtMs : this.nextAtMs);
  }

  get ask(): LeaseAsk {
    const { id, key, seq, of } = this;
    const isBegun = this.hasBegun || (of.type === "workflow" && of.isBegun);
    return { lease: id, key, seq, ...(isBegun && { isBegun }) };
  }

  held(untilMs: number, nowMs: number): void {
    this.#untilMs = untilMs;
    this.isWaiting = false;
    this.failures = 0;
    this.nextAtMs = Math.max(nowMs + RENEW_MS, untilMs - LEASE_MS + RENEW_MS);
  }

  waits(nowMs: number): void {
    this.#untilMs = 0;
    this.isWaiting = true;
    this.failures = 0;
    this.nextAtMs = nowMs + ASK_AGAIN_MS;
  }

  lost(): void {
    this.#untilMs = 0;
  }
}
