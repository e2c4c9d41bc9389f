import { describe, expect, it } from "vitest";
import type { ActivityOptions } from "../../../src/engine/call-options.ts";
import { type RetryHandler, type RetryPolicy, retryDelayMs } from "../../../src/engine/retry.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { completed, Driver, endOf, failed, fired, outcomeOf, T0 } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = Generator<any, any, any>;

const failure = { errorType: "E", message: "m" };
const delay = (retry: RetryPolicy | RetryHandler, attempt: number, elapsedMs = 0, random = 0) =>
  retryDelayMs(retry, { attempt, failure, elapsedMs, random: () => random });
const callWith = (options: ActivityOptions) =>
  function* w(ctx: WorkflowContext): Code {
    return yield ctx.callActivity("a", 7, options);
  };

describe("[T15] how long to wait before the next attempt", () => {
  it("[T15] the first pause, times the coefficient, up to the longest", () => {
    const policy = { maxNumberOfAttempts: 9, firstRetryInterval: 2, backoffCoefficient: 3, maxRetryInterval: 10 };
    expect([1, 2, 3, 4].map((attempt) => delay(policy, attempt))).toEqual([2000, 6000, 10_000, 10_000]);
    const doubling = { maxNumberOfAttempts: 9, firstRetryInterval: 3000, backoffCoefficient: 2 };
    expect([1, 2].map((attempt) => delay(doubling, attempt))).toEqual([3_000_000, 3_600_000]);
    expect(delay({ maxNumberOfAttempts: 9, firstRetryInterval: 0 }, 3)).toBe(0);
  });

  it("[T15] a first pause above the default cap lifts it, and one that is given holds", () => {
    const month = { maxNumberOfAttempts: 9, firstRetryInterval: 30 * 86_400, backoffCoefficient: 2 };
    expect([1, 2].map((attempt) => delay(month, attempt))).toEqual([2_592_000_000, 2_592_000_000]);
    expect(delay({ ...month, maxRetryInterval: 60 }, 1)).toBe(60_000);
  });

  it("[T15] none after the last attempt, nor beyond the time there is", () => {
    expect(delay({ maxNumberOfAttempts: 3, firstRetryInterval: 1 }, 3)).toBeUndefined();
    const policy = { maxNumberOfAttempts: 9, firstRetryInterval: 1, retryTimeout: 5 };
    expect([delay(policy, 1, 4000), delay(policy, 1, 4001)]).toEqual([1000, undefined]);
  });

  it("[T15] jitter leaves out a part of the pause", () => {
    const policy = { maxNumberOfAttempts: 9, firstRetryInterval: 10, jitter: 0.5 };
    expect([delay(policy, 1, 0, 0), delay(policy, 1, 0, 0.5), delay(policy, 1, 0, 1)]).toEqual([10_000, 7500, 5000]);
  });

  it("[T15] a predicate, a handler, and what cannot be retried", () => {
    const policy = { maxNumberOfAttempts: 9, firstRetryInterval: 1 };
    expect(delay({ ...policy, handleFailure: ({ errorType }) => errorType === "E" }, 1)).toBe(1000);
    expect(delay({ ...policy, handleFailure: () => false }, 1)).toBeUndefined();
    const answers = [true, 2.5, false, 0, -1, Number.NaN, undefined as never, "1" as never];
    expect(answers.map((answer) => delay(() => answer, 1))).toEqual([0, 2500, ...Array(6).fill(undefined)]);
    const throws = () => {
      throw new Error("x");
    };
    expect([delay(throws, 1), delay({ ...policy, handleFailure: throws }, 1)]).toEqual([undefined, undefined]);
    const marked = { attempt: 1, failure: { ...failure, isNonRetriable: true }, elapsedMs: 0, random: () => 0 };
    expect([retryDelayMs(policy, marked), retryDelayMs(() => true, marked)]).toEqual([undefined, undefined]);
    const seen: unknown[] = [];
    delay((context) => seen.push(context) > 9, 2, 1500);
    expect(seen).toEqual([{ lastAttemptNumber: 2, lastFailure: failure, totalRetryTime: 1.5 }]);
  });

  it.each([
    [{ maxNumberOfAttempts: 0, firstRetryInterval: 1 }, "retry.maxNumberOfAttempts is an integer from 1, found 0"],
    [{ maxNumberOfAttempts: "3", firstRetryInterval: 1 }, 'retry.maxNumberOfAttempts is an integer from 1, found "3"'],
    [{ maxNumberOfAttempts: 1.5, firstRetryInterval: 1 }, "retry.maxNumberOfAttempts is an integer from 1, found 1.5"],
    [{ maxNumberOfAttempts: 2 }, "retry.firstRetryInterval is a number of seconds from 0, found undefined"],
    [
      { maxNumberOfAttempts: 2, firstRetryInterval: -1 },
      "retry.firstRetryInterval is a number of seconds from 0, found -1",
    ],
    [
      { maxNumberOfAttempts: 2, firstRetryInterval: 1, retryTimeout: Number.NaN },
      "retry.retryTimeout is a number of seconds from 0, found NaN",
    ],
    [
      { maxNumberOfAttempts: 2, firstRetryInterval: 1, backoffCoefficient: 0.5 },
      "retry.backoffCoefficient is a number from 1, found 0.5",
    ],
    [{ maxNumberOfAttempts: 2, firstRetryInterval: 1, jitter: 2 }, "retry.jitter is a number from 0 to 1, found 2"],
  ])("[T15] %j is refused where it is given", async (retry, message) => {
    expect(await outcomeOf(callWith({ retry: retry as RetryPolicy }))).toBe(`RangeError: callActivity 'a': ${message}`);
  });

  it.each(["timeout", "totalTimeout", "heartbeatTimeout"])("[T15] a %s of 0 is refused", async (name) => {
    expect(await outcomeOf(callWith({ [name]: 0 }))).toBe(
      `RangeError: callActivity 'a': ${name} is a number of seconds above 0, found 0`,
    );
  });
});

describe("[T15] a call with a retry policy", () => {
  const retry = { maxNumberOfAttempts: 3, firstRetryInterval: 5, backoffCoefficient: 2 };

  it("[T15] each attempt is a call of its own after a durable timer; the task is one", async () => {
    const driver = new Driver(callWith({ retry, timeout: 9 }));
    expect((await driver.turn()).activities).toEqual([
      { type: "TaskScheduled", timestampMs: T0, id: 1, name: "a", input: "7", timeoutMs: 9000 },
    ]);
    const pause = await driver.turn({ ...failed(1, "no"), progress: '"half"' } as never);
    expect(pause.events).toMatchObject([
      { type: "TaskFailed" },
      { type: "TimerCreated", id: 2, fireAtMs: T0 + 6000, firstId: 1 },
    ]);
    expect((await driver.turn(fired(2))).activities).toEqual([
      {
        type: "TaskScheduled",
        timestampMs: T0 + 2000,
        id: 3,
        name: "a",
        input: "7",
        attempt: 2,
        firstId: 1,
        progress: '"half"',
        timeoutMs: 9000,
      },
    ]);
    await driver.turn(failed(3, "no"));
    expect((await driver.turn(fired(4))).activities).toMatchObject([{ id: 5, attempt: 3, firstId: 1 }]);
    expect(endOf(await driver.turn(failed(5, "never")))).toBe(
      "TaskFailedError: i: activity 'a': Activity task #5 failed: never",
    );
  });

  it("[T15] a pause of 0 needs no timer", async () => {
    const driver = new Driver(callWith({ retry: () => true }));
    await driver.turn();
    expect((await driver.turn(failed(1, "no"))).activities).toMatchObject([{ id: 2, attempt: 2, firstId: 1 }]);
    expect(endOf(await driver.turn(completed(2, "ok")))).toBe("ok");
  });

  it("[T15] whoever waits for the task, in composites too, hears of its end alone", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const task = ctx.callActivity("a", 1, { retry });
      const winner = yield ctx.whenAny([ctx.whenAll([task, ctx.callActivity("b")]), ctx.createTimer(100)]);
      return winner.getResult();
    });
    await driver.turn();
    await driver.turn(completed(2, "b"), failed(1, "no"));
    expect((await driver.turn(fired(4))).activities).toMatchObject([{ id: 5, name: "a" }]);
    expect(endOf(await driver.turn(completed(5, "a")))).toEqual(["a", "b"]);
  });

  it("[T15] no attempt begins after the total time, and each is told of it", async () => {
    const driver = new Driver(callWith({ retry: { maxNumberOfAttempts: 9, firstRetryInterval: 4 }, totalTimeout: 7 }));
    expect((await driver.turn()).activities).toMatchObject([{ deadlineAtMs: T0 + 7000 }]);
    expect((await driver.turn(failed(1, "no"))).events).toMatchObject([{}, { type: "TimerCreated" }]);
    expect((await driver.turn(fired(2))).activities).toMatchObject([{ id: 3, deadlineAtMs: T0 + 7000 }]);
    expect(endOf(await driver.turn(failed(3, "too late")))).toMatch(/too late$/);
  });

  it("[T15] a child gets a new ID for each attempt, unless one is given", async () => {
    for (const [given, ids] of [
      [undefined, ["i:0001", "i:0003"]],
      ["kid", ["kid", "kid"]],
    ] as const) {
      const driver = new Driver(function* w(ctx: WorkflowContext): Code {
        return yield ctx.callChildWorkflow("c", 1, { retry, instanceId: given });
      });
      const first = await driver.turn();
      await driver.turn({ type: "ChildWorkflowInstanceFailed", id: 1, failure });
      const second = await driver.turn(fired(2));
      expect(second.events).toMatchObject([{}, { id: 3, attempt: 2, firstId: 1 }]);
      expect([first, second].map((turn) => turn.messages[0]?.to)).toEqual(ids);
      const end = await driver.turn({ type: "ChildWorkflowInstanceCompleted", id: 3, result: "9" });
      expect(endOf(end)).toBe(9);
    }
  });
});

describe("[T15] pauses stay numbers", () => {
  it("[T15] none at all, however often it is doubled", () => {
    const retry = { maxNumberOfAttempts: 2_000, firstRetryInterval: 0, backoffCoefficient: 2 };
    expect([1, 2, 1_024, 1_025, 1_999].map((attempt) => delay(retry, attempt))).toEqual([0, 0, 0, 0, 0]);
  });
  it("[T15] and the longest, whatever is asked for", () => {
    const retry = { maxNumberOfAttempts: 9, firstRetryInterval: 1e300, maxRetryInterval: Number.POSITIVE_INFINITY };
    expect([delay(retry, 1), delay(() => Number.MAX_VALUE, 1)]).toEqual([4e15, 4e15]);
  });
});
