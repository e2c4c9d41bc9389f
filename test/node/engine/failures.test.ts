import { createHash } from "node:crypto";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { NonRetriableError, TaskFailedError } from "../../../src/engine/errors.ts";
import { failedCallOf, withoutCalls } from "../../../src/engine/failed-call.ts";
import type { RetryContext } from "../../../src/engine/retry.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { describeFailure, type FailureDetails } from "../../../src/model/failure.ts";
import { fitFailure } from "../../../src/model/failure-size.ts";
import type { HistoryFact } from "../../../src/model/history-event.ts";
import { childInstanceId, detachedInstanceId } from "../../../src/model/ids.ts";
import { sha256 } from "../../../src/model/sha256.ts";
import { Driver } from "./support.ts";

const taskFailed = (id: number, failure: FailureDetails): HistoryFact => ({ type: "TaskFailed", id, failure });
const childFailed = (id: number, failure: FailureDetails): HistoryFact => ({
  type: "ChildWorkflowInstanceFailed",
  id,
  failure,
});
const bytesOf = (value: unknown) =>
  Buffer.byteLength(typeof value === "string" ? value : JSON.stringify(value), "utf8");
const depthOf = ({ innerFailure }: FailureDetails): number =>
  innerFailure === undefined ? 0 : 1 + depthOf(innerFailure);

describe("[B1] the type of a failure", () => {
  class CardDeclined extends Error {}
  class Named extends Error {
    override name = "TheName";
  }
  class Inherited extends Named {}
  class ByGetter extends Error {
    override get name() {
      return "FromGetter";
    }
  }
  class ByPrototype extends Error {}
  ByPrototype.prototype.name = "ByPrototype";
  class Below extends ByPrototype {}
  class NotToTry extends NonRetriableError {}
  it.each<[string, unknown, string]>([
    ["a class that names nothing", new CardDeclined("no"), "CardDeclined"],
    ["a built-in class", new RangeError("no"), "RangeError"],
    ["a name of the error's own", Object.assign(new Error("no"), { name: "X" }), "X"],
    [
      "that of a built-in class, set by hand",
      Object.assign(new CardDeclined("no"), { name: "TypeError" }),
      "TypeError",
    ],
    ["a field of the class", new Named("no"), "TheName"],
    ["of the class above it", new Inherited("no"), "TheName"],
    ["a getter of the class", new ByGetter("no"), "FromGetter"],
    ["the prototype of a class above it, as older code sets it", new Below("no"), "ByPrototype"],
    ["a DOMException's", new DOMException("slow", "TimeoutError"), "TimeoutError"],
    ["a DOMException's without a name", new DOMException("m"), "DOMException"],
    ["an aborted fetch's", new DOMException("stop", "AbortError"), "AbortError"],
    ["an empty name", Object.assign(new CardDeclined("no"), { name: "" }), "CardDeclined"],
    ["an error of the library", new TaskFailedError("no", { errorType: "E", message: "m" }), "TaskFailedError"],
    ["another", new NonRetriableError("no"), "NonRetriableError"],
    ["a class made of it", new NotToTry("no"), "NotToTry"],
    ["an error of another realm", runInNewContext("new TypeError('no')"), "TypeError"],
  ])("[B1] %s: %s", (_, thrown, errorType) => {
    expect(describeFailure(thrown).errorType).toBe(errorType);
  });

  it("[B1] the library's own errors are named in code that a minifier has shortened", () => {
    for (const error of [new NonRetriableError("no"), new TaskFailedError("no", { errorType: "E", message: "m" })])
      expect(Object.hasOwn(error, "name")).toBe(true);
  });
});

describe("[B2] what is behind a failure", () => {
  it("[B2] its cause, and the cause of that", () => {
    const thrown = new Error("outer", { cause: new TypeError("middle", { cause: "a text" }) });
    expect(describeFailure(thrown)).toMatchObject({
      message: "outer",
      innerFailure: {
        errorType: "TypeError",
        message: "middle",
        innerFailure: { errorType: "String", message: "a text" },
      },
    });
    expect(describeFailure(new Error("alone", { cause: undefined }))).not.toHaveProperty("innerFailure");
    expect(describeFailure(new Error("alone", { cause: null }))).not.toHaveProperty("innerFailure");
  });

  it("[B2] the errors of an AggregateError: the first is the inner one, unless it has a cause; ten of them are kept", async () => {
    const any = await Promise.any([Promise.reject(new Error("db down")), Promise.reject(new Error("no net"))]).catch(
      (error: unknown) => error,
    );
    expect(describeFailure(any)).toMatchObject({
      errorType: "AggregateError",
      message: "All promises were rejected",
      innerFailure: { message: "db down" },
      otherFailures: [{ message: "no net" }],
    });
    const many = new AggregateError(
      Array.from({ length: 25 }, (_, n) => `e${n}`),
      "many",
      { cause: new Error("why") },
    );
    const failure = describeFailure(many);
    expect([failure.innerFailure?.message, failure.otherFailures?.map(({ message }) => message)]).toEqual([
      "why",
      ["e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9"],
    ]);
  });

  it("[B2] errors in `errors` of any error; what is no error there belongs to the class, and is not one", () => {
    const held = Object.assign(new Error("two"), { errors: [new Error("one")] });
    expect(describeFailure(held).innerFailure?.message).toBe("one");
    const issues = Object.assign(new Error("two"), { errors: [{ path: "x" }] });
    expect(describeFailure(issues)).not.toHaveProperty("innerFailure");
  });

  it("[B2] ten levels, and circles end", () => {
    let chain = new Error("0");
    for (let n = 1; n <= 30; n++) chain = new Error(String(n), { cause: chain });
    expect(depthOf(describeFailure(chain))).toBe(10);
    const a = new Error("a");
    const b = new Error("b", { cause: a });
    a.cause = b;
    expect(describeFailure(a)).toMatchObject({ message: "a", innerFailure: { message: "b" } });
    expect(depthOf(describeFailure(a))).toBe(1);
    const self = new Error("self");
    self.cause = self;
    expect(depthOf(describeFailure(self))).toBe(0);
  });

  it("[B2] errors within errors within errors are not described without end", () => {
    const withoutStack = (error: Error) => Object.defineProperty(error, "stack", { value: undefined });
    const deep = (levels: number): Error => new Error("", levels === 0 ? {} : { cause: deep(levels - 1) });
    const nested = (levels: number, message: string): Error =>
      withoutStack(
        new AggregateError(levels === 0 ? [] : Array.from({ length: 10 }, () => nested(levels - 1, message)), message),
      );
    expect(describeFailure(new AggregateError([deep(200), "second"])).otherFailures).toMatchObject([
      { message: "second" },
    ]);
    for (const message of ["m", "m".repeat(5_000)]) {
      const failure = describeFailure(nested(3, message));
      const count = (one: FailureDetails): number =>
        [one.innerFailure, ...(one.otherFailures ?? [])].reduce((sum, inner) => sum + (inner ? count(inner) : 0), 1);
      expect(count(failure)).toBeLessThanOrEqual(100);
      expect(bytesOf(failure)).toBeLessThanOrEqual(256 * 1024);
    }
  });
});

describe("[B3] an error's own fields", () => {
  it("[B3] texts up to 1 KiB, numbers, booleans and null are its properties; the others are not", () => {
    const error = Object.assign(new Error("no"), {
      code: "CARD",
      status: 402,
      final: true,
      nothing: null,
      fits: "x".repeat(1_024),
      long: "x".repeat(1_025),
      ["k".repeat(1_025)]: 1,
      wide: "ä".repeat(600),
      list: [1],
      when: new Date(0),
      amount: 10n,
      none: undefined,
      nan: Number.NaN,
      isNonRetriable: false,
      [Symbol("s")]: 1,
    });
    const { code, status, final, nothing, fits } = error;
    expect(describeFailure(error).properties).toEqual({ code, status, final, nothing, fits });
    expect(describeFailure(new Error("no"))).not.toHaveProperty("properties");
  });

  it("[B3] at most 20", () => {
    const error = Object.assign(
      new Error("no"),
      Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`f${n}`, n])),
    );
    expect(Object.keys(describeFailure(error).properties ?? {})).toHaveLength(20);
  });

  it("[B3] each is read once, and one that throws is left out, with nothing else", () => {
    const reads: string[] = [];
    const counted = <T extends object>(target: T): T =>
      new Proxy(target, {
        get: (of, key) => {
          reads.push(String(key));
          return Reflect.get(of, key);
        },
      });
    const error = counted(Object.assign(new Error("m", { cause: new Error("c") }), { code: 1 }));
    Object.defineProperty(error, "bad", {
      enumerable: true,
      get() {
        throw new Error("no");
      },
    });
    expect(describeFailure(error)).toMatchObject({ message: "m", properties: { code: 1 } });
    for (const field of ["name", "message", "stack", "cause", "errors", "isNonRetriable", "code", "bad"])
      expect([field, reads.filter((key) => key === field).length]).toEqual([field, 1]);
  });

  it("[B3] a field called __proto__ is a field", () => {
    const error = new Error("no");
    Object.defineProperty(error, "__proto__", { value: "x", enumerable: true });
    expect(Object.entries(describeFailure(error).properties ?? {})).toEqual([["__proto__", "x"]]);
    expect(Object.getPrototypeOf(describeFailure(error).properties)).toBe(Object.prototype);
  });
});

describe("[B4] a failure always fits", () => {
  it("[B4] a text is cut at 32 KiB of UTF-8, where a mark says so, and never within a character", () => {
    for (const text of ["E".repeat(17_000_000), "€".repeat(40_000), "😀".repeat(40_000)]) {
      const { message, stackTrace = "" } = describeFailure(new Error(text));
      expect(bytesOf(message)).toBeLessThanOrEqual(32 * 1024);
      expect(bytesOf(message)).toBeGreaterThan(32 * 1024 - 40);
      expect(message).toMatch(/… \[cut here\]$/);
      expect(text.startsWith(message.slice(0, -" [cut here]".length - 1))).toBe(true);
      expect(message.isWellFormed()).toBe(true);
      // The places are still there, behind less of the message.
      expect(stackTrace).toContain("failures.test.ts");
    }
    const fits = "e".repeat(32 * 1024);
    expect(describeFailure(new Error(fits)).message).toBe(fits);
  });

  it("[B4] a cut message stands in the stack as it is, whatever signs are in it", () => {
    const message = "$& $1 $$ ".repeat(1_000);
    const { stackTrace = "" } = describeFailure(new Error(message));
    expect(stackTrace.startsWith(`Error: ${message.slice(0, 4_082)}… [cut here]\n`)).toBe(true);
    expect(stackTrace).toContain("failures.test.ts");
  });

  it("[B4] the whole is at most 256 KiB as JSON, and what is deepest is still there", () => {
    const hostile = "\u0001".repeat(40_000);
    let chain = new Error("the reason");
    for (let n = 0; n < 10; n++) {
      const fields = Object.fromEntries(Array.from({ length: 20 }, (_, f) => [`${f}`, "\u0001".repeat(1_000)]));
      chain = Object.assign(new Error(hostile, { cause: chain }), fields);
      Object.defineProperty(chain, "stack", { value: hostile });
    }
    const failure = describeFailure(chain);
    expect(bytesOf(failure)).toBeLessThanOrEqual(256 * 1024);
    expect(JSON.stringify(failure)).toContain("the reason");
    expect(depthOf(failure)).toBe(10);
  });

  it("[B4] no more is cut than has to be: of ten levels with long texts each keeps some kibibytes", () => {
    let chain = new Error("x".repeat(40_000));
    for (let n = 0; n < 9; n++) chain = new Error("x".repeat(40_000), { cause: chain });
    for (let one: FailureDetails | undefined = describeFailure(chain); one !== undefined; one = one.innerFailure)
      expect(one.message.length).toBeGreaterThan(8_000);
  });

  it("[B4] the bounds hold for each text of one that nothing here has described", () => {
    const long = "x".repeat(100_000);
    const { errorType, message, stackTrace = "" } = fitFailure({ errorType: long, message: long, stackTrace: long });
    expect([errorType, message, stackTrace].map(bytesOf)).toEqual([1_024, 32_768, 32_768]);
    let chain: FailureDetails = { errorType: "E", message: "the reason", stackTrace: long };
    for (let n = 0; n < 10; n++) chain = { errorType: "E", message: "m", stackTrace: long, innerFailure: chain };
    const whole = fitFailure(chain);
    expect(bytesOf(whole)).toBeLessThanOrEqual(256 * 1024);
    expect(JSON.stringify(whole)).toContain("the reason");
    const within = (levels: number): FailureDetails =>
      levels === 0
        ? { errorType: "E", message: "the last" }
        : { errorType: "E", message: "m", otherFailures: [within(levels - 1)] };
    expect(fitFailure(within(10))).toEqual(within(10));
    expect(JSON.stringify(fitFailure(within(11)))).not.toContain("the last");
  });

  it("[B4] a hundred errors whose shortest texts are too much together: those that are not the first are left out", () => {
    const hostile = "\u0001".repeat(2_000);
    const errors = (levels: number): Error =>
      Object.defineProperty(
        Object.assign(new AggregateError(levels === 0 ? [] : Array.from({ length: 10 }, () => errors(levels - 1))), {
          name: hostile,
          message: hostile,
        }),
        "stack",
        { value: hostile },
      );
    const failure = describeFailure(errors(3));
    expect(bytesOf(failure)).toBeLessThanOrEqual(256 * 1024);
    expect(depthOf(failure)).toBe(3);
    expect(failure).not.toHaveProperty("otherFailures");
  });

  it("[B4] exactly 256 KiB stay as they are; a byte more, and all texts are shorter", () => {
    const text = "é".repeat(15_000);
    const failure: FailureDetails = {
      errorType: "E",
      message: "",
      otherFailures: Array.from({ length: 8 }, () => ({ errorType: "E", message: text })),
    };
    const filled = { ...failure, message: "y".repeat(256 * 1024 - bytesOf(failure)) };
    expect(bytesOf(filled)).toBe(256 * 1024);
    expect(fitFailure(filled)).toEqual(filled);
    const cut = fitFailure({ ...filled, message: `${filled.message}y` });
    expect(cut.otherFailures?.map(({ message }) => bytesOf(message))).toEqual(new Array(8).fill(16_384));
  });

  it("[B4] ordinary ones stay as they are", () => {
    const failure = describeFailure(new Error("outer", { cause: new Error("inner") }));
    expect(fitFailure(failure)).toEqual(failure);
  });

  it("[B4] an output that is too long for an error's text does not keep the parent waiting: see [W6.5] for results", () => {
    const failure = describeFailure({ payload: "x".repeat(1_000_000) });
    expect(bytesOf(failure)).toBeLessThanOrEqual(33 * 1024);
  });
});

describe("[B5] what a workflow is told of a call that failed", () => {
  const details: FailureDetails = {
    errorType: "CardDeclined",
    message: "no money",
    stackTrace: "CardDeclined: no money\n    at pay",
    properties: { code: "CARD", status: 402 },
    innerFailure: {
      errorType: "HttpError",
      message: "402",
      properties: { url: "/pay" },
      isNonRetriable: true,
      innerFailure: { errorType: "Deep", message: "est" },
      otherFailures: [{ errorType: "Error", message: "beside it" }],
    },
    otherFailures: [{ errorType: "Error", message: "another" }],
  };
  const caughtIn = async (fact: HistoryFact): Promise<TaskFailedError> => {
    let caught: unknown;
    const driver = new Driver(function* w(ctx: WorkflowContext) {
      try {
        yield fact.type === "TaskFailed" ? ctx.callActivity("charge") : ctx.callChildWorkflow("kid");
      } catch (error) {
        caught = error;
      }
    });
    await driver.turn();
    await driver.turn(fact);
    return caught as TaskFailedError;
  };

  it("[B5] the call by its name, in front of Dapr's words", async () => {
    expect((await caughtIn(taskFailed(1, details))).message).toBe(
      "i: activity 'charge': Activity task #1 failed: no money",
    );
    expect((await caughtIn(childFailed(1, details))).message).toBe(
      "i: workflow 'kid': Sub-orchestration task #1 failed: no money",
    );
  });

  it("[B5] the details, and as `cause` the error that is behind it, with its fields and its cause", async () => {
    const error = await caughtIn(taskFailed(1, details));
    expect(error.details).toEqual(details);
    const cause = error.cause as Error & { url: string };
    expect(cause).toBeInstanceOf(Error);
    expect([cause.name, cause.message, cause.url, cause.stack]).toEqual(["HttpError", "402", "/pay", undefined]);
    expect((cause.cause as Error).message).toBe("est");
    expect(describeFailure(cause)).toEqual(details.innerFailure);
    expect((await caughtIn(taskFailed(1, { errorType: "E", message: "m" }))).cause).toBe(undefined);
  });

  it("[B5] retry handlers and handleFailure see all of it", async () => {
    const seen: unknown[] = [];
    const policy = {
      maxNumberOfAttempts: 2,
      firstRetryInterval: 1,
      handleFailure: (failure: FailureDetails) => seen.push(failure) < 0,
    };
    const handler = ({ lastFailure }: RetryContext) => seen.push(lastFailure) < 0;
    const driver = new Driver(function* w(ctx: WorkflowContext) {
      yield ctx.whenAny([ctx.callActivity("a", 0, { retry: policy }), ctx.waitForExternalEvent("never")]);
      yield ctx.callActivity("a", 0, { retry: handler });
    });
    await driver.turn();
    await driver.turn(taskFailed(1, details));
    await driver.turn(taskFailed(2, details));
    expect(seen.filter((failure) => failure !== details)).toEqual([]);
    expect(seen.length).toBeGreaterThan(0);
  });
});

describe("[B6] a failure that is handed on, level by level", () => {
  /** What the parent of a workflow gets that lets the failure of its only call through. */
  const handOn = async (failure: FailureDetails, calls: "activity" | "child"): Promise<FailureDetails> => {
    const driver = new Driver(function* w(ctx: WorkflowContext) {
      yield calls === "activity" ? ctx.callActivity("charge") : ctx.callChildWorkflow("r");
    });
    await driver.turn();
    const { completion } = await driver.turn((calls === "activity" ? taskFailed : childFailed)(1, failure));
    if (completion?.type !== "Failed") throw new Error("it has not failed");
    return completion.failure;
  };

  it("[B6] 250 levels: the message names this level's call and says why, once; the deepest call and its error are within", async () => {
    const thrown = describeFailure(Object.assign(new Error("db down"), { code: 7 }));
    let failure = await handOn(thrown, "activity");
    for (let level = 0; level < 250; level++) failure = await handOn(failure, "child");
    expect(failure.message).toBe("i: workflow 'r': Sub-orchestration task #1 failed: db down");
    expect(failure.innerFailure?.message).toBe("i: activity 'charge': Activity task #1 failed: db down");
    expect(failure.innerFailure?.innerFailure).toEqual(thrown);
    expect(bytesOf(failure)).toBeLessThan(10_000);
  });

  it("[B6] what the author has put around it stays", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext) {
      try {
        yield ctx.callActivity("charge");
      } catch (error) {
        throw new Error("could not pay", { cause: error });
      }
    });
    await driver.turn();
    const { completion } = await driver.turn(taskFailed(1, { errorType: "E", message: "no" }));
    expect(completion).toMatchObject({
      failure: {
        message: "could not pay",
        innerFailure: { errorType: "TaskFailedError", innerFailure: { errorType: "E", message: "no" } },
      },
    });
    expect(
      await handOn(describeFailure(new Error("retry of i: it: Activity task #1 failed: x")), "child"),
    ).toMatchObject({
      message: "i: workflow 'r': Sub-orchestration task #1 failed: retry of i: it: Activity task #1 failed: x",
    });
  });

  it("[B6] what the author has written into the message of such an error stays, too", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext) {
      try {
        yield ctx.callActivity("charge");
      } catch (error) {
        (error as Error).message = "could not pay";
        throw error;
      }
    });
    await driver.turn();
    const { completion } = await driver.turn(taskFailed(1, { errorType: "E", message: "no" }));
    if (completion?.type !== "Failed") throw new Error("it has not failed");
    expect(await handOn(completion.failure, "child")).toMatchObject({
      message: "i: workflow 'r': Sub-orchestration task #1 failed: could not pay",
      innerFailure: { message: "could not pay", innerFailure: { message: "no" } },
    });
  });

  it("[B6] which call of an instance failed is found in its failure, or behind it; a text that reads like one is none", () => {
    const message = "i: activity 'charge': Activity task #7 failed: no";
    const why = { errorType: "CardDeclined", message: "no" };
    const failed = { errorType: "TaskFailedError", message, innerFailure: why };
    const call = { kind: "activity", name: "charge", taskId: 7, failure: why };
    expect(failedCallOf("i", failed)).toEqual(call);
    expect(failedCallOf("i", { errorType: "Error", message: "could not pay", innerFailure: failed })).toEqual(call);
    expect(failedCallOf("another", failed)).toBe(undefined);
    expect(failedCallOf("i", { errorType: "Error", message })).toBe(undefined);
    expect(failedCallOf("i", { errorType: "TaskFailedError", message: "i: no" })).toBe(undefined);
  });

  it("[B6] those of the code before are cut too, and those of an ID with a space", async () => {
    const old = {
      errorType: "TaskFailedError",
      message: "i:1: Sub-orchestration task #2 failed: i:1:2: Activity task #1 failed: no",
    };
    expect((await handOn(old, "child")).message).toBe("i: workflow 'r': Sub-orchestration task #1 failed: no");
    const spaced = {
      errorType: "TaskFailedError",
      message: "my order: activity 'a': Activity task #1 failed: no",
      innerFailure: { errorType: "Error", message: "no" },
    };
    expect((await handOn(spaced, "child")).message).toBe("i: workflow 'r': Sub-orchestration task #1 failed: no");
  });
});

describe("[B11] Texts are compared without the calls in them, however many and by which code they were worded", () => {
  it.each([
    "failed with i:1: Sub-orchestration task #2 failed: i:1:2: Activity task #1 failed: no",
    "failed with i: workflow 'kid': Sub-orchestration task #1 failed: no",
    "failed with i: activity 'a': Activity task #12 failed: no",
    "failed with no",
  ])("[B11] %s", (text) => {
    expect(withoutCalls(text)).toBe("failed with no");
  });
});

describe("[B7] IDs of children that nobody has named", () => {
  it("[B7] Dapr's up to 256 bytes; beyond, the hash of the caller's ID stands for it", () => {
    const fits = "p".repeat(251);
    const hash = createHash("sha256").update(`${fits}p`).digest("hex");
    expect(childInstanceId(fits, 0, 1)).toBe(`${fits}:0001`);
    expect(childInstanceId(`${fits}p`, 0, 1)).toBe(`${hash}:0001`);
    expect(childInstanceId(`${fits}p`, 3, 1)).toBe(`${hash}:3.0001`);
    expect(detachedInstanceId("p".repeat(254), 0, 1)).toBe(`${"p".repeat(254)}-1`);
    expect(detachedInstanceId(`${fits}p`, 0, 100_000)).toBe(`${hash}-100000`);
    // Bytes, and not characters.
    expect(childInstanceId("ä".repeat(126), 0, 1)).toMatch(/^[0-9a-f]{64}:0001$/);
  });

  it("[B7] no depth makes one too long, and no two are the same", () => {
    const seen = new Set<string>();
    for (let depth = 0, id = "r"; depth < 1_000; depth++) {
      seen.add(id);
      expect(Buffer.byteLength(id)).toBeLessThanOrEqual(256);
      id = childInstanceId(id, depth % 2, 1);
    }
    expect(seen.size).toBe(1_000);
  });

  it("[B7] the hash is SHA-256", () => {
    for (const text of ["", "abc", "ä€😀", ...[55, 56, 63, 64, 119, 120, 1_000].map((length) => "x".repeat(length))])
      expect(sha256(text)).toBe(createHash("sha256").update(text).digest("hex"));
  });
});

it("[B8] the mark of a failure that is not to be retried stays, whatever is within it", () => {
  expect(describeFailure(new NonRetriableError("no", { cause: new Error("why") }))).toMatchObject({
    errorType: "NonRetriableError",
    isNonRetriable: true,
    innerFailure: { message: "why" },
  });
  expect(describeFailure(new Error("outer", { cause: new NonRetriableError("no") }))).not.toHaveProperty(
    "isNonRetriable",
  );
  // That of Cloudflare Workflows has no mark but its name.
  class NonRetryableError extends Error {
    override readonly name = "NonRetryableError";
  }
  expect(describeFailure(new NonRetryableError("no"))).toMatchObject({ isNonRetriable: true });
  expect(describeFailure(Object.assign(new Error("no"), { isNonRetriable: 1 }))).not.toHaveProperty("isNonRetriable");
});
