// [I46] One thing that a shard is told, and the numbers it is told under: what is answered, and how often it is told again.
import { describe, expect, it } from "vitest";
import { firstListing } from "../../../../src/instance/announcing/listings.ts";
import { Numbers } from "../../../../src/instance/announcing/numbers.ts";
import { announce, depart } from "../../../../src/instance/announcing/telling.ts";
import { type Announced, type CatalogShard, type HeldEntry, MOST_SKEW } from "../../../../src/model/catalog-entry.ts";
import { entry } from "../../catalog/support.ts";

const NOW_MS = 1_000;

/** A clock that says what it is told to. */
function numbersAt(ms: { now: number } = { now: NOW_MS }): Numbers {
  const never = () => new Promise<void>(() => undefined);
  return new Numbers({ now: () => ms.now, delay: never, schedule: () => () => undefined });
}

/** A shard that knows something newer, and the numbers it is told. */
function shardThatHolds(held: HeldEntry): CatalogShard & { readonly told: number[] } {
  const told: number[] = [];
  const answer = async ({ seq }: { readonly seq: number }): Promise<Announced> => {
    told.push(seq);
    return { ok: false, code: "STALE", held };
  };
  return { told, announce: answer, leave: answer, forget: answer };
}

const a = entry("a", { status: "RUNNING", waitingFor: "event:x" });
const other = entry("a", { status: "SUSPENDED", waitingFor: "event:x" });
const told = (isOver: boolean) => ({ entry: a, former: undefined, isPartial: false, isOver: () => isOver });
const ignore = () => undefined;

describe("[I46] What a shard is told", () => {
  it("[I46.1] one that has the same under a later number is not told again", async () => {
    const shard = shardThatHolds({ seq: 9_000_000, entry: a });
    expect(await announce(shard, told(false), 5, numbersAt(), ignore)).toBe(9_000_000);
    expect(shard.told).toEqual([5]);
  });

  it("[I46.2] one that has something else is told four times, each time under a number later than its own", async () => {
    const shard = shardThatHolds({ seq: 9_000_000, entry: other });
    await expect(announce(shard, told(false), 5, numbersAt(), ignore)).rejects.toThrow("knows something newer");
    expect(shard.told).toEqual([5, 9_000_001, 9_000_002, 9_000_003]);
  });

  it("[I46.3] nothing is told again of a life that has ended here meanwhile", async () => {
    const shard = shardThatHolds({ seq: 9_000_000, entry: other });
    await expect(announce(shard, told(true), 5, numbersAt(), ignore)).rejects.toThrow("knows something newer");
    expect(shard.told).toEqual([5]);
  });

  it("[I46.4] that a life goes is told once where it is known to have gone, and again where it is listed", async () => {
    const life = { instanceId: "a", createdAtMs: 1, seq: 5 };
    for (const how of ["leave", "forget"] as const) {
      const gone = shardThatHolds({ seq: 9_000_000, gone: true });
      await depart(gone, how, life, numbersAt());
      expect(gone.told).toEqual([5]);
      const listed = shardThatHolds({ seq: 9_000_000, entry: a });
      await expect(depart(listed, how, life, numbersAt())).rejects.toThrow("knows something newer");
      // Later than what a machine has numbered whose clock is ahead.
      const first = NOW_MS * 1_000 + MOST_SKEW;
      expect(listed.told).toEqual([5, first, first + 1, first + 2]);
    }
  });

  it("[I46.5] a clock that falls back lets no number fall back, nor does the next life under the ID", () => {
    const ms = { now: NOW_MS };
    const numbers = numbersAt(ms);
    expect([numbers.next(), numbers.next()]).toEqual([1_000_000, 1_000_001]);
    ms.now = 1;
    expect(numbers.next()).toBe(1_000_002);
    const former = { instanceId: "a", createdAtMs: 3, listing: { shard: "0-0", seq: 7_000_000 } };
    const flights = { numbers: numbersAt(ms), shardOf: () => "0-0" };
    expect(firstListing(flights, "1-1", former)).toEqual({
      shard: "1-1",
      seq: 7_000_001,
      former: { createdAtMs: 3, shard: "0-0" },
    });
  });
});
