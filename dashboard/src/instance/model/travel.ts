import { advance, type Moment, NOTHING_YET } from "./moment.ts";
import type { HistoryEvent } from "./wire.ts";

/** A moment is kept for every so many events, so that any other is so many steps away at most. */
export const SNAPSHOT_EVERY = 500;

/** The moments of a history: `at(n)` is where the instance stood after `n` events. */
export class Travel {
  readonly events: HistoryEvent[] = [];
  readonly #kept: Moment[] = [NOTHING_YET];

  /** What has happened next. */
  add(events: readonly HistoryEvent[]): void {
    for (const event of events) {
      this.events.push(event);
      if (this.events.length % SNAPSHOT_EVERY === 0) {
        this.#kept.push(this.at(this.events.length));
      }
    }
  }

  at(count: number): Moment {
    const upTo = Math.max(0, Math.min(count, this.events.length));
    const moment = this.#kept[Math.min(Math.floor(upTo / SNAPSHOT_EVERY), this.#kept.length - 1)] ?? NOTHING_YET;
    return advance(moment, this.events.slice(moment.events, upTo));
  }
}
