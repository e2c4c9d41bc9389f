// [T38] A rewind: history in, actions out, and nothing else. Each test says which events of the history a replay leaves out.
import { describe, expect, it } from "vitest";
import { Saga } from "../../../src/authoring/saga.ts";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import { Registry } from "../../../src/engine/registry.ts";
import { failurePoint, replayOrder } from "../../../src/engine/rewind.ts";
import { decideRewind } from "../../../src/engine/rewind-decision.ts";
import type { Task } from "../../../src/engine/task.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { HistoryEvent, HistoryFact } from "../../../src/model/history-event.ts";
import { Random } from "../random.ts";
import { completed, Driver, endOf, failed, fired, raised, resumed, startedAs, suspended, T0 } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = Generator<any, any, any>;

/** The events that a replay has, in its order, with their numbers. */
function replayed(history: readonly HistoryEvent[]): string[] {
  return (replayOrder(history) ?? []).map(({ event, position }) => {
    const id = "id" in event ? ` #${event.id}` : "";
    return `${position} ${event.type}${id}`;
  });
}

/** The activities that are open, as the instance runs them when it loads the execution. */
async function openIn(driver: Driver): Promise<string[]> {
  return [...(await driver.load()).pending.activities.values()].map(({ id, name }) => `${name} #${id}`);
}

const typesOf = (events: readonly HistoryEvent[]) => events.map(({ type }) => type);

describe("[T38] a failed execution is rewound: it goes on from the place at which its code failed", () => {
  function* chain(ctx: WorkflowContext): Code {
    const first = yield ctx.callActivity("first");
    const second = yield ctx.callActivity("second", first);
    return [first, second];
  }

  it("[T38] the failed call is open again under its number; what has succeeded is kept, and nothing else is asked for", async () => {
    const driver = new Driver(chain, undefined, "workflow");
    await driver.turn();
    await driver.turn(completed(1, "a"));
    await driver.turn(failed(2, "no"));
    const { event, messages, dropped } = driver.rewind("fixed");
    expect(event).toEqual({
      type: "ExecutionRewound",
      timestampMs: T0 + 3000,
      reason: "fixed",
      failedAt: 4,
      askedFrom: 5,
    });
    expect([messages, dropped]).toEqual([[], []]);
    expect(replayed(driver.history)).toEqual([
      "0 ExecutionStarted",
      "1 TaskScheduled #1",
      "2 TaskCompleted #1",
      "3 TaskScheduled #2",
      "6 ExecutionRewound",
    ]);
    const loaded = await driver.load();
    expect([loaded.status, loaded.hasUncommitted, loaded.outline.completed]).toEqual(["RUNNING", true, undefined]);
    expect(await openIn(driver)).toEqual(["second #2"]);
    const turn = await driver.turn();
    expect(turn).toMatchObject({ events: [], activities: [], messages: [], status: "RUNNING", completion: undefined });
    expect(endOf(await driver.turn(completed(2, "b")))).toEqual(["a", "b"]);
    // The history is whole all the same.
    expect(typesOf(driver.history)).toEqual([
      "ExecutionStarted",
      "TaskScheduled",
      "TaskCompleted",
      "TaskScheduled",
      "TaskFailed",
      "ExecutionCompleted",
      "ExecutionRewound",
      "TaskCompleted",
      "ExecutionCompleted",
    ]);
  });

  it("[T38] fails again, and is rewound again, as often as it takes", async () => {
    const driver = new Driver(chain);
    await driver.turn();
    for (let n = 0; n < 5; n++) {
      expect((await driver.turn(failed(1, `no ${n}`))).status).toBe("FAILED");
      driver.rewind();
      expect(await openIn(driver)).toEqual(["first #1"]);
    }
    await driver.turn(completed(1, 1));
    expect((await driver.turn(failed(2, "no"))).status).toBe("FAILED");
    driver.rewind();
    expect(endOf(await driver.turn(completed(2, 2)))).toEqual([1, 2]);
  });

  it("[T38] its time is not before that of the last event, however the clock goes", () => {
    const failed: HistoryEvent = { type: "ExecutionCompleted", timestampMs: T0 + 9, status: "FAILED" };
    for (const [nowMs, timestampMs] of [
      [T0 + 5, T0 + 9],
      [T0 + 20, T0 + 20],
    ] as const)
      expect(decideRewind("i", [startedAs("w"), failed], {}, nowMs)?.event).toMatchObject({ timestampMs });
  });

  it("[T38] only one that has failed", () => {
    const started = startedAs("w");
    const end = (status: "COMPLETED" | "CANCELED" | "TERMINATED"): HistoryEvent[] => [
      started,
      { type: "ExecutionCompleted", timestampMs: T0, status },
    ];
    for (const history of [[started], end("COMPLETED"), end("CANCELED"), end("TERMINATED")])
      expect(decideRewind("i", history, {}, T0)).toBeUndefined();
  });

  it("[T38] where the code itself has thrown, no answer is left out: the same code fails again, fixed code goes on, at the time of the rewind", async () => {
    const driver = new Driver(
      function* broken(ctx: WorkflowContext): Code {
        yield ctx.callActivity("first");
        throw new Error("bug");
      },
      undefined,
      "workflow",
    );
    await driver.turn();
    await driver.turn(completed(1, "a"));
    expect(driver.rewind().event).toMatchObject({ failedAt: 2, askedFrom: 3 });
    expect(replayed(driver.history)).toEqual([
      "0 ExecutionStarted",
      "1 TaskScheduled #1",
      "4 ExecutionRewound",
      "2 TaskCompleted #1",
    ]);
    expect(endOf(await driver.turn())).toBe("Error: bug");
    driver.rewind();
    const rewoundAtMs = driver.nowMs;
    driver.deploy(function* fixed(ctx: WorkflowContext): Code {
      const first = yield ctx.callActivity("first");
      yield ctx.createTimer(60);
      return [first, yield ctx.callActivity("second")];
    });
    const turn = await driver.turn();
    // An hour from then, and not from when it failed.
    expect(turn.events).toEqual([
      { type: "TimerCreated", timestampMs: rewoundAtMs, id: 2, fireAtMs: rewoundAtMs + 60_000 },
    ]);
    await driver.turn(fired(2));
    expect(endOf(await driver.turn(completed(3, "b")))).toEqual(["a", "b"]);
  });

  it("[T38] code that fails at once begins anew", async () => {
    const driver = new Driver(
      function* broken(): Code {
        throw new Error("bug");
      },
      undefined,
      "workflow",
    );
    await driver.turn();
    expect(driver.rewind().event).toMatchObject({ failedAt: 0, askedFrom: 1 });
    driver.deploy(chain);
    expect((await driver.turn()).activities).toMatchObject([{ id: 1, name: "first" }]);
    await driver.turn(completed(1, 1));
    expect(endOf(await driver.turn(completed(2, 2)))).toEqual([1, 2]);
  });

  it("[T38] a failure that was caught stays, and so does what the code did about it", async () => {
    const driver = new Driver(function* tidy(ctx: WorkflowContext): Code {
      try {
        yield ctx.callActivity("pay");
      } catch (error) {
        yield ctx.callActivity("tidy");
        throw error;
      }
    });
    await driver.turn();
    await driver.turn(failed(1, "no"));
    expect((await driver.turn(completed(2))).status).toBe("FAILED");
    // At the end of the tidying, and not at the failure that the error names.
    expect(driver.rewind().event).toMatchObject({ failedAt: 4, askedFrom: 5 });
    expect(await openIn(driver)).toEqual([]);
    const turn = await driver.turn();
    expect([turn.status, turn.activities]).toEqual(["FAILED", []]);
  });

  it("[T38] caught, and thrown later without another call: at that later place", async () => {
    const driver = new Driver(function* late(ctx: WorkflowContext): Code {
      const both = [ctx.callActivity("a"), ctx.callActivity("b")];
      let first: unknown;
      for (const task of both) {
        try {
          yield task;
        } catch (error) {
          first ??= error;
        }
      }
      if (first !== undefined) throw first;
    });
    await driver.turn();
    await driver.turn(failed(1, "no"), completed(2));
    expect(driver.rewind().event).toMatchObject({ failedAt: 4, askedFrom: 5 });
    expect(await openIn(driver)).toEqual([]);
  });

  it.each([
    ["caught, and another error thrown at once", "another"],
    ["caught, and another error thrown with its cause", "cause"],
    ["not caught", "same"],
  ])("[T38] %s: the call is open again", async (_, how) => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      try {
        return yield ctx.callActivity("a");
      } catch (error) {
        if (how === "same") throw error;
        throw new Error("told otherwise", how === "cause" ? { cause: error } : {});
      }
    });
    await driver.turn();
    await driver.turn(failed(1, "no"));
    driver.rewind();
    expect(await openIn(driver)).toEqual(["a #1"]);
    expect(endOf(await driver.turn(completed(1, 5)))).toBe(5);
  });

  it("[T38] a saga that has compensated has come to its end; one whose compensation has failed compensates again", async () => {
    function* order(ctx: WorkflowContext): Code {
      const saga = new Saga(ctx);
      try {
        saga.add("release", 7);
        yield ctx.callActivity("reserve");
        yield ctx.callActivity("charge");
      } catch (error) {
        yield* saga.compensate();
        throw error;
      }
    }
    const driver = new Driver(order);
    await driver.turn();
    await driver.turn(completed(1));
    expect((await driver.turn(failed(2, "no money"))).activities).toMatchObject([{ id: 3, name: "release" }]);
    await driver.turn(failed(3, "out of order"));
    driver.rewind();
    expect(await openIn(driver)).toEqual(["release #3"]);
    expect(endOf(await driver.turn(completed(3)))).toMatch(/charge.*no money/);
    driver.rewind();
    expect(await openIn(driver)).toEqual([]);
    expect((await driver.turn()).activities).toEqual([]);
  });
});

describe("[T38] several answers in the turn that failed", () => {
  const all = (...names: string[]) =>
    function* w(ctx: WorkflowContext): Code {
      return yield ctx.whenAll(names.map((name) => ctx.callActivity(name)));
    };

  it("[T38] only the answer at which the code failed is left out; others of that turn, and late ones, are facts again", async () => {
    const driver = new Driver(all("a", "b", "c", "d"));
    await driver.turn();
    await driver.turn(completed(1, 1), failed(2, "no"), completed(3, 3));
    await driver.turn(completed(4, 4));
    expect(driver.rewind().event).toMatchObject({ failedAt: 6, askedFrom: 8 });
    expect(replayed(driver.history).slice(5)).toEqual([
      "5 TaskCompleted #1",
      "10 ExecutionRewound",
      "7 TaskCompleted #3",
      "9 TaskCompleted #4",
    ]);
    expect(await openIn(driver)).toEqual(["b #2"]);
    expect((await driver.turn()).events).toEqual([]);
    expect(endOf(await driver.turn(completed(2, 2)))).toEqual([1, 2, 3, 4]);
  });

  it("[T38] two that have failed: the second fails it again, at once, and is left out by the next rewind", async () => {
    const driver = new Driver(all("a", "b"));
    await driver.turn();
    await driver.turn(failed(1, "no 1"), failed(2, "no 2"));
    driver.rewind();
    expect(await openIn(driver)).toEqual(["a #1"]);
    expect(endOf(await driver.turn())).toMatch(/no 2/);
    expect(driver.rewind().event).toMatchObject({ failedAt: 4, askedFrom: 7 });
    expect(await openIn(driver)).toEqual(["a #1", "b #2"]);
    await driver.turn(completed(2, 2));
    expect(endOf(await driver.turn(completed(1, 1)))).toEqual([1, 2]);
  });

  it("[T38] a race that a failure has won is run again; what has lost it and has come since, wins", async () => {
    const driver = new Driver(function* race(ctx: WorkflowContext): Code {
      const [a, b] = [ctx.callActivity("a"), ctx.callActivity("b")];
      const first: Task = yield ctx.whenAny([a, b]);
      return [first === a ? "a" : "b", first.getResult()];
    });
    await driver.turn();
    expect((await driver.turn(failed(1, "no"), completed(2, 2))).status).toBe("FAILED");
    driver.rewind();
    expect(endOf(await driver.turn())).toEqual(["b", 2]);
  });

  it("[T38] what was asked for before the answer, in the same turn, stays; what since then does not, nor what comes of it", async () => {
    function* code(ctx: WorkflowContext): Code {
      ctx.setUpdateHandler("more", function* (): Code {
        yield ctx.callActivity("by the update");
      });
      try {
        yield ctx.callActivity("pay");
      } catch (error) {
        ctx.callActivity("tell");
        ctx.sendEvent("other", "failed");
        throw error;
      }
      return yield ctx.callActivity("ship");
    }
    const driver = new Driver(code);
    await driver.turn();
    const turn = await driver.turn({ type: "UpdateRequested", updateId: "u", name: "more" }, failed(1, "no"));
    expect(typesOf(turn.events)).toEqual([
      "UpdateRequested",
      "TaskFailed",
      "TaskScheduled",
      "TaskScheduled",
      "EventSent",
      "UpdateFailed",
      "ExecutionCompleted",
    ]);
    await driver.turn(completed(2, "of the update"));
    await driver.turn(completed(3, "told"));
    const { event, dropped } = driver.rewind();
    expect([event, dropped]).toMatchObject([{ failedAt: 3, askedFrom: 5 }, [3, 4]]);
    expect(replayed(driver.history)).toEqual([
      "0 ExecutionStarted",
      "1 TaskScheduled #1",
      "2 UpdateRequested",
      "4 TaskScheduled #2",
      "11 ExecutionRewound",
      "9 TaskCompleted #2",
    ]);
    expect(await openIn(driver)).toEqual(["pay #1"]);
    // The update is open again, and ends now.
    expect((await driver.turn()).events).toMatchObject([{ type: "UpdateCompleted", updateId: "u" }]);
    // Number 3 is another call now: what came of the former one is not taken for its result.
    expect((await driver.turn(completed(1))).activities).toMatchObject([{ id: 3, name: "ship" }]);
    expect(endOf(await driver.turn(completed(3, "shipped")))).toBe("shipped");
  });

  it("[T38] a timer that was asked for in that turn before the answer, and is canceled since", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const pay = ctx.callActivity("pay");
      yield ctx.waitForExternalEvent("go");
      const timer = ctx.createTimer(60);
      yield pay;
      timer.cancel();
      return yield ctx.callActivity("ship");
    });
    await driver.turn();
    expect(typesOf((await driver.turn(raised("go"), failed(1, "no"))).events)).toEqual([
      "EventRaised",
      "TaskFailed",
      "TimerCreated",
      "ExecutionCompleted",
    ]);
    expect(driver.rewind().event).toMatchObject({ failedAt: 3, askedFrom: 5 });
    expect((await driver.load()).pending.nextTimerAtMs()).toBe(T0 + 61_000);
    await driver.turn();
    expect((await driver.turn(completed(1))).activities).toMatchObject([{ id: 3, name: "ship" }]);
    expect(endOf(await driver.turn(completed(3, 3)))).toBe(3);
  });

  it("[T38] where the code has called off, as it failed, what it had asked for before: the rest of that stays", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const pay = ctx.callActivity("pay");
      yield ctx.waitForExternalEvent("go");
      const timer = ctx.createTimer(60);
      const other = ctx.callActivity("other");
      try {
        yield pay;
      } catch (error) {
        timer.cancel();
        ctx.callActivity("tell");
        throw error;
      }
      return yield other;
    });
    await driver.turn();
    const { events } = await driver.turn(raised("go"), failed(1, "no"));
    expect(events.flatMap((event) => (event.type === "TaskScheduled" ? event.name : []))).toEqual(["other", "tell"]);
    expect(driver.rewind().dropped).toEqual([4]);
    expect(await openIn(driver)).toEqual(["pay #1", "other #3"]);
  });

  it("[T38] an answer that was held while the workflow was suspended: it is that one, and not the resume", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const [a, b, c] = ["a", "b", "c"].map((name) => ctx.callActivity(name)) as [Task, Task, Task];
      yield a;
      return [yield b, yield c];
    });
    await driver.turn();
    await driver.turn(completed(1), suspended);
    await driver.turn(failed(2, "no"), completed(3, 3));
    expect((await driver.turn(resumed)).status).toBe("FAILED");
    expect(driver.rewind().event).toMatchObject({ failedAt: 6, askedFrom: 9 });
    expect(replayed(driver.history).slice(4)).toEqual([
      "4 TaskCompleted #1",
      "5 ExecutionSuspended",
      "10 ExecutionRewound",
      "7 TaskCompleted #3",
      "8 ExecutionResumed",
    ]);
    expect((await driver.turn()).status).toBe("RUNNING");
    expect(endOf(await driver.turn(completed(2, 2)))).toEqual([2, 3]);
  });

  it("[T38] a history that older code has recorded, which does not say at which answer: at the one that the failure names", async () => {
    const driver = new Driver(all("a", "b", "c"));
    await driver.turn();
    await driver.turn(completed(1, 1), failed(2, "no"), completed(3, 3));
    const older = driver.history.map((event) => {
      if (event.type !== "ExecutionCompleted") return event;
      const { failedAt: _, askedFrom: __, ...rest } = event;
      return rest;
    });
    expect(failurePoint("i", older)).toEqual({ failedAt: 5, askedFrom: 7 });
    const unnamed = older.map((event) =>
      event.type === "ExecutionCompleted" ? { ...event, failure: { errorType: "Error", message: "x" } } : event,
    );
    expect(failurePoint("i", unnamed)).toEqual({ failedAt: 6, askedFrom: 7 });
  });
});

describe("[T38] which attempt, and what it is told", () => {
  it("[T38] the last attempt is made again, under its number: earlier ones stay, and there is none after it", async () => {
    const retry = { maxNumberOfAttempts: 2, firstRetryInterval: 1 };
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      return yield ctx.callActivity("a", 7, { retry });
    });
    await driver.turn();
    await driver.turn(failed(1, "no 1"));
    await driver.turn(fired(2));
    await driver.turn({ ...failed(3, "no 2"), progress: "5" } as HistoryFact);
    driver.rewind();
    const [task] = (await driver.load()).pending.activities.values();
    expect(task).toMatchObject({ id: 3, name: "a", attempt: 2, firstId: 1, progress: "5" });
    await driver.turn();
    expect((await driver.turn(failed(3, "no 3"))).status).toBe("FAILED");
    driver.rewind();
    expect(endOf(await driver.turn(completed(3, 9)))).toBe(9);
  });

  it("[T38] a failure that is not to be retried was the last attempt; when it fails otherwise, others follow", async () => {
    const retry = { maxNumberOfAttempts: 3, firstRetryInterval: 0 };
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      return yield ctx.callActivity("a", 7, { retry });
    });
    await driver.turn();
    await driver.turn({ type: "TaskFailed", id: 1, failure: { errorType: "E", message: "m", isNonRetriable: true } });
    driver.rewind();
    expect(await openIn(driver)).toEqual(["a #1"]);
    expect((await driver.turn(failed(1, "later"))).activities).toMatchObject([{ id: 2, attempt: 2 }]);
  });

  it("[T38] the time that a call had with all its attempts does not count for the one that is made again, that of an attempt does", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      return yield ctx.callActivity("a", 7, { timeout: 5, totalTimeout: 9 });
    });
    await driver.turn();
    await driver.turn({ type: "TaskFailed", id: 1, failure: { errorType: "TaskTimeoutError", message: "late" } });
    driver.rewind();
    expect([...(await driver.load()).pending.activities.values()]).toEqual([
      { type: "TaskScheduled", timestampMs: T0, id: 1, name: "a", input: "7", timeoutMs: 5000 },
    ]);
  });

  it("[T38] timers go on: one that has come due fires at once; events that nobody had waited for are there", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const timer = ctx.createTimer(1);
      yield ctx.callActivity("a");
      yield timer;
      return yield ctx.waitForExternalEvent("e");
    });
    await driver.turn(raised("e", 4));
    await driver.turn(failed(2, "no"));
    driver.rewind();
    const loaded = await driver.load();
    expect(loaded.pending.dueTimers(driver.nowMs)).toEqual([1]);
    expect(endOf(await driver.turn(fired(1), completed(2)))).toBe(4);
  });

  it("[T38] chance and IDs are what they were", async () => {
    const ids: string[] = [];
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      ids.push(ctx.newGuid());
      return yield ctx.callActivity("a");
    });
    await driver.turn();
    await driver.turn(failed(1, "no"));
    driver.rewind();
    await driver.turn(completed(1));
    expect(new Set(ids).size).toBe(1);
  });
});

describe("[T38] children", () => {
  const childFailed = (id: number, errorType = "Error"): HistoryFact => ({
    type: "ChildWorkflowInstanceFailed",
    id,
    failure: { errorType, message: "no" },
  });
  const link = (taskId: number, executionId: string) => ({ instanceId: "i", executionId, name: "w", taskId });

  it("[T38] the one that has failed is rewound by a message; the open ones are asked how they have ended; and nothing else", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      return yield ctx.whenAll([1, 2, 3].map((n) => ctx.callChildWorkflow("child", n)));
    });
    await driver.turn();
    await driver.turn({ type: "ChildWorkflowInstanceCompleted", id: 1, result: "1" });
    await driver.turn(childFailed(2));
    const { event, messages } = driver.rewind("fixed");
    expect(event).toMatchObject({ failedAt: 5, askedFrom: 6 });
    const rewind = { version: 1, type: "RewindChild", name: "child", formerExecutionId: "x", reason: "fixed" };
    expect(messages).toMatchObject([
      { to: "i:0002", message: { ...rewind, input: "2", parent: link(2, "x~1"), isFatal: true } },
      { to: "i:0003", message: { ...rewind, input: "3", parent: link(3, "x~1"), isFatal: false } },
    ]);
    await driver.turn({ type: "ChildWorkflowInstanceCompleted", id: 2, result: "2" });
    expect(endOf(await driver.turn({ type: "ChildWorkflowInstanceCompleted", id: 3, result: "3" }))).toEqual([1, 2, 3]);
  });

  it("[T38] what it says to others after a rewind, it says under another name each time", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      yield ctx.callActivity("a");
      ctx.sendEvent("other", "e");
      ctx.scheduleNewWorkflow("d");
      yield ctx.callChildWorkflow("child");
    });
    await driver.turn();
    await driver.turn(failed(1, "no"));
    driver.rewind();
    await driver.turn();
    await driver.turn(failed(1, "no"));
    driver.rewind();
    await driver.turn();
    const { messages } = await driver.turn(completed(1));
    expect(messages).toMatchObject([
      { message: { type: "RaiseEvent", messageId: "x~2:2" } },
      { message: { type: "StartDetached", requestId: "x~2:3" } },
      { message: { type: "StartChild", parent: link(4, "x~2") } },
    ]);
    expect((await driver.turn({ type: "ExecutionCancelRequested" })).messages).toMatchObject([
      { message: { type: "Cancel", parent: { instanceId: "i", executionId: "x~2" } } },
    ]);
  });
});

describe("[T38] the code that a rewound execution is replayed with", () => {
  const registry = (workflow: (ctx: WorkflowContext) => Code) => {
    const made = new Registry();
    made.addWorkflow("w", workflow);
    return made;
  };

  async function failedAtSecond(): Promise<Driver> {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      yield ctx.callActivity("a");
      yield ctx.callActivity("b");
    });
    await driver.turn();
    await driver.turn(completed(1));
    await driver.turn(failed(2, "no"));
    driver.rewind();
    return driver;
  }

  it("[T38] today's code, and what does not fit stalls, as ever; it goes on when other code comes, and the news is news still", async () => {
    const driver = await failedAtSecond();
    const other = await Orchestration.load(
      "i",
      {
        registry: registry(function* (ctx): Code {
          yield ctx.callActivity("other");
        }),
      },
      driver.history,
      true,
    );
    expect(other.stall).toMatchObject({ reason: "NON_DETERMINISM" });
    const stalled = await other.turn([], T0 + 9000);
    expect(typesOf(stalled.events)).toEqual(["ExecutionStalled"]);
    driver.history.push(...stalled.events);
    expect(await openIn(driver)).toEqual(["b #2"]);
    expect(typesOf((await driver.turn(completed(2))).events)).toEqual([
      "ExecutionUnstalled",
      "TaskCompleted",
      "ExecutionCompleted",
    ]);
  });

  it("[T38] code that fails before it comes there stalls, and does not fail a second time", async () => {
    const driver = await failedAtSecond();
    const other = await Orchestration.load(
      "i",
      {
        registry: registry(function* (ctx): Code {
          yield ctx.callActivity("a");
          throw new Error("bug");
        }),
      },
      driver.history,
      true,
    );
    expect(other.stall).toMatchObject({ reason: "NON_DETERMINISM" });
  });

  it("[T38] a patch that was taken before the failure stays taken, one since then is asked for again", async () => {
    const patched = (code: "old" | "new") =>
      function* w(ctx: WorkflowContext): Code {
        const first = ctx.isPatched("first");
        try {
          yield ctx.callActivity("a");
        } catch (error) {
          if (ctx.isPatched("in the failure")) ctx.callActivity("tell");
          throw error;
        }
        return [first, code === "new" ? ctx.isPatched("second") : "old"];
      };
    const driver = new Driver(patched("old"));
    await driver.turn();
    await driver.turn(failed(1, "no"));
    driver.rewind();
    driver.deploy(patched("new"), "w");
    await driver.turn();
    const turn = await driver.turn(completed(1));
    expect(endOf(turn)).toEqual([true, true]);
    expect(turn.events).toMatchObject([{}, { type: "PatchRecorded", name: "second" }, {}]);
  });

  it("[T38] an execution behind a continue-as-new is rewound alone", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext, n: number): Code {
      yield ctx.callActivity("a", n);
      if (n < 2) ctx.continueAsNew(n + 1);
      else return n;
    }, 1);
    await driver.turn();
    await driver.turn(completed(1));
    await driver.turn();
    await driver.turn(failed(1, "no"));
    driver.rewind();
    expect(await openIn(driver)).toEqual(["a #1"]);
    expect(endOf(await driver.turn(completed(1)))).toBe(2);
  });

  it("[T38] continues as new after a rewind, and its next execution knows nothing of it", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext, n: number): Code {
      yield ctx.callActivity("a", n);
      if (n < 2) ctx.continueAsNew(n + 1);
      else return yield ctx.callChildWorkflow("c");
    }, 1);
    await driver.turn();
    await driver.turn(failed(1, "no"));
    driver.rewind();
    await driver.turn();
    await driver.turn(completed(1));
    await driver.turn();
    const { messages } = await driver.turn(completed(1));
    expect(messages).toMatchObject([{ message: { parent: { executionId: "x1" } } }]);
  });

  it("[T38] code that was to fail where it differs: all of the history stays, and fixed code goes on with it", async () => {
    const code = (name: string) =>
      function* w(ctx: WorkflowContext): Code {
        try {
          yield ctx.callActivity(name);
        } catch {
          // It stays caught.
        }
        return yield ctx.callActivity("b");
      };
    const driver = new Driver(code("a"));
    await driver.turn();
    await driver.turn(failed(1, "no"));
    const other = await Orchestration.load(
      "i",
      { registry: registry(code("other")), onNonDeterminism: "fail" },
      driver.history,
      true,
    );
    const end = await other.turn([failed(2, "too")], driver.nowMs);
    expect(typesOf(end.events)).toEqual(["TaskFailed", "ExecutionCompleted"]);
    driver.history.push(...end.events);
    // The code has never seen this answer: it is not what the code has failed at, and is a fact now.
    expect(driver.rewind().event).toMatchObject({ failedAt: 4, askedFrom: 5, answerStays: true });
    expect(await openIn(driver)).toEqual([]);
    expect(endOf(await driver.turn())).toMatch(/'b'.* too$/);
    driver.rewind();
    expect(endOf(await driver.turn(completed(2, 2)))).toBe(2);
  });
});

describe("[T38] for made-up workflows, failing and rewound in whatever turns", () => {
  it("[T38] replay equals live, what has succeeded is not called again, and it comes to its end", async () => {
    for (let seed = 1; seed <= 400; seed++) await rewoundUntilItEnds(seed);
  }, 60_000);
});

/** Activities fail by chance; whenever the workflow has failed, it is rewound. The driver compares replay and live before every turn. */
async function rewoundUntilItEnds(seed: number): Promise<void> {
  const random = new Random(seed);
  const steps = Array.from({ length: random.between(1, 5) }, () => ({
    kind: random.of(["one", "all", "any", "caught", "told", "retried"] as const),
    width: random.between(2, 4),
  }));
  const driver = new Driver(function* madeUp(ctx: WorkflowContext): Code {
    for (const { kind, width } of steps) {
      const call = () => ctx.callActivity("a", undefined, kind === "retried" ? { retry } : {});
      try {
        if (kind === "all") yield ctx.whenAll(Array.from({ length: width }, call));
        else if (kind === "any") yield ctx.whenAny(Array.from({ length: width }, call));
        else yield call();
      } catch (error) {
        if (kind === "caught") continue;
        if (kind === "told") ctx.callActivity("told");
        throw error;
      }
    }
    return "end";
  });
  let turn = await driver.turn();
  const succeeded = new Set<number>();
  for (let n = 0; turn.status !== "COMPLETED"; n++) {
    expect([seed, n < 200]).toEqual([seed, true]);
    if (turn.status === "FAILED" && random.chance(0.7)) {
      for (const id of driver.rewind().dropped) succeeded.delete(id);
      turn = await driver.turn();
      continue;
    }
    const { pending } = await driver.load();
    const open = [...pending.activities.keys()];
    for (const id of open) expect([seed, id, succeeded.has(id)]).toEqual([seed, id, false]);
    const answered = open.filter(() => random.chance(0.5));
    const facts = answered.map((id) => {
      if (random.chance(n < 100 ? 0.3 : 0)) return failed(id, "no");
      succeeded.add(id);
      return completed(id, id);
    });
    turn = await driver.turn(...facts, ...pending.dueTimers(driver.nowMs).map(fired));
  }
}

const retry = { maxNumberOfAttempts: 2, firstRetryInterval: 1 };
