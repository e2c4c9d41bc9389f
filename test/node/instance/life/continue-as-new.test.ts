// [I10], [I20.3], [I20.4] Continue-as-new.
import { describe, expect, it } from "vitest";
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import {
  type AsyncCode,
  type Code,
  endOf,
  faultsOf,
  gate,
  historyOf,
  makeWorld,
  raise,
  start,
  terminate,
  typesOf,
} from "../support.ts";

describe("[I10] Continue-as-new", () => {
  it("[I10.1] 50 generations on end, each with an activity; only the last is left", async () => {
    const world = makeWorld();
    world.workflow("loop", function* (ctx, n: number): Code {
      yield ctx.callActivity("echo", n);
      if (n === 50) return n;
      ctx.continueAsNew(n + 1);
    });
    await start(world, "a", "loop", 1);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 50]);
    expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "TaskScheduled", "TaskCompleted", "ExecutionCompleted"]);
    expect(historyOf(world, "a")[0]).toMatchObject({ generation: 49, input: "50" });
    expect(new Set(world.activityRuns).size).toBe(50);
    expect(faultsOf(world, "a")).toEqual([]);
  });

  it("[I10.2] 50 tight generations that wait for nothing", async () => {
    const world = makeWorld();
    world.workflow("tight", (ctx: WorkflowContext, n: number) => {
      if (n < 50) ctx.continueAsNew(n + 1);
      return n;
    });
    await start(world, "a", "tight", 1);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 50]);
  });

  it("[I10.3] results that come late from an earlier execution are ignored, and its timers", async () => {
    const world = makeWorld();
    world.workflow("late", function* (ctx, generation: number): Code {
      if (generation === 1) return [yield ctx.callActivity("slow", 9_000), yield ctx.waitForExternalEvent("go")];
      ctx.callActivity("slow", 5_000);
      ctx.createTimer(6);
      ctx.callChildWorkflow("timer", 7);
      yield ctx.createTimer(1);
      ctx.continueAsNew(1);
    });
    await start(world, "a", "late", 0);
    await world.advance(9_000);
    expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "TaskScheduled"]);
    await world.rest();
    await raise(world, "a", "go", 1);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", ["slept 9000", 1]]);
    expect(world.host("a").durableAlarm).toBeNull();
    expect(faultsOf(world, "a")).toEqual([]);
  });

  it("[I10.4] calls beside continue-as-new are not made", async () => {
    const world = makeWorld();
    world.workflow("beside", function* (ctx, generation: number): Code {
      for (let i = 0; i < 30; i++) ctx.callActivity("echo", generation);
      if (generation === 0) ctx.continueAsNew(1);
    });
    await start(world, "a", "beside", 0);
    await world.rest();
    expect(world.activityRuns).toHaveLength(30);
    expect(new Set(world.activityRuns.map((id) => id.split(":")[0]))).toEqual(new Set(["execution-2"]));
  });

  it.each([true, false])("[I10.5] saveEvents %s: events that nobody has waited for, in order", async (saves) => {
    const world = makeWorld();
    world.workflow("saves", function* (ctx, generation: number): Code {
      if (generation === 0) {
        yield ctx.waitForExternalEvent("next");
        return ctx.continueAsNew(1, saves);
      }
      return [
        yield ctx.waitForExternalEvent("b"),
        yield ctx.waitForExternalEvent("a"),
        yield ctx.waitForExternalEvent("a"),
      ];
    });
    await start(world, "a", "saves", 0);
    for (const [name, n] of [
      ["a", 1],
      ["b", 2],
      ["a", 3],
      ["next", 0],
    ] as const)
      await raise(world, "a", name, n);
    world.crash("a");
    if (!saves)
      for (const [name, n] of [
        ["b", 2],
        ["a", 1],
        ["a", 3],
      ] as const)
        await raise(world, "a", name, n);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [2, 1, 3]]);
    expect(faultsOf(world, "a")).toEqual([]);
  });

  it("[I10.6] terminate beats continue-as-new", async () => {
    const world = makeWorld();
    world.workflow("forever", function* (ctx, n: number): Code {
      yield ctx.callActivity("slow", 100);
      ctx.continueAsNew(n + 1);
    });
    await start(world, "a", "forever", 1);
    await world.advance(1_050);
    await terminate(world, "a", '"out"');
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["TERMINATED", "out"]);
    expect(world.host("a").durableAlarm).toBeNull();
  });

  it("[I10.7] while the new execution's first turn awaits the workflow's own code it is RUNNING to the outside", async () => {
    const world = makeWorld();
    const code = gate();
    world.workflow("waits", async function* (ctx, generation: number): AsyncCode {
      if (generation === 0) return ctx.continueAsNew(1);
      await code.promise;
      return yield ctx.waitForExternalEvent("go");
    });
    await start(world, "a", "waits", 0);
    const described = world.post("a", (instance) => instance.describe({ payloads: true }));
    await world.advance(1_000);
    expect(await described).toMatchObject({ status: "RUNNING", input: "1" });
    await raise(world, "a", "go", 1);
    code.open();
    await world.settle();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
  });
});

describe("[I20] What only a mutant showed", () => {
  it("[I20.3] the trace of the caller goes on through continue-as-new, to the next execution and to its children", async () => {
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const world = makeWorld();
    world.workflow("again", function* (ctx, left: number): Code {
      if (left === 0) return yield ctx.callChildWorkflow("echo", 1, "child");
      ctx.continueAsNew(left - 1, false);
    });
    await start(world, "a", "again", 2, { traceparent });
    await world.rest();
    expect((await endOf(world, "a"))[0]).toBe("COMPLETED");
    const begun = (id: string) =>
      historyOf(world, id).flatMap((event) => (event.type === "ExecutionStarted" ? [event.traceparent] : []));
    expect([begun("a"), begun("child")]).toEqual([[traceparent], [traceparent]]);
  });
});

describe("[I20] What only a mutant showed", () => {
  it("[I20.4] executions that are given an event each are no tight loop: 20 of them are not slowed down", async () => {
    const world = makeWorld({ maxTightContinuations: 5 });
    world.workflow("busy", function* (ctx, left: number): Code {
      ctx.sendEvent("b", "tick", left);
      if (left > 0) ctx.continueAsNew(left - 1, false);
    });
    await start(world, "b", "event", "never");
    await start(world, "a", "busy", 20);
    const beganMs = world.nowMs;
    await world.settle();
    expect([(await endOf(world, "a"))[0], world.nowMs - beganMs]).toEqual(["COMPLETED", 0]);
    expect(world.log.filter(({ level }) => level === "warn")).toEqual([]);
  });
});
