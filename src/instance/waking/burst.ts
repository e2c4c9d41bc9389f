/** How many microtasks in a row may pass without progress before a burst is taken to be over. */
const PATIENCE = 100;

/**
 * A stretch of work that waits for nothing but microtasks. The platform commits what an object writes after all microtasks
 * have run, and sends nothing before (workerd's actor-sqlite.c++; [W7.1] checks it), so all that happens in a burst is one commit. Hence what would
 * otherwise be written step by step may wait for the end of the burst: an alarm, which is not needed if the work is done by
 * then, and events, of which many fit into one row. `onEnd` writes both.
 *
 * There is no telling whether an activity waits for I/O or for a promise that is about to resolve. The burst is over when
 * some microtasks have passed without progress, which is still before the commit: no other event comes in between.
 */
export class Burst {
  readonly #onEnd: () => void;
  #isOpen = false;
  #left = 0;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** Begins a burst, or says that the one that is under way has made progress. */
  goOn(): void {
    this.#left = PATIENCE;
    if (!this.#isOpen) void this.#watch();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Awaiting costs less than `queueMicrotask`, which the platform wraps: 50 ns to 900. */
  async #watch(): Promise<void> {
    this.#isOpen = true;
    while (this.#left-- > 0) await undefined;
    this.#isOpen = false;
    this.#onEnd();
  }
}
