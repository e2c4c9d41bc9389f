import type { Clock } from "../ports.ts";
import type { Burst } from "./burst.ts";

/** Somebody who waits. */
interface Watch {
  readonly holds: () => boolean;
  readonly timeoutMs: number;
  readonly resolve: () => void;
  callOff?: () => void;
}

/** Those who wait for something to become true, looked at whenever the instance has moved on. */
export class Watchers {
  readonly #clock: Clock;
  readonly #burst: Pick<Burst, "isOpen">;
  readonly #watching = new Set<Watch>();

  constructor(clock: Clock, burst: Pick<Burst, "isOpen">) {
    this.#clock = clock;
    this.#burst = burst;
  }

  /**
   * Resolves when the condition holds, or after `timeoutMs`, whichever comes first. What comes true within the burst that is under
   * way needs no timer, so that one is set at its end.
   */
  until(holds: () => boolean, timeoutMs: number): Promise<void> {
    if (holds() || timeoutMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const watch: Watch = { holds, timeoutMs, resolve };
      this.#watching.add(watch);
      if (!this.#burst.isOpen) this.#setTimer(watch);
    });
  }

  /** To be called after every change that somebody may wait for. */
  notify(): void {
    for (const watch of this.#watching) if (watch.holds()) this.#end(watch);
  }

  burstEnded(): void {
    for (const watch of this.#watching) if (watch.callOff === undefined) this.#setTimer(watch);
  }

  #setTimer(watch: Watch): void {
    watch.callOff = this.#clock.schedule(watch.timeoutMs, () => this.#end(watch));
  }

  #end(watch: Watch): void {
    watch.callOff?.();
    this.#watching.delete(watch);
    watch.resolve();
  }
}
