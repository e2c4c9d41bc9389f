import type { LifeKey } from "../../model/catalog-entry.ts";

/** How many changes a shard remembers. */
const MOST = 10_000;

/**
 * The last changes of a shard, in memory only: which lives have changed, not how, since whoever asks gets what the row is by
 * then. A shard that begins anew has another `epoch`, and so knows a place in the changes before it for none of its own.
 */
export class Changes {
  readonly #most: number;
  readonly epoch: string;
  #ring: LifeKey[] = [];
  /** The number of the first in the ring. */
  #first = 0;

  constructor(epoch: string, most = MOST) {
    this.epoch = epoch;
    this.#most = most;
  }

  /** Where the next change will stand. */
  get end(): number {
    return this.#first + this.#ring.length;
  }

  add(key: LifeKey): void {
    this.#ring.push({ instanceId: key.instanceId, createdAtMs: key.createdAtMs });
    // Seldom, since it moves all of them.
    if (this.#ring.length < 2 * this.#most) return;
    this.#first += this.#ring.length - this.#most;
    this.#ring = this.#ring.slice(-this.#most);
  }

  /** What has changed from `from` on, each life once, and where to go on; `undefined` where that is not known any more. */
  since(epoch: string, from: number, limit: number): { readonly keys: LifeKey[]; readonly next: number } | undefined {
    const isKnown = epoch === this.epoch && from >= this.end - this.#most && from >= this.#first && from <= this.end;
    if (!isKnown) return undefined;
    const lives = new Map<string, LifeKey>();
    let next = from;
    for (const key of this.#ring.slice(from - this.#first)) {
      if (lives.size === limit) break;
      lives.set(`${key.createdAtMs} ${key.instanceId}`, key);
      next++;
    }
    return { keys: [...lives.values()], next };
  }
}
