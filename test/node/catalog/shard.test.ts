// [K28] A shard as instances and readers see it, with a clock, an alarm and instances that the test has in its hands.
import { describe, expect, it } from "vitest";
import { EVERYTHING } from "../../../src/catalog/query/condition.ts";
import type { Announced, CatalogEntry, Presence } from "../../../src/model/catalog-entry.ts";
import { DAY, entry, idsOf, NOW, OK, page } from "./support.ts";
import { openWorld } from "./world.ts";

const SECOND = 1_000;
const HOUR = 3_600_000;
const A_DAY = 24 * HOUR;

const running = (id: string, more: Partial<CatalogEntry> = {}) =>
  entry(id, { status: "RUNNING", createdAtMs: NOW, updatedAtMs: NOW, ...more });
const present = (of: CatalogEntry, seq = 9, shard = "0-0"): Presence => ({ type: "present", entry: of, seq, shard });

describe("[K28] A shard", () => {
  it("[K28.1] answers an announcement when it is written, and what it will never take at once, without writing", async () => {
    const { shard, db } = openWorld();
    expect(await shard.announce({ entry: entry("a"), seq: 0 })).toEqual({
      ok: false,
      code: "INVALID",
      message: "seq: expected a whole number from 1, found 0",
    });
    expect(await shard.leave({ instanceId: "", createdAtMs: DAY, seq: 1 })).toMatchObject({ code: "INVALID" });
    expect(db.tables()).toEqual([]);
    expect(await shard.announce({ entry: entry("a"), seq: 1 })).toEqual(OK);
    expect(idsOf(await shard.list(page()))).toEqual(["a"]);
  });

  it("[K28.2] a thousand at once are two transactions", async () => {
    const { shard, clock, transactions } = openWorld();
    const answers = Array.from({ length: 1_000 }, (_, n) => shard.announce({ entry: entry(`i${n}`), seq: 1 }));
    await clock.advance(5);
    expect((await Promise.all(answers)).every(({ ok }) => ok)).toBe(true);
    expect(transactions.count).toBe(2);
    expect((await shard.list(page({ limit: 1_024 }))).entries).toHaveLength(1_000);
  });

  it("[K28.3] a flush that fails rejects those in it; the next is written, and nothing else is lost", async () => {
    const { shard, clock, fault } = openWorld();
    await shard.announce({ entry: entry("a"), seq: 1 });
    await clock.advance(5);
    fault.before = () => {
      throw new Error("SQLITE_FULL");
    };
    await expect(shard.announce({ entry: entry("b"), seq: 1 })).rejects.toThrow("SQLITE_FULL");
    fault.before = undefined;
    const answer = shard.announce({ entry: entry("c"), seq: 1 });
    await clock.advance(5);
    expect(await answer).toEqual(OK);
    expect(idsOf(await shard.list(page()))).toEqual(["c", "a"]);
    expect(await shard.count({ filter: EVERYTHING, by: ["status"] })).toEqual({
      counts: [{ status: "COMPLETED", count: 2 }],
      complete: true,
    });
  });

  it("[K28.4] reading one that nobody has told anything writes nothing, and sets no alarm", async () => {
    const { shard, db, alarm } = openWorld();
    await shard.list(page());
    expect(await shard.count({ filter: EVERYTHING, by: ["status"] })).toEqual({ counts: [], complete: true });
    await shard.changes({ filter: EVERYTHING, since: { epoch: "", position: 0 }, limit: 1 });
    expect(await shard.health()).toEqual({ shard: "0-0", entries: 0, live: 0, schemaVersion: 1 });
    expect([db.tables(), alarm.atMs]).toEqual([[], undefined]);
  });

  it("[K28.5] health: how many rows, how many live, how old what it was told was when it was written", async () => {
    const { shard, clock } = openWorld();
    const tell = async (of: CatalogEntry, seq: number) => {
      const answer = shard.announce({ entry: of, seq });
      await clock.advance(5);
      return answer;
    };
    await tell(running("a", { updatedAtMs: NOW }), 1);
    await tell(running("b", { updatedAtMs: NOW - 100 }), 1);
    expect(await tell(running("b", { updatedAtMs: NOW - 9_000 }), 0)).toMatchObject({ ok: false });
    await tell(entry("c", { updatedAtMs: NOW + 50_000 }), 1);
    await tell(entry("d", { updatedAtMs: NOW + 50_000 }), 1);
    await tell(entry("e", { updatedAtMs: NOW + 50_000 }), 1);
    expect(await shard.health()).toEqual({
      shard: "0-0",
      entries: 5,
      live: 2,
      freshness: { p50Ms: 0, p99Ms: 105, maxMs: 105 },
      schemaVersion: 1,
    });
    // Told again days later, because its object was loaded anew: at the same number, or at a newer one. Only what is new counts.
    await clock.advance(3 * 86_400_000);
    await tell(running("b", { updatedAtMs: NOW - 100 }), 1);
    await tell(running("b", { updatedAtMs: NOW - 100 }), 2);
    expect((await shard.health()).freshness).toEqual({ p50Ms: 0, p99Ms: 105, maxMs: 105 });
    await tell(running("b", { updatedAtMs: NOW - 100, waitingFor: "event:paid" }), 3);
    expect((await shard.health()).freshness?.maxMs).toBeGreaterThan(3 * 86_400_000);
  });

  it("[K28.8] metrics: what waits for the commit under way, and who is going; reading them writes nothing", async () => {
    const { shard, clock, db } = openWorld();
    const settle = async (answers: Promise<unknown>[]) => {
      await clock.advance(60);
      await Promise.all(answers);
    };
    await settle(["a", "b"].map((id) => shard.announce({ entry: entry(id, { totals: { oc: [1] } }), seq: 1 })));
    const going = [shard.leave({ instanceId: "a", createdAtMs: entry("a").createdAtMs, seq: 2 })];
    for (const id of ["c", "d"]) going.push(shard.announce({ entry: entry(id), seq: 1 }));
    db.counters.rows.clear();
    const series = [["oc", [2]]];
    expect(await shard.metrics()).toMatchObject({ shard: "0-0", entries: 1, backlog: 2, leaving: 1, series });
    expect([...db.counters.rows]).toEqual([]);
    await settle(going);
    expect(await shard.metrics()).toMatchObject({ entries: 3, backlog: 0, leaving: 1 });
    await settle([shard.forget({ instanceId: "a", createdAtMs: entry("a").createdAtMs, seq: 3 })]);
    expect(await shard.metrics()).toMatchObject({ entries: 3, leaving: 0 });
  });

  it("[K28.6] counts are stored 10 s after the first change that they do not have, and not again without one", async () => {
    const { shard, clock, db } = openWorld();
    const stored = () => db.read<{ value: string }>("SELECT value FROM meta WHERE key = 'counts'")[0]?.value;
    await shard.announce({ entry: entry("a"), seq: 1 });
    expect(stored()).toContain('"isDirty":true');
    await clock.advance(9_999);
    expect(stored()).toContain('"isDirty":true');
    await clock.advance(1);
    expect(stored()).toBe('{"isDirty":false,"counts":[[1,4,1]]}');
    db.counters.rows.clear();
    await clock.advance(60_000);
    expect([...db.counters.rows]).toEqual([]);
  });

  it("[K28.7] counts that cannot be stored are told of, and stored with the next change", async () => {
    const { shard, clock, fault, db, lines } = openWorld();
    await shard.announce({ entry: entry("a"), seq: 1 });
    fault.before = () => {
      throw new Error("SQLITE_FULL");
    };
    await clock.advance(10_000);
    fault.before = undefined;
    expect(lines).toMatchObject([{ level: "error", msg: "catalog counts", shard: "0-0", message: "SQLITE_FULL" }]);
    await shard.announce({ entry: entry("b"), seq: 1 });
    await clock.advance(10_000);
    expect(db.read("SELECT value FROM meta WHERE key = 'counts'")).toEqual([
      { value: '{"isDirty":false,"counts":[[1,4,2]]}' },
    ]);
  });
});

describe("[K29] The alarm", () => {
  it("[K29.1] is set once for all that is announced, and none is set when all is gone", async () => {
    const world = openWorld();
    await world.announce(running("a"), 1);
    await world.announce(running("b"), 1);
    expect([world.alarm.atMs, world.alarm.sets]).toEqual([NOW + 6 * HOUR, 1]);
    world.instances.set("a", { type: "absent" });
    world.instances.set("b", { type: "absent" });
    await world.clock.advance(A_DAY);
    await world.ring();
    expect(idsOf(await world.shard.list(page()))).toEqual([]);
    await world.clock.advance(2 * HOUR);
    await world.ring();
    expect(world.db.read("SELECT id FROM entry")).toEqual([]);
    expect(world.alarm.atMs).toBeUndefined();
  });

  it("[K29.15] what is told while it rings is looked after in time, and the alarm is set once", async () => {
    const world = openWorld();
    await world.announce(running("a"), 1);
    await world.announce(running("b"), 1);
    await world.clock.advance(A_DAY);
    world.instances.set("a", () => {
      void world.shard.leave({ instanceId: "b", createdAtMs: NOW, seq: 2 });
      return present(running("a"), 1);
    });
    world.instances.set("b", present(running("b"), 1));
    world.alarm.sets = 0;
    const beganMs = world.clock.nowMs;
    await world.ring();
    expect(world.alarm.sets).toBe(1);
    expect(world.alarm.atMs).toBeLessThan(beganMs + 60 * SECOND);
  });

  it("[K29.2] one that an alarm was set for before it was loaded sets none that rings later", async () => {
    const world = openWorld({ alarmAtMs: NOW + 10 });
    await world.announce(running("a"), 1);
    expect(world.alarm.sets).toBe(0);
  });

  it("[K29.3] an instance that has not ended is asked a day after it was heard of, then after 2, 4, 8, 16, 30, 30 more", async () => {
    const world = openWorld();
    const one = running("a");
    world.instances.set("a", present(one));
    await world.announce(one, 9);
    const days: number[] = [];
    for (let hours = 6; hours <= 24 * 95; hours += 6) {
      await world.clock.to(NOW + hours * HOUR);
      await world.ring();
      if (world.asked.splice(0).length > 0) days.push(hours / 24);
    }
    expect(days).toEqual([1, 3, 7, 15, 31, 61, 91]);
  });

  it("[K29.4] what is heard of it anew begins the pauses anew; one that has ended is asked once in 30 days", async () => {
    const world = openWorld();
    const one = running("a");
    world.instances.set("a", present(one));
    await world.announce(one, 9);
    const days: number[] = [];
    for (let hours = 6; hours <= 24 * 70; hours += 6) {
      await world.clock.to(NOW + hours * HOUR);
      if (hours === 24 * 2) {
        const ended = entry("a", { createdAtMs: NOW, updatedAtMs: NOW + hours * HOUR });
        world.instances.set("a", present(ended, 10));
        await world.announce(ended, 10);
      }
      await world.ring();
      if (world.asked.splice(0).length > 0) days.push(hours / 24);
    }
    expect(days).toEqual([1, 32, 62]);
  });

  it.each<[string, Presence, string[]]>([
    ["is not there", { type: "absent" }, []],
    ["is another life, in this shard", present(running("a", { createdAtMs: NOW + 7 })), ["a"]],
    ["is another life, in another shard", present(running("a", { createdAtMs: NOW + 7 }), 9, "1-0"), []],
    ["announces itself in another shard", present(running("a"), 9, "1-0"), []],
    ["is leaving", { type: "leaving" }, ["a"]],
  ])("[K29.5] a row whose instance %s", async (_what, presence, listed) => {
    const world = openWorld();
    await world.announce(running("a"), 5);
    world.instances.set("a", presence);
    await world.clock.advance(A_DAY);
    await world.ring();
    expect(idsOf(await world.shard.list(page()))).toEqual(listed);
    if (presence.type === "present" && listed.length > 0)
      expect((await world.shard.list(page())).entries).toEqual([presence.entry]);
    // Nothing that was told before brings a row of nobody back.
    await world.announce(running("a"), 4);
    expect(idsOf(await world.shard.list(page()))).toEqual(listed);
  });

  it("[K29.6] the instance is right, even where the row has a higher number", async () => {
    const world = openWorld();
    await world.announce(running("a"), 50);
    const ended = entry("a", { createdAtMs: NOW, endedAtMs: NOW + 1 });
    world.instances.set("a", present(ended, 40));
    await world.clock.advance(A_DAY);
    await world.ring();
    expect((await world.shard.list(page())).entries).toEqual([ended]);
    expect(await world.shard.count({ filter: EVERYTHING, by: ["status"] })).toMatchObject({
      counts: [{ status: "COMPLETED", count: 1 }],
    });
  });

  it("[K29.7] unless the row has changed since it was asked", async () => {
    const world = openWorld();
    await world.announce(running("a"), 5);
    await world.clock.advance(A_DAY);
    const ended = entry("a", { createdAtMs: NOW, updatedAtMs: NOW + A_DAY });
    let told: Promise<Announced> | undefined;
    world.instances.set("a", () => {
      told = world.shard.announce({ entry: ended, seq: 6 });
      return present(running("a"), 5);
    });
    await world.ring();
    expect(await told).toEqual(OK);
    expect((await world.shard.list(page())).entries).toEqual([ended]);
  });

  it("[K29.8] one that says the same costs one row, which no list and no change shows", async () => {
    const world = openWorld();
    await world.announce(running("a"), 5);
    world.instances.set("a", present(running("a"), 5));
    const { next } = await world.shard.changes({ filter: EVERYTHING, since: { epoch: "e", position: 0 }, limit: 9 });
    await world.clock.advance(A_DAY);
    world.db.counters.rows.clear();
    await world.ring();
    expect(Object.fromEntries(world.db.counters.rows)).toEqual({ entry: 1, meta: 1 });
    expect(await world.shard.changes({ filter: EVERYTHING, since: next, limit: 9 })).toMatchObject({ changes: [] });
  });

  it("[K29.9] leaving: asked within a minute, and listed again where the purge came to nothing", async () => {
    const world = openWorld();
    await world.announce(running("a"), 5);
    await world.announce(running("b"), 5);
    await world.depart("leave", running("a"), 6);
    await world.depart("leave", running("b"), 6);
    expect(world.alarm.atMs).toBeLessThanOrEqual(NOW + 60 * SECOND);
    world.instances.set("a", { type: "absent" });
    world.instances.set("b", present(running("b"), 5));
    await world.clock.to(world.alarm.atMs ?? 0);
    await world.ring();
    expect(world.asked).toEqual(["a", "b"]);
    expect(idsOf(await world.shard.list(page()))).toEqual(["b"]);
    expect(await world.announce(running("a"), 4)).toMatchObject({ code: "STALE" });
  });

  it("[K29.10] one on its way out is not listed again, and asked again until it has gone", async () => {
    const world = openWorld();
    await world.announce(running("a"), 5);
    await world.depart("leave", running("a"), 6);
    for (const presence of [{ type: "leaving" }, { type: "leaving" }, { type: "absent" }] as const) {
      world.instances.set("a", presence);
      await world.clock.to(world.alarm.atMs ?? 0);
      await world.ring();
      expect(idsOf(await world.shard.list(page()))).toEqual([]);
    }
    expect(world.asked).toEqual(["a", "a", "a"]);
    expect(world.clock.nowMs - NOW).toBeLessThan(120 * SECOND);
  });

  it("[K29.11] one that cannot be reached stays what it is, is told of in the log, and is asked less and less often", async () => {
    const world = openWorld();
    await world.announce(running("a"), 5);
    await world.depart("leave", running("a"), 6);
    const pauses: number[] = [];
    for (let n = 0; n < 12; n++) {
      await world.clock.to(world.alarm.atMs ?? 0);
      await world.ring();
      pauses.push((world.alarm.atMs ?? 0) - world.clock.nowMs);
    }
    expect(pauses.slice(0, 4)).toEqual([20, 40, 80, 160].map((seconds) => seconds * SECOND));
    expect(pauses.at(-1)).toBe(HOUR);
    expect(world.lines[0]).toEqual({ level: "warn", msg: "catalog", shard: "0-0", unreachable: 1 });
    expect(world.db.read("SELECT status FROM entry")).toEqual([{ status: -1 }]);
  });

  it("[K29.16] those that cannot be reached hold nobody up: of many, each is asked, and the sweep goes on", async () => {
    const world = openWorld();
    for (let n = 0; n < 100; n++) {
      const one = running(`i${n}`);
      await world.announce(one, 1);
      await world.depart("leave", one, 2);
    }
    world.instances.set("i99", { type: "absent" });
    world.instances.set("swept", { type: "absent" });
    await world.announce(running("swept", { updatedAtMs: NOW - A_DAY }), 1);
    for (let n = 0; n < 50; n++) {
      const id = `due${n}`;
      world.instances.set(id, { type: "absent" });
      await world.announce(running(id, { updatedAtMs: NOW - A_DAY }), 1);
    }
    const asked = new Set<string>();
    for (let n = 0; n < 8; n++) {
      await world.clock.to(world.alarm.atMs ?? 0);
      await world.ring();
      expect(world.asked.length).toBeLessThanOrEqual(40);
      for (const id of world.asked.splice(0)) asked.add(id);
    }
    expect(asked.size).toBe(151);
    expect(idsOf(await world.shard.list(page()))).toEqual([]);
  });

  it("[K29.18] once one of those that are leaving is heard, the others are asked soon again", async () => {
    const world = openWorld();
    for (const id of ["a", "b"]) {
      await world.announce(running(id), 1);
      await world.depart("leave", running(id), 2);
    }
    const pauses: number[] = [];
    for (let n = 0; n < 6; n++) {
      if (n === 4) world.instances.set("a", { type: "absent" });
      await world.clock.to(world.alarm.atMs ?? 0);
      await world.ring();
      pauses.push((world.alarm.atMs ?? 0) - world.clock.nowMs);
    }
    expect(pauses.slice(-1)).toEqual([20 * SECOND]);
    // What is heard is written within a window.
    expect(Math.abs((pauses[3] ?? 0) - 160 * SECOND)).toBeLessThan(5);
  });

  it("[K29.19] what comes late of a life is refused for an hour after it was found to be gone, and the memory of it ends then", async () => {
    const world = openWorld();
    await world.announce(running("a"), 5);
    world.instances.set("a", { type: "absent" });
    await world.clock.advance(A_DAY);
    await world.ring();
    await world.clock.advance(HOUR - 1_000);
    await world.ring();
    expect(await world.announce(running("a"), 4)).toMatchObject({ code: "STALE" });
    await world.clock.to(world.alarm.atMs ?? 0);
    await world.ring();
    expect(world.db.read("SELECT id FROM entry")).toEqual([]);
  });

  it.each<[string, unknown]>([
    ["a status", present(running("a", { status: "NAPPING" as "RUNNING" }))],
    ["a kind of answer", { type: "asleep" }],
    ["a text", present(running("a", { parentInstanceId: {} as string }))],
  ])(
    "[K29.17] an answer of newer code, with %s that this one does not know, is none: the others are written",
    async (_what, said) => {
      const world = openWorld();
      await world.announce(running("a"), 1);
      await world.announce(running("b"), 1);
      world.instances.set("a", said as Presence);
      world.instances.set("b", { type: "absent" });
      await world.clock.advance(A_DAY);
      await world.ring();
      expect((await world.shard.list(page())).entries).toEqual([running("a")]);
      expect(world.lines).toMatchObject([{ unreachable: 1 }]);
    },
  );

  it("[K29.12] an instance that does not answer within 10 s is asked again another time", async () => {
    const world = openWorld();
    await world.announce(running("a"), 5);
    await world.announce(running("b"), 5);
    world.instances.set("a", () => new Promise(() => undefined));
    world.instances.set("b", { type: "absent" });
    await world.clock.advance(A_DAY);
    const ringing = world.shard.alarm();
    await world.clock.advance(10 * SECOND);
    await ringing;
    expect(idsOf(await world.shard.list(page()))).toEqual(["a"]);
    expect(world.lines).toMatchObject([{ unreachable: 1 }]);
  });

  it("[K29.13] at most 40 are asked with one alarm; the next, a second later, goes on behind them, after a restart too", async () => {
    let world = openWorld();
    for (let n = 0; n < 100; n++) {
      const one = running(`i${String(n).padStart(3, "0")}`);
      world.instances.set(one.instanceId, present(one, 1));
      await world.announce(one, 1);
    }
    await world.clock.advance(A_DAY);
    const asked: string[] = [];
    for (let n = 0; n < 3; n++) {
      await world.ring();
      expect(world.asked.length).toBeLessThanOrEqual(40);
      asked.push(...world.asked.splice(0));
      const inMs = (world.alarm.atMs ?? 0) - world.clock.nowMs;
      expect(Math.abs(inMs - (n < 2 ? SECOND : 6 * HOUR))).toBeLessThan(5);
      await world.clock.advance(SECOND);
      world = openWorld({ ...world, nowMs: world.clock.nowMs });
    }
    expect(new Set(asked).size).toBe(100);
    expect(asked).toHaveLength(100);
  });

  it("[K29.14] never rejects: a fault is told of, and the alarm comes again in a minute", async () => {
    const world = openWorld();
    await world.announce(running("a"), 5);
    world.instances.set("a", { type: "absent" });
    await world.clock.advance(A_DAY);
    world.fault.before = () => {
      throw new Error("SQLITE_FULL");
    };
    await world.ring();
    expect(world.lines).toMatchObject([{ level: "error", msg: "alarm", shard: "0-0", message: "SQLITE_FULL" }]);
    expect(world.alarm.atMs).toBe(world.clock.nowMs + 60 * SECOND);
    world.fault.before = undefined;
    await world.announce(running("b"), 1);
    expect(world.alarm.atMs).toBe(world.clock.nowMs - 5 + 60 * SECOND);
  });
});
