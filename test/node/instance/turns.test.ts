import { describe, expect, it } from "vitest";
import type { WorkflowActivityContext } from "../../../src/engine/activity-context.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import {
  type AsyncCode,
  type Code,
  endOf,
  faultsOf,
  gate,
  historyOf,
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

describe("[I8] Turns: one at a time", () => {
  it("[I8.1] what arrives while the workflow's own code keeps a turn waiting goes to the inbox, and to the next turn", async () => {
    const world = makeWorld();
    const code = gate();
    world.workflow("waits", async function* (ctx): AsyncCode {
      const first = yield ctx.waitForExternalEvent("go");
      await code.promise;
      return [first, yield ctx.waitForExternalEvent("go"), yield ctx.waitForExternalEvent("go")];
    });
    await start(world, "a", "waits");
    await raise(world, "a", "go", 1);
    for (const n of [2, 3]) expect(await raise(world, "a", "go", n)).toEqual({ ok: true });
    expect(world.host("a").db.read("SELECT payload FROM inbox ORDER BY seq")).toEqual(
      [1, 2, 3].map((n) => ({ payload: `${n}` })),
    );
    expect(typesOf(world, "a")).toEqual(["ExecutionStarted"]);
    code.open();
    await world.settle();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [1, 2, 3]]);
    expect(world.host("a").db.read("SELECT * FROM inbox")).toEqual([]);
    expect(faultsOf(world, "a")).toEqual([]);
  });

  it("[I8.2] what arrived during such a turn survives a crash in it", async () => {
    const world = makeWorld();
    let code = gate();
    world.workflow("waits", async function* (ctx): AsyncCode {
      const first = yield ctx.waitForExternalEvent("go");
      await code.promise;
      return [first, yield ctx.waitForExternalEvent("go")];
    });
    await start(world, "a", "waits");
    await raise(world, "a", "go", 1);
    await raise(world, "a", "go", 2);
    world.crash("a");
    const before = code;
    code = gate();
    before.open();
    code.open();
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [1, 2]]);
  });

  it("[I8.3] the workflow's code is never entered twice at a time, whatever arrives", async () => {
    const world = makeWorld();
    let inside = 0;
    let overlaps = 0;
    const tick = async () => {
      if (++inside > 1) overlaps++;
      await world.sleep(7);
      inside--;
    };
    world.workflow("busy", async function* (ctx): AsyncCode {
      const tasks = [1, 2, 3, 4].map((n) => ctx.callActivity("slow", n * 3));
      tasks.push(ctx.createTimer(0.01), ctx.callChildWorkflow("echo", 1), ctx.waitForExternalEvent("go"));
      const open = new Set(tasks);
      while (open.size > 0) {
        await tick();
        open.delete(yield ctx.whenAny([...open]));
      }
      await tick();
      return tasks.length;
    });
    await start(world, "a", "busy");
    for (let i = 0; i < 6; i++) {
      await world.advance(3);
      await suspend(world, "a");
      await resume(world, "a");
      if (i === 3) await raise(world, "a", "go");
    }
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 7]);
    expect(overlaps).toBe(0);
    expect(faultsOf(world, "a")).toEqual([]);
  });

  it("[I8.4] terminate while the code keeps a turn waiting: it ends right after that turn", async () => {
    const world = makeWorld();
    const code = gate();
    world.workflow("waits", async function* (ctx): AsyncCode {
      await code.promise;
      yield ctx.callActivity("slow", 1_000);
    });
    await start(world, "a", "waits");
    await terminate(world, "a", '"out"');
    code.open();
    await world.settle();
    expect(await endOf(world, "a")).toEqual(["TERMINATED", "out"]);
    await world.rest();
    expect(typesOf(world, "a").filter((type) => type === "TaskCompleted")).toEqual([]);
  });

  it.each(["while it lives", "after a crash"])(
    "[I8.6] terminate, while the code holds up its turn for ever: %s",
    async (when) => {
      const world = makeWorld();
      world.workflow("stuck", async function* (ctx): AsyncCode {
        yield ctx.callActivity("echo", 1);
        await new Promise(() => undefined);
      });
      await start(world, "a", "stuck");
      await terminate(world, "a", '"out"');
      if (when === "after a crash") world.crash("a");
      await world.rest();
      expect(await endOf(world, "a")).toEqual(["TERMINATED", "out"]);
      expect(typesOf(world, "a")).toEqual([
        "ExecutionStarted",
        "TaskScheduled",
        "ExecutionTerminated",
        "ExecutionCompleted",
      ]);
      expect(world.host("a").alarm).toBeNull();
      expect(await purge(world, "a")).toEqual({ ok: true });
    },
  );

  it("[I8.5] whether the execution in memory is kept or dropped between two turns makes no difference", async () => {
    const histories = [false, true].map(async (drops) => {
      const world = makeWorld();
      world.workflow("mixed", function* (ctx): Code {
        const a = yield ctx.waitForExternalEvent("go");
        const [b, c] = yield ctx.whenAll([ctx.callActivity("echo", a), ctx.callChildWorkflow("echo", a + 1)]);
        yield ctx.createTimer(1);
        ctx.setCustomStatus(`${a}${b}${c}`);
        return [a, b, c, yield ctx.waitForExternalEvent("go"), ctx.getCurrentUtcDateTime()];
      });
      await start(world, "a", "mixed");
      if (drops) world.crash("a");
      await raise(world, "a", "go", 1, "first");
      if (drops) world.crash("a");
      await world.advance(2_000);
      if (drops) world.crash("a");
      await raise(world, "a", "go", 2, "second");
      expect(await statusOf(world, "a")).toBe("COMPLETED");
      return historyOf(world, "a");
    });
    expect(await histories[0]).toEqual(await histories[1]);
  });
});

describe("[I9] Activities", () => {
  it("[I9.1] so many at a time, the others in the order of their calls", async () => {
    const world = makeWorld({ maxConcurrentActivities: 3 });
    let running = 0;
    let most = 0;
    world.activity("counted", async (_ctx: WorkflowActivityContext, n: number) => {
      most = Math.max(most, ++running);
      await world.sleep(100);
      running--;
      return n;
    });
    world.workflow("fan", function* (ctx): Code {
      return yield ctx.whenAll(Array.from({ length: 10 }, (_, i) => ctx.callActivity("counted", i)));
    });
    await start(world, "a", "fan");
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", Array.from({ length: 10 }, (_, i) => i)]);
    expect(most).toBe(3);
    expect(world.activityRuns).toEqual(Array.from({ length: 10 }, (_, i) => `execution-1:${i + 1}`));
    expect(world.nowMs).toBeGreaterThanOrEqual(400);
  });

  it("[I9.2] the task execution ID is the same for every run of a call, and another for each call and execution", async () => {
    const world = makeWorld();
    const seen: string[] = [];
    world.activity("id", async (ctx: WorkflowActivityContext) => {
      seen.push(`${ctx.getWorkflowInstanceId()} ${ctx.getWorkflowActivityId()} ${ctx.getTaskExecutionId()}`);
      await world.sleep(5_000);
    });
    world.workflow("calls", function* (ctx, generation: number): Code {
      yield ctx.callActivity("id");
      if (generation === 0) ctx.continueAsNew(1);
    });
    await start(world, "a", "calls", 0);
    await world.advance(2_000);
    world.crash("a");
    await world.rest();
    expect(await statusOf(world, "a")).toBe("COMPLETED");
    expect(seen).toEqual(["a 1 execution-1:1", "a 1 execution-1:1", expect.stringMatching(/^a 1 execution-[^1]+:1$/)]);
  });

  it("[I9.3] un-awaited calls of the turn that completes run, after a crash too, and their results are recorded", async () => {
    for (const crash of [false, true]) {
      const world = makeWorld();
      world.workflow("leaves", function* (ctx): Code {
        ctx.callActivity("slow", 3_000);
        ctx.callActivity("slow", 4_000);
        return "done";
      });
      await start(world, "a", "leaves");
      expect(await endOf(world, "a")).toEqual(["COMPLETED", "done"]);
      if (crash) {
        await world.advance(2_000);
        world.crash("a");
      }
      await world.rest();
      expect(typesOf(world, "a").filter((type) => type === "TaskCompleted")).toHaveLength(2);
      expect(await endOf(world, "a")).toEqual(["COMPLETED", "done"]);
      expect(new Set(world.activityRuns).size).toBe(2);
      expect(world.host("a").durableAlarm).toBeNull();
      expect(faultsOf(world, "a")).toEqual([]);
    }
  });

  it("[I9.4] 5,000 activities at once", async () => {
    const world = makeWorld();
    world.workflow("fan", function* (ctx): Code {
      return (yield ctx.whenAll(Array.from({ length: 5_000 }, (_, i) => ctx.callActivity("echo", i)))).length;
    });
    await start(world, "a", "fan");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 5_000]);
    expect(historyOf(world, "a")).toHaveLength(10_002);
    expect(world.host("a").rows("instance")).toBeLessThan(100);
    expect(faultsOf(world, "a")).toEqual([]);
  });

  it("[I9.5] an activity that fails, or is not registered, is a failure that the workflow can catch", async () => {
    const world = makeWorld();
    world.workflow("catches", function* (ctx): Code {
      const failures: string[] = [];
      for (const name of ["fail", "nobody"]) {
        try {
          yield ctx.callActivity(name);
        } catch (error) {
          failures.push((error as { details: { errorType: string } }).details.errorType);
        }
      }
      return failures;
    });
    await start(world, "a", "catches");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", ["TypeError", "ActivityNotRegisteredError"]]);
  });
});

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
