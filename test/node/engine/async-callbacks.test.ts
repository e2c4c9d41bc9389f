// [T35] What the author's callbacks may give back. A rejection that nobody hears fails the run of these tests.
import { describe, expect, it } from "vitest";
import { Saga } from "../../../src/authoring/saga.ts";
import { Execution } from "../../../src/engine/execution.ts";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import { type PayloadConverter, Payloads } from "../../../src/engine/payload.ts";
import type { RetryHandler, RetryPolicy } from "../../../src/engine/retry.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { HistoryEvent, HistoryFact } from "../../../src/model/history-event.ts";
import { completed, Driver, endOf, failed, fired, outcomeOf, raised, registryOf, startedAs, T0 } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Any = any;
type Code = Generator<Any, Any, Any>;
type Ctx = WorkflowContext;

const rejected = () => Promise.reject(new Error("as told"));
const THEN: string = "then";
const thenable = (then: (ok: (value: unknown) => void) => void) => () =>
  Object.defineProperty({}, THEN, { value: then }) as Any;
async function microtasks<T>(count: number, value: T): Promise<T> {
  for (let n = 0; n < count; n++) await undefined;
  return value;
}
const policy: RetryPolicy = { maxNumberOfAttempts: 3, firstRetryInterval: 5 };
const calling = (retry: RetryPolicy | RetryHandler) =>
  function* w(ctx: Ctx): Code {
    return yield ctx.callActivity("a", 1, { retry });
  };

/** What becomes of the call when its first attempt has failed: its next attempt, its pause in ms, or its end. */
async function afterFailure(retry: RetryPolicy | RetryHandler): Promise<unknown> {
  const driver = new Driver(calling(retry));
  await driver.turn();
  const turn = await driver.turn(failed(1, "no"));
  const [, asked] = turn.events;
  if (asked?.type === "TaskScheduled") return `attempt ${asked.attempt}`;
  return asked?.type === "TimerCreated" ? asked.fireAtMs - asked.timestampMs : endOf(turn);
}
const FAILED = "TaskFailedError: i: activity 'a': Activity task #1 failed: no";
const faulty = (fault: string) => `${FAILED} (and it is not called again: ${fault})`;

describe("[T35] retry handlers and handleFailure may return promises", () => {
  it.each<[string, RetryPolicy | RetryHandler, unknown]>([
    ["a handler's true", async () => true, "attempt 2"],
    ["a handler's pause", async () => 2.5, 2500],
    ["a handler's false", async () => false, FAILED],
    ["a handler's nothing", async () => undefined as never, FAILED],
    ["a handler that rejects, as one that throws", rejected, FAILED],
    ["handleFailure's true", { ...policy, handleFailure: async ({ errorType }) => errorType === "Error" }, 5000],
    ["handleFailure's false", { ...policy, handleFailure: async () => false }, FAILED],
    ["handleFailure that rejects", { ...policy, handleFailure: rejected }, FAILED],
    ["one that is no Promise, but has a then", thenable((ok) => ok(true)), "attempt 2"],
    ["one whose then throws", thenable(() => JSON.parse("{")), FAILED],
  ])("[T35] %s", async (_what, retry, next) => {
    expect(await afterFailure(retry)).toEqual(next);
  });

  it("[T35] one that has not settled after 1,000 microtasks fails the call, and says so", async () => {
    const message =
      "has returned a promise that has not settled after 1000 microtasks: it must wait for nothing outside of the workflow, no timer and no I/O";
    const never = () => new Promise<never>(() => undefined);
    expect(await afterFailure(never)).toBe(faulty(`retry ${message}`));
    expect(await afterFailure({ ...policy, handleFailure: never })).toBe(faulty(`retry.handleFailure ${message}`));
    expect(await afterFailure(() => microtasks(900, true))).toBe("attempt 2");
    expect(await afterFailure(() => microtasks(1_100, true))).toBe(faulty(`retry ${message}`));
    const late: RetryHandler = async () => {
      await microtasks(2_000, 0);
      throw new Error("too late to be heard");
    };
    expect(await afterFailure(late)).toBe(faulty(`retry ${message}`));
  });

  it("[T35] neither a task, a generator nor a function is a yes", async () => {
    const generator = "a generator: it must be a function that is none";
    const task = "the task of createTimer, and a task is not its result: yield it";
    for (const [handleFailure, found] of [
      [function* () {}, generator],
      [async function* () {}, generator],
      [() => () => true, "a function: call it"],
      [async () => () => true, "a function: call it"],
    ] as const) {
      expect(await afterFailure({ ...policy, handleFailure: handleFailure as Any })).toBe(
        faulty(`retry.handleFailure has returned ${found}`),
      );
    }
    for (const isAsync of [false, true]) {
      const driver = new Driver(function* w(ctx: Ctx): Code {
        const handleFailure = (isAsync ? async () => ctx.createTimer(1) : () => ctx.createTimer(1)) as Any;
        return yield ctx.callActivity("a", 1, { retry: { ...policy, handleFailure } });
      });
      await driver.turn();
      expect(endOf(await driver.turn(failed(1, "no")))).toBe(faulty(`retry.handleFailure has returned ${task}`));
    }
    const goesOn = new Driver(function* w(ctx: Ctx): Code {
      try {
        yield ctx.callActivity("a", 1, { retry: (() => ctx.createTimer(1)) as Any });
      } catch {
        return yield ctx.waitForExternalEvent("e");
      }
    });
    await goesOn.turn();
    await goesOn.turn(failed(1, "no"));
    expect(endOf(await goesOn.turn(raised("e", 5)))).toBe(5);
    const awaits = new Driver(function* w(ctx: Ctx): Code {
      const retry: RetryHandler = async () => {
        await ctx.createTimer(1);
        return true;
      };
      return yield ctx.callActivity("a", 1, { retry });
    });
    await awaits.turn();
    expect(endOf(await awaits.turn(failed(1, "no")))).toMatch(/not called again: The code has awaited.*createTimer/);
  });

  it("[T35] each is awaited before the next event is applied, one after the other", async () => {
    const order: string[] = [];
    const retry =
      (name: string): RetryHandler =>
      async () => {
        order.push(`${name} begins`);
        await microtasks(20, 0);
        order.push(`${name} ends`);
        return false;
      };
    const { registry } = new Driver(function* w(ctx: Ctx): Code {
      const tasks = ["a", "b"].map((name) => ctx.callActivity(name, 1, { retry: retry(name) }));
      for (const task of tasks) {
        try {
          yield task;
        } catch {
          order.push("told");
        }
      }
      return yield ctx.waitForExternalEvent("e");
    });
    const orchestration = await Orchestration.load("i", { registry }, [startedAs("w")], false);
    await orchestration.turn([], T0);
    expect(endOf(await orchestration.turn([failed(2, "no"), failed(1, "no"), raised("e", 5)], T0))).toBe(5);
    expect(order).toEqual(["b begins", "b ends", "a begins", "a ends", "told", "told"]);
  });

  it("[T35] in a replay it goes the same way, to the end", async () => {
    const driver = new Driver(
      calling({ ...policy, jitter: 0.5, handleFailure: (f) => microtasks(3, f.message === "no") }),
    );
    await driver.turn();
    await driver.turn(failed(1, "no"));
    await driver.turn(fired(2));
    await driver.turn(failed(3, "no"));
    await driver.turn(fired(4));
    expect(endOf(await driver.turn(completed(5, "ok")))).toBe("ok");
  });

  it("[T35] without a promise nothing is waited for", async () => {
    const event = (fact: HistoryFact) => ({ ...fact, timestampMs: T0 }) as HistoryEvent;
    for (const [retry, isAwaited] of [
      [() => true, false],
      [{ ...policy, handleFailure: () => true }, false],
      [async () => true, true],
    ] as const) {
      const execution = new Execution("i", { registry: registryOf(calling(retry)) }, [], () => undefined);
      execution.beginTurn();
      await execution.apply(startedAs("w"), false);
      execution.takeActions();
      const applied = execution.apply(event(failed(1, "no")), false);
      expect(applied instanceof Promise).toBe(isAwaited);
      await applied;
      expect(execution.takeActions()).toHaveLength(1);
    }
  });
});

const NOT_AT_ONCE: [string, (ctx: Ctx) => unknown, string][] = [
  ["a promise", async () => false, "a promise: it must be a function that is not async"],
  ["a promise that rejects", rejected, "a promise: it must be a function that is not async"],
  ["a generator", function* () {}, "a generator: it must be a function that is none"],
  ["an async generator", async function* () {}, "a generator: it must be a function that is none"],
  ["a function", () => () => true, "a function: call it"],
];

describe("[T35] conditions, validators and query handlers answer at once", () => {
  it.each(NOT_AT_ONCE)(
    "[T35] a condition that returns %s is refused where it is made, and later",
    async (_, answer, found) => {
      const message = `TypeError: The condition of waitForCondition answers at once, and has returned ${found}`;
      expect(
        await outcomeOf(function* w(ctx: Ctx): Code {
          yield ctx.waitForCondition(() => answer(ctx) as boolean);
        }),
      ).toBe(message);
      const driver = new Driver(function* w(ctx: Ctx): Code {
        let asked = 0;
        ctx.setUpdateHandler("u", () => 1);
        yield ctx.waitForCondition(() => asked++ > 0 && (answer(ctx) as boolean));
      });
      expect(endOf(await driver.turn())).toBe(message);
    },
  );

  it("[T35] so is one that returns a task", async () => {
    expect(
      await outcomeOf(function* w(ctx: Ctx): Code {
        yield ctx.waitForCondition(() => ctx.callActivity("isReady") as Any);
      }),
    ).toMatch(
      /answers at once, and has returned the task of callActivity 'isReady', and a task is not its result: yield it/,
    );
  });

  it.each(NOT_AT_ONCE)("[T35] a validator that returns %s refuses the update", async (_, answer, found) => {
    const driver = new Driver(function* w(ctx: Ctx): Code {
      let applied = false;
      ctx.setUpdateHandler("add", () => (applied = true), { validator: () => answer(ctx) as undefined });
      yield ctx.waitForExternalEvent("end");
      return applied;
    });
    await driver.turn();
    const message = `The validator of update 'add' answers at once, and has returned ${found}`;
    const { updates } = await driver.turn({ type: "UpdateRequested", updateId: "u", name: "add" });
    expect(updates).toMatchObject([{ outcome: { ok: false, rejected: true, failure: { message } } }]);
    expect(endOf(await driver.turn(raised("end")))).toBe(false);
  });

  it.each(NOT_AT_ONCE)("[T35] a query handler that returns %s is an error", async (_, answer, found) => {
    const driver = new Driver(function* w(ctx: Ctx): Code {
      ctx.setQueryHandler("q", () => answer(ctx));
      yield ctx.waitForExternalEvent("end");
    });
    await driver.turn();
    const message = `The handler of query 'q' answers at once, and has returned ${found}`;
    expect((await driver.load()).query("q", undefined)).toEqual({ ok: false, isUnknown: false, message });
  });
});

describe("[T35] the other callbacks", () => {
  it("[T35] an update handler may be an async function, or a generator, async or not", async () => {
    const driver = new Driver(function* w(ctx: Ctx): Code {
      ctx.setUpdateHandler("function", async () => microtasks(5, 1));
      ctx.setUpdateHandler("generator", function* (): Code {
        return yield ctx.callActivity("a");
      });
      ctx.setUpdateHandler("async generator", async function* (): AsyncGenerator<Any, Any, Any> {
        return yield ctx.callActivity("a");
      });
      ctx.setUpdateHandler("rejects", rejected);
      yield ctx.waitForExternalEvent("end");
    });
    await driver.turn();
    const update = (name: string): HistoryFact => ({ type: "UpdateRequested", updateId: name, name });
    const first = await driver.turn(
      update("function"),
      update("generator"),
      update("async generator"),
      update("rejects"),
    );
    expect(first.updates).toMatchObject([
      { updateId: "function", outcome: { result: "1" } },
      { updateId: "rejects", outcome: { ok: false, rejected: false, failure: { message: "as told" } } },
    ]);
    const second = await driver.turn(completed(1, 2), completed(2, 3));
    expect(second.updates).toMatchObject([{ outcome: { result: "2" } }, { outcome: { result: "3" } }]);
  });

  it("[T35] a step of a saga is a generator function: an async one is refused where it is added", async () => {
    const text =
      "Saga.addStep takes a generator function, function*, that waits for tasks by yield, and none that is async";
    for (const step of [async () => undefined, async function* () {}, async () => rejected()]) {
      expect(
        await outcomeOf(function* w(ctx: Ctx): Code {
          new Saga(ctx).addStep(step as Any);
        }),
      ).toBe(`TypeError: ${text}`);
    }
    expect(
      await outcomeOf(function* w(ctx: Ctx): Code {
        const saga = new Saga(ctx);
        for (const step of [() => rejected(), () => undefined]) saga.addStep(step as Any);
        yield* saga.compensate();
      }),
    ).toBe(`CompensationError: 2 compensation(s) failed: ${text}; ${text}`);
  });

  it("[T35] a logger that writes later is not waited for", async () => {
    const lines: string[] = [];
    const { registry } = new Driver(function* w(ctx: Ctx): Code {
      const log = ctx.createReplaySafeLogger({
        info: (line: string) => {
          lines.push(line);
          return rejected();
        },
      });
      expect(log.info("one")).toBeUndefined();
      yield ctx.createTimer(1);
    });
    const orchestration = await Orchestration.load("i", { registry }, [startedAs("w")], false);
    expect((await orchestration.turn([], T0)).status).toBe("RUNNING");
    expect(lines).toEqual(["one"]);
  });

  it("[T35] a payload converter answers at once", async () => {
    const outcome = async (payloadConverter: PayloadConverter) => {
      const registry = registryOf(function w(_ctx: Ctx, input: unknown) {
        return input;
      });
      registry.payloads = new Payloads(payloadConverter);
      const orchestration = await Orchestration.load("i", { registry }, [startedAs("w", "1")], false);
      return endOf(await orchestration.turn([], T0));
    };
    expect(await outcome({ encode: rejected as Any, decode: JSON.parse })).toMatch(
      /^TypeError: workflow 'w': the payload converter's encode has to return JSON text, .* and it returned a promise$/,
    );
    expect(await outcome({ encode: JSON.stringify, decode: rejected })).toMatch(
      /^TypeError: workflow 'w': the payload converter's decode has to answer at once, and it returned a promise for the input$/,
    );
  });
});
