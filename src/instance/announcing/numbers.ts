import { type CatalogEntry, MOST_SKEW } from "../../model/catalog-entry.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { Clock } from "../ports.ts";

/** The numbers of announcements under an ID: they never fall back, over its lives too. */
export class Numbers {
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Such a number is known of: in a row, or at a shard. */
  saw(seq: number | undefined): void {
    if (seq !== undefined && seq > this.#last) this.#last = seq;
  }

  /** Later than all that are known. */
  next(): number {
    this.#last = Math.max(this.#clock.now() * 1_000, this.#last + 1);
    return this.#last;
  }

  /**
   * Of a life that goes: later than all that it has told, known here or not. What an object has sent before it was lost may still be on
   * its way, with a number of a machine whose clock is ahead.
   */
  last(): number {
    this.#last = Math.max(this.#clock.now() * 1_000 + MOST_SKEW, this.#last + 1);
    return this.#last;
  }

  /**
   * Of an ended life that is told of as it is. As long as nothing later is known, it is the same each time, so that a shard that has
   * been told writes nothing. `isNew`: it has been told of as it was before, in this object.
   */
  ofEnd(record: InstanceRecord, { updatedAtMs }: CatalogEntry, isNew: boolean): number {
    const seq = Math.max(record.listing?.seq ?? 0, updatedAtMs * 1_000);
    if (seq < this.#last || (isNew && seq === this.#last)) return this.next();
    this.#last = seq;
    return seq;
  }
}
