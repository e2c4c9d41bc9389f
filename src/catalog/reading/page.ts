import type { CatalogEntry } from "../../model/catalog-entry.ts";
import type { PageRequest, Place } from "../protocol.ts";
import { Merge } from "../query/merge.ts";
import type { ListQuery } from "../query/parameters.ts";
import { placeWithin, within } from "../query/within.ts";
import { askShard, type Shards } from "./shards.ts";
import { pageToken, placeFrom } from "./token.ts";

/** A page of all shards. */
export interface Page {
  readonly entries: readonly CatalogEntry[];
  /** Where there is more, or may be. */
  readonly continuationToken?: string | undefined;
  /** A shard has looked at as many rows as it may: what fits further on is behind the token. */
  readonly complete: boolean;
  /** Where it is not: what was created from here on has been looked at, or, with the oldest first, up to here. */
  readonly searchedToMs?: number | undefined;
  /** How many shards have not answered. */
  readonly missingShards: number;
}

/** More than its share is asked of each shard at first, so that most pages need not ask twice. */
const RESERVE = 8;

/** Throws FilterError for a token of another list. */
export async function readPage(query: ListQuery & { type: "page" }, shards: Shards): Promise<Page> {
  const { order, pageSize, continuationToken } = query;
  const filter = within(query.filter, query.within);
  const after = continuationToken === undefined ? undefined : placeFrom(continuationToken, filter, order);
  const fanIn = new FanIn({ filter, order, after, limit: pageSize }, shards);
  const rest = await fanIn.run();
  const isLost = fanIn.missing === shards.names.length && shards.names.length > 0;
  const next = rest.type === "nothing" ? undefined : placeWithin(rest.after, query.within, order);
  const token = next === undefined ? isLost && continuationToken : pageToken(next, filter, order);
  return {
    entries: fanIn.entries,
    ...(token && { continuationToken: token }),
    complete: rest.type !== "unseen" && !isLost,
    ...(rest.type === "unseen" && { searchedToMs: next?.createdAtMs }),
    missingShards: fanIn.missing,
  };
}

class FanIn {
  readonly #request: PageRequest;
  readonly #shards: Shards;
  readonly #merge: Merge;
  readonly #missing = new Set<number>();

  constructor(request: PageRequest, shards: Shards) {
    this.#request = request;
    this.#shards = shards;
    this.#merge = new Merge(request.order, request.limit, shards.names.length);
  }

  get entries(): readonly CatalogEntry[] {
    return this.#merge.taken;
  }

  get missing(): number {
    return this.#missing.size;
  }

  async run() {
    const { after, limit } = this.#request;
    const { length } = this.#shards.names;
    let share = Math.min(limit, Math.ceil(limit / length) + RESERVE);
    let wanted = new Map<number, Place | undefined>(this.#shards.names.map((_, n) => [n, after]));
    while (wanted.size > 0) {
      await Promise.all([...wanted].map(([n, place]) => this.#ask(n, place, share)));
      wanted = this.#merge.advance();
      // A shard that has run out has more of this page than the others: it is asked for more with each round.
      share = Math.min(limit - this.entries.length, share * 4);
    }
    return this.#merge.rest();
  }

  async #ask(n: number, after: Place | undefined, limit: number): Promise<void> {
    const name = this.#shards.names[n] ?? "";
    const part = await askShard(this.#shards, name, (shard) => shard.list({ ...this.#request, after, limit }));
    if (part !== undefined) return this.#merge.give(n, part);
    this.#missing.add(n);
    this.#merge.lose(n);
  }
}
