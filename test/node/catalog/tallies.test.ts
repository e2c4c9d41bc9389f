// [K41] What a shard counts for the metrics: each life once, whatever comes twice, late, or goes.
import { describe, expect, it } from "vitest";
import type { CatalogEntry } from "../../../src/model/catalog-entry.ts";
import type { Totals } from "../../../src/model/totals.ts";
import { announce, DAY, departure, entry, NOW, OK, type Opened, openShard, reopen, tell, written } from "./support.ts";

const of = (id: string, totals: Totals, more: Partial<CatalogEntry> = {}) => entry(id, { totals, ...more });
const one = { oc: [1], ws: [7, 0, 1], ascharge: [5, 0, 1] };
const two = { oc: [1], ws: [7, 0, 1], ascharge: [25, 0, 1, 1, 1] };
const all = ({ store }: Opened) => Object.fromEntries(store.tallies());
const series = (sum: number, ...buckets: number[]) => [sum, ...buckets, ...Array(15 - buckets.length).fill(0)];

describe("[K41] What a shard counts", () => {
  it("[K41.1] without totals there is no table for them, and no row more", () => {
    const shard = openShard();
    tell(shard, announce(entry("a"), 1));
    expect(shard.db.tables().sort()).toEqual(["entry", "meta", "names"]);
    expect(all(shard)).toEqual({});
    tell(shard, departure("leave", "a", 2));
    expect(shard.db.tables()).not.toContain("tally");
  });

  it("[K41.2] what a life tells is added once, however often it comes, and of what it tells later the difference", () => {
    const shard = openShard();
    for (let n = 0; n < 3; n++) expect(tell(shard, announce(of("a", one), 1))).toEqual(OK);
    const first = { oc: [1], wsorder: series(7, 1), ascharge: series(5, 1) };
    expect(all(shard)).toEqual(first);
    tell(shard, announce(of("a", two, { updatedAtMs: DAY + 9 }), 2));
    tell(shard, announce(of("a", one), 1));
    expect(all(shard)).toEqual({ ...first, ascharge: series(25, 1, 1) });
    expect(all(reopen(shard))).toEqual(all(shard));
  });

  it("[K41.3] what is refused as old adds nothing", () => {
    const shard = openShard();
    tell(shard, announce(of("a", one), 5));
    const before = all(shard);
    expect(tell(shard, announce(of("a", two), 4))).toMatchObject({ ok: false, code: "STALE" });
    expect(all(shard)).toEqual(before);
  });

  it("[K41.4] nothing falls when lives go: a purge, its repetition, the deletion of the row, and a new life under the ID", () => {
    const shard = openShard();
    tell(shard, announce(of("a", one), 1));
    const counted = { workflowName: "order", totals: two };
    const leave = { type: "leave", departure: { instanceId: "a", createdAtMs: DAY, seq: 2, counted } } as const;
    tell(shard, leave);
    tell(shard, leave);
    const after = { oc: [1], wsorder: series(7, 1), ascharge: series(25, 1, 1), op: [1] };
    expect(all(shard)).toEqual(after);
    tell(shard, departure("forget", "a", 3));
    shard.store.expire(NOW + 1, 10);
    expect(all(shard)).toEqual(after);
    tell(shard, announce(of("a", one, { createdAtMs: DAY + 1 }), 4));
    expect(all(shard)).toEqual({ oc: [2], wsorder: series(14, 2), ascharge: series(30, 2, 1), op: [1] });
  });

  it("[K41.5] a life that nobody has told of before it goes is counted with its departure", () => {
    const shard = openShard();
    const counted = { workflowName: "order", totals: one };
    tell(shard, { type: "leave", departure: { instanceId: "a", createdAtMs: DAY, seq: 2, counted } });
    expect(all(shard)).toEqual({ oc: [1], wsorder: series(7, 1), ascharge: series(5, 1), op: [1] });
  });

  it("[K41.6] what an instance answers when it is asked adds the difference, too", () => {
    const shard = openShard();
    tell(shard, announce(of("a", one), 1));
    const about = { instanceId: "a", createdAtMs: DAY, seq: 1 };
    const presence = { type: "present", entry: of("a", two), seq: 1, shard: "0-0" } as const;
    for (let n = 0; n < 2; n++) tell(shard, { type: "heard", about, presence });
    expect(all(shard)).toEqual({ oc: [1], wsorder: series(7, 1), ascharge: series(25, 1, 1) });
  });

  it("[K41.7] totals that have become less, under code that does not know them, take nothing away", () => {
    const shard = openShard();
    tell(shard, announce(of("a", two), 1));
    tell(shard, announce(of("a", { oc: [1] }), 2));
    expect(all(shard)).toEqual({ oc: [1], wsorder: series(7, 1), ascharge: series(25, 1, 1) });
  });

  it("[K41.13] a value that has become less takes nothing away either, in sum or in any bucket", () => {
    const shard = openShard();
    tell(shard, announce(of("a", { ascharge: [25, 0, 3, 1, 1] }), 1));
    tell(shard, announce(of("a", { ascharge: [9, 0, 1, 2, 1] }), 2));
    expect(all(shard)).toEqual({ ascharge: series(25, 3, 1, 1) });
  });

  it("[K41.8] a shard that was made before goes on, and code that knows nothing of it writes beside it", () => {
    const shard = openShard();
    tell(shard, announce(entry("old"), 1));
    const again = reopen(shard);
    tell(again, announce(of("a", one), 1));
    tell(again, announce(of("old", one), 2));
    tell(again, announce(entry("a", { updatedAtMs: DAY + 9 }), 2));
    tell(again, announce(of("a", one, { updatedAtMs: DAY + 10 }), 3));
    expect(all(again)).toEqual({ oc: [2], wsorder: series(14, 2), ascharge: series(10, 2) });
    expect(again.store.page({ filter: { type: "and", parts: [] }, order: "desc", limit: 9 }).entries).toHaveLength(2);
  });

  it("[K41.9] a flush that fails counts nothing, in memory either", () => {
    const shard = openShard();
    shard.fault.before = (statement) => {
      if (statement.includes("INTO tally")) throw new Error("disk full");
    };
    expect(() => tell(shard, announce(of("a", one), 1))).toThrow("disk full");
    shard.fault.before = undefined;
    expect([all(shard), shard.db.tables()]).toEqual([{}, []]);
    tell(shard, announce(of("a", one), 1));
    expect(all(shard)).toEqual({ oc: [1], wsorder: series(7, 1), ascharge: series(5, 1) });
  });

  it("[K41.10] a life costs its row, and one for each series", () => {
    const shard = openShard();
    tell(shard, announce(of("a", one), 1));
    written(shard);
    tell(shard, announce(of("b", one), 1));
    expect(written(shard)).toMatchObject({ entry: 1, tally: 3 });
  });

  it("[K41.13] a flush writes all series in one statement, whatever the names of activities have in them", () => {
    const shard = openShard();
    const names = ['"quoted"', "back\\slash", "line\nbreak", "zero\u0000", "é 漢 😀", "[1,2]", ""];
    tell(shard, announce(of("a", Object.fromEntries(names.map((name) => [`as${name}`, [5, 0, 1]]))), 1));
    expect(shard.statements.filter(({ text }) => text.startsWith("INSERT INTO tally"))).toHaveLength(1);
    const expected = Object.fromEntries(names.map((name) => [`as${name}`, series(5, 1)]));
    expect(all(reopen(shard))).toEqual(expected);
    shard.statements.length = 0;
    tell(shard, announce(of("a", { oc: [] }), 2));
    expect(shard.statements.filter(({ text }) => text.includes("tally"))).toEqual([]);
  });

  it("[K41.12] how late a schedule has started is counted by the name of the workflow", () => {
    const shard = openShard();
    tell(shard, announce(of("a", { oc: [1], sd: [7, 0, 1] }), 1));
    expect(all(shard)).toEqual({ oc: [1], sdorder: series(7, 1) });
  });

  it("[K41.11] there are at most 2,000 series: what comes then is counted under other", () => {
    const shard = openShard();
    const many = (from: number) =>
      Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`asactivity-${from + n}`, [1, 0, 1]]));
    for (let n = 0; n < 5; n++) tell(shard, announce(of(`i${n}`, many(n * 500)), 1));
    expect(Object.keys(all(shard))).toHaveLength(2_001);
    expect(all(shard).asother).toEqual(series(500, 500));
  });
});
