// [I12] The time an activity may take and its heartbeats; [I18.21] what a forced purge that fails leaves of them.
import { describe, expect, it } from "vitest";
import type { WorkflowActivityContext } from "../../../../src/engine/activity-context.ts";
import type { TaskFailedError } from "../../../../src/engine/errors.ts";
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import { type Code, describeInstance, endOf, makeWorld, purgeByForce, start, terminate, typesOf } from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";
import { START_MS, type World } from "../world.ts";

watchUnhandledRejections();

const recoveryRows = (world: World, id = "i") => world.host(id).db.read("SELECT * FROM recovery");

describe("[I12] The time an activity may take", () => {
  /** The activity never ends; tells why it was aborted. */
  function hanging(options: object): { world: World; aborted: string[] } {
    const world = makeWorld({ maxConcurrentActivities: 1 });
    const aborted: string[] = [];
    world.activity("hang", (ctx: WorkflowActivityContext) => {
      ctx.signal.addEventListener("abort", () => aborted.push(ctx.signal.reason.message));
      return new Promise(() => undefined);
    });
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      const hang = ctx.callActivity("hang", 1, options);
      const next = ctx.callActivity("echo", "next");
      try {
        yield hang;
      } catch (error) {
        const { details } = error as TaskFailedError;
        return [details.errorType, details.message, ctx.getCurrentUtcDateTime().getTime() - START_MS, yield next];
      }
    });
    return { world, aborted };
  }

  it.each([
    [{ timeout: 3 }, "Activity 'hang' took longer than 3 s", 3_000],
    [{ heartbeatTimeout: 2 }, "Activity 'hang' sent no heartbeat for 2 s", 2_000],
    [
      { totalTimeout: 4, retry: { maxNumberOfAttempts: 9, firstRetryInterval: 9 } },
      "Activity 'hang' with all its attempts took longer than its total timeout",
      4_000,
    ],
  ])("[I12.1] %j: it fails, is told, and makes room for the next", async (options, message, ms) => {
    const { world, aborted } = hanging(options);
    await start(world, "i", "main");
    await world.rest();
    expect(await endOf(world, "i")).toEqual(["COMPLETED", ["ActivityTimeoutError", message, ms, "next"]]);
    expect(aborted).toEqual([message]);
    expect(world.host("i").durableAlarm).toBeNull();
  });

  it("[I12.2] the total time goes on over a restart, that of an attempt begins anew", async () => {
    const { world } = hanging({ timeout: 5, totalTimeout: 7 });
    await start(world, "i", "main");
    await world.advance(4_000);
    world.crash("i", "process");
    await world.rest();
    const [, output] = await endOf(world, "i");
    expect(output).toEqual(["ActivityTimeoutError", expect.stringMatching(/total timeout$/), 7_000, "next"]);
  });

  it("[I12.2] one whose total time is over before it begins is not begun", async () => {
    const world = makeWorld({ maxConcurrentActivities: 1 });
    let begun = 0;
    world.activity("count", () => ++begun);
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      ctx.callActivity("slow", 5_000);
      try {
        yield ctx.callActivity("count", 1, { totalTimeout: 2 });
      } catch (error) {
        return (error as TaskFailedError).details.errorType;
      }
    });
    await start(world, "i", "main");
    await world.rest();
    expect([await endOf(world, "i"), begun]).toEqual([["COMPLETED", "ActivityTimeoutError"], 0]);
  });

  it("[I12.3] heartbeats keep an attempt alive, and cost at most one write per second", async () => {
    const world = makeWorld();
    world.activity("beats", async (ctx: WorkflowActivityContext) => {
      for (let n = 1; n <= 40; n++) {
        ctx.heartbeat(n);
        await world.sleep(100);
      }
      return "done";
    });
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      return yield ctx.callActivity("beats", 1, { heartbeatTimeout: 1 });
    });
    await start(world, "i", "main");
    await world.rest();
    expect(await endOf(world, "i")).toEqual(["COMPLETED", "done"]);
    expect(recoveryRows(world)).toEqual([]);
    // Written at 0, 1, 2 and 3 s and deleted once; the fifth would be at 4 s.
    expect(world.host("i").rows("recovery")).toBeLessThanOrEqual(6);
  });

  it("[I12.4] the next attempt, and a run after a crash, find the last details", async () => {
    const world = makeWorld();
    const found: unknown[] = [];
    world.activity("works", async (ctx: WorkflowActivityContext) => {
      const from = ctx.getLastHeartbeatDetails() ?? 0;
      found.push([ctx.getAttemptNumber(), from, ctx.getTaskExecutionId()]);
      ctx.heartbeat(from + 1);
      await world.sleep(2_000);
      if (ctx.getAttemptNumber() === 1) throw new Error("again");
      return from;
    });
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      return yield ctx.callActivity("works", 1, { retry: { maxNumberOfAttempts: 2, firstRetryInterval: 1 } });
    });
    await start(world, "i", "main");
    await world.advance(1_000);
    world.crash("i", "process");
    await world.rest();
    expect(await endOf(world, "i")).toEqual(["COMPLETED", 2]);
    expect(found).toEqual([
      [1, 0, "execution-1:1"],
      [1, 1, "execution-1:1"],
      [2, 2, "execution-1:1"],
    ]);
    expect(recoveryRows(world)).toEqual([]);
  });

  it("[I12.5] details have a limit", async () => {
    const world = makeWorld();
    world.activity("long", (ctx: WorkflowActivityContext) => ctx.heartbeat("x".repeat(65_536)));
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      yield ctx.callActivity("long");
    });
    await start(world, "i", "main");
    await world.rest();
    expect((await describeInstance(world, "i"))?.failure?.message).toMatch(
      /details of a heartbeat have at most 65536 characters as JSON, and these 65538$/,
    );
  });

  it("[I12.7] a heartbeat that cannot be written fails nothing: neither at once nor from its timer", async () => {
    const world = makeWorld();
    world.activity("beats", async (ctx: WorkflowActivityContext) => {
      for (let n = 1; n <= 25; n++) {
        ctx.heartbeat(n);
        await world.sleep(100);
      }
      return "done";
    });
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      return yield ctx.callActivity("beats");
    });
    let refused = 0;
    world.host("i").failWrite = (statement) => {
      if (!statement.includes("INTO recovery")) return;
      refused++;
      throw new Error("the disk is full");
    };
    await start(world, "i", "main");
    await world.rest();
    expect(await endOf(world, "i")).toEqual(["COMPLETED", "done"]);
    expect(refused).toBeGreaterThanOrEqual(3);
    expect(world.log.filter((line) => line.msg === "heartbeat")).toHaveLength(refused);
    expect(recoveryRows(world)).toEqual([]);
  });

  it("[I12.6] a terminate aborts what is running, and its late heartbeat leaves no row", async () => {
    const { world, aborted } = hanging({});
    await start(world, "i", "main");
    await terminate(world, "i");
    expect(aborted).toEqual(["The workflow was terminated"]);
    expect(recoveryRows(world)).toEqual([]);
  });
});

describe("[I18.21] A heartbeat's details, when a forced purge fails while the activity runs", () => {
  it("[I18.21] are removed with the activity's result", async () => {
    const world = makeWorld();
    world.activity("beats", async (ctx: WorkflowActivityContext) => {
      ctx.heartbeat("half");
      await world.sleep(5_000);
    });
    world.workflow("main", function* (ctx): Code {
      ctx.callChildWorkflow("event", "never", "child");
      yield ctx.callActivity("beats");
      yield ctx.waitForExternalEvent("go");
    });
    await start(world, "i", "main");
    await world.advance(1_000);
    const rows = () => world.host("i").db.read("SELECT task_id, progress FROM recovery");
    expect(rows()).toEqual([{ task_id: 2, progress: '"half"' }]);
    world.peerFault = ({ method }) => (method === "purge" ? "unreachable" : undefined);
    const purged = purgeByForce(world, "i").catch((error: Error) => error);
    await world.advance(60_000);
    expect(await purged).toBeInstanceOf(Error);
    expect(typesOf(world, "i").filter((type) => type.startsWith("Task"))).toEqual(["TaskScheduled", "TaskCompleted"]);
    expect([rows(), world.activityRuns.length]).toEqual([[], 1]);
  });
});
