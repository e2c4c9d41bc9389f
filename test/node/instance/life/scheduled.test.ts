// [I23] What comes before a scheduled start waits for it.
import { describe, expect, it } from "vitest";
import {
  type Code,
  describeInstance,
  endOf,
  makeWorld,
  purge,
  raise,
  resume,
  start,
  statusOf,
  suspend,
  terminate,
  typesOf,
} from "../support.ts";
import { START_MS, type World } from "../world.ts";

const HOUR_MS = 3_600_000;
const OK = { ok: true };

/** An instance that is to begin in an hour, and tells when its code did. */
async function scheduled(): Promise<World> {
  const world = makeWorld();
  world.workflow("main", function* (ctx): Code {
    const begunAtMs = ctx.getCurrentUtcDateTime().getTime();
    return [begunAtMs - START_MS, yield ctx.waitForExternalEvent("go")];
  });
  await start(world, "a", "main", "in", { startAtMs: START_MS + HOUR_MS });
  return world;
}

describe.each([false, true])("[I23] what comes before a scheduled start waits for it (memory is lost: %s)", (crash) => {
  const lose = (world: World) => crash && world.crashAll();

  it("[I23.1] an event is kept, and the instance begins at its time", async () => {
    const world = await scheduled();
    expect(await raise(world, "a", "go", 7)).toEqual(OK);
    lose(world);
    expect(await statusOf(world, "a")).toBe("PENDING");
    await world.advance(HOUR_MS - 1);
    lose(world);
    expect([await statusOf(world, "a"), typesOf(world, "a")]).toEqual(["PENDING", []]);
    await world.advance(1);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [HOUR_MS, 7]]);
    expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "EventRaised", "ExecutionCompleted"]);
    await world.rest();
    expect(world.host("a").durableAlarm).toBeNull();
  });

  it("[I23.2] paused, it is SUSPENDED; resumed, it is PENDING until its time", async () => {
    const world = await scheduled();
    await suspend(world, "a");
    lose(world);
    expect(await describeInstance(world, "a")).toMatchObject({ status: "SUSPENDED", name: "main", input: '"in"' });
    expect(await raise(world, "a", "go", 7)).toEqual(OK);
    await world.advance(HOUR_MS / 2);
    await resume(world, "a");
    lose(world);
    expect(await statusOf(world, "a")).toBe("PENDING");
    await world.advance(HOUR_MS / 2 - 1);
    expect(await statusOf(world, "a")).toBe("PENDING");
    await world.advance(1);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [HOUR_MS, 7]]);
  });

  it("[I23.3] paused beyond its time, it begins when it is resumed, and no alarm rings meanwhile", async () => {
    const world = await scheduled();
    await suspend(world, "a");
    lose(world);
    await world.advance(HOUR_MS + 1);
    const { setAlarm } = world.host("a").counters;
    expect([await statusOf(world, "a"), world.host("a").durableAlarm]).toEqual(["SUSPENDED", null]);
    await world.rest();
    expect(world.host("a").counters.setAlarm).toBe(setAlarm);
    await raise(world, "a", "go", 7);
    lose(world);
    await world.advance(HOUR_MS - 1);
    expect([await statusOf(world, "a"), typesOf(world, "a")]).toEqual(["SUSPENDED", []]);
    await resume(world, "a");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [2 * HOUR_MS, 7]]);
    expect(typesOf(world, "a")).toEqual([
      "ExecutionStarted",
      "ExecutionSuspended",
      "EventRaised",
      "ExecutionResumed",
      "ExecutionCompleted",
    ]);
    await world.rest();
  });

  it("[I23.4] a resume of what is not paused, and a second pause, change nothing", async () => {
    const world = await scheduled();
    const rows = () =>
      world
        .host("a")
        .db.read("SELECT type FROM inbox ORDER BY seq")
        .map(({ type }) => type);
    expect(await resume(world, "a")).toEqual(OK);
    lose(world);
    expect([await statusOf(world, "a"), rows()]).toEqual(["PENDING", ["ExecutionStarted"]]);
    for (const _ of [1, 2]) expect(await suspend(world, "a")).toEqual(OK);
    lose(world);
    expect([await statusOf(world, "a"), rows()]).toEqual(["SUSPENDED", ["ExecutionStarted", "ExecutionSuspended"]]);
    for (const _ of [1, 2]) expect(await resume(world, "a")).toEqual(OK);
    lose(world);
    expect([await statusOf(world, "a"), rows().length]).toEqual(["PENDING", 3]);
    await world.advance(HOUR_MS);
    expect([await statusOf(world, "a"), rows()]).toEqual(["RUNNING", []]);
  });

  it.each([false, true])(
    "[I23.5] terminate and purge work at once, and the code is never begun (paused: %s)",
    async (paused) => {
      for (const how of ["terminate", "purge"]) {
        const world = await scheduled();
        if (paused) await suspend(world, "a");
        await raise(world, "a", "go", 7);
        lose(world);
        if (how === "purge") {
          const code = paused ? "NOT_ENDED" : "NOT_FOUND";
          expect(await purge(world, "a")).toMatchObject({ ok: false, code });
          expect(await world.call("a", (i) => i.purge({ recursive: true, force: true }))).toEqual(OK);
          expect(world.host("a").db.tables()).toEqual([]);
        } else {
          expect(await terminate(world, "a", '"out"')).toEqual(OK);
          expect(await endOf(world, "a")).toEqual(["TERMINATED", "out"]);
        }
        await world.rest();
        expect(world.host("a").durableAlarm).toBeNull();
      }
    },
  );

  it("[I23.6] cancel begins and cancels it at once; paused, with the resume", async () => {
    for (const paused of [false, true]) {
      const world = await scheduled();
      if (paused) await suspend(world, "a");
      expect(await world.call("a", (i) => i.cancel({}))).toEqual(OK);
      lose(world);
      if (paused) {
        expect(await statusOf(world, "a")).toBe("SUSPENDED");
        await resume(world, "a");
      }
      await world.settle();
      expect(await statusOf(world, "a")).toBe("CANCELED");
    }
  });

  it("[I23.7] an update is kept, too, and a query is told that there is nothing to ask", async () => {
    const world = makeWorld();
    world.workflow("main", function* (ctx): Code {
      let sum = 0;
      ctx.setUpdateHandler("add", (n: number) => (sum += n));
      yield ctx.waitForCondition(() => sum > 0);
      return sum;
    });
    await start(world, "a", "main", undefined, { startAtMs: START_MS + HOUR_MS });
    const add = () => world.call("a", (i) => i.update({ updateId: "u", name: "add", input: "3", timeoutMs: 0 }));
    expect(await add()).toEqual({ ok: false, code: "PENDING" });
    lose(world);
    expect(await add()).toEqual({ ok: false, code: "PENDING" });
    expect(await world.call("a", (i) => i.query({ name: "q" }))).toEqual({ ok: false, code: "NOT_STARTED" });
    expect(await statusOf(world, "a")).toBe("PENDING");
    await world.advance(HOUR_MS);
    expect([await endOf(world, "a"), await add()]).toEqual([["COMPLETED", 3], { ok: true, result: "3" }]);
  });
});

describe("[I23] alarms of a scheduled start", () => {
  it("[I23.8] one that rings early begins nothing, one that was lost is set again", async () => {
    const world = await scheduled();
    await raise(world, "a", "go", 7);
    await world.call("a", (i) => i.alarm({ retryCount: 0, scheduledTime: 0 }));
    expect([await statusOf(world, "a"), world.host("a").durableAlarm?.atMs]).toEqual(["PENDING", START_MS + HOUR_MS]);
    world.host("a").alarm = world.host("a").durableAlarm = null;
    world.crashAll();
    await world.advance(HOUR_MS - 1);
    expect(await statusOf(world, "a")).toBe("PENDING");
    await world.advance(2);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [HOUR_MS, 7]]);
  });

  it("[I23.9] a first turn that fails is taken again, with all that waited", async () => {
    for (const crash of [false, true]) {
      const world = await scheduled();
      await raise(world, "a", "go", 7);
      let failures = 2;
      world.host("a").failWrite = (statement) => {
        if (/INTO (instance|history)/.test(statement) && failures-- > 0) throw new Error("SQLITE_FULL");
      };
      await world.advance(HOUR_MS);
      if (crash) world.crashAll();
      await world.advance(10_000);
      expect(failures).toBeLessThan(0);
      expect((await endOf(world, "a"))[0]).toBe("COMPLETED");
      expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "EventRaised", "ExecutionCompleted"]);
    }
  });

  it("[I23.10] what another workflow sends is kept", async () => {
    const world = await scheduled();
    world.workflow("sender", function* (ctx): Code {
      ctx.sendEvent("a", "go", "sent");
    });
    await start(world, "b", "sender");
    await world.settle();
    expect([await statusOf(world, "b"), await statusOf(world, "a")]).toEqual(["COMPLETED", "PENDING"]);
    await world.advance(HOUR_MS);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [HOUR_MS, "sent"]]);
  });

  it("[I23.11] a clock that goes back after a first turn has failed: nothing begins before the time", async () => {
    const world = await scheduled();
    await raise(world, "a", "go", 7);
    let failures = 1;
    world.host("a").failWrite = (statement) => {
      if (/INTO (instance|history)/.test(statement) && failures-- > 0) throw new Error("SQLITE_FULL");
    };
    await world.advance(HOUR_MS);
    expect(failures).toBe(0);
    world.host("a").skewMs = -HOUR_MS / 2;
    await world.advance(HOUR_MS / 2 - 1);
    expect([await statusOf(world, "a"), typesOf(world, "a")]).toEqual(["PENDING", []]);
    await world.advance(60_000);
    expect((await endOf(world, "a"))[0]).toBe("COMPLETED");
    expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "EventRaised", "ExecutionCompleted"]);
    await world.rest();
  });

  it("[I23.12] paused between a first turn that has failed and its next attempt, it waits for the resume", async () => {
    const world = await scheduled();
    await raise(world, "a", "go", 7);
    let failures = 1;
    world.host("a").failWrite = (statement) => {
      if (/INTO (instance|history)/.test(statement) && failures-- > 0) throw new Error("SQLITE_FULL");
    };
    await world.advance(HOUR_MS);
    expect([failures, await suspend(world, "a")]).toEqual([0, OK]);
    await world.advance(60_000);
    expect([await statusOf(world, "a"), typesOf(world, "a")]).toEqual(["SUSPENDED", []]);
    await resume(world, "a");
    await world.advance(1);
    expect((await endOf(world, "a"))[0]).toBe("COMPLETED");
    await world.rest();
  });

  it("[I23.13] a terminate or a cancel whose turn has failed does not wait for the start, either", async () => {
    for (const how of ["TERMINATED", "CANCELED"]) {
      const world = await scheduled();
      let failures = 1;
      world.host("a").failWrite = (statement) => {
        if (/INTO (instance|history)/.test(statement) && failures-- > 0) throw new Error("SQLITE_FULL");
      };
      if (how === "TERMINATED") await terminate(world, "a");
      else await world.call("a", (i) => i.cancel({}));
      await world.settle();
      expect(failures).toBe(0);
      await world.advance(5_000);
      expect(world.log).toMatchObject([{ msg: "turn" }, { msg: "instance", status: how }]);
      await world.rest();
    }
  });
});
