import type { Clock } from "./ports.ts";

/** Those who wait for something to become true, looked at whenever the instance has moved on. */
export class Watchers {
  readonly #clock: Clock;
  readonly #watching = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the condition holds, or after `timeoutMs`, whichever comes first. */
  until(holds: () => boolean, timeoutMs: number): Promise<void> {
    if (holds() || timeoutMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (holds()) end();
      };
      const end = () => {
        callOff();
        this.#watching.delete(look);
        resolve();
      };
      const callOff = this.#clock.schedule(timeoutMs, end);
      this.#watching.add(look);
    });
  }

  /** To be called after every change that somebody may wait for. */
  notify(): void {
    for (const look of this.#watching) look();
  }
}
