// [I9] Activities run so many at a time, and once; [I18.9], [I18.22] those that outlive their workflow; [I20.1] those that wait behind a former execution.
import { describe, expect, it } from "vitest";
import type { WorkflowActivityContext } from "../../../../src/engine/activity-context.ts";
import {
  type Code,
  endOf,
  faultsOf,
  gate,
  historyOf,
  makeWorld,
  purge,
  raise,
  start,
  statusOf,
  terminate,
  typesOf,
} from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";

watchUnhandledRejections();

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

describe("[I18.9] A terminated instance with an activity that never ends", () => {
  it("[I18.9] has no alarm, and its ID is not free as long as the object lives", async () => {
    const world = makeWorld();
    world.activity("never", () => new Promise(() => undefined));
    await start(world, "a", "call", { activity: "never" });
    await world.advance(100_000);
    await terminate(world, "a");
    await world.rest();
    expect([await statusOf(world, "a"), world.host("a").durableAlarm]).toEqual(["TERMINATED", null]);
    expect(await start(world, "a", "echo", 1)).toEqual({ ok: false, code: "AWAITING_ACTIVITY" });
    world.crash("a");
    expect(await start(world, "a", "echo", 1)).toEqual({ ok: true });
  });

  it("[I18.9] nor has what follows under its ID, or after a continue-as-new", async () => {
    const world = makeWorld();
    world.activity("never", () => new Promise(() => undefined));
    world.workflow("twice", function* (ctx, n: number): Code {
      if (n === 1) return "done";
      yield ctx.whenAny([ctx.callActivity("never"), ctx.createTimer(5)]);
      ctx.continueAsNew(1);
    });
    await start(world, "again", "twice", 0);
    await start(world, "a", "call", { activity: "never" });
    await world.advance(10_000);
    await terminate(world, "a");
    await world.advance(10_000);
    expect(await purge(world, "a")).toEqual({ ok: true });
    await start(world, "a", "echo", 1);
    await world.rest();
    for (const id of ["a", "again"])
      expect([await statusOf(world, id), world.host(id).durableAlarm]).toEqual(["COMPLETED", null]);
  });
});

describe("[I18.22] An ended instance with an open activity, of which a purge after a restart has delivered the last message", () => {
  it.each(["free", "busy"])("[I18.22] goes on with the activity: a child that is %s", async (target) => {
    const world = makeWorld();
    world.workflow("main", function* (ctx): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.callActivity("slow", 20_000);
      ctx.callChildWorkflow("event", "never", "kid");
      ctx.callChildWorkflow("event", "never", target);
    });
    await start(world, "busy", "event", "never");
    await start(world, "a", "main");
    await world.advance(1_000);
    world.peerFault = ({ to }) => (to === target ? "unreachable" : undefined);
    await raise(world, "a", "go", 1);
    await world.advance(50);
    world.peerFault = undefined;
    world.crashAll();
    const purged = world.post("a", (i) => i.purge({ recursive: true }));
    await world.advance(100);
    expect(await purged).toMatchObject({ ok: false, code: "NOT_ENDED" });
    await world.advance(60_000);
    expect([typesOf(world, "a").at(-1), world.host("a").armedAtMs]).toEqual(["TaskCompleted", null]);
  });
});

describe("[I20] What only a mutant showed", () => {
  it("[I20.1] an activity that waits for its turn behind one of a former execution is work: there is an alarm, and after a crash it runs with nobody asking", async () => {
    const world = makeWorld({ maxConcurrentActivities: 1 });
    const former = gate();
    world.activity("former", () => former.promise);
    world.workflow("again", function* (ctx, isSecond: boolean): Code {
      if (isSecond) return yield ctx.callActivity("echo", "done");
      ctx.callActivity("former");
      yield ctx.createTimer(1);
      ctx.continueAsNew(true, false);
    });
    await start(world, "a", "again", false);
    await world.advance(2_000);
    expect(world.activityRuns).toEqual(["execution-1:1"]);
    expect(historyOf(world, "a").map(({ type }) => type)).toEqual(["ExecutionStarted", "TaskScheduled"]);
    expect(world.host("a").durableAlarm).not.toBeNull();
    world.crash("a", "process");
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "done"]);
    expect(world.activityRuns).toEqual(["execution-1:1", "execution-2:1"]);
  });
});
