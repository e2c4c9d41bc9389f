// [L4] Ten thousand wait on one key: what that costs, and how long others wait for it.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { LeaseStore } from "../../../src/limits/store/lease-store.ts";
import type { Quota } from "../../../src/model/limit.ts";
import { MemoryDatabase } from "../instance/database.ts";
import { Desk, NOW } from "./support.ts";

const CROWD = 10_000;

function deskInRows(quota: Quota, db = new MemoryDatabase()): Desk {
  const store = new LeaseStore(db.port());
  store.open();
  return new Desk(store, quota);
}

/** One at a time may begin; with each statement that its database is given. */
function watchedDesk(): { of: Desk; statements: string[] } {
  const statements: string[] = [];
  const note = (statement: string) => void statements.push(statement);
  const store = new LeaseStore(new MemoryDatabase().port(note, undefined, note));
  store.open();
  return { of: new Desk(store, { concurrency: 1 }), statements };
}

/** So many ask with this key, a hundred in one turn, as a group commit has them. */
function crowd(of: Desk, count: number, key: string): void {
  for (let first = 0; first < count; first += 100)
    of.turn(
      ...Array.from({ length: 100 }, (_, n) => ({
        instanceId: `${key}-${first + n}`,
        asks: [{ lease: "run:1795910400000:0", key, seq: 1 }],
      })),
    );
}

/** Whoever has been granted ends. */
function endLast(of: Desk): void {
  const last = of.granted.at(-1) ?? "";
  of.turn({ instanceId: last, releases: [{ lease: last.includes("-") ? "run:1795910400000:0" : "l", seq: 1 }] });
}

/** The objects of this isolate, without those that nobody has. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

describe("[L4] Ten thousand that wait on one key", () => {
  it("[L4.1] are rows and no memory: less than 100 bytes each, when they come and when the object is loaded anew", () => {
    const db = new MemoryDatabase();
    const of = deskInRows({ concurrency: 1 }, db);
    of.ask("holds", "big");
    // What is compiled and cached once is there by now.
    crowd(of, 1_000, "warm");
    const before = heapBytes();
    crowd(of, CROWD, "big");
    expect(of.book.waiting).toBe(11_000);
    expect(heapBytes() - before).toBeLessThan(CROWD * 100);
    of.reload();
    expect([of.book.waiting, of.book.running]).toEqual([11_000, 1]);
    expect(heapBytes() - before).toBeLessThan(CROWD * 100);
  });

  it("[L4.2] let another tenant wait for one grant of theirs at most, however many they are", () => {
    const of = deskInRows({ concurrency: 1 });
    of.ask("holds", "big");
    crowd(of, CROWD, "big");
    of.ask("small", "small");
    of.release("holds");
    while (!of.granted.includes("small")) endLast(of);
    expect(of.granted.indexOf("small")).toBeLessThanOrEqual(1);
  });

  it("[L4.3] take turns with the hundred of another tenant, one to one, also over a rate and a loss of memory", () => {
    const of = deskInRows({ rate: { count: 10, perMs: 1_000 } });
    for (let n = 0; n < 10; n++) of.ask(`first${n}`, "first");
    crowd(of, CROWD, "big");
    crowd(of, 100, "small");
    for (let granted = 0; granted < 200; granted++) {
      if (granted % 50 === 0) of.reload();
      of.pass(100);
    }
    const small = of.granted.filter((id) => id.startsWith("small"));
    expect([of.granted.length, small.length]).toEqual([200, 100]);
  });

  it("[L4.4] are told their places with one way over the index each time, the last as fast as the first", () => {
    const { of, statements } = watchedDesk();
    of.ask("holds", "big");
    crowd(of, CROWD, "big");
    statements.length = 0;
    const ids = Array.from({ length: 1_000 }, (_, n) => `big-${n * 10}`);
    const positions = of.ledger.positions(ids);
    expect([positions.get("big-0"), positions.get("big-9990"), positions.size]).toEqual([1, 9_991, 1_000]);
    expect(statements).toHaveLength(1);
  });

  it("[L4.5] cost the next grant what one that waits alone costs: the same statements, and none over all", () => {
    const counted = (count: number) => {
      const { of, statements } = watchedDesk();
      of.ask("holds", "big");
      of.ask("next", "big");
      crowd(of, count, "big");
      statements.length = 0;
      of.release("holds");
      expect([of.granted, of.book.nextTurnMs(of.nowMs)]).toEqual([["next"], NOW + 60_000]);
      return statements;
    };
    const alone = counted(100);
    expect(alone.length).toBeLessThanOrEqual(10);
    expect(alone.filter((statement) => /count|max|min|sum/.test(statement))).toEqual([]);
    expect(counted(CROWD)).toEqual(alone);
  });
});
