import { describe, expect, it } from "vitest";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import type { Task } from "../../../src/engine/task.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { HistoryEvent, HistoryFact } from "../../../src/model/history-event.ts";
import type { RuntimeStatus } from "../../../src/model/status.ts";
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
type Code = AsyncGenerator<Task, any, any>;

const nothing = {
  activities: [],
  messages: [],
  aborts: [],
  updates: [],
  warnings: [],
  completion: undefined,
  customStatus: undefined,
};

async function* chain(ctx: WorkflowContext, n: number): Code {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += yield ctx.callActivity("add", i);
  return sum;
}

describe("a turn: history and facts in, events and effects out, and nothing else", () => {
  it("[T2] asks for an activity, takes its result, ends; ids count from 1", async () => {
    const driver = new Driver(chain, 1);
    const scheduled = { type: "TaskScheduled", timestampMs: T0, id: 1, name: "add", input: "0" };
    expect(await driver.turn()).toEqual({
      ...nothing,
      taken: 0,
      events: [scheduled],
      activities: [scheduled],
      status: "RUNNING",
    });
    expect(await driver.turn(completed(1, 7))).toEqual({
      ...nothing,
      taken: 1,
      events: [
        { type: "TaskCompleted", id: 1, result: "7", timestampMs: T0 + 1000 },
        { type: "ExecutionCompleted", timestampMs: T0 + 1000, status: "COMPLETED", output: "7", failure: undefined },
      ],
      status: "COMPLETED",
      completion: { type: "Completed", output: "7" },
    });
  });

  it("[T3] activities, timers and children share one counter; events take no number", async () => {
    const driver = new Driver(async function* all(ctx: WorkflowContext): Code {
      yield ctx.whenAll([
        ctx.callActivity("a"),
        ctx.createTimer(2),
        ctx.waitForExternalEvent("e"),
        ctx.callChildWorkflow("child", 5),
      ]);
    });
    const { events, messages } = await driver.turn();
    expect(events).toEqual([
      { type: "TaskScheduled", timestampMs: T0, id: 1, name: "a", input: undefined },
      { type: "TimerCreated", timestampMs: T0, id: 2, fireAtMs: T0 + 2000 },
      { type: "ChildWorkflowInstanceCreated", timestampMs: T0, id: 3, name: "child", instanceId: "i:0003", input: "5" },
    ]);
    expect(messages).toEqual([
      {
        to: "i:0003",
        message: {
          version: 1,
          type: "StartChild",
          name: "child",
          input: "5",
          parent: { instanceId: "i", executionId: "x", name: "all", taskId: 3 },
          traceparent: undefined,
        },
      },
    ]);
  });

  it("[T4] a resolution delivered twice, or to nobody, changes nothing", async () => {
    const driver = new Driver(chain, 2);
    await driver.turn();
    const turn = await driver.turn(completed(1, 1), completed(1, 100), failed(1, "late"), fired(1), completed(9, 9));
    expect(turn.taken).toBe(5);
    expect(turn.events.map((event) => event.type)).toEqual(["TaskCompleted", "TaskScheduled"]);
    expect(await driver.turn(completed(1, 50))).toEqual({ ...nothing, taken: 1, events: [], status: "RUNNING" });
    expect(endOf(await driver.turn(completed(2, 2)))).toBe(3);
  });

  const RECORDS: readonly HistoryFact[] = [
    { type: "TaskScheduled", id: 7, name: "a" },
    { type: "TimerCreated", id: 7, fireAtMs: T0 },
    { type: "ChildWorkflowInstanceCreated", id: 7, name: "c", instanceId: "c" },
    { type: "DetachedWorkflowScheduled", id: 7, name: "d", instanceId: "d" },
    { type: "EventSent", id: 7, name: "e", instanceId: "o" },
    { type: "ChildCancelRequested", id: 7, taskId: 3, instanceId: "c" },
    { type: "ChildEventSent", id: 7, taskId: 3, name: "e", instanceId: "c" },
    { type: "PatchRecorded", name: "p" },
    { type: "UpdateCompleted", updateId: "u" },
    { type: "UpdateFailed", updateId: "u", failure: { errorType: "Error", message: "no" }, rejected: false },
    { type: "ExecutionStalled", reason: "PATCH_MISMATCH", message: "", beforeFirstTurn: false },
    { type: "ExecutionUnstalled" },
    { type: "ExecutionCompleted", status: "COMPLETED" },
    { type: "ExecutionRewound", failedAt: 0, askedFrom: 1 },
    { type: "ExecutionVersionChanged", version: "v" },
  ];
  it.each(RECORDS.map((fact) => [fact.type, fact] as const))(
    "[T4] what only a turn itself records changes nothing when it is received: %s",
    async (_, fact) => {
      const driver = new Driver(chain, 1);
      await driver.turn();
      expect(await driver.turn(fact)).toEqual({ ...nothing, taken: 1, events: [], status: "RUNNING" });
      expect(endOf(await driver.turn(completed(1, 5)))).toBe(5);
    },
  );

  it("[T4] the same raise delivered twice counts once; two raises with the same payload count twice", async () => {
    const driver = new Driver(async function* two(ctx: WorkflowContext): Code {
      return [yield ctx.waitForExternalEvent("e"), yield ctx.waitForExternalEvent("e")];
    });
    await driver.turn();
    const raise = (messageId: string): HistoryFact => ({ type: "EventRaised", name: "e", input: "1", messageId });
    expect((await driver.turn(raise("m1"), raise("m1"))).events).toHaveLength(1);
    expect((await driver.turn(raise("m1"))).events).toEqual([]);
    expect(endOf(await driver.turn(raise("m2")))).toEqual([1, 1]);
  });

  it("[T5] events are kept until they are waited for, first in first out for each name, in any letter case", async () => {
    const driver = new Driver(async function* events(ctx: WorkflowContext): Code {
      yield ctx.callActivity("first");
      const b: unknown = yield ctx.waitForExternalEvent("B");
      return [b, yield ctx.waitForExternalEvent("A"), yield ctx.waitForExternalEvent("a")];
    });
    await driver.turn(raised("a", 1), raised("b", 2));
    await driver.turn(raised("A", 3));
    expect(endOf(await driver.turn(completed(1)))).toEqual([2, 1, 3]);
  });

  it("[T6] while suspended, results and events are recorded and held, and come in order on resume", async () => {
    const driver = new Driver(async function* three(ctx: WorkflowContext): Code {
      const timer = ctx.createTimer(1);
      return [yield ctx.callActivity("a"), yield ctx.waitForExternalEvent("e"), (yield timer) ?? "fired"];
    });
    await driver.turn();
    expect((await driver.turn(suspended, suspended)).events).toHaveLength(1);
    const held = await driver.turn(raised("e", 2), fired(1), completed(2, 1), suspended);
    expect(held).toEqual({ ...nothing, taken: 4, events: held.events, status: "SUSPENDED" });
    expect(held.events.map((event) => event.type)).toEqual(["EventRaised", "TimerFired", "TaskCompleted"]);
    expect(endOf(await driver.turn(resumed))).toEqual([1, 2, "fired"]);
  });

  it("[T6] suspend, suspend, event, resume in one batch", async () => {
    const driver = new Driver(async function* one(ctx: WorkflowContext): Code {
      return yield ctx.waitForExternalEvent("e");
    });
    await driver.turn();
    expect(endOf(await driver.turn(suspended, suspended, raised("e", 1), resumed))).toBe(1);
  });

  it("[T7] terminate ends it with the output given, tells children and parent, and asks for nothing more", async () => {
    const driver = new Driver(async function* parent(ctx: WorkflowContext): Code {
      yield ctx.callChildWorkflow("child", undefined, "c");
    });
    driver.history[0] = {
      ...startedAs("parent"),
      parent: { instanceId: "p", executionId: "px", name: "n", taskId: 4 },
    } as HistoryEvent;
    await driver.turn();
    const turn = await driver.turn(terminated, raised("late"), resumed);
    expect(turn.events.map((event) => event.type)).toEqual(["ExecutionTerminated", "ExecutionCompleted"]);
    expect(turn.status).toBe("TERMINATED");
    expect(turn.activities).toEqual([]);
    expect(turn.messages).toEqual([
      {
        to: "c",
        message: {
          version: 1,
          type: "Terminate",
          parent: { instanceId: "i", executionId: "x", taskId: 1 },
          output: '"stopped"',
        },
      },
      {
        to: "p",
        message: {
          version: 1,
          type: "ChildEnded",
          parentExecutionId: "px",
          taskId: 4,
          outcome: {
            ok: false,
            failure: { errorType: "WorkflowTerminated", message: "workflow instance 'i' was terminated" },
          },
        },
      },
    ]);
  });

  it("[T7] the completion that lands first wins", async () => {
    const driver = new Driver(chain, 1);
    await driver.turn();
    expect((await driver.turn(completed(1, 5), terminated)).status).toBe("COMPLETED");
    const other = new Driver(chain, 1);
    await other.turn();
    expect((await other.turn(terminated, completed(1, 5))).status).toBe("TERMINATED");
  });

  it("[T7] terminated before a scheduled start: the code is never begun", async () => {
    let begun = 0;
    const registry = registryOf(async function* count(): Code {
      begun++;
    });
    const orchestration = await Orchestration.load("i", { registry }, [], false);
    const { timestampMs: _, ...start } = startedAs("count");
    const turn = await orchestration.turn([start as HistoryFact, terminated], T0);
    expect(turn.status).toBe("TERMINATED");
    expect(begun).toBe(0);
  });

  it("[T8] activities called and not awaited by the turn that ends it still run, and their results are recorded", async () => {
    const driver = new Driver(async function* leave(ctx: WorkflowContext): Code {
      ctx.callActivity("later");
      return "done";
    });
    const turn = await driver.turn();
    expect(turn.activities.map((task) => task.name)).toEqual(["later"]);
    expect(endOf(turn)).toBe("done");
    const late = await driver.turn(completed(1, "x"), raised("e"), terminated);
    expect(late).toEqual({ ...nothing, taken: 3, events: late.events, status: "COMPLETED" });
    expect(late.events.map((event) => event.type)).toEqual(["TaskCompleted"]);
  });

  it("[T9] continue-as-new drops what its turn asked for, leaves later facts, carries unclaimed events in order", async () => {
    const driver = new Driver(async function* again(ctx: WorkflowContext, n: number): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.callActivity("dropped");
      ctx.continueAsNew(n + 1, true);
      ctx.callActivity("dropped too");
    }, 0);
    await driver.turn(raised("b", 1), raised("a", 2));
    const turn = await driver.turn(raised("go"), raised("after"), terminated);
    expect(turn.taken).toBe(1);
    expect(turn.activities).toEqual([]);
    expect(turn.completion).toMatchObject({ type: "ContinuedAsNew", input: "1" });
    expect(
      turn.completion?.type === "ContinuedAsNew" &&
        turn.completion.carriedEvents.map((event) => event.type === "EventRaised" && event.name),
    ).toEqual(["b", "a"]);
  });

  it("[T9] without saveEvents nothing is carried", async () => {
    const driver = new Driver(async function* again(ctx: WorkflowContext): Code {
      ctx.continueAsNew(1, false);
    });
    expect((await driver.turn(raised("b"))).completion).toEqual({
      type: "ContinuedAsNew",
      input: "1",
      carriedEvents: [],
    });
  });

  it("[T10] the clock is the time of the turn, the same in replay, and never goes back", async () => {
    const seen: [number, boolean][] = [];
    const driver = new Driver(async function* clock(ctx: WorkflowContext): Code {
      seen.push([ctx.getCurrentUtcDateTime().getTime(), ctx.isReplaying()]);
      yield ctx.callActivity("a");
      seen.push([ctx.getCurrentUtcDateTime().getTime(), ctx.isReplaying()]);
      yield ctx.callActivity("b");
      seen.push([ctx.getCurrentUtcDateTime().getTime(), ctx.isReplaying()]);
    });
    await driver.turn();
    await driver.turn(completed(1));
    driver.nowMs = T0 - 5000;
    const live = await driver.load();
    seen.length = 0;
    await (await driver.load()).turn([completed(2)], T0 - 5000);
    expect(seen).toEqual([
      [T0, true],
      [T0 + 1000, true],
      [T0 + 1000, false],
    ]);
    expect(live.pending.activities.has(2)).toBe(true);
  });
});

describe("[T11] every fact in every status", () => {
  type Reaction = "taken" | "ignored";
  const facts: Record<HistoryFact["type"], HistoryFact> = {
    ExecutionStarted: startedAs("waits"),
    TaskScheduled: { type: "TaskScheduled", id: 9, name: "a" },
    TaskCompleted: completed(1, 1),
    TaskFailed: failed(1, "no"),
    TimerCreated: { type: "TimerCreated", id: 9, fireAtMs: 1 },
    TimerFired: fired(2),
    EventRaised: raised("e", 1),
    ChildWorkflowInstanceCreated: { type: "ChildWorkflowInstanceCreated", id: 9, name: "c", instanceId: "c9" },
    ChildWorkflowInstanceCompleted: { type: "ChildWorkflowInstanceCompleted", id: 3, result: "1" },
    ChildWorkflowInstanceFailed: {
      type: "ChildWorkflowInstanceFailed",
      id: 3,
      failure: { errorType: "E", message: "m" },
    },
    DetachedWorkflowScheduled: { type: "DetachedWorkflowScheduled", id: 9, name: "d", instanceId: "d9" },
    EventSent: { type: "EventSent", id: 9, name: "e", instanceId: "d9" },
    ChildCancelRequested: { type: "ChildCancelRequested", id: 9, taskId: 3, instanceId: "c3" },
    ChildEventSent: { type: "ChildEventSent", id: 9, taskId: 3, name: "e", instanceId: "c3" },
    PatchRecorded: { type: "PatchRecorded", name: "p" },
    UpdateRequested: { type: "UpdateRequested", updateId: "u", name: "up" },
    UpdateCompleted: { type: "UpdateCompleted", updateId: "u" },
    UpdateFailed: {
      type: "UpdateFailed",
      updateId: "u",
      failure: { errorType: "E", message: "m" },
      rejected: false,
    },
    ExecutionCancelRequested: { type: "ExecutionCancelRequested" },
    ExecutionStalled: { type: "ExecutionStalled", reason: "PATCH_MISMATCH", message: "", beforeFirstTurn: false },
    ExecutionUnstalled: { type: "ExecutionUnstalled" },
    ExecutionSuspended: suspended,
    ExecutionResumed: resumed,
    ExecutionTerminated: terminated,
    ExecutionCompleted: { type: "ExecutionCompleted", status: "COMPLETED" },
    ExecutionRewound: { type: "ExecutionRewound", failedAt: 0, askedFrom: 1 },
    ExecutionVersionChanged: { type: "ExecutionVersionChanged", version: "v" },
  };
  type FromOutside = Exclude<
    HistoryFact["type"],
    | "ExecutionStarted"
    | "TaskScheduled"
    | "TimerCreated"
    | "ChildWorkflowInstanceCreated"
    | "DetachedWorkflowScheduled"
    | "EventSent"
    | "ChildCancelRequested"
    | "ChildEventSent"
    | "PatchRecorded"
    | "UpdateCompleted"
    | "UpdateFailed"
    | "ExecutionStalled"
    | "ExecutionUnstalled"
    | "ExecutionCompleted"
    | "ExecutionRewound"
    | "ExecutionVersionChanged"
  >;
  // What only a turn itself records (TaskScheduled and the like) never comes as a fact, and has no column.
  const active = (status: RuntimeStatus, changed: Partial<Record<FromOutside, [Reaction, RuntimeStatus]>>) =>
    ({
      TaskCompleted: ["taken", status],
      TaskFailed: ["taken", status],
      TimerFired: ["taken", status],
      EventRaised: ["taken", status],
      ChildWorkflowInstanceCompleted: ["taken", status],
      ChildWorkflowInstanceFailed: ["taken", status],
      UpdateRequested: ["taken", status],
      ExecutionCancelRequested: ["taken", "CANCELED"],
      ExecutionSuspended: ["taken", "SUSPENDED"],
      ExecutionResumed: ["taken", "RUNNING"],
      ExecutionTerminated: ["taken", "TERMINATED"],
      ...changed,
    }) satisfies Record<FromOutside, [Reaction, RuntimeStatus]>;
  const ended = (status: RuntimeStatus, results: Reaction): Record<FromOutside, [Reaction, RuntimeStatus]> => ({
    TaskCompleted: [results, status],
    TaskFailed: [results, status],
    TimerFired: ["ignored", status],
    EventRaised: ["ignored", status],
    ChildWorkflowInstanceCompleted: ["ignored", status],
    ChildWorkflowInstanceFailed: ["ignored", status],
    UpdateRequested: ["ignored", status],
    ExecutionCancelRequested: ["ignored", status],
    ExecutionSuspended: ["ignored", status],
    ExecutionResumed: ["ignored", status],
    ExecutionTerminated: ["ignored", status],
  });
  // STALLED takes nothing at all: see versioning.test.ts.
  const table: Record<Exclude<RuntimeStatus, "STALLED">, Record<FromOutside, [Reaction, RuntimeStatus]>> = {
    // The fact comes with the first turn: the code has been begun by then, and none of its calls is recorded yet.
    PENDING: active("RUNNING", {
      TaskCompleted: ["ignored", "RUNNING"],
      TaskFailed: ["ignored", "RUNNING"],
      TimerFired: ["ignored", "RUNNING"],
      ChildWorkflowInstanceCompleted: ["ignored", "RUNNING"],
      ChildWorkflowInstanceFailed: ["ignored", "RUNNING"],
      ExecutionResumed: ["ignored", "RUNNING"],
    }),
    RUNNING: active("RUNNING", { ExecutionResumed: ["ignored", "RUNNING"] }),
    SUSPENDED: active("SUSPENDED", {
      ExecutionCancelRequested: ["taken", "SUSPENDED"],
      ExecutionSuspended: ["ignored", "SUSPENDED"],
      ExecutionResumed: ["taken", "RUNNING"],
    }),
    COMPLETED: ended("COMPLETED", "taken"),
    FAILED: ended("FAILED", "taken"),
    CANCELED: ended("CANCELED", "taken"),
    TERMINATED: ended("TERMINATED", "ignored"),
  };
  const bring: Record<Exclude<RuntimeStatus, "PENDING" | "STALLED">, HistoryFact[]> = {
    RUNNING: [],
    SUSPENDED: [suspended],
    COMPLETED: [raised("end", "well")],
    FAILED: [raised("end", "badly")],
    CANCELED: [{ type: "ExecutionCancelRequested" }],
    TERMINATED: [terminated],
  };
  async function* waits(ctx: WorkflowContext): Code {
    ctx.callActivity("a");
    ctx.createTimer(1000);
    ctx.callChildWorkflow("c");
    if ((yield ctx.waitForExternalEvent("end")) === "badly") throw new Error("badly");
  }

  for (const [status, row] of Object.entries(table) as [
    keyof typeof table,
    Record<FromOutside, [Reaction, RuntimeStatus]>,
  ][]) {
    for (const [type, [reaction, after]] of Object.entries(row) as [FromOutside, [Reaction, RuntimeStatus]][]) {
      it(`${status} × ${type}: ${reaction}, then ${after}`, async () => {
        const driver = new Driver(waits);
        if (status !== "PENDING") {
          await driver.turn();
          expect((await driver.turn(...bring[status])).status).toBe(status);
        }
        const turn = await driver.turn(facts[type]);
        const accepted = turn.events.filter((event) => event.type === type);
        expect(accepted).toHaveLength(reaction === "taken" ? 1 : 0);
        expect(turn.status).toBe(after);
        expect(turn.taken).toBe(1);
        const isFirst = status === "PENDING" && after !== "TERMINATED";
        expect(turn.activities.map((task) => task.name)).toEqual(isFirst ? ["a"] : []);
      });
    }
  }
});
