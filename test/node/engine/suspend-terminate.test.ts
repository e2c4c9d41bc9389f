import { describe, expect, it } from "vitest";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { HistoryEvent, HistoryFact } from "../../../src/model/history-event.ts";
import {
  completed,
  Driver,
  endOf,
  failed,
  fired,
  raised,
  registryOf,
  resumed,
  startedAs,
  suspended,
  T0,
  terminated,
} from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = AsyncGenerator<any, any, any>;

describe("[T6] suspended", () => {
  const steps = async function* steps(ctx: WorkflowContext): Code {
    const seen: unknown[] = [];
    for (let n = 0; n < 3; n++) {
      seen.push(yield ctx.waitForExternalEvent("e"));
      ctx.setCustomStatus(`${n}`);
      yield ctx.callActivity("a", n);
    }
    return seen;
  };

  it("[T6] the code is not run and asks for nothing until resume; then all comes in order, in one turn", async () => {
    const driver = new Driver(async function* collect(ctx: WorkflowContext): Code {
      const seen: unknown[] = [];
      while (seen.length < 4) seen.push(yield ctx.waitForExternalEvent("e"));
      return seen;
    });
    await driver.turn(raised("e", 1));
    expect(await driver.turn(suspended, raised("e", 2))).toMatchObject({ status: "SUSPENDED", activities: [] });
    expect((await driver.turn(raised("e", 3))).status).toBe("SUSPENDED");
    expect(endOf(await driver.turn(resumed, raised("e", 4)))).toEqual([1, 2, 3, 4]);
  });

  it("[T6] what a held event makes the code ask for belongs to the turn of the resume", async () => {
    const driver = new Driver(steps);
    await driver.turn();
    await driver.turn(suspended, raised("e", 1), raised("e", 2));
    const turn = await driver.turn(resumed);
    expect(turn.activities).toEqual([{ type: "TaskScheduled", timestampMs: T0 + 2000, id: 1, name: "a", input: "0" }]);
    expect(turn).toMatchObject({ status: "RUNNING", customStatus: "0" });
  });

  it("[T6] suspended again behind a resume: held events are applied in between", async () => {
    const driver = new Driver(steps);
    await driver.turn();
    const turn = await driver.turn(suspended, raised("e", 1), resumed, suspended, completed(1), raised("e", 2));
    expect(turn).toMatchObject({ status: "SUSPENDED", taken: 6 });
    expect(turn.activities.map(({ id }) => id)).toEqual([1]);
    expect((await driver.turn(completed(1), resumed)).activities.map(({ id }) => id)).toEqual([2]);
  });

  it("[T6] a timer that fires meanwhile counts, and its deadline stays what it was", async () => {
    const driver = new Driver(async function* timer(ctx: WorkflowContext): Code {
      yield ctx.createTimer(3);
      return ctx.getCurrentUtcDateTime().getTime() - T0;
    });
    await driver.turn();
    await driver.turn(suspended);
    expect((await driver.load()).pending.nextTimerAtMs()).toBe(T0 + 3000);
    await driver.turn(fired(1));
    expect((await driver.load()).pending.nextTimerAtMs()).toBe(Number.POSITIVE_INFINITY);
    expect(endOf(await driver.turn(resumed))).toBe(3000);
  });

  it("[T6] failures of activities and children are held as well", async () => {
    const driver = new Driver(async function* both(ctx: WorkflowContext): Code {
      const seen: string[] = [];
      for (const task of [ctx.callActivity("a"), ctx.callChildWorkflow("c")]) {
        try {
          yield task;
        } catch (error) {
          seen.push((error as Error).message);
        }
      }
      return seen;
    });
    await driver.turn();
    const childFailed: HistoryFact = {
      type: "ChildWorkflowInstanceFailed",
      id: 2,
      failure: { errorType: "Error", message: "c" },
    };
    expect((await driver.turn(suspended, failed(1, "a"), childFailed)).status).toBe("SUSPENDED");
    expect(endOf(await driver.turn(resumed))).toEqual([
      "i: activity 'a': Activity task #1 failed: a",
      "i: workflow 'c': Sub-orchestration task #2 failed: c",
    ]);
  });

  it("[T6] the reasons of suspend and resume are recorded", async () => {
    const driver = new Driver(steps);
    await driver.turn();
    const pause: HistoryFact = { type: "ExecutionSuspended", reason: "audit" };
    const { events } = await driver.turn(pause, { type: "ExecutionResumed", reason: "passed" });
    expect(events).toEqual([
      { type: "ExecutionSuspended", reason: "audit", timestampMs: T0 + 1000 },
      { type: "ExecutionResumed", reason: "passed", timestampMs: T0 + 1000 },
    ]);
  });
});

describe("[T7] terminate", () => {
  const parent = { instanceId: "p", executionId: "px", name: "n", taskId: 4 };
  async function family(recursive: boolean, output?: string) {
    const driver = new Driver(async function* family(ctx: WorkflowContext): Code {
      yield ctx.whenAll([
        ctx.callChildWorkflow("c", 1, "one"),
        ctx.callChildWorkflow("c", 2, "two"),
        ctx.callActivity("a"),
      ]);
    });
    driver.history[0] = { ...startedAs("family"), parent } as HistoryEvent;
    await driver.turn();
    await driver.turn({ type: "ChildWorkflowInstanceCompleted", id: 1 });
    return driver.turn({ type: "ExecutionTerminated", recursive, output });
  }

  it("[T7] recursive: every child that has not ended is told, by who started it, with the same output", async () => {
    const { messages } = await family(true, '"out"');
    expect(messages.filter(({ message }) => message.type === "Terminate")).toEqual([
      {
        to: "two",
        message: {
          version: 1,
          type: "Terminate",
          parent: { instanceId: "i", executionId: "x", taskId: 2 },
          output: '"out"',
        },
      },
    ]);
  });

  it("[T7] not recursive: no child is told, and the parent is", async () => {
    const { messages, events, status } = await family(false);
    expect(messages.map(({ to, message }) => [to, message.type])).toEqual([["p", "ChildEnded"]]);
    expect(events).toEqual([
      { type: "ExecutionTerminated", recursive: false, output: undefined, timestampMs: T0 + 2000 },
      {
        type: "ExecutionCompleted",
        status: "TERMINATED",
        output: undefined,
        failure: undefined,
        timestampMs: T0 + 2000,
      },
    ]);
    expect(status).toBe("TERMINATED");
  });

  it("[T7] the output is kept word for word, JSON or not", async () => {
    const { events } = await family(true, "not { JSON");
    expect(events.at(-1)).toMatchObject({ type: "ExecutionCompleted", output: "not { JSON" });
  });

  it("[T7] while suspended, with events held back: they change nothing any more", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      yield ctx.waitForExternalEvent("e");
      throw new Error("never");
    });
    await driver.turn();
    await driver.turn(suspended, raised("e"));
    expect(endOf(await driver.turn(terminated, resumed))).toBe("Terminated");
  });

  it("[T7] what the code asked for in the same turn is not asked for", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      yield ctx.waitForExternalEvent("e");
      yield ctx.whenAll([ctx.callActivity("a"), ctx.createTimer(1), ctx.callChildWorkflow("c")]);
    });
    await driver.turn();
    const turn = await driver.turn(raised("e"), terminated);
    expect(turn.events.map(({ type }) => type)).toEqual(["EventRaised", "ExecutionTerminated", "ExecutionCompleted"]);
    expect([turn.activities, turn.messages]).toEqual([[], []]);
  });

  it("[T8] a result behind it is dropped, in the same turn as in the next", async () => {
    for (const together of [true, false]) {
      const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
        yield ctx.callActivity("a");
      });
      await driver.turn();
      const turns = together
        ? [await driver.turn(terminated, completed(1, 1))]
        : [await driver.turn(terminated), await driver.turn(completed(1, 1))];
      expect(turns.flatMap(({ events }) => events.map(({ type }) => type))).toEqual([
        "ExecutionTerminated",
        "ExecutionCompleted",
      ]);
    }
  });

  it("[T8] after a completion a result is recorded, in the same turn as in the next", async () => {
    for (const together of [true, false]) {
      const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
        ctx.callActivity("a");
        yield ctx.waitForExternalEvent("end");
        return 1;
      });
      await driver.turn();
      const turns = together
        ? [await driver.turn(raised("end"), completed(1, 1))]
        : [await driver.turn(raised("end")), await driver.turn(completed(1, 1))];
      expect(turns.flatMap(({ events }) => events.map(({ type }) => type)).sort()).toEqual([
        "EventRaised",
        "ExecutionCompleted",
        "TaskCompleted",
      ]);
      expect((await driver.load()).pending.activities.size).toBe(0);
    }
  });

  it("[T7] without the code: every open child is still known, and what comes is recorded but not judged", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      yield ctx.callChildWorkflow("c", undefined, "child");
    });
    await driver.turn();
    await driver.turn(suspended);
    const codeless = await Orchestration.load("i", undefined, driver.history, true);
    expect(codeless.status).toBe("SUSPENDED");
    const turn = await codeless.turn([raised("e"), completed(9), resumed, terminated], T0 + 5000);
    expect(turn.events.map(({ type }) => type)).toEqual([
      "EventRaised",
      "ExecutionResumed",
      "ExecutionTerminated",
      "ExecutionCompleted",
    ]);
    expect(turn.messages.map(({ to }) => to)).toEqual(["child"]);
  });

  it("[T7] of an instance whose start has not come, with nothing else to know it by", async () => {
    const none = await Orchestration.load("i", { registry: registryOf() }, [], false);
    expect(none.status).toBe("PENDING");
    expect(none.started).toBeUndefined();
    expect(await none.turn([terminated], T0)).toMatchObject({ status: "TERMINATED", messages: [] });
  });
});

describe("[T12] children", () => {
  it("[T12] a start names the call that it answers, and hands on the trace", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      ctx.callActivity("a");
      yield ctx.callChildWorkflow("c", { n: 1 });
    });
    driver.history[0] = { ...startedAs("w"), traceparent: "00-1-2-01" } as HistoryEvent;
    expect((await driver.turn()).messages).toEqual([
      {
        to: "i:0002",
        message: {
          version: 1,
          type: "StartChild",
          name: "c",
          input: '{"n":1}',
          parent: { instanceId: "i", executionId: "x", name: "w", taskId: 2 },
          traceparent: "00-1-2-01",
        },
      },
    ]);
  });

  it.each([undefined, ""])("[T12] an instanceId of %j is none: the default is made", async (instanceId) => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      yield ctx.callChildWorkflow("c", undefined, instanceId);
    });
    expect((await driver.turn()).messages.map(({ to }) => to)).toEqual(["i:0001"]);
  });

  it("[T12] a child started by the turn that ends its parent is started all the same", async () => {
    const driver = new Driver((ctx: WorkflowContext) => {
      ctx.callChildWorkflow("c");
      return "done";
    });
    const turn = await driver.turn();
    expect(turn.status).toBe("COMPLETED");
    expect(turn.messages.map(({ message }) => message.type)).toEqual(["StartChild"]);
  });

  it("[T12] the result of a child is its parent's to read; a failure is a TaskFailedError with its details", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      const result = yield ctx.callChildWorkflow("c");
      try {
        yield ctx.callChildWorkflow("c");
      } catch (error) {
        return [result, (error as Error).name, (error as { details: unknown }).details];
      }
    });
    await driver.turn();
    await driver.turn({ type: "ChildWorkflowInstanceCompleted", id: 1, result: '{"a":[0]}' });
    const failure = { errorType: "WorkflowInstanceAlreadyExists", message: "taken" };
    expect(endOf(await driver.turn({ type: "ChildWorkflowInstanceFailed", id: 2, failure }))).toEqual([
      { a: [0] },
      "TaskFailedError",
      failure,
    ]);
  });
});
