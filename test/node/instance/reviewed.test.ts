// [I17] What reviews have found in corners: each was wrong once.
import { describe, expect, it } from "vitest";
import { type Code, describeInstance, endOf, gate, historyOf, makeWorld, purge, raise, start } from "./support.ts";
import type { World } from "./world.ts";

/** Its workflow ends while an activity still runs. */
function leavingWorld(runsForMs: number): World {
  const world = makeWorld();
  world.activity("long", () => world.sleep(runsForMs));
  world.workflow("leaves", function* (ctx): Code {
    yield ctx.createTimer(0.1);
    ctx.callActivity("long");
    return "done";
  });
  return world;
}

describe("[I17.1] What GET tells of an ended instance stays the same, whatever loads its history again", () => {
  it("[I17.1] an update that comes too late, after a restart", async () => {
    const world = makeWorld();
    await start(world, "a", "echo", { hello: 1 });
    await world.rest();
    const before = await describeInstance(world, "a");
    expect(before?.input).toBe('{"hello":1}');
    world.crash("a");
    const late = { updateId: "u", name: "n", timeoutMs: 0 };
    expect(await world.call("a", (i) => i.update(late))).toEqual({ ok: false, code: "ENDED" });
    expect(await describeInstance(world, "a")).toEqual(before);
  });

  it("[I17.1] an activity that outlived the workflow, run again after a crash", async () => {
    const world = leavingWorld(60_000);
    await start(world, "a", "leaves", { hello: 1 });
    await world.advance(5_000);
    const before = await describeInstance(world, "a");
    world.crash("a");
    await world.advance(10_000);
    expect(await describeInstance(world, "a")).toEqual(before);
  });
});

describe("[I17.2] A database that is full while the other tables are made", () => {
  it.each(Array.from({ length: 8 }, (_, pages) => pages))(
    "[I17.2] room for %i pages: refused or taken, and all goes on when there is room",
    async (pages) => {
      const world = makeWorld();
      world.workflow("two", function* (ctx): Code {
        return [yield ctx.waitForExternalEvent("go"), yield ctx.waitForExternalEvent("go")];
      });
      await start(world, "a", "two");
      const { db } = world.host("a");
      const [count] = db.read<{ page_count: number }>("PRAGMA page_count");
      db.read(`PRAGMA max_page_count = ${Number(count?.page_count) + pages}`);
      await raise(world, "a", "go", 1).catch(() => undefined);
      db.read("PRAGMA max_page_count = 1000000");
      await raise(world, "a", "go", 2);
      world.crash("a");
      await raise(world, "a", "go", 3);
      await world.advance(120_000);
      expect((await endOf(world, "a"))[0]).toBe("COMPLETED");
    },
  );
});

describe("[I17.3] An ID that is used again while the alarm's handler of the instance before is at work", () => {
  it("[I17.3] has an alarm of its own, and survives a crash", async () => {
    const world = leavingWorld(600_000);
    await start(world, "a", "leaves");
    await world.advance(5_000);
    expect(await purge(world, "a")).toEqual({ ok: true });
    world.activity("slow", () => world.sleep(5_000));
    await start(world, "a", "call", { activity: "slow", input: 1 });
    world.crash("a");
    await world.rest();
    expect((await endOf(world, "a"))[0]).toBe("COMPLETED");
  });
});

describe("[I17.4] A query that waits for a turn", () => {
  it("[I17.4] of an instance that is purged meanwhile: there is none", async () => {
    const world = makeWorld();
    const stuck = gate();
    world.workflow("stuck", async function* (ctx) {
      ctx.setQueryHandler("q", () => 1);
      yield ctx.waitForExternalEvent("go");
      await stuck.promise;
    });
    await start(world, "a", "stuck");
    await raise(world, "a", "go");
    const asked = world.post("a", (i) => i.query({ name: "q" }));
    const purged = world.post("a", (i) => i.purge({ recursive: false, force: true }));
    await world.advance(2_000);
    expect([await purged, await asked]).toEqual([{ ok: true }, { ok: false, code: "NOT_FOUND" }]);
    expect(historyOf(world, "a")).toEqual([]);
  });
});

describe("[I17.5] A purge whose tables cannot be removed", () => {
  it("[I17.5] is refused, and the instance is still there", async () => {
    const world = makeWorld();
    await start(world, "a", "echo", 7);
    const before = await describeInstance(world, "a");
    world.failWipe = () => new Error("the storage is not there");
    await expect(purge(world, "a")).rejects.toThrow("the storage is not there");
    expect(await describeInstance(world, "a")).toEqual(before);
    world.failWipe = undefined;
    expect(await purge(world, "a")).toEqual({ ok: true });
    expect(await describeInstance(world, "a")).toBeUndefined();
  });
});
