// [I20] What mutants showed that no test saw: each of these fails when one condition of the code is turned round.
import { describe, expect, it } from "vitest";
import { type Code, endOf, gate, historyOf, makeWorld, raise, start } from "./support.ts";

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

  it("[I20.2] a forced purge in the moment in which the first turn of a reopened life is on disk: its activity never runs, its event never leaves", async () => {
    const world = makeWorld();
    world.workflow("both", function* (ctx): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.sendEvent("b", "hello", 1);
      yield ctx.callActivity("echo", 1);
    });
    await start(world, "a", "both");
    await start(world, "b", "event", "hello");
    world.crash("a");
    let purged: Promise<unknown> | undefined;
    world.onPoint = (point, id) => {
      if (point !== "committed" || id !== "a") return;
      if (historyOf(world, "a").some(({ type }) => type === "TaskScheduled"))
        purged ??= world.post("a", (instance) => instance.purge({ recursive: true, force: true }));
    };
    await raise(world, "a", "go");
    await world.rest();
    expect(await purged).toEqual({ ok: true });
    expect(world.activityRuns).toEqual([]);
    expect(world.peerCalls.filter(({ method }) => method === "deliver")).toEqual([]);
    expect(world.host("a").db.tables()).toEqual([]);
    expect((await endOf(world, "b"))[0]).toBe("RUNNING");
  });

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
