// [I52] Metrics: what an instance adds to them is told with its announcements, and counted once, whatever is lost or repeated.
import { describe, expect, it } from "vitest";
import { type Code, makeWorld, purge, raise, start, terminate } from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";
import { START_MS } from "../world.ts";
import { faultOfTellings, type Listed, listedWorld } from "./support.ts";

watchUnhandledRejections();

function countedWorld(): Listed {
  const world = listedWorld();
  world.catalog.countsTotals = true;
  world.workflow("again", function* (ctx, n: number): Code {
    yield ctx.callActivity("echo", n);
    if (n > 0) ctx.continueAsNew(n - 1, false);
    return n;
  });
  world.workflow("tries", function* (ctx): Code {
    try {
      yield ctx.callActivity("fail");
    } catch {
      yield ctx.callActivity("slow", 2_000);
    }
    throw new Error("as told");
  });
  return world;
}

describe("[I52] Metrics", () => {
  it("[I52.1] ends, activities, and events, of a parent and its child", async () => {
    const world = countedWorld();
    await start(world, "a", "tries");
    await start(world, "b", "parent", { name: "event", input: "e", id: "c" });
    await world.advance(5_000);
    await raise(world, "c", "e", 1);
    await world.advance(5_000);
    expect(world.catalog.counted()).toEqual({
      oc: 3,
      oe: 1,
      sltries: 1,
      slparent: 1,
      aoslow: 1,
      aofail: 1,
      asslow: 1,
      affail: 1,
      wftries: 1,
      wsevent: 1,
      wsparent: 1,
    });
  });

  it("[I52.2] over continue-as-new nothing is lost and nothing counted twice, also where the object is loaded anew between", async () => {
    const world = countedWorld();
    await start(world, "a", "again", 3);
    await start(world, "b", "again", 2);
    world.crash("b");
    await world.advance(90_000);
    expect(world.catalog.counted()).toEqual({ oc: 2, slagain: 2, aoecho: 7, asecho: 7, wsagain: 2 });
  });

  it("[I52.3] a purge adds what has not been told, and nothing falls when rows go", async () => {
    const world = countedWorld();
    await start(world, "a", "call", { activity: "slow", input: 1_000 });
    await world.advance(1_500);
    await purge(world, "a");
    await start(world, "a", "event", "e");
    await terminate(world, "a");
    await purge(world, "a");
    await world.advance(7_200_000);
    expect(world.catalog.entries()).toEqual([]);
    expect(world.catalog.counted()).toEqual({ oc: 2, op: 2, slcall: 1, aoslow: 1, asslow: 1, wscall: 1, wtevent: 1 });
  });

  it("[I52.4] an instance that goes at its end, and that no list ever shows, is counted", async () => {
    const world = countedWorld();
    world.retention = { anyTerminal: 0 };
    await start(world, "a", "call", { activity: "echo", input: 1 });
    await world.advance(60_000);
    expect(world.host("a").db.tables()).toEqual([]);
    expect(world.catalog.counted()).toEqual({ oc: 1, op: 1, slcall: 1, aoecho: 1, asecho: 1, wscall: 1 });
  });

  it.each(["twice", "twice, late", "answer lost"] as const)(
    "[I52.5] announcements that come %s are counted once",
    async (fault) => {
      const world = countedWorld();
      let calls = 0;
      faultOfTellings(world, () => (++calls % 2 === 1 ? fault : undefined));
      await start(world, "a", "tries");
      await start(world, "b", "again", 2);
      await world.advance(120_000);
      expect(world.catalog.counted()).toEqual({
        oc: 2,
        sltries: 1,
        slagain: 1,
        aofail: 1,
        aoslow: 1,
        aoecho: 3,
        affail: 1,
        asslow: 1,
        asecho: 3,
        wftries: 1,
        wsagain: 1,
      });
    },
  );

  it("[I52.6] the object is lost at any point: at rest it is counted once", async () => {
    for (let lostAt = 1; ; lostAt++) {
      const world = countedWorld();
      let points = 0;
      world.onPoint = (_, id) => {
        if (++points === lostAt) world.crash(id);
      };
      const request = { instanceId: "a", name: "again", input: "1", requestId: "r" };
      await world.call("a", (instance) => instance.start(request)).catch(() => undefined);
      await world.call("a", (instance) => instance.start(request)).catch(() => undefined);
      await world.advance(300_000);
      await world.call("a", (instance) => instance.describe({ payloads: false }));
      await world.advance(300_000);
      expect([lostAt, world.catalog.counted()]).toEqual([
        lostAt,
        { oc: 1, slagain: 1, aoecho: 2, asecho: 2, wsagain: 1 },
      ]);
      if (points < lostAt) return expect(lostAt).toBeGreaterThan(5);
    }
  });

  it("[I52.8] how late it was stands in the history of one that a schedule has started, which waits for no clock of its own", async () => {
    const world = countedWorld();
    const of = { requestId: "schedule:s:20261124T000000Z", actor: "schedule:s" };
    await start(world, "late", "echo", 1, { ...of, startAtMs: START_MS - 2_000 });
    // The schedule's clock is ahead of the instance's.
    await start(world, "early", "echo", 1, { ...of, startAtMs: START_MS + 50 });
    expect(world.host("early").counters.setAlarm).toBe(0);
    await world.advance(1_000);
    expect(world.catalog.counted()).toEqual({ oc: 2, sdecho: 2, slecho: 2, wsecho: 2 });
    expect(world.host("late").history()[0]).toMatchObject({ startAtMs: START_MS - 2_000 });
  });

  it("[I52.9] what memory has followed since the start is not read again: with metrics there are as many statements as without", async () => {
    const statements = async (countsTotals: boolean) => {
      const world = listedWorld();
      world.catalog.countsTotals = countsTotals;
      await start(world, "a", "call", { activity: "slow", input: 2_000 });
      await world.advance(5_000);
      if (countsTotals) expect(world.catalog.counted()).toEqual({ oc: 1, slcall: 1, aoslow: 1, asslow: 1, wscall: 1 });
      return world.host("a").db.counters.statements;
    };
    expect(await statements(true)).toBe(await statements(false));
  });

  it("[I52.10] what is written beside the turns is read before what follows is counted: an activity that a rewind opens again is asked for twice", async () => {
    const world = countedWorld();
    let fails = 1;
    world.activity("flaky", () => {
      if (fails-- > 0) throw new Error("as told");
    });
    await start(world, "a", "call", { activity: "flaky" });
    await world.advance(2_000);
    expect(await world.call("a", (instance) => instance.rewind({ requestId: "r" }))).toEqual({ ok: true });
    await world.advance(2_000);
    expect(world.catalog.counted()).toEqual({
      oc: 1,
      slcall: 1,
      aoflaky: 2,
      afflaky: 1,
      asflaky: 1,
      wfcall: 1,
      wscall: 1,
    });
  });

  it("[I52.7] without metrics nothing of it is written: the same rows, commits, alarms and calls, and no field more", async () => {
    const cost = async (countsTotals: boolean) => {
      const world = listedWorld();
      world.catalog.countsTotals = countsTotals;
      world.workflow("again", countedWorld().workflows.get("again") as () => unknown);
      await start(world, "a", "again", 2);
      await world.advance(60_000);
      const { db, counters } = world.host("a");
      return { ...counters, rows: Object.fromEntries(db.counters.rows), calls: world.catalog.calls.length };
    };
    expect(await cost(true)).toEqual(await cost(false));
    const world = listedWorld();
    await start(world, "a", "echo", 1);
    await world.advance(1_000);
    expect(world.catalog.host("0-0").db.tables()).not.toContain("tally");
    expect(JSON.stringify(world.host("a").db.dump())).not.toContain("totals");
    expect(makeWorld().catalog).toBeUndefined();
  });
});
