import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import { Payloads } from "../../../src/engine/payload.ts";
import { Registry } from "../../../src/engine/registry.ts";
import { Task } from "../../../src/engine/task.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { HistoryFact } from "../../../src/model/history-event.ts";
import { completed, Driver, endOf, failed, fired, outcomeOf, raised, registryOf, startedAs, T0 } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Any = any;
type Code = AsyncGenerator<Any, Any, Any>;
type Ctx = WorkflowContext;

const notResult = (by: string) => `the task of ${by}, and a task is not its result: yield it`;
const awaited = (by: string) =>
  `TypeError: The code has awaited, or returned from an async function, ${notResult(by)}. ` +
  "To hand a task on to be yielded later, return it in an array or an object.";
const returned = (by: string) => `TypeError: The code has returned ${notResult(by)}`;

const one = (ctx: Ctx) => ctx.callActivity("one");
/** An async helper: its task comes out of the await as it is. */
const helper = async (ctx: Ctx, name = "one") => ctx.callActivity(name);

describe("[T33] a task that is taken for its result", () => {
  it.each<[string, (ctx: Ctx) => Any, string]>([
    ["an async function", async (ctx) => one(ctx), "callActivity 'one'"],
    ["a function", (ctx) => one(ctx), "callActivity 'one'"],
    [
      "an async generator",
      async function* (ctx): Code {
        return one(ctx);
      },
      "callActivity 'one'",
    ],
    [
      "a generator",
      function* (ctx): Generator<Task, Any> {
        return ctx.waitForExternalEvent("approval");
      },
      "waitForExternalEvent 'approval'",
    ],
    ["a function's promise", (ctx) => Promise.resolve(ctx.createTimer(1)), "createTimer"],
  ])("[T33] %s that returns one fails, and the call is named", async (_kind, workflow, by) => {
    expect(await outcomeOf(workflow)).toBe(returned(by));
  });

  it("[T33] the winner of a whenAny is returned with getResult", async () => {
    const driver = new Driver(async function* w(ctx: Ctx): Code {
      return yield ctx.whenAny([one(ctx)]);
    });
    await driver.turn();
    expect(endOf(await driver.turn(completed(1, 5)))).toBe(
      `${returned("callActivity 'one'")}, or read it with getResult()`,
    );
  });

  it.each<[string, (ctx: Ctx) => Task]>([
    ["callActivity 'one'", one],
    ["callActivity 'one'", (ctx) => ctx.callActivity("one", 1, { retry: () => true })],
    ["callChildWorkflow 'kid'", (ctx) => ctx.callChildWorkflow("kid")],
    ["callChildWorkflow 'kid'", (ctx) => ctx.callSubWorkflow("kid")],
    ["createTimer", (ctx) => ctx.createTimer(5)],
    ["waitForExternalEvent 'Approval'", (ctx) => ctx.waitForExternalEvent("Approval")],
    ["waitForCondition", (ctx) => ctx.waitForCondition(() => false)],
    ["whenAll", (ctx) => ctx.whenAll([one(ctx)])],
    ["whenAny", (ctx) => ctx.whenAny([one(ctx)])],
  ])("[T33] an await of %s fails at the next yield, past try and catch", async (by, call) => {
    const turn = await new Driver(async function* w(ctx: Ctx): Code {
      try {
        await call(ctx);
        yield ctx.callActivity("next");
      } catch {
        return "caught";
      }
    }).turn();
    expect(endOf(turn)).toBe(awaited(by));
    // What comes from a result that was none is not asked for.
    expect(turn.activities.map(({ name }) => name)).not.toContain("next");
  });

  it.each<[string, (ctx: Ctx) => AsyncIterator<Any> | Promise<Any>]>([
    [
      "the end",
      async function* (ctx): Code {
        const r = await one(ctx);
        return { ok: (r as Any).ok === true };
      },
    ],
    ["the end of an async function", async (ctx) => void (await one(ctx))],
    [
      "another call, and the end",
      async function* (ctx): Code {
        await one(ctx);
        ctx.callActivity("next");
        return "done";
      },
    ],
    [
      "continue-as-new",
      async function* (ctx): Code {
        await one(ctx);
        return ctx.continueAsNew(1);
      },
    ],
    [
      "a yield of no task",
      async function* (ctx): Code {
        yield await Promise.all([one(ctx), ctx.callActivity("two")]);
      },
    ],
    [
      "an await in a helper that nobody looks at",
      async function* (ctx): Code {
        void (async () => await one(ctx))();
        yield ctx.createTimer(1);
      },
    ],
    [
      "a loop without an end",
      async function* (ctx): Code {
        for (;;) if (((await one(ctx)) as Any).done) return "never";
      },
    ],
    [
      "a loop that waits for its end",
      async function* (ctx): Code {
        const task = one(ctx);
        while (!task.isComplete) await task;
      },
    ],
  ])("[T33] so it does at %s", async (_place, workflow) => {
    const turn = await new Driver(workflow, undefined, "w").turn();
    expect(endOf(turn)).toBe(awaited("callActivity 'one'"));
    expect(turn.activities.map(({ id }) => id)).not.toContain(3);
    expect(turn.activities.map(({ name }) => name)).not.toContain("next");
  });

  it("[T33] an error that comes of it is told behind it, and is its cause", async () => {
    expect(
      await outcomeOf(async function* w(ctx: Ctx): Code {
        return ((await one(ctx)) as Any).items.length;
      }),
    ).toBe(
      `${awaited("callActivity 'one'")} Then it threw TypeError: Cannot read properties of undefined (reading 'length')`,
    );
  });

  it("[T33] one that has ended, too, but for one without a result", async () => {
    const ended = async (result: unknown) => {
      const driver = new Driver(async function* w(ctx: Ctx): Code {
        const task = one(ctx);
        yield ctx.whenAll([task]);
        await task;
        yield ctx.callActivity("next");
      });
      await driver.turn();
      return endOf(await driver.turn(completed(1, result)));
    };
    expect(await ended("yes")).toMatch(/awaited.*callActivity 'one'.*yield it, or read it with getResult\(\)/);
    expect(await ended(undefined)).toBe("RUNNING");
  });

  it("[T33] in an update it fails the update alone", async () => {
    const driver = new Driver(async function* w(ctx: Ctx): Code {
      ctx.setUpdateHandler("u", async function* (): Code {
        const r = await one(ctx);
        yield ctx.callActivity("next");
        return r;
      });
      ctx.setUpdateHandler("v", async () => one(ctx));
      return yield ctx.waitForExternalEvent("end");
    });
    await driver.turn();
    const update = (name: string): HistoryFact => ({ type: "UpdateRequested", updateId: name, name });
    const turn = await driver.turn(update("u"), update("v"));
    expect(turn.updates.map(({ outcome }) => !outcome.ok && `TypeError: ${outcome.failure.message}`)).toEqual([
      awaited("callActivity 'one'"),
      returned("callActivity 'one'"),
    ]);
    expect(turn.activities.map(({ name }) => name)).toEqual(["one", "one"]);
    expect(endOf(await driver.turn(raised("end", 1)))).toBe(1);
  });

  it("[T33] in an update first, it is seen in the workflow all the same", async () => {
    const driver = new Driver(async function* w(ctx: Ctx): Code {
      const tasks = [one(ctx), ctx.callActivity("two")];
      ctx.setUpdateHandler("u", async () => void (await Promise.all(tasks)));
      const n = yield ctx.waitForExternalEvent("e");
      await tasks[n];
      yield ctx.callActivity("next");
    });
    await driver.turn();
    const { updates } = await driver.turn({ type: "UpdateRequested", updateId: "u", name: "u" });
    expect(updates).toMatchObject([{ outcome: { ok: false } }]);
    const other = await driver.load();
    expect(endOf(await other.turn([raised("e", 1)], T0))).toBe(awaited("callActivity 'two'"));
    expect(endOf(await driver.turn(raised("e", 0)))).toBe(awaited("callActivity 'one'"));
  });

  it("[T33] in a query that comes while the code runs, it is none of the workflow's", async () => {
    const gate = Promise.withResolvers<void>();
    const { registry } = new Driver(async function* w(ctx: Ctx): Code {
      const task = one(ctx);
      ctx.setQueryHandler("q", () => typeof (task as Any).then);
      yield ctx.waitForExternalEvent("e");
      await gate.promise;
      yield ctx.waitForExternalEvent("e");
    });
    const orchestration = await Orchestration.load("i", { registry }, [startedAs("w")], false);
    await orchestration.turn([], T0);
    const turn = orchestration.turn([raised("e")], T0);
    await null;
    expect(orchestration.query("q", undefined)).toEqual({ ok: true, result: '"undefined"' });
    gate.resolve();
    expect(endOf(await turn)).toBe("RUNNING");
  });

  it("[T33] thrown, it is named", async () => {
    expect(
      await outcomeOf(async function* w(ctx: Ctx): Code {
        throw one(ctx);
      }),
    ).toBe(returned("callActivity 'one'"));
  });
});

describe("[T33] of several that were awaited the first is yielded first, and nothing is called before", () => {
  const next = (ctx: Ctx) => ctx.callActivity("next");
  it.each<[string, (ctx: Ctx) => Code, string]>([
    [
      "a forgotten yield before a helper",
      async function* (ctx): Code {
        await one(ctx);
        yield await helper(ctx, "next");
      },
      "callActivity 'one'",
    ],
    [
      "another order",
      async function* (ctx): Code {
        const [, b] = await Promise.all([helper(ctx), helper(ctx, "two")]);
        yield b;
      },
      "callActivity 'one'",
    ],
    [
      "another yield in between",
      async function* (ctx): Code {
        const [a] = await Promise.all([ctx.waitForExternalEvent("e"), one(ctx)]);
        yield a;
        yield next(ctx);
      },
      "callActivity 'one'",
    ],
    [
      "a call before the first yield",
      async function* (ctx): Code {
        const [a] = await Promise.all([ctx.waitForExternalEvent("e"), one(ctx)]);
        next(ctx);
        yield a;
      },
      "callActivity 'one'",
    ],
    [
      "a call before the first yield, which is of a composite",
      async function* (ctx): Code {
        const [a] = await Promise.all([ctx.waitForExternalEvent("e"), one(ctx)]);
        next(ctx);
        yield ctx.whenAll([a]);
      },
      "callActivity 'one'",
    ],
    [
      "a call between two yields",
      async function* (ctx): Code {
        const [a, b] = await Promise.all(
          ["e", "f"].map((name) => ctx.waitForExternalEvent(name)).concat(one(ctx) as Any),
        );
        yield a;
        next(ctx);
        yield b;
      },
      "callActivity 'one'",
    ],
    [
      "an end",
      async function* (ctx): Code {
        const [a] = await Promise.all([ctx.waitForExternalEvent("e"), one(ctx)]);
        return yield a;
      },
      "callActivity 'one'",
    ],
  ])("[T33] %s is refused", async (_what, workflow, by) => {
    const driver = new Driver(workflow, undefined, "w");
    let turn = await driver.turn();
    const { activities } = turn;
    if (turn.status === "RUNNING") turn = await driver.turn(raised("e"));
    expect(endOf(turn)).toBe(awaited(by));
    expect([...activities, ...turn.activities].map(({ name }) => name)).not.toContain("next");
  });

  it("[T33] and so the second time, when the first was right", async () => {
    const driver = new Driver(async function* w(ctx: Ctx): Code {
      const batch = (names: string[]) => Promise.all(names.map((name) => helper(ctx, name)));
      for (const task of await batch(["one", "two", "three"])) yield task;
      const [a] = await batch(["four", "five", "six"]);
      yield a;
      yield next(ctx);
    });
    await driver.turn();
    await driver.turn(completed(1), completed(2), completed(3));
    const turn = await driver.turn(completed(4));
    expect([endOf(turn), turn.activities]).toEqual([awaited("callActivity 'five'"), []]);
  });

  it("[T33] what others call meanwhile does not count: a retry, an update, which has awaits of its own", async () => {
    const driver = new Driver(async function* w(ctx: Ctx): Code {
      ctx.setUpdateHandler("right", async function* (): Code {
        return [yield await helper(ctx, "four"), yield ctx.callActivity("five")];
      });
      ctx.setUpdateHandler("wrong", async () => void (await one(ctx)));
      ctx.callActivity("retried", 1, { retry: async () => true });
      const results = [];
      for (const task of await Promise.all(["one", "two", "three"].map((name) => helper(ctx, name)))) {
        results.push(yield task);
      }
      return results;
    });
    await driver.turn();
    const update = (name: string): HistoryFact => ({ type: "UpdateRequested", updateId: name, name });
    const { updates } = await driver.turn(update("right"), update("wrong"), failed(1, "no"));
    expect(updates).toMatchObject([{ updateId: "wrong", outcome: { ok: false } }]);
    const { activities } = await driver.turn(completed(5, "four"), completed(2, "one"));
    expect(activities.map(({ name }) => name)).toEqual(["five"]);
    await driver.turn(failed(7, "no"), completed(3, "two"));
    expect(endOf(await driver.turn(completed(4, "three")))).toEqual(["one", "two", "three"]);
  });
});

describe("[T33] a task in a payload, or made text", () => {
  it.each<[string, (ctx: Ctx, task: Task) => unknown]>([
    ["the input of an activity", (ctx, task) => ctx.callActivity("a", task)],
    ["the input of an activity, nested", (ctx, task) => ctx.callActivity("a", { list: [{ task }] })],
    ["the input of an activity, which has the fields of one", (ctx, task) => ctx.callActivity("a", { ...task, id: 1 })],
    ["the input of an activity, which has the items of one", (ctx, task) => ctx.callActivity("a", [...(task as Any)])],
    ["the input of a child", (ctx, task) => ctx.callChildWorkflow("a", [task])],
    ["the input of a detached workflow", (ctx, task) => ctx.scheduleNewWorkflow("a", task)],
    ["the payload of an event", (ctx, task) => ctx.sendEvent("other", "e", task)],
    ["the input of the next execution", (ctx, task) => ctx.continueAsNew({ task })],
    ["the custom status", (ctx, task) => ctx.setCustomStatus(task)],
    ["the output", (_ctx, task) => ({ list: [task] })],
    ["a template", (_ctx, task) => `${task}`],
    ["a sum", (_ctx, task) => (task as Any) + 1],
    ["a product", (_ctx, task) => (task as Any) * 1],
    ["a comparison", (_ctx, task) => (task as Any) > 1],
    ["String()", (_ctx, task) => String(task)],
    ["toString()", (_ctx, task) => task.toString()],
    ["JSON", (_ctx, task) => JSON.stringify([task])],
    ["a date", (ctx, task) => ctx.createTimer(new Date(task as Any))],
    ["the time of a timer", (ctx, task) => ctx.createTimer(task as Any)],
    ["the name of an activity", (ctx, task) => ctx.callActivity(task as Any)],
    ["the options of an activity", (ctx, task) => ctx.callActivity("a", 1, task as Any)],
    ["an option of an activity", (ctx, task) => ctx.callActivity("a", 1, { timeout: task as Any })],
    ["the ID of a child", (ctx, task) => ctx.callChildWorkflow("a", 1, task as Any)],
    ["the receiver of an event", (ctx, task) => ctx.sendEvent(task as Any, "e")],
    ["the name of a patch", (ctx, task) => ctx.isPatched(task as Any)],
    ["a copy", (_ctx, task) => Object.assign({}, task)],
  ])("[T33] %s: refused, and the call is named", async (_place, use) => {
    const turn = await new Driver((ctx: Ctx) => use(ctx, ctx.callActivity("charge")), undefined, "w").turn();
    expect(endOf(turn)).toMatch(
      /^(Type|Range)Error: .*the task of callActivity 'charge', and a task is not its result: yield it/,
    );
    expect(turn.activities.map(({ name }) => name)).toEqual(["charge"]);
    expect([turn.messages, turn.customStatus]).toEqual([[], undefined]);
  });

  it("[T33] a payload converter, which gets every value first, gets none", async () => {
    const given: unknown[] = [];
    const payloadConverter = { encode: (value: unknown) => JSON.stringify(given.push(value)), decode: JSON.parse };
    const round: Record<string, unknown> = { list: [new Map([["k", 1]])] };
    round.self = round;
    const cases: [(task: Task) => unknown, string][] = [
      [(task) => task, "input"],
      [(task) => ({ ...round, deep: [{ task }] }), "input.deep[0].task"],
      [(task) => new Map([["a", task]]), "input[1]"],
      [(task) => [new Set([task])], "input[0][0]"],
      [(task) => [1, { a: task, b: task }, task], "input[1].a"],
    ];
    for (const [wrap, path] of cases) {
      const registry = new Registry();
      registry.payloads = new Payloads(payloadConverter);
      registry.addWorkflow("w", (ctx: Ctx) => ctx.callActivity("a", wrap(one(ctx))));
      const orchestration = await Orchestration.load("i", { registry }, [startedAs("w")], false);
      expect(endOf(await orchestration.turn([], T0))).toBe(
        `TypeError: activity 'a': ${path} is ${notResult("callActivity 'one'")}`,
      );
    }
    expect(given).toEqual([]);
  });

  it("[T33] the result of an update and of a query", async () => {
    const driver = new Driver(function* w(ctx: Ctx): Generator<Task, void> {
      const task = one(ctx);
      ctx.setUpdateHandler("u", () => ({ task }));
      ctx.setQueryHandler("q", () => [task]);
      yield ctx.createTimer(1);
    });
    await driver.turn();
    const { updates } = await driver.turn({ type: "UpdateRequested", updateId: "u", name: "u" });
    const message = expect.stringContaining("the task of callActivity 'one', and a task is not its result: yield it");
    expect(updates).toMatchObject([{ outcome: { ok: false, failure: { message } } }]);
    expect((await driver.load()).query("q", undefined)).toEqual({ ok: false, isUnknown: false, message });
  });
});

it("[T33] a loop that awaits and never yields is stopped when it has done so 100,000 times", async () => {
  const rounds: number[] = [];
  const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
    const task = ctx.callActivity("one");
    const run = rounds.push(0) - 1;
    for (let n = 1; n <= 100_100; n++) {
      await task;
      rounds[run] = n;
    }
    return "never";
  });
  const { completion, events } = await driver.turn();
  const message = expect.stringContaining("the task of callActivity 'one', and a task is not its result: yield it");
  expect(completion).toMatchObject({ type: "Failed", failure: { message } });
  // The driver replays each turn.
  expect(rounds).toEqual([100_000, 100_000]);
  expect(events.map(({ type }) => type)).toEqual(["TaskScheduled", "ExecutionCompleted"]);
});

describe("[T33] a correct program never fails", () => {
  const cases: [string, (ctx: Ctx) => Any, unknown][] = [
    [
      "an async helper, awaited and yielded",
      async function* (ctx): Code {
        return [yield await helper(ctx), yield* await helper(ctx, "two")];
      },
      ["one", "two"],
    ],
    [
      "async helpers, one after the other, given to whenAll",
      async function* (ctx): Code {
        const a = await helper(ctx);
        const b = await helper(ctx, "two");
        return yield ctx.whenAll([a, b, ctx.callActivity("three")]);
      },
      ["one", "two", "three"],
    ],
    [
      "Promise.all of async helpers, given to whenAll",
      async function* (ctx): Code {
        return yield ctx.whenAll(
          await Promise.all(["one", "two", "three"].map(async (name) => ctx.callActivity(name))),
        );
      },
      ["one", "two", "three"],
    ],
    [
      "tasks handed on in an array by an async helper, and yielded later",
      async function* (ctx): Code {
        const [early] = await (async () => [one(ctx)])();
        const two = yield ctx.callActivity("two");
        return [yield early, two];
      },
      ["one", "two"],
    ],
    [
      "an async helper's task in a composite that is yielded later",
      async function* (ctx): Code {
        const all = ctx.whenAll([await helper(ctx)]);
        const two = yield ctx.callActivity("two");
        return [...(yield all), two];
      },
      ["one", "two"],
    ],
    [
      "generators within generators, async or not",
      async function* (ctx): Code {
        function* sync(): Generator<Task, Any, Any> {
          return [yield ctx.callActivity("one"), yield* ctx.callActivity("two")];
        }
        async function* later(): Code {
          return [...(yield* sync()), yield ctx.callActivity("three"), yield* ctx.callActivity("four")];
        }
        return yield* later();
      },
      ["one", "two", "three", "four"],
    ],
    [
      "yield* of a whenAny, whose winner is only compared",
      async function* (ctx): Code {
        const task = one(ctx);
        const wins = (yield* ctx.whenAny([task, ctx.createTimer(99)])) === task;
        return [wins, yield ctx.callActivity("two")];
      },
      [true, "two"],
    ],
    [
      "a helper that gives the winner of a whenAny, which is read",
      async function* (ctx): Code {
        async function* race(...tasks: Task[]): Code {
          return yield ctx.whenAny(tasks);
        }
        const winner = yield* race(one(ctx), ctx.createTimer(99));
        return [winner.getResult(), yield ctx.callActivity("two")];
      },
      ["one", "two"],
    ],
    [
      "a helper that gives the winner of a whenAny, which is compared, and yielded later",
      async function* (ctx): Code {
        async function* race(...tasks: Task[]): Code {
          return yield ctx.whenAny(tasks);
        }
        const task = one(ctx);
        const winner = yield* race(task, ctx.createTimer(99));
        const two = yield ctx.callActivity("two");
        return [winner === task, two, yield await (async () => winner)()];
      },
      [true, "two", "one"],
    ],
    [
      "a helper that gives the winner within a whenAll",
      async function* (ctx): Code {
        async function* race(task: Task): Code {
          const [winner] = yield ctx.whenAll([ctx.whenAny([task])]);
          return winner;
        }
        const winner = yield* race(one(ctx));
        return [yield ctx.callActivity("two"), winner.getResult()];
      },
      ["two", "one"],
    ],
    [
      "Promise.all of async helpers, yielded one after the other",
      async function* (ctx): Code {
        const results = [];
        for (const task of await Promise.all(["one", "two", "three"].map((name) => helper(ctx, name)))) {
          results.push(yield task);
        }
        return results;
      },
      ["one", "two", "three"],
    ],
    [
      "async helpers, one after the other, kept in a Map and yielded so",
      async function* (ctx): Code {
        const tasks = new Map<string, Task>();
        for (const name of ["one", "two", "three"]) tasks.set(name, await helper(ctx, name));
        const results: Any = {};
        for (const [name, task] of tasks) results[name] = yield* task;
        return [results, yield ctx.callActivity("four")];
      },
      [{ one: "one", two: "two", three: "three" }, "four"],
    ],
    [
      "async helpers, some in a composite, the rest yielded behind it",
      async function* (ctx): Code {
        const [a, b, c] = await Promise.all([helper(ctx), helper(ctx, "two"), helper(ctx, "three")]);
        return [yield ctx.whenAll([a, b]), yield c];
      },
      [["one", "two"], "three"],
    ],
    [
      "the same task again, when it has ended",
      async function* (ctx): Code {
        const task = one(ctx);
        return [yield task, yield task, yield* task, yield await (async () => task)()];
      },
      ["one", "one", "one", "one"],
    ],
    [
      "an await of something else",
      async function* (ctx): Code {
        await null;
        const result = yield ctx.callActivity("one");
        await Promise.resolve([1]);
        return [await result];
      },
      ["one"],
    ],
    [
      "a task that somebody looks at as a promise, as spies do",
      async function* (ctx): Code {
        const spied = <T>(task: Task<T>) => {
          expect(typeof (task as Any).then).toBe("undefined");
          return task;
        };
        return yield* spied(ctx.whenAll([spied(one(ctx)), spied(ctx.callActivity("two"))]));
      },
      ["one", "two"],
    ],
  ];
  it.each(cases)("[T33] %s", async (_what, workflow, end) => {
    const driver = new Driver(workflow, undefined, "w");
    let turn = await driver.turn();
    for (let n = 0; turn.status === "RUNNING" && n < 9; n++) {
      const open = [...(await driver.load()).pending.activities.values()];
      turn = await driver.turn(...open.map(({ id, name }) => completed(id, name)));
    }
    expect(endOf(turn)).toEqual(end);
  });

  it("[T33] an await that fails, and a cancel, are not touched", async () => {
    const driver = new Driver(async function* w(ctx: Ctx): Code {
      try {
        yield await helper(ctx);
      } catch (error) {
        return (error as Error).message;
      }
    });
    await driver.turn();
    expect(endOf(await driver.turn(failed(1, "boom")))).toBe("i: activity 'one': Activity task #1 failed: boom");
    const canceled = new Driver(async function* w(ctx: Ctx): Code {
      yield await helper(ctx);
    });
    await canceled.turn();
    expect(endOf(await canceled.turn({ type: "ExecutionCancelRequested" }))).toBe("Canceled");
  });

  it("[T33] a task is looked at, awaited and compared outside of the turn as anybody likes", async () => {
    const seen: Task[] = [];
    const driver = new Driver(async function* w(ctx: Ctx): Code {
      const task = one(ctx);
      seen.push(task);
      return yield task;
    });
    await driver.turn();
    for (const task of seen) {
      expect(await task).toBe(task);
      expect(inspect(task)).toContain("CompletableTask");
      expect(task).toBeInstanceOf(Task);
      expect([task]).toEqual([task]);
    }
    expect(endOf(await driver.turn(completed(1, 2)))).toBe(2);
  });

  it("[T33] so is one that nobody waits for yet", async () => {
    const seen: Task[] = [];
    const driver = new Driver(async function* w(ctx: Ctx): Code {
      const early = one(ctx);
      seen.push(early);
      yield ctx.waitForExternalEvent("e");
      yield ctx.waitForExternalEvent("e");
      return yield early;
    });
    await driver.turn();
    for (const task of seen) await task;
    await driver.turn(raised("e"));
    await driver.turn(raised("e"));
    expect(endOf(await driver.turn(completed(1, 2)))).toBe(2);
  });

  it("[T33] a cancel stays a cancel, and an error that names the task stays as it is", async () => {
    const driver = new Driver(async function* w(ctx: Ctx): Code {
      try {
        yield ctx.createTimer(1);
      } finally {
        await one(ctx);
      }
    });
    await driver.turn();
    expect(endOf(await driver.turn({ type: "ExecutionCancelRequested" }))).toBe("Canceled");
    expect(
      await outcomeOf(async function* w(ctx: Ctx): Code {
        return `${await one(ctx)}`;
      }),
    ).toBe(`TypeError: Text or a number is made of ${notResult("callActivity 'one'")}`);
  });

  it("[T33] two executions in one isolate, one of which awaits a task, do not disturb each other", async () => {
    const wrong = new Driver(async function* wrong(ctx: Ctx): Code {
      await one(ctx);
      await null;
      yield ctx.createTimer(1);
    });
    const right = new Driver(async function* right(ctx: Ctx): Code {
      await null;
      await null;
      return yield ctx.callActivity("two");
    });
    const [first, second] = await Promise.all([wrong.turn(), right.turn()]);
    expect([endOf(first), endOf(second)]).toEqual([awaited("callActivity 'one'"), "RUNNING"]);
    expect(endOf(await right.turn(completed(1, 2)))).toBe(2);
  });
});

describe("[T33] a task of another execution", () => {
  it.each<[string, (ctx: Ctx, kept: Task) => Task]>([
    ["a yield", (_ctx, kept) => kept],
    ["whenAll", (ctx, kept) => ctx.whenAll([kept])],
    ["whenAny", (ctx, kept) => ctx.whenAny([kept, ctx.createTimer(1)])],
  ])("[T33] %s of it, which would never end, is refused", async (_how, wait) => {
    let kept: Task | undefined;
    await new Driver(function* first(ctx: Ctx): Generator<Task, void> {
      kept = ctx.createTimer(5);
      yield kept;
    }).turn();
    expect(
      await outcomeOf(function* second(ctx: Ctx): Generator<Task, void> {
        yield wait(ctx, kept as Task);
      }),
    ).toMatch(
      /^TypeError: createTimer was called by another execution, .*keep no task outside of the workflow's function/,
    );
  });
});

describe("[T33] a history in which the code did what is refused now stalls, and says why", () => {
  async function* right(ctx: Ctx): Code {
    yield ctx.callActivity("one");
    yield ctx.callActivity("two");
  }
  async function load(before: (ctx: Ctx) => Any, facts: HistoryFact[], now: (ctx: Ctx) => Any) {
    const driver = new Driver(before, undefined, "w");
    await driver.turn();
    if (facts.length > 0) await driver.turn(...facts);
    const registry = registryOf(Object.defineProperty(now, "name", { value: "w" }));
    return Orchestration.load("i", { registry }, driver.history, true);
  }

  it("[T33] where it went on with calls", async () => {
    const { stall } = await load(right, [completed(1)], async function* (ctx): Code {
      await one(ctx);
      yield ctx.callActivity("two");
    });
    expect(stall).toMatchObject({ reason: "NON_DETERMINISM" });
    expect(stall?.message).toContain(
      `[event 3 of the history: callActivity 'two' #2; the code: no such call, it has failed with ${awaited("callActivity 'one'")}]`,
    );
  });

  it("[T33] where it went on without, by its await and by an error that it does not catch", async () => {
    async function* before(ctx: Ctx): Code {
      one(ctx);
      yield ctx.waitForExternalEvent("e");
    }
    const awaits = await load(before, [completed(1)], async function* (ctx): Code {
      await one(ctx);
      yield ctx.waitForExternalEvent("e");
    });
    expect(awaits.stall?.message).toBe(
      "A previous execution went on here, and the current execution fails. " +
        `[event 0 of the history: the workflow goes on; the code: ${awaited("callActivity 'one'")}]`,
    );
    const status = await load(before, [], async function* (ctx): Code {
      ctx.setCustomStatus({ task: one(ctx) });
      yield ctx.waitForExternalEvent("e");
    });
    expect(status.stall?.message).toContain("the task of callActivity 'one'");
    const { events } = await status.turn([raised("e")], T0);
    expect(events.map(({ type }) => type)).toEqual(["ExecutionStalled"]);
  });

  it('[T33] under onNonDeterminism "fail" it fails with its own reason', async () => {
    const driver = new Driver(function* w(ctx: Ctx): Generator<Task, void> {
      ctx.createTimer(1);
      yield ctx.waitForExternalEvent("e");
    });
    await driver.turn();
    const registry = registryOf(async function w(ctx: Ctx) {
      return ctx.createTimer(1);
    });
    const code = { registry, onNonDeterminism: "fail" } as const;
    const orchestration = await Orchestration.load("i", code, driver.history, true);
    expect(endOf(await orchestration.turn([fired(1)], T0))).toBe(returned("createTimer"));
  });
});
