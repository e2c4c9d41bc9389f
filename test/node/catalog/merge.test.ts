// [K25] The merge by itself: sources that give what they have in pieces of any size, and stop looking anywhere.
import { describe, expect, it } from "vitest";
import type { Order, PagePart, Place } from "../../../src/catalog/protocol.ts";
import { Merge } from "../../../src/catalog/query/merge.ts";
import { comparePlaces, placeOf } from "../../../src/catalog/query/places.ts";
import type { CatalogEntry } from "../../../src/model/catalog-entry.ts";
import { Random } from "../random.ts";
import { DAY, entry } from "./support.ts";

const SEEDS = 400;

/** What a source gives behind a place: some rows, and then it may stop looking, before the next one. */
function partOf(rows: readonly CatalogEntry[], after: Place | undefined, order: Order, random: Random): PagePart {
  const behind = rows.filter((row) => after === undefined || comparePlaces(row, after, order) > 0);
  const entries = behind.slice(0, random.below(5));
  const next = behind[entries.length];
  if (next === undefined) return { entries, rest: { type: "nothing" } };
  const last = entries.at(-1);
  const beforeNext = { createdAtMs: next.createdAtMs, instanceId: order === "asc" ? "" : "\u{10ffff}" };
  const hasLooked = [last, after].every((place) => !place || comparePlaces(beforeNext, place, order) > 0);
  if (hasLooked && random.chance(0.3)) return { entries, rest: { type: "unseen", after: beforeNext } };
  if (last === undefined) return partOf(rows, after, order, random);
  return { entries, rest: { type: random.of(["more", "more", "unseen"]), after: placeOf(last) } };
}

/** One page of all sources, some of which are lost when they are asked again. */
function pageOf(sources: readonly CatalogEntry[][], after: Place | undefined, order: Order, random: Random): Merge {
  const merge = new Merge(order, random.between(1, 12), sources.length);
  let wanted = new Map<number, Place | undefined>(sources.map((_, n) => [n, after]));
  for (let round = 0; wanted.size > 0; round++) {
    for (const [n, place] of wanted) {
      if (round > 0 && random.chance(0.1)) merge.lose(n);
      else merge.give(n, partOf(sources[n] ?? [], place, order, random));
    }
    wanted = merge.advance();
  }
  return merge;
}

describe("[K25] Merge", () => {
  it(`[K25.14] walked to its end it gives every row of every source once, in order: seeds 1 to ${SEEDS}`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = new Random(seed);
      const order = random.of(["desc", "asc"] as const);
      const all = Array.from({ length: random.below(60) }, (_, n) =>
        entry(`i${n}`, { createdAtMs: DAY + random.below(20) }),
      );
      all.sort((a, b) => comparePlaces(a, b, order));
      const sources = Array.from({ length: random.between(1, 5) }, (): CatalogEntry[] => []);
      for (const one of all) random.of(sources).push(one);
      const found: CatalogEntry[] = [];
      let after: Place | undefined;
      for (let pages = 0; pages < 1_000; pages++) {
        const merge = pageOf(sources, after, order, random);
        found.push(...merge.taken);
        const rest = merge.rest();
        if (rest.type === "nothing") break;
        after = rest.after;
      }
      expect(
        found.map(({ instanceId }) => instanceId),
        `seed ${seed}`,
      ).toEqual(all.map(({ instanceId }) => instanceId));
    }
  });
});
