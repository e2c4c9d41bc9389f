// [I15] Cancel, detached workflows and events between instances; whose starts are still owed.
import { describe, expect, it } from "vitest";
import type { WorkflowActivityContext } from "../../../../src/engine/activity-context.ts";
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import {
  type Code,
  describeInstance,
  endOf,
  makeWorld,
  purge,
  start,
  statusOf,
  terminate,
  typesOf,
  unshaken,
} from "../support.ts";
import { START_MS } from "../world.ts";

describe("[I15] Cancel, detached workflows and events between instances", () => {
  it("[I15.1] a cancel reaches the whole tree, aborts activities, and waits for the cleanup", async () => {
    const world = makeWorld();
    const aborted: string[] = [];
    world.activity("long", (ctx: WorkflowActivityContext) => {
      ctx.signal.addEventListener("abort", () => aborted.push(ctx.getWorkflowInstanceId()));
      return world.sleep(60_000);
    });
    world.workflow("tree", function* (ctx: WorkflowContext, depth: number): Code {
      try {
        if (depth === 0) yield ctx.callActivity("long");
        else yield ctx.callChildWorkflow("tree", depth - 1);
      } finally {
        yield ctx.callActivity("echo", "tidy");
      }
    });
    await start(world, "i", "tree", 2);
    await world.advance(100);
    expect(await world.call("i", (i) => i.cancel({ reason: "why" }))).toEqual({ ok: true });
    await world.settle();
    const ids = ["i", "i:0001", "i:0001:0001"];
    expect(await Promise.all(ids.map((id) => statusOf(world, id)))).toEqual(Array(3).fill("CANCELED"));
    expect(aborted).toEqual(["i:0001:0001"]);
    expect(await world.call("none", (i) => i.cancel({}))).toEqual({ ok: false, code: "NOT_FOUND" });
    await world.rest();
    expect((await describeInstance(world, "i"))?.failure).toEqual({
      errorType: "WorkflowCanceledError",
      message: "The workflow was canceled: why",
    });
  });

  it("[I15.2] a detached workflow lives on, is started once, and an ID in use is left alone", async () => {
    const world = makeWorld();
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      ctx.scheduleNewWorkflow("event", "go", { instanceId: "taken" });
      const id = ctx.scheduleNewWorkflow("event", "go");
      yield ctx.waitForExternalEvent("never");
      return id;
    });
    await start(world, "taken", "timer", 1_000);
    world.peerFault = (call) => (call.to === "i-2" ? "twice" : undefined);
    await start(world, "i", "main");
    expect((await describeInstance(world, "taken"))?.name).toBe("timer");
    await terminate(world, "i");
    expect(await statusOf(world, "i-2")).toBe("RUNNING");
    expect(typesOf(world, "i-2")).toEqual(["ExecutionStarted"]);
    expect(world.log.filter((line) => line.msg === "detached")).toMatchObject([
      { instanceId: "taken", refused: "ALREADY_ACTIVE" },
    ]);
  });

  it("[I15.3] a forced purge takes a running tree away; if a child cannot be reached, all goes on", async () => {
    const world = makeWorld();
    const aborted: string[] = [];
    world.activity("slow", (ctx: WorkflowActivityContext) => {
      ctx.signal.addEventListener("abort", () => aborted.push(ctx.signal.reason.message));
      return world.sleep(50_000);
    });
    await start(world, "i", "parent", { name: "call", input: { activity: "slow", input: 50_000 } });
    await world.advance(10);
    world.peerFault = (call) => (call.method === "purge" ? "unreachable" : undefined);
    await expect(world.call("i", (i) => i.purge({ recursive: true, force: true }))).rejects.toThrow("unreachable");
    expect([await statusOf(world, "i"), await statusOf(world, "i:0001")]).toEqual(["RUNNING", "RUNNING"]);
    world.peerFault = undefined;
    expect(await world.call("i", (i) => i.purge({ recursive: true, force: true }))).toEqual({ ok: true });
    await world.rest();
    expect(aborted).toEqual(["The workflow was purged"]);
    for (const id of ["i", "i:0001"]) {
      expect([world.host(id).db.tables(), world.host(id).durableAlarm]).toEqual([[], null]);
    }
    expect(await start(world, "i", "echo", 1)).toEqual({ ok: true });
    expect(await endOf(world, "i")).toEqual(["COMPLETED", 1]);
  });

  it("[I15.4] the start of a child that a lost life has sent begins nothing once the tree is purged", async () => {
    const world = makeWorld();
    let latencyMs = 5_000;
    world.chaos = unshaken(() => latencyMs);
    const started = world.post("i", (i) =>
      i.start({ instanceId: "i", name: "parent", input: '{"name":"event","input":"never"}', requestId: "r" }),
    );
    await world.advance(10);
    expect([await started, world.peerCalls.length]).toEqual([{ ok: true }, 1]);
    world.crash("i");
    latencyMs = 0;
    // Whatever the next life sends does not get through before.
    world.peerFault = ({ method }) =>
      method === "deliver" && world.nowMs < START_MS + 5_000 ? "unreachable" : undefined;
    const purged = world.post("i", (i) => i.purge({ recursive: true, force: true }));
    await world.advance(1_000);
    expect([await purged, world.host("i:0001").db.tables()]).toEqual([{ ok: true }, []]);
    await world.rest();
    expect(world.host("i:0001").counters.lives).toBeGreaterThan(0);
    for (const id of ["i", "i:0001"])
      expect([world.host(id).db.tables(), world.host(id).durableAlarm]).toEqual([[], null]);
  });

  it("[I15.5] a second copy of a start begins nothing once the first is acknowledged, whoever was lost since", async () => {
    for (const lost of [["i"], ["i:0001", "i-2"], ["i", "i:0001", "i-2"]]) {
      const world = makeWorld();
      world.workflow("main", function* (ctx: WorkflowContext): Code {
        ctx.scheduleNewWorkflow("echo", 2, { instanceId: "i-2" });
        return yield ctx.callChildWorkflow("echo", 1);
      });
      await start(world, "i", "main");
      await world.rest();
      for (const id of ["i", "i-2"]) expect(await purge(world, id)).toEqual({ ok: true });
      for (const id of lost) world.crash(id);
      const starts = world.peerCalls.filter(({ method, to }) => method === "deliver" && to !== "i");
      expect(starts).toHaveLength(2);
      for (const { repeat } of starts) repeat();
      await world.rest();
      expect(world.activityRuns).toHaveLength(0);
      for (const id of ["i", "i:0001", "i-2"])
        expect([id, world.host(id).db.tables(), world.host(id).durableAlarm]).toEqual([id, [], null]);
    }
  });

  it("[I15.6] a start from code that cannot be asked whether it owes it is carried out", async () => {
    const world = makeWorld();
    const parent = { name: "main", instanceId: "old", executionId: "e", taskId: 1 };
    const message = { version: 1, type: "StartChild", name: "timer", input: "1000", parent } as const;
    expect(await world.call("i", (i) => i.deliver(message))).toEqual({ accepted: true });
    expect(await statusOf(world, "i")).toBe("RUNNING");
  });
});
