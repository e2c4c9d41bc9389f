// [I1] Start: who wins, what is refused, and when it begins.
import { describe, expect, it } from "vitest";
import { ObjectLostError } from "./host.ts";
import {
  type Code,
  describeInstance,
  endOf,
  faultsOf,
  historyOf,
  makeWorld,
  raise,
  start,
  statusOf,
  suspend,
  terminate,
  typesOf,
} from "./support.ts";
import { START_MS } from "./world.ts";

describe("[I1] Start", () => {
  it("[I1.1] a workflow runs to COMPLETED, and all of it can be read", async () => {
    const world = makeWorld();
    expect(await start(world, "a", "call", { activity: "echo", input: { n: 1 } })).toEqual({ ok: true });
    expect(await describeInstance(world, "a")).toEqual({
      instanceId: "a",
      name: "call",
      status: "COMPLETED",
      createdAtMs: START_MS,
      lastUpdatedAtMs: START_MS,
      input: '{"activity":"echo","input":{"n":1}}',
      output: '{"n":1}',
      customStatus: undefined,
      failure: undefined,
    });
    expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "TaskScheduled", "TaskCompleted", "ExecutionCompleted"]);
  });

  it("[I1.2] the same request delivered twice creates one instance, and is answered ok both times", async () => {
    const world = makeWorld();
    const more = { requestId: "same" };
    expect(await start(world, "a", "call", { activity: "echo", input: 1 }, more)).toEqual({ ok: true });
    expect(await start(world, "a", "call", { activity: "echo", input: 1 }, more)).toEqual({ ok: true });
    world.crash("a");
    expect(await start(world, "a", "call", { activity: "echo", input: 1 }, more)).toEqual({ ok: true });
    expect(world.activityRuns).toHaveLength(1);
  });

  it("[I1.3] an ID whose instance has not ended is ALREADY_ACTIVE, whether PENDING, RUNNING or SUSPENDED", async () => {
    const world = makeWorld();
    const active = { ok: false, code: "ALREADY_ACTIVE" };
    await start(world, "pending", "echo", 1, { startAtMs: START_MS + 60_000 });
    expect(await start(world, "pending", "echo")).toEqual(active);
    await start(world, "running", "event", "go");
    expect(await start(world, "running", "echo")).toEqual(active);
    await suspend(world, "running");
    expect(await start(world, "running", "echo")).toEqual(active);
    expect(await statusOf(world, "pending")).toBe("PENDING");
    expect(await statusOf(world, "running")).toBe("SUSPENDED");
  });

  it("[I1.4] of two starts at the same time exactly one wins", async () => {
    const world = makeWorld();
    const request = (requestId: string) => ({ instanceId: "a", name: "event", input: '"go"', requestId });
    const both = await world.call("a", (instance) =>
      Promise.all([instance.start(request("one")), instance.start(request("two"))]),
    );
    expect(both).toEqual([{ ok: true }, { ok: false, code: "ALREADY_ACTIVE" }]);
  });

  it.each(["COMPLETED", "FAILED", "TERMINATED"])(
    "[I1.5] the ID of a %s instance starts anew, with nothing left of the old one",
    async (status) => {
      const world = makeWorld();
      world.workflow("first", function* (ctx, how: string): Code {
        ctx.setCustomStatus("old");
        yield ctx.callActivity("echo", "x".repeat(400_000));
        if (how === "TERMINATED") yield ctx.waitForExternalEvent("never");
        if (how === "FAILED") throw new Error("as told");
      });
      await start(world, "a", "first", status);
      if (status === "TERMINATED") await terminate(world, "a", '"out"');
      expect(await statusOf(world, "a")).toBe(status);
      const executions = new Set(
        [historyOf(world, "a")[0]].map((e) => e?.type === "ExecutionStarted" && e.executionId),
      );
      await world.advance(5);
      expect(await start(world, "a", "echo", "new")).toEqual({ ok: true });
      const found = await describeInstance(world, "a");
      expect(found).toMatchObject({ status: "COMPLETED", output: '"new"', createdAtMs: START_MS + 5 });
      expect([found?.customStatus, found?.failure]).toEqual([undefined, undefined]);
      expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "ExecutionCompleted"]);
      const [started] = historyOf(world, "a");
      expect(started?.type === "ExecutionStarted" && executions.has(started.executionId)).toBe(false);
      expect(faultsOf(world, "a")).toEqual([]);
      expect(world.host("a").db.read("SELECT * FROM chunk")).toEqual([]);
    },
  );

  it("[I1.6] the ID of a TERMINATED instance is AWAITING_ACTIVITY while an activity of it runs, and free after it", async () => {
    const world = makeWorld();
    await start(world, "a", "call", { activity: "slow", input: 5_000 });
    await terminate(world, "a");
    expect(await start(world, "a", "echo", 1)).toEqual({ ok: false, code: "AWAITING_ACTIVITY" });
    await world.advance(5_000);
    expect(await start(world, "a", "echo", 1)).toEqual({ ok: true });
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
  });

  it("[I1.7] the ID is CHILD_ACTIVE while a child, or a child of a child, has not ended", async () => {
    const world = makeWorld();
    world.workflow("leaves", function* (ctx, next: string): Code {
      ctx.callChildWorkflow(next, next === "leaves" ? "event" : "go", `${ctx.getWorkflowInstanceId()}/c`);
      if (next === "leaves") yield ctx.createTimer(1);
    });
    await start(world, "a", "leaves", "leaves");
    await world.advance(2_000);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
    expect(await statusOf(world, "a/c")).toBe("COMPLETED");
    expect(await statusOf(world, "a/c/c")).toBe("RUNNING");
    const answer = await start(world, "a", "echo", 1);
    expect(answer).toEqual({ ok: false, code: "CHILD_ACTIVE", childInstanceId: "a/c/c" });
    await raise(world, "a/c/c", "go");
    expect(await start(world, "a", "echo", 1)).toEqual({ ok: true });
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
  });

  it("[I1.8] a scheduled start is PENDING until it is due, with an alarm at that time", async () => {
    const world = makeWorld();
    const startAtMs = START_MS + 3_600_000;
    await start(world, "a", "echo", 1, { startAtMs });
    expect(world.host("a").durableAlarm?.atMs).toBe(startAtMs);
    await world.advance(3_599_999);
    expect(await statusOf(world, "a")).toBe("PENDING");
    await world.advance(1);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
    expect(world.host("a").counters.rings).toBe(1);
    expect(world.host("a").durableAlarm).toBeNull();
    expect(world.host("a").db.read("SELECT * FROM inbox")).toEqual([]);
  });

  it("[I1.9] a scheduled start survives crashes", async () => {
    const world = makeWorld();
    await start(world, "a", "echo", 1, { startAtMs: START_MS + 3_600_000 });
    world.crash("a");
    await world.advance(1_000_000);
    expect(await statusOf(world, "a")).toBe("PENDING");
    world.crash("a");
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
  });

  it("[I1.10] a start whose time has passed begins at once", async () => {
    const world = makeWorld();
    await start(world, "a", "echo", 1, { startAtMs: START_MS - 1 });
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
  });

  it("[I1.11] a start that was not answered may be repeated after a crash", async () => {
    const world = makeWorld();
    let crashed = false;
    world.onPoint = (point, id) => {
      if (point === "commit" && !crashed) {
        crashed = true;
        world.crash(id);
      }
    };
    const more = { requestId: "same" };
    await expect(start(world, "a", "echo", 1, more)).rejects.toThrow(ObjectLostError);
    expect(world.host("a").db.tables()).toEqual([]);
    expect(await start(world, "a", "echo", 1, more)).toEqual({ ok: true });
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
  });

  it("[I1.12] a workflow that is not registered starts, and has FAILED", async () => {
    const world = makeWorld();
    expect(await start(world, "a", "nobody")).toEqual({ ok: true });
    expect(await describeInstance(world, "a")).toMatchObject({
      status: "FAILED",
      failure: { errorType: "OrchestratorNotRegisteredError" },
    });
  });
});
