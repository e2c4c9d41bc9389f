/** Something that is to happen. */
export interface Occurrence {
  readonly atMs: number;
  readonly run: () => void;
}

/** What is to happen, by its time; at the same time, in the order in which it was added. */
export class Timeline {
  nowMs: number;
  #coming: Occurrence[] = [];

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  get length(): number {
    return this.#coming.length;
  }

  get next(): Occurrence | undefined {
    return this.#coming[0];
  }

  /** Those whose time has come. */
  due(): Occurrence[] {
    const later = this.#coming.findIndex(({ atMs }) => atMs > this.nowMs);
    return later === -1 ? [...this.#coming] : this.#coming.slice(0, later);
  }

  add(inMs: number, run: () => void): Occurrence {
    const added = { atMs: this.nowMs + inMs, run };
    const after = this.#coming.findIndex((other) => other.atMs > added.atMs);
    this.#coming.splice(after === -1 ? this.#coming.length : after, 0, added);
    return added;
  }

  remove(removed: Occurrence): void {
    const at = this.#coming.indexOf(removed);
    if (at !== -1) this.#coming.splice(at, 1);
  }

  happen(occurrence: Occurrence): void {
    this.remove(occurrence);
    occurrence.run();
  }
}

/** A promise of its own each time: what waits for one that all share would be held, with its world, for ever. */
export const never = () => new Promise<never>(() => undefined);

/** Lets all microtasks run that there are, and those they make. */
export const drainMicrotasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
