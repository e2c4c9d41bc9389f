import { describe, expect, it } from "vitest";
import { CompensationError, Saga } from "../../../src/authoring/saga.ts";
import { WorkflowCanceledError } from "../../../src/engine/errors.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { HistoryFact } from "../../../src/model/history-event.ts";
import { completed, Driver, endOf, failed, raised, resumed, suspended, terminated } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = Generator<any, any, any>;

const cancel: HistoryFact = { type: "ExecutionCancelRequested", reason: "too late" };

describe("[T20] a cooperative cancel", () => {
  it("[T20] throws where the workflow waits; let through, the instance is CANCELED", async () => {
    for (const code of [
      function* w(ctx: WorkflowContext): Code {
        yield ctx.createTimer(9);
      },
      async function* w(ctx: WorkflowContext): AsyncGenerator {
        yield ctx.createTimer(9);
      },
    ]) {
      const driver = new Driver(code);
      await driver.turn();
      const turn = await driver.turn(cancel);
      expect([turn.status, turn.completion]).toEqual([
        "CANCELED",
        {
          type: "Canceled",
          failure: { errorType: "WorkflowCanceledError", message: "The workflow was canceled: too late" },
        },
      ]);
      expect(turn.events.map((event) => event.type)).toEqual(["ExecutionCancelRequested", "ExecutionCompleted"]);
    }
  });

  it("[T20] finally and catch run, and may call activities; caught for good, the workflow completes", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      try {
        yield ctx.waitForExternalEvent("never");
      } catch (error) {
        expect(error).toBeInstanceOf(WorkflowCanceledError);
        return yield ctx.callActivity("tidy");
      } finally {
        yield ctx.callActivity("close");
      }
    });
    await driver.turn();
    const turn = await driver.turn(cancel);
    expect([turn.status, turn.activities.map((task) => task.name)]).toEqual(["RUNNING", ["tidy"]]);
    expect((await driver.turn(completed(1, "tidied"))).activities).toMatchObject([{ name: "close" }]);
    expect(endOf(await driver.turn(completed(2)))).toBe("tidied");
  });

  it("[T20] a child that was called in the turn of the cancel hears of it, behind its start; one that was called since does not", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      try {
        yield ctx.callChildWorkflow("child", 1, "before");
      } finally {
        yield ctx.callChildWorkflow("child", 2, "behind");
      }
    });
    const { messages } = await driver.turn(cancel);
    expect(messages.map(({ to, message: { type } }) => [to, type])).toEqual([
      ["before", "StartChild"],
      ["before", "Cancel"],
      ["behind", "StartChild"],
    ]);
    expect(messages[1]?.message).toMatchObject({ reason: "too late", parent: { taskId: 1 } });
    expect((await driver.turn(cancel)).messages).toEqual([]);
  });

  it("[T20] another error on the way out is a failure", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      try {
        yield ctx.waitForExternalEvent("never");
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: what is tested
        throw new RangeError("worse");
      }
    });
    await driver.turn();
    expect(endOf(await driver.turn(cancel))).toBe("RangeError: worse");
  });

  it("[T20] counts once, and is held back while suspended", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      try {
        yield ctx.waitForExternalEvent("a");
      } catch {
        return yield ctx.waitForExternalEvent("b");
      }
    });
    await driver.turn();
    await driver.turn(suspended);
    expect((await driver.turn(cancel)).status).toBe("SUSPENDED");
    expect((await driver.turn(resumed)).status).toBe("RUNNING");
    expect((await driver.turn(cancel)).events).toEqual([]);
    expect(endOf(await driver.turn(raised("b", 1)))).toBe(1);
  });

  it("[T20] tells the open children, aborts the open activities, and stops retries", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const task = ctx.callActivity("a", 1, { retry: { maxNumberOfAttempts: 9, firstRetryInterval: 1 } });
      const child = ctx.callChildWorkflow("c");
      try {
        yield ctx.whenAll([task, child]);
      } catch {
        try {
          yield task;
        } catch (error) {
          return (error as Error).message;
        }
      }
    });
    await driver.turn();
    const turn = await driver.turn(cancel);
    expect(turn.aborts).toEqual([1]);
    expect(turn.messages).toEqual([
      {
        to: "i:0002",
        message: {
          version: 1,
          type: "Cancel",
          parent: { instanceId: "i", executionId: "x", taskId: 2 },
          reason: "too late",
        },
      },
    ]);
    expect(endOf(await driver.turn(failed(1, "aborted")))).toBe("i: activity 'a': Activity task #1 failed: aborted");
  });

  it("[T20] a terminate still ends what cleans up", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      try {
        yield ctx.waitForExternalEvent("a");
      } finally {
        yield ctx.waitForExternalEvent("never");
      }
    });
    await driver.turn();
    await driver.turn(cancel);
    expect((await driver.turn(terminated)).status).toBe("TERMINATED");
  });
});

describe("[A5] Saga", () => {
  it("[A5] runs what was registered, the last first, each as a call of its own, once", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const saga = new Saga(ctx);
      saga.add("undo", 1);
      saga.addStep(function* () {
        yield ctx.callActivity("step");
      });
      saga.add("undo", 3, { timeout: 5 });
      try {
        yield ctx.waitForExternalEvent("never");
      } catch {
        yield* saga.compensate();
        yield* saga.compensate();
        return "undone";
      }
    });
    await driver.turn();
    expect((await driver.turn(cancel)).activities).toMatchObject([{ name: "undo", input: "3", timeoutMs: 5000 }]);
    expect((await driver.turn(completed(1))).activities).toMatchObject([{ name: "step" }]);
    expect((await driver.turn(completed(2))).activities).toMatchObject([{ name: "undo", input: "1" }]);
    expect(endOf(await driver.turn(completed(3)))).toBe("undone");
  });

  it("[A5] one that fails does not keep the others from running", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const saga = new Saga(ctx);
      for (const n of [1, 2]) saga.add("undo", n);
      try {
        yield* saga.compensate();
      } catch (error) {
        expect(error).toBeInstanceOf(CompensationError);
        return [(error as Error).message, (error as CompensationError).errors.length];
      }
    });
    await driver.turn();
    expect((await driver.turn(failed(1, "broken"))).activities).toMatchObject([{ input: "1" }]);
    expect(endOf(await driver.turn(completed(2)))).toEqual([
      "1 compensation(s) failed: i: activity 'undo': Activity task #1 failed: broken",
      1,
    ]);
  });
});
