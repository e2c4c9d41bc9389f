/** Something that is to happen at a time, unless the life of the object that has set it is over by then. */
interface Due {
  readonly atMs: number;
  readonly run: () => void;
  readonly life: { readonly isOver: boolean };
}

/** Time that moves only when it is told to, and what is to happen at which time. */
export class VirtualClock {
  nowMs: number;
  #due: Due[] = [];

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  /** Of two at one time, the one that was scheduled first comes first. What is never due is not kept. */
  schedule(ms: number, run: () => void, life: Due["life"]): () => void {
    const due = { atMs: this.nowMs + Math.max(0, ms), run, life };
    if (!Number.isFinite(due.atMs)) return () => undefined;
    const after = this.#due.findIndex((other) => other.atMs > due.atMs);
    this.#due.splice(after === -1 ? this.#due.length : after, 0, due);
    return () => {
      this.#due = this.#due.filter((other) => other !== due);
    };
  }

  /** Infinity when there is nothing to happen. */
  get nextAtMs(): number {
    while (this.#due[0]?.life.isOver) this.#due.shift();
    return this.#due[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** The first that is due, taken out. */
  takeDue(): (() => void) | undefined {
    return this.nextAtMs <= this.nowMs ? this.#due.shift()?.run : undefined;
  }
}
