import type { CatalogEntry } from "../../model/catalog-entry.ts";
import type { Order, PagePart, Place, Rest } from "../protocol.ts";
import { comparePlaces, placeOf } from "./places.ts";

/*
 * One page out of several sources, each in the order of the page: the shards of a catalog, or the indexes of a shard.
 *
 * What must always hold:
 * 1. A row is taken only when no source can have one before it that has not been taken.
 * 2. So nothing is taken behind a place from which on a source has not looked: the page ends there, and goes on from there.
 */

/** One source, as far as it has given rows. */
interface Source {
  /** Not yet taken, beginning with `next`. */
  entries: readonly CatalogEntry[];
  next: number;
  rest: Rest;
}

const NOTHING: Rest = { type: "nothing" };

export class Merge {
  readonly #order: Order;
  readonly #limit: number;
  readonly #sources: (Source | undefined)[];
  readonly taken: CatalogEntry[] = [];

  constructor(order: Order, limit: number, sources: number) {
    this.#order = order;
    this.#limit = limit;
    this.#sources = new Array(sources).fill(undefined);
  }

  /** What a source has given, for the first time or behind what it has given before. */
  give(source: number, { entries, rest }: PagePart): void {
    this.#sources[source] = { entries, next: 0, rest };
  }

  /** A source does not answer. What it has given stays; what it may have behind that is not seen. */
  lose(source: number): void {
    const rest = this.#sources[source]?.rest ?? NOTHING;
    this.give(source, { entries: [], rest: rest.type === "more" ? { ...rest, type: "unseen" } : rest });
  }

  /** Takes all rows that are sure. Answers from which sources more are needed, and behind which place; from none: the page is done. */
  advance(): Map<number, Place> {
    while (this.taken.length < this.#limit) {
      const starved = this.#starved();
      if (starved.size > 0) return starved;
      const first = this.#first();
      const unseen = this.#unseenFrom();
      const entry = first?.entries[first.next];
      if (first === undefined || entry === undefined) break;
      if (unseen !== undefined && comparePlaces(entry, unseen, this.#order) > 0) break;
      this.taken.push(entry);
      first.next++;
    }
    return new Map();
  }

  /** What is behind the page, once `advance` needs nothing more. */
  rest(): Rest {
    const last = this.taken.at(-1);
    if (this.taken.length >= this.#limit && last !== undefined)
      return this.#isExhausted() ? NOTHING : { type: "more", after: placeOf(last) };
    const unseen = this.#unseenFrom();
    return unseen === undefined ? NOTHING : { type: "unseen", after: unseen };
  }

  #starved(): Map<number, Place> {
    const starved = new Map<number, Place>();
    for (const [n, source] of this.#sources.entries())
      if (source?.rest.type === "more" && source.next === source.entries.length) starved.set(n, source.rest.after);
    return starved;
  }

  /** The source whose next row comes first. */
  #first(): Source | undefined {
    let first: Source | undefined;
    for (const source of this.#sources) {
      const entry = source?.entries[source.next];
      const least = first?.entries[first.next];
      if (entry !== undefined && (least === undefined || comparePlaces(entry, least, this.#order) < 0)) first = source;
    }
    return first;
  }

  /** The first place from which on some source has not looked. */
  #unseenFrom(): Place | undefined {
    let unseen: Place | undefined;
    for (const source of this.#sources) {
      if (source?.rest.type !== "unseen") continue;
      const { after } = source.rest;
      if (unseen === undefined || comparePlaces(after, unseen, this.#order) < 0) unseen = after;
    }
    return unseen;
  }

  #isExhausted(): boolean {
    return this.#sources.every(
      (source) => source === undefined || (source.rest.type === "nothing" && source.next === source.entries.length),
    );
  }
}
