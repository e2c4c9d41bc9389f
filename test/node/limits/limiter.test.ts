// [L3] One object of a limit: its storage fails, its alarm rings, its messages have no answer.
import { describe, expect, it } from "vitest";
import { Limiter } from "../../../src/limits/limiter.ts";
import { LeaseStore } from "../../../src/limits/store/lease-store.ts";
import type { LogLine } from "../../../src/model/log.ts";
import { Clock } from "../catalog/world.ts";
import { MemoryDatabase } from "../instance/database.ts";
import { NOW } from "./support.ts";

function openLimiter(
  concurrency = 1,
  before?: { readonly db: MemoryDatabase; readonly initialMs: number | undefined },
) {
  const clock = new Clock(NOW);
  const db = before?.db ?? new MemoryDatabase();
  const lines: LogLine[] = [];
  const alarms: number[] = [];
  const granted: string[] = [];
  const unreachable = new Set<string>();
  const fault: { before: ((statement: string) => void) | undefined } = { before: undefined };
  const reading: { fails: boolean } = { fails: false };
  const beforeRead = () => {
    if (reading.fails) throw new Error("the disk cannot be read");
  };
  const port = db.port(
    (statement) => fault.before?.(statement),
    () => false,
    beforeRead,
  );
  const ledger = new LeaseStore(port);
  ledger.open();
  const limiter = new Limiter({
    ledger,
    name: "cards",
    quota: { concurrency },
    now: () => clock.nowMs,
    schedule: (ms, callback) => clock.schedule(ms, callback),
    durable: async () => undefined,
    alarm: { initialMs: before?.initialMs, set: (atMs) => void alarms.push(atMs) },
    holder: (instanceId) => ({
      leaseGranted: async ({ leases }) => {
        if (unreachable.has(instanceId)) throw new Error("cannot be reached");
        granted.push(instanceId);
        return leases.map(() => true);
      },
    }),
    log: (line) => void lines.push(line),
  });
  limiter.open();
  const ask = (instanceId: string) =>
    limiter.lease({ instanceId, asks: [{ lease: "l", key: "", seq: 1 }], releases: [] });
  const release = (instanceId: string) => limiter.lease({ instanceId, asks: [], releases: [{ lease: "l", seq: 1 }] });
  const breakDisk = () => {
    fault.before = () => {
      throw new Error("the disk is full");
    };
  };
  const mend = () => {
    fault.before = undefined;
  };
  return { limiter, clock, db, unreachable, reading, lines, alarms, granted, ask, release, breakDisk, mend };
}

describe("[L3] A limiter", () => {
  it("[L3.1] what could not be written has not happened: nobody is told, and the next is decided from what is on disk", async () => {
    const of = openLimiter();
    of.breakDisk();
    await expect(of.ask("a")).rejects.toThrow("the disk is full");
    of.mend();
    expect(await of.ask("b")).toEqual([{ type: "held", untilMs: NOW + 60_000 }]);
    expect(await of.ask("c")).toEqual([{ type: "waiting" }]);
    of.breakDisk();
    await expect(of.release("b")).rejects.toThrow("the disk is full");
    of.mend();
    expect([of.granted, (await of.limiter.health(1)).running]).toEqual([[], 1]);
    await of.release("b");
    await of.clock.advance(1);
    expect(of.granted).toEqual(["c"]);
  });

  it("[L3.2] an alarm that cannot do its work does not throw, tells so, and is set again", async () => {
    const of = openLimiter();
    await of.ask("a");
    await of.ask("b");
    of.breakDisk();
    of.clock.nowMs += 60_000;
    await expect(of.limiter.alarm()).resolves.toBeUndefined();
    expect(of.lines).toMatchObject([{ level: "error", msg: "limiter", limiter: "cards", errorType: "Error" }]);
    expect(of.alarms.at(-1)).toBe(NOW + 120_000);
    of.mend();
    await of.limiter.alarm();
    await of.clock.advance(1);
    expect(of.granted).toEqual(["b"]);
  });

  it("[L3.3] the alarm is set once for what is due later, and not again for what comes meanwhile", async () => {
    const of = openLimiter(10);
    for (const id of ["a", "b", "c"]) await of.ask(id);
    expect(of.alarms).toEqual([NOW + 60_000]);
  });

  it.each([
    ["one that will ring in time", 60_000, []],
    ["one that rings late", 60_001, [NOW + 60_000]],
    ["one that is late, and may still ring", -60_000, []],
    ["one so late that the platform has dropped it", -60_001, [NOW + 60_000]],
    ["none", undefined, [NOW + 60_000]],
  ])(
    "[L3.4] loaded anew with a lease that is held, it finds %s: an alarm is set only where that is needed",
    async (_, atMs, alarms) => {
      const before = openLimiter();
      await before.ask("a");
      await before.ask("b");
      const initialMs = atMs === undefined ? undefined : NOW + atMs;
      expect(openLimiter(1, { db: before.db, initialMs }).alarms).toEqual(alarms);
    },
  );

  it("[L3.5] what is due within a second is waited for in memory, once, with an alarm behind it", async () => {
    const of = openLimiter();
    await of.ask("a");
    await of.ask("b");
    of.clock.nowMs = NOW + 59_500;
    await of.ask("c");
    await of.ask("d");
    expect(of.granted).toEqual([]);
    await of.clock.advance(499);
    expect(of.granted).toEqual([]);
    await of.clock.advance(1);
    expect([of.granted, of.alarms]).toEqual([["b"], [NOW + 60_000]]);
  });

  it("[L3.6] the positions of those that wait, and the place of one, are asked of what is on disk", async () => {
    const of = openLimiter();
    for (const id of ["a", "b", "c"]) await of.ask(id);
    expect(await of.limiter.positions(["a", "c", "b"])).toEqual(
      new Map([
        ["b", 1],
        ["c", 2],
      ]),
    );
    expect(await of.limiter.places("c", ["l", "other"])).toEqual([
      { key: "", position: 2, ahead: 1, sinceMs: NOW },
      undefined,
    ]);
    expect(await of.limiter.places("a", ["l"])).toEqual([undefined]);
  });

  it("[L3.7] loaded anew, it tells once more whom it has given something that was not renewed", async () => {
    const before = openLimiter();
    await before.ask("a");
    await before.ask("b");
    await before.release("a");
    const of = openLimiter(1, { db: before.db, initialMs: undefined });
    await of.clock.advance(1);
    expect(of.granted).toEqual(["b"]);
  });

  it("[L3.8] who cannot be reached is told again after a pause, unless what was given has gone back meanwhile", async () => {
    const of = openLimiter();
    for (const id of ["a", "b", "c"]) await of.ask(id);
    of.unreachable.add("b");
    await of.release("a");
    await of.clock.advance(500);
    of.unreachable.clear();
    await of.clock.advance(500);
    expect(of.granted).toEqual(["b"]);
    of.unreachable.add("c");
    await of.release("b");
    await of.clock.advance(500);
    await of.release("c");
    of.unreachable.clear();
    await of.clock.advance(30_000);
    expect(of.granted).toEqual(["b"]);
  });

  it("[L3.20] what is to be told is told, although the ledger cannot be read at that moment", async () => {
    const of = openLimiter();
    await of.ask("a");
    await of.ask("b");
    of.unreachable.add("b");
    await of.release("a");
    await of.clock.advance(1);
    of.breakDisk();
    await expect(of.ask("c")).rejects.toThrow("the disk is full");
    of.mend();
    of.unreachable.clear();
    of.reading.fails = true;
    await of.clock.advance(1_000);
    expect(of.granted).toEqual(["b"]);
    expect(of.lines).toMatchObject([{ level: "error", msg: "limiter", limiter: "cards" }]);
    of.reading.fails = false;
    expect((await of.limiter.health(1)).running).toBe(1);
  });
});
