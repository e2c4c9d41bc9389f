/** Time that moves only when it is told to, and what is to happen at which time. */
export class VirtualClock {
  nowMs: number;
  #events: { readonly atMs: number; readonly run: () => void }[] = [];

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  /** Of two at one time, the one that was scheduled first comes first. */
  schedule(ms: number, run: () => void): () => void {
    const event = { atMs: this.nowMs + Math.max(0, ms), run };
    const after = this.#events.findIndex((other) => other.atMs > event.atMs);
    this.#events.splice(after === -1 ? this.#events.length : after, 0, event);
    return () => {
      this.#events = this.#events.filter((other) => other !== event);
    };
  }

  /** Infinity when there is nothing to happen. */
  get nextAtMs(): number {
    return this.#events[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** The first event that is due, taken out. */
  takeDue(): (() => void) | undefined {
    return this.nextAtMs <= this.nowMs ? this.#events.shift()?.run : undefined;
  }
}

declare const setImmediate: ((callback: () => void) => unknown) | undefined;

/** Lets all promises go on that can. */
export function promisesDone(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
