// [I13] STALLED: a version that is not there, as in Dapr.
import { describe, expect, it } from "vitest";
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import {
  type Code,
  describeInstance,
  endOf,
  makeWorld,
  raise,
  resume,
  start,
  statusOf,
  suspend,
  terminate,
  typesOf,
} from "../support.ts";
import { START_MS, type World } from "../world.ts";

describe("[I13] STALLED", () => {
  function pinned(): World {
    const world = makeWorld();
    world.versions = [{ name: "main", version: "v1", latest: true, code: waits }];
    return world;
  }
  function* waits(ctx: WorkflowContext): Code {
    const timer = ctx.createTimer(30);
    const child = ctx.callChildWorkflow("call", { activity: "slow", input: 20_000 });
    return [yield ctx.waitForExternalEvent("go"), yield child, yield timer, ctx.getVersion()];
  }
  const v1 = { name: "main", version: "v1", latest: false, code: waits };
  const v2 = { name: "main", version: "v2", latest: true, code: () => "new" };

  it("[I13.1] refuses what Dapr refuses, keeps what comes, and goes on when the version is back", async () => {
    const world = pinned();
    await start(world, "i", "main");
    world.versions = [v2];
    world.crashAll();
    // Still to be found out: this raise is taken.
    expect(await raise(world, "i", "go", 7)).toEqual({ ok: true });
    const found = await describeInstance(world, "i");
    expect([found?.status, found?.failure]).toEqual([
      "STALLED",
      { errorType: "VERSION_NOT_AVAILABLE", message: "Version not available: v1" },
    ]);
    const stalled = { ok: false, code: "STALLED" };
    expect(await raise(world, "i", "go", 8)).toEqual(stalled);
    expect(await suspend(world, "i")).toEqual(stalled);
    expect(await resume(world, "i")).toEqual(stalled);
    expect(await terminate(world, "i")).toEqual(stalled);
    expect(await world.call("i", (i) => i.cancel({}))).toEqual(stalled);
    expect(await world.call("i", (i) => i.query({ name: "q" }))).toEqual(stalled);
    expect(await world.call("i", (i) => i.update({ updateId: "u", name: "n", timeoutMs: 0 }))).toEqual(stalled);
    expect(await world.call("i", (i) => i.purge({ recursive: true }))).toEqual(stalled);
    expect(await world.call("i", (i) => i.purge({ recursive: true, asChildOf: "x" }))).toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await start(world, "i", "main")).toEqual({ ok: false, code: "ALREADY_ACTIVE" });
    // The child ends and the timer falls due meanwhile.
    await world.advance(40_000);
    expect(await statusOf(world, "i")).toBe("STALLED");
    world.versions = [v1, v2];
    world.crashAll();
    expect(await statusOf(world, "i")).toBe("COMPLETED");
    expect(await endOf(world, "i")).toEqual(["COMPLETED", [7, "slept 20000", null, "v1"]]);
    const types = typesOf(world, "i");
    expect(types.filter((type) => type === "ExecutionStalled" || type === "ExecutionUnstalled")).toEqual([
      "ExecutionStalled",
      "ExecutionUnstalled",
    ]);
  });

  it("[I13.2] looks for other code by itself, after as long as it has been stalled, but 1 minute to 1 hour", async () => {
    const world = pinned();
    await start(world, "i", "main");
    world.versions = [v2];
    world.crashAll();
    await raise(world, "i", "go", 7);
    const host = world.host("i");
    const pauses: number[] = [];
    for (let n = 0; n < 10; n++) {
      const at = host.durableAlarm?.atMs ?? 0;
      pauses.push(Math.round((at - world.nowMs) / 60_000));
      await world.advance(at - world.nowMs);
    }
    expect(pauses).toEqual([1, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    world.versions = [v1, v2];
    await world.advance(3_600_000);
    expect(await statusOf(world, "i")).toBe("STALLED");
    world.crash("i");
    await world.advance(3_600_000);
    expect((await endOf(world, "i"))[0]).toBe("COMPLETED");
  });

  it("[I13.3] before its first turn, and with a change that does not fit, where that is wished", async () => {
    const world = pinned();
    await world.call("i", (i) =>
      i.start({ instanceId: "i", name: "main", requestId: "r", startAtMs: START_MS + 5_000 }),
    );
    world.versions = [v2];
    world.crashAll();
    await world.advance(6_000);
    expect(await statusOf(world, "i")).toBe("STALLED");
    world.versions = [v1, v2];
    world.crashAll();
    expect(await statusOf(world, "i")).toBe("RUNNING");

    const other = makeWorld();
    other.onNonDeterminism = "stall";
    await start(other, "i", "call", { activity: "slow", input: 1_000 });
    other.workflow("call", function* (ctx: WorkflowContext): Code {
      yield ctx.callActivity("other");
    });
    other.crashAll();
    await other.advance(5_000);
    const found = await describeInstance(other, "i");
    expect([found?.status, found?.failure?.errorType]).toEqual(["STALLED", "NON_DETERMINISM"]);
    // Not run again while nobody could take its result.
    const runs = other.activityRuns.length;
    await other.advance(120_000);
    expect(other.activityRuns.length).toBe(runs);
  });

  it("[I13.4] a forced purge removes it", async () => {
    const world = pinned();
    await start(world, "i", "main");
    world.versions = [v2];
    world.crashAll();
    await raise(world, "i", "go", 7);
    expect(await world.call("i", (i) => i.purge({ recursive: true, force: true }))).toEqual({ ok: true });
    expect(await describeInstance(world, "i")).toBeUndefined();
    expect(await describeInstance(world, "i:0002")).toBeUndefined();
    expect([world.host("i").db.tables(), world.host("i").durableAlarm]).toEqual([[], null]);
  });
});
