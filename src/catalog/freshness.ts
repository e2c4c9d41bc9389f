import type { ShardHealth } from "./protocol.ts";

const MOST = 1_000;

/**
 * How long after the change that it tells of an announcement was written: of the last 1,000, since the shard was loaded. One that tells
 * nothing new, of an instance that was loaded anew or rebuilt, was not on its way for so long, and does not count.
 */
export class Freshness {
  readonly #lags: number[] = [];
  #next = 0;

  /** The clocks of two objects may differ. */
  add(lagMs: number): void {
    this.#lags[this.#next] = Math.max(0, lagMs);
    this.#next = (this.#next + 1) % MOST;
  }

  summary(): ShardHealth["freshness"] {
    const sorted = this.#lags.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return sorted.length === 0 ? undefined : { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
  }
}
