// [I2] Operations, by the state of the instance.
import { describe, expect, it } from "vitest";
import {
  type Code,
  describeInstance,
  endOf,
  faultsOf,
  makeWorld,
  purge,
  raise,
  resume,
  start,
  statusOf,
  suspend,
  terminate,
  typesOf,
} from "./support.ts";
import { START_MS } from "./world.ts";

describe("[I2] Operations, by the state of the instance (dapr.md 1.5)", () => {
  const NOT_FOUND = { ok: false, code: "NOT_FOUND" };
  const OK = { ok: true };
  const later = { startAtMs: START_MS + 3_600_000 };

  it("[I2.1] unknown: not found, and nothing is written", async () => {
    const world = makeWorld();
    expect(await raise(world, "a", "go")).toEqual(NOT_FOUND);
    expect(await suspend(world, "a")).toEqual(NOT_FOUND);
    expect(await resume(world, "a")).toEqual(NOT_FOUND);
    expect(await terminate(world, "a")).toEqual(NOT_FOUND);
    expect(await purge(world, "a")).toEqual(NOT_FOUND);
    expect(await describeInstance(world, "a")).toBeUndefined();
    const waiting = (until: "started" | "ended") =>
      world.call("a", (i) => i.waitFor(until, { timeoutMs: 60_000, payloads: true }));
    expect(await waiting("started")).toBeUndefined();
    expect(await waiting("ended")).toBeUndefined();
    const host = world.host("a");
    expect(host.db.tables()).toEqual([]);
    expect([...host.db.counters.rows]).toEqual([]);
    expect(host.counters).toMatchObject({ setAlarm: 0, deleteAlarm: 0, commits: 0 });
  });

  it("[I2.2] PENDING, raise: kept until it starts; suspend: SUSPENDED; resume: PENDING again", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go", later);
    expect(await raise(world, "a", "go", 7)).toEqual(OK);
    expect(await statusOf(world, "a")).toBe("PENDING");
    expect(await suspend(world, "a")).toEqual(OK);
    expect(await statusOf(world, "a")).toBe("SUSPENDED");
    expect(await resume(world, "a")).toEqual(OK);
    expect(await statusOf(world, "a")).toBe("PENDING");
    await world.advance(3_600_000);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 7]);
  });

  it("[I2.4] PENDING, terminate: TERMINATED at once; purge: not found", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go", later);
    expect(await purge(world, "a")).toEqual(NOT_FOUND);
    expect(await terminate(world, "a", '"out"')).toEqual(OK);
    expect(await endOf(world, "a")).toEqual(["TERMINATED", "out"]);
    expect(world.host("a").durableAlarm).toBeNull();
  });

  it("[I2.5] PENDING: what ends it ends it after a failed turn and after a crash too", async () => {
    for (const crash of [false, true]) {
      const world = makeWorld();
      await start(world, "a", "event", "go", later);
      let failures = 1;
      world.host("a").failWrite = (statement) => {
        if (statement.includes("INTO instance") && failures-- > 0) throw new Error("SQLITE_FULL");
      };
      expect(await terminate(world, "a", '"out"')).toEqual(OK);
      if (crash) world.crash("a");
      await world.advance(5_000);
      expect(await endOf(world, "a")).toEqual(["TERMINATED", "out"]);
    }
  });

  it("[I2.6] RUNNING and SUSPENDED: suspend, resume and terminate do what they say; a second time changes nothing", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    for (const _ of [1, 2]) {
      expect(await suspend(world, "a")).toEqual(OK);
      expect(await statusOf(world, "a")).toBe("SUSPENDED");
    }
    for (const _ of [1, 2]) {
      expect(await resume(world, "a")).toEqual(OK);
      expect(await statusOf(world, "a")).toBe("RUNNING");
    }
    await suspend(world, "a");
    expect(await terminate(world, "a", '"out"')).toEqual(OK);
    expect(await endOf(world, "a")).toEqual(["TERMINATED", "out"]);
    expect(typesOf(world, "a")).toEqual([
      "ExecutionStarted",
      "ExecutionSuspended",
      "ExecutionResumed",
      "ExecutionSuspended",
      "ExecutionTerminated",
      "ExecutionCompleted",
    ]);
    expect(world.host("a").db.read("SELECT * FROM inbox")).toEqual([]);
  });

  it("[I2.7] RUNNING or SUSPENDED, purge: not ended", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    const notEnded = { ok: false, code: "NOT_ENDED", instanceId: "a" };
    expect(await purge(world, "a")).toEqual(notEnded);
    await suspend(world, "a");
    expect(await purge(world, "a")).toEqual(notEnded);
    expect(await statusOf(world, "a")).toBe("SUSPENDED");
  });

  it.each(["COMPLETED", "TERMINATED"])(
    "[I2.8] %s: everything is accepted and changes nothing; purge removes it",
    async (status) => {
      const world = makeWorld();
      await start(world, "a", "event", "go");
      if (status === "COMPLETED") await raise(world, "a", "go", 1);
      else await terminate(world, "a", "1");
      const host = world.host("a");
      const before = [typesOf(world, "a"), [...host.db.counters.rows]];
      for (const operate of [
        () => raise(world, "a", "go"),
        () => suspend(world, "a"),
        () => resume(world, "a"),
        () => terminate(world, "a"),
      ]) {
        expect(await operate()).toEqual(OK);
      }
      expect([typesOf(world, "a"), [...host.db.counters.rows]]).toEqual(before);
      expect(await endOf(world, "a")).toEqual([status, 1]);
      expect(await purge(world, "a")).toEqual(OK);
      expect(await purge(world, "a")).toEqual(NOT_FOUND);
      expect(await describeInstance(world, "a")).toBeUndefined();
      expect(host.db.tables()).toEqual([]);
      expect(host.durableAlarm).toBeNull();
    },
  );

  it("[I2.9] suspended: timers, results and events are kept, in order, and delivered by resume", async () => {
    const world = makeWorld();
    world.workflow("all", function* (ctx): Code {
      const tasks = [ctx.createTimer(2), ctx.waitForExternalEvent("go"), ctx.callActivity("slow", 1_000)];
      const order: number[] = [];
      const open = new Set(tasks);
      while (open.size > 0) {
        const first = yield ctx.whenAny([...open]);
        open.delete(first);
        order.push(tasks.indexOf(first));
      }
      return order;
    });
    await start(world, "a", "all");
    await suspend(world, "a");
    await world.advance(500);
    await raise(world, "a", "go");
    await world.advance(10_000);
    expect(await statusOf(world, "a")).toBe("SUSPENDED");
    await resume(world, "a");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [1, 2, 0]]);
  });

  it("[I2.10] the same raise delivered twice counts once; two raises alike both count", async () => {
    const world = makeWorld();
    world.workflow("two", function* (ctx): Code {
      return [yield ctx.waitForExternalEvent("go"), yield ctx.waitForExternalEvent("GO")];
    });
    await start(world, "a", "two");
    await raise(world, "a", "go", 1, "m1");
    await raise(world, "a", "go", 1, "m1");
    world.crash("a");
    await raise(world, "a", "go", 1, "m1");
    expect(await statusOf(world, "a")).toBe("RUNNING");
    await raise(world, "a", "Go", 1, "m2");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [1, 1]]);
    expect(faultsOf(world, "a")).toEqual([]);
  });

  it("[I2.11] terminated: late results are dropped and waiting runs never begin", async () => {
    const world = makeWorld({ maxConcurrentActivities: 2 });
    world.workflow("many", function* (ctx): Code {
      yield ctx.whenAll([1, 2, 3, 4].map(() => ctx.callActivity("slow", 1_000)));
    });
    await start(world, "a", "many");
    await terminate(world, "a");
    const before = typesOf(world, "a");
    await world.rest();
    expect(world.activityRuns).toHaveLength(2);
    expect(typesOf(world, "a")).toEqual(before);
    expect(await statusOf(world, "a")).toBe("TERMINATED");
    expect(world.host("a").durableAlarm).toBeNull();
  });
});
