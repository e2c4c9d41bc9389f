import { describe, expect, it } from "vitest";
import type { CancelableTask } from "../../../src/engine/completable-task.ts";
import type { Task } from "../../../src/engine/task.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { completed, Driver, endOf, failed, fired, outcomeOf, raised, T0 } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = Generator<any, any, any>;

describe("[T16] a wait that lost a whenAny takes no event until somebody waits for it again", () => {
  it("[T16] the next event is for the next wait", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const lost = ctx.waitForExternalEvent("e");
      yield ctx.whenAny([lost, ctx.callActivity("a")]);
      const second = yield ctx.waitForExternalEvent("e");
      return [lost.isComplete, second];
    });
    await driver.turn();
    await driver.turn(completed(1));
    expect(endOf(await driver.turn(raised("e", 1)))).toEqual([false, 1]);
  });

  it("[T16] one handle in a loop, and events between its rounds: none is lost", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const stop = ctx.waitForExternalEvent("stop");
      for (let round = 1; ; round++) {
        const winner = yield ctx.whenAny([stop, ctx.callActivity("poll")]);
        if (winner === stop) return [round, stop.getResult()];
        yield ctx.callActivity("work");
      }
    });
    await driver.turn();
    await driver.turn(completed(1));
    await driver.turn(raised("stop", "now"));
    expect(endOf(await driver.turn(completed(2)))).toEqual([2, "now"]);
  });

  it("[T16] a new handle in each round: the event reaches the newest", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      for (let round = 1; ; round++) {
        const stop = ctx.waitForExternalEvent("stop");
        if ((yield ctx.whenAny([stop, ctx.callActivity("poll")])) === stop) return [round, stop.getResult()];
      }
    });
    await driver.turn();
    for (const id of [1, 2, 3]) await driver.turn(completed(id));
    expect(endOf(await driver.turn(raised("stop", "now")))).toEqual([4, "now"]);
  });

  it("[T16] through composites of composites; who still holds the wait keeps it", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const [lost, kept] = [ctx.waitForExternalEvent("e"), ctx.waitForExternalEvent("e")];
      const keeper = ctx.whenAll([kept]);
      yield ctx.whenAny([ctx.whenAll([lost, ctx.callActivity("b")]), ctx.whenAny([kept, ctx.callActivity("a")])]);
      const [first] = yield keeper;
      return [lost.isComplete, first];
    });
    await driver.turn();
    await driver.turn(completed(2));
    expect(endOf(await driver.turn(raised("e", 1)))).toEqual([false, 1]);
  });

  it("[T16] a composite that lost and is yielded again waits again for what is left of it", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const both = ctx.whenAll([ctx.waitForExternalEvent("e"), ctx.callActivity("b")]);
      yield ctx.whenAny([both, ctx.callActivity("a")]);
      return yield both;
    });
    await driver.turn();
    await driver.turn(completed(1, "b"), completed(2));
    expect(endOf(await driver.turn(raised("e", 1)))).toEqual([1, "b"]);
  });

  it("[T16] a wait that a cancel has interrupted takes no event: neither the workflow's own nor a branch's", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const waitsTwice = function* (): Code {
        try {
          return yield ctx.waitForExternalEvent("e");
        } catch {
          return yield ctx.waitForExternalEvent("e");
        }
      };
      const branch = ctx.branch(waitsTwice());
      const own = yield* waitsTwice();
      return [yield branch, own];
    });
    await driver.turn();
    await driver.turn({ type: "ExecutionCancelRequested" });
    expect(endOf(await driver.turn(raised("e", "first"), raised("e", "second")))).toEqual(["first", "second"]);
  });

  it("[T16] a composite that is taken up again and loses again takes no event for what is in it", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const both = ctx.whenAll([ctx.waitForExternalEvent("e"), ctx.waitForExternalEvent("f")]);
      for (const rival of ["a", "b", "c"]) yield ctx.whenAny([both, ctx.callActivity(rival)]);
      const other = yield ctx.waitForExternalEvent("e");
      return [other, both.completedTasks, yield both];
    });
    await driver.turn();
    for (const id of [1, 2, 3]) await driver.turn(completed(id));
    await driver.turn(raised("e", "other"), raised("e", "own"));
    expect(endOf(await driver.turn(raised("f", "f")))).toEqual(["other", 0, ["own", "f"]]);
  });

  it("[T16] a wait that is awaited by itself is not lost by a whenAny beside it", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const wait = ctx.waitForExternalEvent("e");
      ctx.whenAny([wait, ctx.callActivity("a")]);
      return yield wait;
    });
    await driver.turn();
    await driver.turn(completed(1));
    expect(endOf(await driver.turn(raised("e", 1)))).toBe(1);
  });
});

describe("[T16] what an execution waits for, as others are told", () => {
  it("[T16] names as the code has them, events that nobody has taken in their order, conditions, queries and updates", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      ctx.setQueryHandler("item", () => 1);
      ctx.setUpdateHandler("change", () => 2);
      yield ctx.whenAll([ctx.waitForExternalEvent("Approval"), ctx.waitForCondition(() => false)]);
    });
    await driver.turn();
    await driver.turn(raised("other", 1), raised("Another", 2), { type: "ExecutionSuspended" }, raised("approval", 3));
    expect((await driver.load()).waits).toEqual({
      branches: [],
      events: ["Approval"],
      buffered: ["other", "Another", "approval"].map((name) => expect.objectContaining({ name })),
      condition: true,
      handlers: { queries: ["item"], updates: ["change"] },
    });
    await driver.turn({ type: "ExecutionResumed" });
    expect((await driver.load()).waits).toMatchObject({
      events: [],
      buffered: [{ name: "other" }, { name: "Another" }],
    });
  });
});

describe("[T17] timers and waits that are called off", () => {
  it("[T17] a timer canceled in its own turn is never asked for; in a later one, nothing is due any more", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      expect(ctx.createTimer(5).cancel()).toBe(true);
      const timer = ctx.createTimer(60);
      yield ctx.whenAny([timer, ctx.callActivity("a")]);
      expect([timer.cancel(), timer.cancel(), timer.isCanceled]).toEqual([true, false, true]);
      yield ctx.callActivity("b");
      return "done";
    });
    expect((await driver.turn()).events).toMatchObject([
      { type: "TimerCreated", id: 2 },
      { type: "TaskScheduled", id: 3 },
    ]);
    await driver.turn(completed(3));
    expect((await driver.load()).pending.nextTimerAtMs()).toBe(Number.POSITIVE_INFINITY);
    expect((await driver.turn(fired(2))).events).toEqual([]);
    expect(endOf(await driver.turn(completed(4)))).toBe("done");
  });

  it("[T17] whoever waits for what was canceled gets a TaskCanceledError", async () => {
    const canceled = (make: (ctx: WorkflowContext) => CancelableTask) =>
      outcomeOf(function* w(ctx: WorkflowContext): Code {
        const task = make(ctx);
        task.cancel();
        yield task;
      });
    expect(await canceled((ctx) => ctx.createTimer(5))).toBe("TaskCanceledError: The timer was canceled");
    expect(await canceled((ctx) => ctx.waitForExternalEvent("e"))).toBe(
      "TaskCanceledError: The wait for event 'e' was canceled",
    );
  });

  it("[T17] a canceled wait takes no event", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      ctx.waitForExternalEvent("e").cancel();
      return yield ctx.waitForExternalEvent("e");
    });
    await driver.turn();
    expect(endOf(await driver.turn(raised("e", 1)))).toBe(1);
  });
});

describe("[T18] an event with a timeout", () => {
  const waits = (timeout: number) =>
    function* w(ctx: WorkflowContext): Code {
      if (timeout === 7) yield ctx.callActivity("a");
      try {
        return yield ctx.waitForExternalEvent("e", { timeout });
      } catch (error) {
        return (error as Error).message;
      }
    };

  it("[T18] the event comes in time: the timer is dropped", async () => {
    const driver = new Driver(waits(5));
    expect((await driver.turn()).events).toMatchObject([{ type: "TimerCreated", id: 1, fireAtMs: T0 + 5000 }]);
    const turn = await driver.turn(raised("e", 1));
    expect(endOf(turn)).toBe(1);
    expect((await driver.load()).pending.nextTimerAtMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it("[T18] it does not: a TaskTimeoutError, and a late event stays for whoever waits next", async () => {
    const driver = new Driver(waits(5));
    await driver.turn();
    expect(endOf(await driver.turn(fired(1)))).toBe("Event 'e' did not come within 5 s");
  });

  it("[T18] it has come already: no timer at all", async () => {
    const driver = new Driver(waits(7));
    await driver.turn();
    await driver.turn(raised("e", 2));
    const turn = await driver.turn(completed(1));
    expect(endOf(turn)).toBe(2);
    expect(turn.events.map((event) => event.type)).toEqual(["TaskCompleted", "ExecutionCompleted"]);
  });

  it("[T18] 0 waits for no time, less than 0 for ever, NaN is refused", async () => {
    const now = new Driver(waits(0));
    expect((await now.turn()).events).toMatchObject([{ type: "TimerCreated", fireAtMs: T0 }]);
    const forever = new Driver(waits(-1));
    expect((await forever.turn()).events).toEqual([]);
    expect(await outcomeOf(waits(Number.NaN))).toBe(
      "waitForExternalEvent 'e': timeout is a number of seconds, found NaN",
    );
  });

  it("[T18] in a whenAny, the loser of a fired timeout has failed", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const wait = ctx.waitForExternalEvent("e", { timeout: 1 });
      const winner: Task = yield ctx.whenAny([wait, ctx.callActivity("a")]);
      return [winner === wait, winner.isFailed, wait.isCanceled];
    });
    await driver.turn();
    expect(endOf(await driver.turn(fired(1), failed(2, "later")))).toEqual([true, true, false]);
  });
});

describe("[T19] conditions", () => {
  it("[T19] are asked after each event, and hold at once if they do already", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      let n = 0;
      yield ctx.waitForCondition(() => n === 0);
      ctx.setUpdateHandler("add", (by: number) => {
        n += by;
      });
      yield ctx.waitForCondition(() => n > 2);
      return n;
    });
    const update = (updateId: string, by: number) =>
      driver.turn({ type: "UpdateRequested", updateId, name: "add", input: String(by) });
    await driver.turn();
    expect((await update("u1", 2)).status).toBe("RUNNING");
    expect(endOf(await update("u2", 3))).toBe(5);
  });
});

describe("[T19] a condition that throws", () => {
  it("[T19] fails whoever waits for it, and nobody else", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      let broken = false;
      ctx.setUpdateHandler("break", () => {
        broken = true;
      });
      const holds = () => {
        if (broken) throw new RangeError("as told");
        return false;
      };
      try {
        yield ctx.waitForCondition(holds);
      } catch (error) {
        return (error as Error).message;
      }
    });
    await driver.turn();
    expect(endOf(await driver.turn({ type: "UpdateRequested", updateId: "u", name: "break" }))).toBe("as told");
  });
});

describe("[T28] what the author should know", () => {
  it("[T28] tasks that were made and never waited for are told of once, at the end", async () => {
    const warnings = async (code: (ctx: WorkflowContext) => Code) => (await new Driver(code).turn()).warnings;
    expect(
      await warnings(function* forgets(ctx): Code {
        ctx.callActivity("a");
        ctx.whenAll([ctx.callActivity("b"), ctx.createTimer(1)]);
        ctx.waitForExternalEvent("e");
      }),
    ).toEqual([
      "3 task(s) of workflow 'forgets' were made and never waited for. If that is not meant so, a yield is missing before callActivity, createTimer, whenAll or the like.",
    ]);
    expect(
      await warnings(function* fine(ctx): Code {
        ctx.createTimer(1).cancel();
        ctx.sendEvent("x", "e");
      }),
    ).toEqual([]);
  });

  it("[T28] of many, only those that were forgotten are counted", async () => {
    const driver = new Driver(function* many(ctx: WorkflowContext): Code {
      ctx.callActivity("forgotten");
      for (let n = 0; n < 500; n++) yield ctx.callActivity("a");
    });
    await driver.turn();
    let turn = await driver.turn(completed(2));
    for (let id = 3; id <= 501; id++) turn = await driver.turn(completed(id));
    expect(turn.warnings).toEqual([expect.stringMatching(/^1 task/)]);
  });
});

describe("[T36] a time more than 100 years ahead", () => {
  const CENTURY = 100 * 365.25 * 86_400;
  const told = (method: string, year: number) =>
    `Workflow 'w' has called ${method} for a time in the year ${year}, more than 100 years ahead. It takes seconds, and not milliseconds.`;
  const warnings = async (code: (ctx: WorkflowContext) => unknown) => {
    const w = function* (ctx: WorkflowContext): Code {
      yield code(ctx) as Task;
    };
    Object.defineProperty(w, "name", { value: "w" });
    return (await new Driver(w).turn()).warnings;
  };

  it("[T36] is told of, in seconds, as a date, or of an event's timeout; a hundred years are not", async () => {
    const inMs = Date.UTC(2026, 0, 1);
    expect(await warnings((ctx) => ctx.createTimer(inMs))).toEqual([
      told("createTimer", new Date(T0 + inMs * 1000).getUTCFullYear()),
    ]);
    expect(await warnings((ctx) => ctx.createTimer(new Date("3000-01-01T00:00:00Z")))).toEqual([
      told("createTimer", 3000),
    ]);
    expect(await warnings((ctx) => ctx.waitForExternalEvent("e", { timeout: CENTURY + 1 }))).toEqual([
      expect.stringContaining("has called waitForExternalEvent for a time in the year"),
    ]);
    expect(await warnings((ctx) => ctx.createTimer(CENTURY))).toEqual([]);
    expect(await warnings((ctx) => ctx.waitForExternalEvent("e", { timeout: CENTURY }))).toEqual([]);
  });

  it("[T36] once in an execution, also by a turn that goes on", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const late = ctx.createTimer(2 * CENTURY);
      yield ctx.callActivity("a");
      ctx.createTimer(2 * CENTURY).cancel();
      yield late;
    });
    expect((await driver.turn()).warnings).toHaveLength(1);
    expect((await driver.turn(completed(2))).warnings).toEqual([]);
  });
});
