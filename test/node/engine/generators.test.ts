import { describe, expect, it } from "vitest";
import { Calls } from "../../../src/engine/calls.ts";
import { CompletableTask } from "../../../src/engine/completable-task.ts";
import { WhenAllTask, WhenAnyTask } from "../../../src/engine/composite-task.ts";
import { Coroutine } from "../../../src/engine/coroutine.ts";
import { TaskFailedError } from "../../../src/engine/errors.ts";
import { Task } from "../../../src/engine/task.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { describeFailure } from "../../../src/model/failure.ts";
import { completed, Driver, endOf, failed, outcomeOf, raised, T0 } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Any = any;
type Code = AsyncGenerator<Any, Any, Any>;

describe("[G14] what a workflow may be", () => {
  it("[G14] an async function that hands on to a generator, async or not", async () => {
    async function* inner(ctx: WorkflowContext, input: number): Code {
      return input + (yield ctx.callActivity("a"));
    }
    function* innerSync(ctx: WorkflowContext, input: number): Generator<Task, number, number> {
      return input + (yield ctx.callActivity("a"));
    }
    for (const outer of [
      async (ctx: WorkflowContext, n: number) => inner(ctx, n),
      async (ctx: WorkflowContext, n: number) => innerSync(ctx, n),
      (ctx: WorkflowContext, n: number) => inner(ctx, n),
    ]) {
      const driver = new Driver(outer, 1, "outer");
      expect((await driver.turn()).activities).toHaveLength(1);
      expect(endOf(await driver.turn(completed(1, 2)))).toBe(3);
    }
  });

  it("[G14] a function* that returns a promise gives its value; one that is rejected fails it", async () => {
    expect(
      await outcomeOf(function* later(): Generator<Task, Promise<number>> {
        return Promise.resolve(5);
      }),
    ).toBe(5);
    expect(
      await outcomeOf(function* never(): Generator<Task, Promise<number>> {
        return Promise.reject(new RangeError("no"));
      }),
    ).toBe("RangeError: no");
  });

  it("[G14] a function that throws, at once or later, fails it", async () => {
    const thrower = () => {
      throw new RangeError("at once");
    };
    expect(await outcomeOf(thrower)).toBe("RangeError: at once");
    expect(await outcomeOf(async () => thrower())).toBe("RangeError: at once");
    const missing = (input: { a: { b: number } }) => input.a.b;
    expect(await outcomeOf((_ctx, input) => missing(input), {})).toMatch(/^TypeError: Cannot read properties/);
  });

  it("[G14] a generator that was never begun cannot be resumed", async () => {
    const coroutine = new Coroutine(
      new Calls({
        ...{ instanceId: "i", branch: undefined, currentTimeMs: 0 },
        ...{ chance: { next: () => 0 }, timerCanceled: () => undefined },
      }).watch,
    );
    expect(coroutine.canResume).toBe(false);
    await expect(coroutine.resume(() => false)).rejects.toThrow(
      "The orchestrator generator is not initialized! Was the orchestration history corrupted?",
    );
  });
});

describe("[G15] what a workflow may yield", () => {
  it.each([
    ["undefined", undefined],
    ["null", null],
    ["number", 1],
    ["object", { isComplete: true }],
    ["object", [new CompletableTask()]],
    ["function", () => 1],
  ])("[G15] no %s; neither first nor later, and try does not catch it", async (kind, value) => {
    const message =
      "TypeError: The orchestrator generator yielded a non-Task object. It must yield what callActivity, createTimer and " +
      `the like return, but yielded ${kind}.`;
    for (const later of [false, true]) {
      const outcome = await outcomeOf(async function* wrong(ctx: WorkflowContext): Code {
        try {
          if (later) yield ctx.whenAll([]);
          yield value;
        } catch {
          return "caught";
        }
      });
      expect(outcome).toBe(message);
    }
  });

  it("[G15] a function* may not yield a promise: it would not be durable", async () => {
    expect(
      await outcomeOf(function* wrong(): Generator<Any> {
        yield Promise.resolve(1);
      }),
    ).toMatch(/yielded object\.$/);
  });

  it("[G15] the same task as often as it likes", async () => {
    const driver = new Driver(async function* again(ctx: WorkflowContext): Code {
      const task = ctx.waitForExternalEvent("e");
      return [yield task, yield task, yield* task];
    });
    await driver.turn();
    expect(endOf(await driver.turn(raised("e", 7)))).toEqual([7, 7, 7]);
  });

  it("[G7] 99,999 tasks that are complete already are not too many; the text is Dapr's", async () => {
    const rounds = (count: number) =>
      outcomeOf(function* rounds(ctx: WorkflowContext): Generator<Task, string> {
        const done = ctx.whenAll([]);
        for (let n = 0; n < count; n++) yield done;
        return "done";
      });
    expect(await rounds(99_999)).toBe("done");
    expect(await rounds(100_000)).toBe(
      "Error: Orchestrator exceeded maximum iteration limit (100000). This likely indicates an infinite loop in the orchestrator function.",
    );
  });

  it("[G2] what a delegate throws can be caught outside of it, and a task of it", async () => {
    async function* part(ctx: WorkflowContext): Code {
      yield* ctx.callActivity("a");
    }
    const driver = new Driver(async function* whole(ctx: WorkflowContext): Code {
      try {
        yield* part(ctx);
      } catch (error) {
        return [error instanceof TaskFailedError, (error as Error).message];
      }
    });
    await driver.turn();
    expect(endOf(await driver.turn(failed(1, "boom")))).toEqual([
      true,
      "i: activity 'a': Activity task #1 failed: boom",
    ]);
  });
});

describe("[G16] failures", () => {
  it("[G16] one that is not caught fails the instance, with class, text, and the stack of the activity", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      yield ctx.callActivity("a");
    });
    await driver.turn();
    const failure = { errorType: "TypeError", message: "boom", stackTrace: "TypeError: boom\n    at activity" };
    expect((await driver.turn({ type: "TaskFailed", id: 1, failure })).completion).toEqual({
      type: "Failed",
      failure: {
        errorType: "TaskFailedError",
        message: "i: activity 'a': Activity task #1 failed: boom",
        stackTrace: "TypeError: boom\n    at activity",
        innerFailure: failure,
      },
    });
  });

  it("[G16] an error of the author's own has its class and its stack", () => {
    class Refused extends Error {}
    expect(describeFailure(new Refused("no"))).toEqual({
      errorType: "Refused",
      message: "no",
      stackTrace: expect.stringContaining("generators.test.ts"),
    });
  });

  it("[G16] an error whose class has no name goes by its own name, or is an Error", () => {
    const named = new (class extends Error {})("m");
    named.name = "Mine";
    expect(describeFailure(named).errorType).toBe("Mine");
    named.name = "";
    expect(describeFailure(named).errorType).toBe("Error");
  });

  it.each<[unknown, string, string]>([
    [0, "Number", "0"],
    ["", "String", ""],
    [false, "Boolean", "false"],
    [1n, "BigInt", "1"],
    [Symbol("s"), "Symbol", "Symbol(s)"],
    [undefined, "undefined", "undefined"],
    [null, "null", "null"],
    [[1, 2], "Array", "[1,2]"],
    [new Map(), "Map", "[object Map]"],
    [new Response("no"), "Response", "[object Response]"],
    [{ toString: () => "why" }, "Object", "why"],
    [{}, "Object", "{}"],
    [{ toJSON: () => undefined }, "Object", ""],
    [{ n: 1n }, "Object", "[object Object]"],
  ])("[G16] throw %o", (thrown, errorType, message) => {
    expect(describeFailure(thrown)).toEqual({ errorType, message });
  });

  it("[G16] a promise that is thrown says so, and that it rejects is unheard nowhere: a test runner would tell", async () => {
    const errorType = "Promise";
    const message = "what was thrown is a promise: await it first";
    expect(describeFailure(Promise.reject(new Error("unheard")))).toEqual({ errorType, message });
    const { innerFailure } = describeFailure(new Error("m", { cause: Promise.reject(new Error("unheard")) }));
    expect(innerFailure).toEqual({ errorType, message });
    await new Promise((resolve) => setImmediate(resolve));
  });

  it("[G16] what the code asked for before it threw is still asked for", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      ctx.callActivity("notify");
      throw new Error("no");
    });
    const turn = await driver.turn();
    expect(turn.events.map(({ type }) => type)).toEqual(["TaskScheduled", "ExecutionCompleted"]);
    expect(turn).toMatchObject({ status: "FAILED", activities: [{ name: "notify" }] });
  });
});

describe("[G17] payloads", () => {
  it("[G17] a call whose input is no JSON throws where it is made, takes no number, and can be caught", async () => {
    const round: { self?: unknown } = {};
    round.self = round;
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      let caught = 0;
      for (const wrong of [1n, round]) {
        for (const call of [
          () => ctx.callActivity("a", wrong),
          () => ctx.callChildWorkflow("c", wrong),
          () => ctx.setCustomStatus(wrong as string),
        ]) {
          try {
            call();
          } catch (error) {
            if (error instanceof TypeError) caught++;
          }
        }
      }
      yield ctx.callActivity("a", caught);
    });
    expect((await driver.turn()).activities).toEqual([
      { type: "TaskScheduled", timestampMs: T0, id: 1, name: "a", input: "6" },
    ]);
  });

  it("[G17] class instances and dates become plain, on the way in and on the way out", async () => {
    class Point {
      readonly #secret = 1;
      readonly x: number;
      constructor(x: number) {
        this.x = x + this.#secret;
      }
    }
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      return [yield ctx.callActivity("a", new Point(1)), new Date(0), undefined, Number.NaN];
    });
    expect((await driver.turn()).activities[0]?.input).toBe('{"x":2}');
    expect(endOf(await driver.turn(completed(1, { x: 2 })))).toEqual([
      { x: 2 },
      "1970-01-01T00:00:00.000Z",
      null,
      null,
    ]);
  });

  it.each<[unknown, string | undefined]>([
    [undefined, undefined],
    [null, "null"],
    [0, "0"],
    [false, "false"],
    ["", '""'],
    ["text", '"text"'],
  ])("[G17] the output of %o is %j", async (value, output) => {
    const { completion, events } = await new Driver(() => value).turn();
    expect(completion).toEqual({ type: "Completed", output });
    expect(events).toEqual([
      { type: "ExecutionCompleted", timestampMs: T0, status: "COMPLETED", output, failure: undefined },
    ]);
  });

  it.each<[string | undefined, unknown]>([
    [undefined, undefined],
    ["", undefined],
    ["null", null],
    ["0", 0],
    ['""', ""],
    ["{broken", "{broken"],
    ["Dapr", "Dapr"],
  ])("[G17] the text %j reaches the code as %j, as input, result and event", async (text, value) => {
    let seen: unknown[] = [];
    const driver = new Driver(async function* w(ctx: WorkflowContext, input: unknown): Code {
      seen = [input, yield ctx.callActivity("a"), yield ctx.waitForExternalEvent("e")];
    });
    driver.history[0] = { ...driver.history[0], input: text } as never;
    await driver.turn();
    await driver.turn({ type: "TaskCompleted", id: 1, result: text });
    await driver.turn({ type: "EventRaised", name: "e", input: text });
    expect(seen).toEqual([value, value, value]);
  });

  it("[G17] a custom status: text as it is, anything else as JSON; null and undefined take it away", async () => {
    const statuses: [unknown, string | undefined][] = [
      ["text", "text"],
      ["", ""],
      [0, "0"],
      [false, "false"],
      [{ a: [1] }, '{"a":[1]}'],
      [null, undefined],
      ["back", "back"],
      [undefined, undefined],
    ];
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      for (const [status] of statuses) {
        ctx.setCustomStatus(status as string);
        yield ctx.waitForExternalEvent("next");
      }
    });
    expect((await driver.turn()).customStatus).toBe(statuses[0]?.[1]);
    for (const [, text] of statuses.slice(1)) expect((await driver.turn(raised("next"))).customStatus).toBe(text);
  });
});

describe("[G18] timers", () => {
  it.each([
    [0, 0],
    [1.5, 1500],
    [0.0001, 1],
    [-5, -5000],
    [new Date(T0 + 1), 1],
    [new Date(T0 - 1), -1],
    [1e9, 1e12],
  ])("[G18] createTimer(%s) is due %d ms from now, never early", async (when, afterMs) => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      yield ctx.createTimer(when);
    });
    const { events } = await driver.turn();
    expect(events).toEqual([{ type: "TimerCreated", timestampMs: T0, id: 1, fireAtMs: T0 + afterMs }]);
    const { pending } = await driver.load();
    expect(pending.nextTimerAtMs()).toBe(T0 + afterMs);
    expect(pending.dueTimers(T0 + afterMs - 1)).toEqual([]);
    expect(pending.dueTimers(T0 + afterMs)).toEqual([1]);
  });

  it.each([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1e13,
    new Date(Number.NaN),
    null,
    "soon",
    1n,
  ])("[G18] createTimer(%o) throws, takes no number, and can be caught", async (when) => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      try {
        ctx.createTimer(when as number);
      } catch (error) {
        yield ctx.callActivity("a", (error as Error).message);
      }
    });
    expect((await driver.turn()).activities).toMatchObject([
      { id: 1, input: expect.stringContaining("createTimer takes a Date or a number of seconds, but was given") },
    ]);
  });

  it("[G18] those that are due at the same time fire in the order of their creation, and the next one moves up", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      yield ctx.whenAll([3, 1, 2, 1].map((seconds) => ctx.createTimer(seconds)));
    });
    await driver.turn();
    const { pending } = await driver.load();
    expect(pending.dueTimers(T0 + 2000)).toEqual([2, 4, 3]);
    pending.apply({ type: "TimerFired", id: 2 });
    expect(pending.nextTimerAtMs()).toBe(T0 + 1000);
    pending.apply({ type: "TimerFired", id: 4 });
    expect(pending.nextTimerAtMs()).toBe(T0 + 2000);
    // While the next one is not known, a new timer does not stand in for it.
    pending.apply({ type: "TimerFired", id: 3 });
    pending.apply({ type: "TimerCreated", id: 5, fireAtMs: T0 + 9000 });
    expect(pending.nextTimerAtMs()).toBe(T0 + 3000);
  });
});

describe("[G19] whenAll and whenAny", () => {
  const failure = { errorType: "Error", message: "boom" };
  const open = () => new CompletableTask<number>();
  const done = (value: number) => {
    const task = open();
    task.complete(value);
    return task;
  };
  const broken = (message: string) => {
    const task = open();
    task.fail(message, failure);
    return task;
  };

  it("[G19] whenAll gives the results in the order of the tasks, whatever the order of their ends", () => {
    const [a, b] = [open(), open()];
    const all = new WhenAllTask([a, done(0), b]);
    expect([all.isComplete, all.completedTasks, all.pendingTasks()]).toEqual([false, 1, 2]);
    b.complete(2);
    expect(all.isComplete).toBe(false);
    a.complete(1);
    expect([all.getResult(), all.completedTasks, all.pendingTasks()]).toEqual([[1, 0, 2], 3, 0]);
  });

  it("[G19] whenAll fails with the first failure, at once; what comes later is counted and changes nothing", () => {
    const [a, b, c] = [open(), open(), open()];
    const all = new WhenAllTask([a, b, c]);
    b.fail("first", failure);
    expect([all.isFailed, all.getException().message]).toEqual([true, "first"]);
    c.fail("second", failure);
    a.complete(1);
    expect([all.getException().message, all.pendingTasks()]).toEqual(["first", 0]);
    expect(() => all.getResult()).toThrow("first");
  });

  it("[G19] whenAll of a task that has failed already fails at once; of those complete already, completes", () => {
    expect(new WhenAllTask([open(), broken("x"), broken("y")]).getException().message).toBe("x");
    expect(new WhenAllTask([done(1), done(2)]).getResult()).toEqual([1, 2]);
  });

  it("[G19] whenAll of the same task twice gives its result twice", () => {
    const task = open();
    const all = new WhenAllTask([task, task]);
    task.complete(1);
    expect(all.getResult()).toEqual([1, 1]);
  });

  it("[G19] the list may be changed afterwards without harm", () => {
    const tasks = [open()];
    const all = new WhenAllTask(tasks);
    const [first] = tasks;
    tasks.length = 0;
    first?.complete(1);
    expect(all.getResult()).toEqual([1]);
  });

  it("[G19] whenAny gives the task that ends first, well or badly, and does not throw its failure", () => {
    const [a, b] = [open(), open()];
    const any = new WhenAnyTask([a, b]);
    b.fail("boom", failure);
    a.complete(1);
    expect([any.isFailed, any.getResult() === b]).toEqual([false, true]);
  });

  it("[G19] whenAny of tasks that have ended gives the first of them in the list", () => {
    const [a, b] = [broken("a"), done(1)];
    expect(new WhenAnyTask([open(), a, b]).getResult()).toBe(a);
  });

  it("[G19] composites nest, and share their tasks", () => {
    const [a, b, c] = [open(), open(), open()];
    const all = new WhenAllTask([a, b]);
    const any = new WhenAnyTask([all, c]);
    const outer = new WhenAllTask([any, new WhenAnyTask([a, c])]);
    a.complete(1);
    expect(outer.isComplete).toBe(false);
    b.complete(2);
    expect(any.getResult()).toBe(all);
    expect(outer.getResult()).toEqual([all, a]);
    c.complete(3);
    expect(any.getResult()).toBe(all);
  });

  it("[G19] a task is ended once, and is no promise", () => {
    const task = done(1);
    expect(() => task.complete(2)).toThrow("Task is already completed");
    expect(() => task.fail("late", failure)).toThrow("Task is already completed");
    expect(task.getResult()).toBe(1);
    expect(task.then).toBeUndefined();
    expect(task).toBeInstanceOf(Task);
    expect([broken("x").isComplete, broken("x").isFailed]).toEqual([true, true]);
  });

  it("[G19] 100 tasks, ended from the last to the first, a turn each", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      const results: number[] = yield ctx.whenAll(Array.from({ length: 100 }, (_, n) => ctx.callActivity("a", n)));
      return results.every((result, n) => result === n);
    });
    await driver.turn();
    for (let n = 99; n > 0; n--) expect((await driver.turn(completed(n + 1, n))).status).toBe("RUNNING");
    expect(endOf(await driver.turn(completed(1, 0)))).toBe(true);
  });
});

describe("[T5] external events", () => {
  it("[T5] waits are met in the order in which they were made, names in any letter case", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      const waits = [ctx.waitForExternalEvent("E"), ctx.waitForExternalEvent("e"), ctx.waitForExternalEvent("É")];
      return yield ctx.whenAll(waits);
    });
    await driver.turn(raised("é", 3));
    await driver.turn(raised("e", 1));
    expect(endOf(await driver.turn(raised("E", 2)))).toEqual([1, 2, 3]);
  });

  it("[T5] an event nobody ever waits for does not keep the workflow from its end", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      return yield ctx.callActivity("a");
    });
    await driver.turn(raised("other", 1), raised("toString", 2), raised("__proto__", 3));
    expect(endOf(await driver.turn(completed(1, "end")))).toBe("end");
  });

  it.each([
    ["", '""'],
    [undefined, "undefined"],
    [5, "5"],
  ])("[D14] waitForExternalEvent(%o) throws, and can be caught", async (name, found) => {
    expect(
      await outcomeOf(async function* w(ctx: WorkflowContext): Code {
        try {
          ctx.waitForExternalEvent(name as string);
        } catch (error) {
          return (error as Error).message;
        }
      }),
    ).toBe(`waitForExternalEvent takes the name of an event, a string that is not empty, found ${found}`);
  });
});
