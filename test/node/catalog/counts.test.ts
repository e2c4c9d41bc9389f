// [K26] Counts: from memory by name and status, over all shards, after crashes.
import { describe, expect, it } from "vitest";
import type { CountKey } from "../../../src/catalog/protocol.ts";
import { EVERYTHING } from "../../../src/catalog/query/condition.ts";
import { readParameters } from "../../../src/catalog/query/parameters.ts";
import { readList } from "../../../src/catalog/reading/list.ts";
import {
  announce,
  DAY,
  departure,
  entry,
  listed,
  NOW,
  type Opened,
  openShard,
  page,
  reopen,
  shardsOf,
  tell,
} from "./support.ts";

const count = ({ store }: Opened, query: string, ...by: CountKey[]) =>
  store.count({ filter: readParameters(new URLSearchParams(query)).filter, by });

function filled(): Opened {
  const opened = openShard();
  const all = [
    entry("a", { status: "RUNNING" }),
    entry("b", { status: "RUNNING", workflowName: "billing" }),
    entry("c"),
    entry("d", { version: "2" }),
    entry("e", { status: "FAILED", failure: { errorType: "TypeError" }, createdAtMs: DAY - 1 }),
    entry("f", { status: "FAILED", failure: { errorType: "RangeError" }, createdAtMs: DAY - 86_400_001 }),
  ];
  opened.store.tell(
    all.map((one) => announce(one, 1)),
    NOW,
  );
  return opened;
}

describe("[K26] Counts", () => {
  it.each<[string, CountKey[], object[]]>([
    ["", [], [{ count: 6 }]],
    [
      "",
      ["status"],
      [
        { status: "COMPLETED", count: 2 },
        { status: "FAILED", count: 2 },
        { status: "RUNNING", count: 2 },
      ],
    ],
    [
      "",
      ["name"],
      [
        { name: "order", count: 5 },
        { name: "billing", count: 1 },
      ],
    ],
    [
      "status=RUNNING",
      ["name", "status"],
      [
        { name: "billing", status: "RUNNING", count: 1 },
        { name: "order", status: "RUNNING", count: 1 },
      ],
    ],
    ["name=bill*", ["status"], [{ status: "RUNNING", count: 1 }]],
    [
      "q=Name != 'order' OR Status = FAILED",
      ["status"],
      [
        { status: "FAILED", count: 2 },
        { status: "RUNNING", count: 1 },
      ],
    ],
    ["name=nope", ["status"], []],
  ])("[K26.1] of names and statuses are in memory: '%s' by %j", (query, by, counts) => {
    const opened = filled();
    opened.store.count({ filter: EVERYTHING, by: [] });
    opened.statements.length = 0;
    expect(count(opened, query, ...by)).toEqual({ counts, complete: true });
    expect(opened.statements).toEqual([]);
  });

  it.each<[string, CountKey[], object[]]>([
    ["", ["version"], [{ count: 5 }, { version: "2", count: 1 }]],
    [
      "status=FAILED",
      ["errorType"],
      [
        { errorType: "RangeError", count: 1 },
        { errorType: "TypeError", count: 1 },
      ],
    ],
    [
      "",
      ["day"],
      [
        { day: "2026-11-28", count: 4 },
        { day: "2026-11-26", count: 1 },
        { day: "2026-11-27", count: 1 },
      ],
    ],
    ["version=2", ["status", "name"], [{ name: "order", status: "COMPLETED", count: 1 }]],
    ["version=3", [], [{ count: 0 }]],
  ])("[K26.2] others are counted: '%s' by %j", (query, by, counts) => {
    expect(count(filled(), query, ...by)).toEqual({ counts, complete: true });
  });

  it("[K26.3] follow what is told: a change of status, a former life, one that leaves", () => {
    const opened = filled();
    tell(opened, announce(entry("a", { status: "FAILED" }), 2));
    tell(
      opened,
      announce(entry("c", { createdAtMs: DAY + 1, status: "PENDING" }), 9, { createdAtMs: DAY, shard: "0-0" }),
    );
    tell(opened, departure("leave", "d", 2));
    tell(opened, departure("forget", "unknown", 2));
    const expected = {
      counts: [
        { status: "FAILED", count: 3 },
        { status: "PENDING", count: 1 },
        { status: "RUNNING", count: 1 },
      ],
      complete: true,
    };
    expect(count(opened, "", "status")).toEqual(expected);
    expect(count(reopen(opened), "", "status")).toEqual(expected);
    expect(opened.store.health()).toMatchObject({ entries: 5, live: 2 });
  });

  it("[K26.4] stored ones are read after a restart, and rows are not counted", () => {
    const opened = filled();
    opened.store.saveCounts();
    const again = reopen(opened);
    again.statements.length = 0;
    expect(again.store.health()).toMatchObject({ entries: 6, live: 2 });
    expect(again.statements).toEqual([]);
    tell(again, announce(entry("g"), 1));
    expect(again.store.health()).toMatchObject({ entries: 7, live: 2 });
  });

  it("[K26.5] after a crash behind a change they are counted anew, when they are asked for and not before", () => {
    const opened = filled();
    opened.store.saveCounts();
    tell(opened, announce(entry("g"), 1));
    const again = reopen(opened);
    tell(again, announce(entry("h"), 1));
    expect(again.statements.filter(({ text }) => text.includes("count(*)"))).toEqual([]);
    expect(again.store.health()).toMatchObject({ entries: 8, live: 2 });
    again.store.saveCounts();
    expect(reopen(again).store.health()).toMatchObject({ entries: 8, live: 2 });
  });

  it("[K26.6] the mark is one row for all changes until they are stored", () => {
    const opened = filled();
    const marks = () =>
      opened.statements.filter(({ text, bindings }) => text.includes("INTO meta") && bindings[0] === "counts");
    expect(marks()).toHaveLength(1);
    tell(opened, announce(entry("g"), 1));
    expect(marks()).toHaveLength(1);
    opened.store.saveCounts();
    expect(marks()).toHaveLength(2);
    opened.store.saveCounts();
    expect(marks()).toHaveLength(2);
    tell(opened, announce(entry("h"), 1));
    expect(marks()).toHaveLength(3);
  });

  it("[K26.8] of more than 10,000 groups the first 10,000 are told, and that there are more", () => {
    const opened = openShard();
    const failed = (n: number) => entry(`i${n}`, { status: "FAILED", failure: { errorType: `E${n}` } });
    opened.store.tell(
      Array.from({ length: 10_000 }, (_, n) => announce(failed(n), 1)),
      NOW,
    );
    expect(count(opened, "", "errorType")).toMatchObject({ complete: true });
    tell(opened, announce(failed(10_000), 1));
    const { counts, complete } = count(opened, "", "errorType");
    expect([counts.length, complete]).toEqual([10_000, false]);
  });

  it("[K26.9] with more than 10,000 names nothing is held in memory, before and after a restart, and all is answered", () => {
    const opened = openShard();
    const named = (n: number) => announce(entry(`i${n}`, { workflowName: `n${n}`, status: "RUNNING" }), 1);
    opened.store.tell(
      Array.from({ length: 10_000 }, (_, n) => named(n)),
      NOW,
    );
    opened.store.saveCounts();
    expect(count(reopen(opened), "name=n7", "status")).toEqual({
      counts: [{ status: "RUNNING", count: 1 }],
      complete: true,
    });
    tell(opened, named(10_000));
    const stored = opened.db.read("SELECT value FROM meta WHERE key = 'counts'");
    for (const shard of [opened, reopen(opened)]) {
      expect(count(shard, "name=n7", "status")).toEqual({ counts: [{ status: "RUNNING", count: 1 }], complete: true });
      expect(count(shard, "", "status")).toEqual({ counts: [{ status: "RUNNING", count: 10_001 }], complete: true });
      expect(shard.store.health()).toMatchObject({ entries: 10_001, live: 10_001 });
      shard.store.saveCounts();
      expect(listed(shard, "name=n10000")).toEqual(["i10000"]);
      expect(shard.store.page(page({ order: "asc", limit: 1 })).entries).toMatchObject([{ workflowName: "n0" }]);
    }
    expect(opened.db.read("SELECT value FROM meta WHERE key = 'counts'")).toEqual(stored);
    tell(opened, announce(entry("i0", { workflowName: "n0" }), 2));
    expect(opened.db.read("SELECT count(*) AS n FROM names")).toEqual([{ n: 10_001 }]);
  });

  it("[K26.7] of several shards are added, the greatest first; a shard that does not answer is missing", async () => {
    const stores = new Map([
      ["0-0", filled().store],
      ["0-1", filled().store],
      ["0-2", openShard().store],
    ]);
    const query = readParameters([
      ["countBy", "name,errorType"],
      ["status", "FAILED,RUNNING"],
    ]);
    expect(await readList(query, shardsOf(stores))).toEqual({
      counts: [
        { name: "billing", count: 2 },
        { name: "order", errorType: "RangeError", count: 2 },
        { name: "order", errorType: "TypeError", count: 2 },
        { name: "order", count: 2 },
      ],
    });
    expect(await readList(query, shardsOf(stores, new Set(["0-1"])))).toMatchObject({ missingShards: 1 });
  });
});
