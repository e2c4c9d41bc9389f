// [O] Options: what every call that takes some makes of them.
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { didYouMean, listNames, nearName } from "../../../src/model/near-name.ts";
import {
  aBoolean,
  aDate,
  aFunction,
  aNumber,
  anObject,
  anything,
  aString,
  oneOf,
  optionsOf,
  readArgument,
  readOptions,
  required,
  secondsAboveZero,
  secondsFromZero,
  secret,
  shown,
} from "../../../src/model/options.ts";

interface Inner {
  readonly maxNumberOfAttempts: number;
  readonly firstRetryInterval?: number;
}
interface Outer {
  readonly retry?: Inner | (() => boolean);
  readonly timeout?: number;
  readonly instanceId?: string;
  readonly force?: boolean;
  readonly startAt?: Date;
  readonly mode?: "fail" | "stall";
  readonly logger?: unknown;
  readonly token?: string;
}
const inner = optionsOf<Inner>({
  maxNumberOfAttempts: required(aNumber("an integer from 1", (n) => Number.isInteger(n) && n >= 1)),
  firstRetryInterval: secondsFromZero,
});
const outer = optionsOf<Outer>({
  retry: anObject(inner, "a policy or a function", aFunction),
  timeout: secondsAboveZero,
  instanceId: aString,
  force: aBoolean,
  startAt: aDate,
  mode: oneOf("fail", "stall"),
  logger: anything,
  token: secret(aString),
});
const known = "Known: retry, timeout, instanceId, force, startAt, mode, logger, token";

// biome-ignore lint/suspicious/noExplicitAny: what an author without types hands in
const read = (given: any) => readOptions(outer, given, "callActivity", "x");
const refusal = (given: unknown): string => {
  try {
    read(given);
    return "taken";
  } catch (error) {
    return String(error);
  }
};

describe("[O1] Options", () => {
  it("[O1.1] null means left out, for all of them and for each", () => {
    expect([read(null), read(undefined)]).toEqual([{}, {}]);
    const { timeout = 5, instanceId = "made", retry } = read({ timeout: null, instanceId: null, retry: null });
    expect([timeout, instanceId, retry]).toEqual([5, "made", undefined]);
    const policy = { maxNumberOfAttempts: 2, firstRetryInterval: null };
    const { firstRetryInterval = 7 } = read({ retry: policy }).retry as Inner;
    expect(firstRetryInterval).toBe(7);
    expect(policy.firstRetryInterval).toBe(null);
    // Where a default stands before the options, a null does not take its place.
    expect({ mode: "fail", ...read({ mode: null, timeout: 5 }) }).toStrictEqual({ mode: "fail", timeout: 5 });
  });

  it("[O1.2] what fits is passed on as it is, without a copy", () => {
    const given = { retry: { maxNumberOfAttempts: 1 }, timeout: 3, startAt: new Date(0), mode: "stall", logger: 4 };
    expect(read(given)).toBe(given);
    const handler = () => true;
    expect(read({ retry: handler })).toEqual({ retry: handler });
    class Policy {
      get maxNumberOfAttempts() {
        return 3;
      }
    }
    const policy = new Policy();
    expect(read({ retry: policy }).retry).toBe(policy);
  });

  it.each([
    [{ retryPolicy: {} }, `unknown option retryPolicy of callActivity 'x', did you mean retry? ${known}`],
    [{ timeoutInSeconds: 5 }, `unknown option timeoutInSeconds of callActivity 'x', did you mean timeout? ${known}`],
    [{ timeout_ms: 5 }, `unknown option timeout_ms of callActivity 'x', did you mean timeout, in seconds? ${known}`],
    [{ instanceID: "a" }, `unknown option instanceID of callActivity 'x', did you mean instanceId? ${known}`],
    [{ workflowId: "a" }, `unknown option workflowId of callActivity 'x', did you mean instanceId? ${known}`],
    [{ fource: true }, `unknown option fource of callActivity 'x', did you mean force? ${known}`],
    [
      { maxNumberOfAttempts: 3 },
      `unknown option maxNumberOfAttempts of callActivity 'x', did you mean retry.maxNumberOfAttempts? ${known}`,
    ],
    [{ delay: 3 }, `unknown option delay of callActivity 'x', did you mean retry.firstRetryInterval? ${known}`],
    [{ zebra: undefined }, `unknown option zebra of callActivity 'x'. ${known}`],
    [{ constructor: 1 }, `unknown option constructor of callActivity 'x'. ${known}`],
    [
      { retry: { maxAttempts: 3 } },
      "unknown option retry.maxAttempts of callActivity 'x', did you mean maxNumberOfAttempts? Known: maxNumberOfAttempts, firstRetryInterval",
    ],
    [
      { retry: { maxNumberOfAttempts: 3, firstRetryIntervalInMilliseconds: 3 } },
      "unknown option retry.firstRetryIntervalInMilliseconds of callActivity 'x', did you mean firstRetryInterval, in seconds? Known: maxNumberOfAttempts, firstRetryInterval",
    ],
  ])("[O1.3] an unknown name is refused, and the near one told (%#)", (given, message) => {
    expect(refusal(given)).toBe(`TypeError: ${message}`);
  });

  it.each([
    [
      { retry: { maxNumberOfAttempts: "3" } },
      "RangeError: callActivity 'x': retry.maxNumberOfAttempts is an integer from 1, found \"3\"",
    ],
    [
      { retry: { firstRetryInterval: 1 } },
      "RangeError: callActivity 'x': retry.maxNumberOfAttempts is an integer from 1, found undefined",
    ],
    [{ retry: 3 }, "TypeError: callActivity 'x': retry is a policy or a function, found 3"],
    [{ retry: [3] }, "TypeError: callActivity 'x': retry is a policy or a function, found [3]"],
    [{ timeout: { a: 1 } }, "RangeError: callActivity 'x': timeout is a number of seconds above 0, found {\"a\":1}"],
    [{ timeout: 0 }, "RangeError: callActivity 'x': timeout is a number of seconds above 0, found 0"],
    [{ timeout: Number.NaN }, "RangeError: callActivity 'x': timeout is a number of seconds above 0, found NaN"],
    [{ timeout: 5n }, "RangeError: callActivity 'x': timeout is a number of seconds above 0, found 5n"],
    [{ instanceId: 4711 }, "TypeError: callActivity 'x': instanceId is a string, found 4711"],
    [{ force: "yes" }, "TypeError: callActivity 'x': force is true or false, found \"yes\""],
    [
      { startAt: new Date(Number.NaN) },
      "RangeError: callActivity 'x': startAt is a Date that is valid, found an invalid Date",
    ],
    [{ startAt: "now" }, "RangeError: callActivity 'x': startAt is a Date that is valid, found \"now\""],
    [{ mode: "stal" }, 'RangeError: callActivity \'x\': mode is "fail" or "stall", found "stal"'],
    [{ token: 4711 }, "TypeError: callActivity 'x': token is a string, found a number"],
    [5, `TypeError: callActivity 'x': options are an object, found 5. ${known}`],
    ["id", `TypeError: callActivity 'x': options are an object, found "id". ${known}`],
    [[1], `TypeError: callActivity 'x': options are an object, found [1]. ${known}`],
    [() => 1, `TypeError: callActivity 'x': options are an object, found a function. ${known}`],
  ])("[O1.4] a wrong value is told with call, path, what was expected and what was found (%#)", (given, message) => {
    expect(refusal(given)).toBe(message);
  });

  it("[O1.7] what is inherited is read, and refused, like what is its own", () => {
    class Defaults {
      get timeout() {
        return 5;
      }
    }
    expect({ ...read(Object.create({ timeout: 5 })) }).toEqual({ timeout: 5 });
    expect({ ...read(new Defaults()) }).toEqual({ timeout: 5 });
    const policy = Object.assign(Object.create({ maxNumberOfAttempts: 3 }), { firstRetryInterval: null });
    const { retry, ...rest } = read(Object.assign(new Defaults(), { retry: policy, force: null, instanceId: "a" }));
    expect([retry, rest]).toEqual([{ maxNumberOfAttempts: 3 }, { timeout: 5, instanceId: "a" }]);
    expect(refusal(Object.create({ timeot: 5 }))).toBe(
      `TypeError: unknown option timeot of callActivity 'x', did you mean timeout? ${known}`,
    );
    Object.assign(Object.prototype, { polluted: 1 });
    try {
      expect(refusal({ timeout: 5 })).toBe("taken");
      expect(refusal({ polluted: 5 })).toMatch(/^TypeError: unknown option polluted/);
    } finally {
      Reflect.deleteProperty(Object.prototype, "polluted");
    }
  });

  it.each([
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [new Map([["timeout", 5]]), "an object of class Map"],
    [new Set(["timeout"]), "an object of class Set"],
    [Promise.resolve({ timeout: 5 }), "an object of class Promise"],
    [new Error("x"), "an object of class Error"],
    [runInNewContext("new Map()"), "an object of class Map"],
  ])("[O1.8] an object of a class that has no options in it is no object without options (%#)", (given, found) => {
    expect(refusal(given)).toBe(`TypeError: callActivity 'x': options are a plain object, found ${found}. ${known}`);
  });

  it("[O1.8] so is one for options within options; a class for options, and what is empty, are taken", () => {
    interface Limits {
      readonly limits?: { readonly most?: number };
    }
    const limits = optionsOf<Limits>({ limits: anObject(optionsOf<{ most?: number }>({ most: secondsFromZero })) });
    expect(() => readOptions(limits, { limits: new Map() as object }, "createWorker")).toThrow(
      "createWorker: limits is a plain object, found an object of class Map. Known: most",
    );
    class Options {
      timeout: number | undefined = undefined;
    }
    for (const given of [{}, Object.create(null), runInNewContext("({})"), new Options(), Object.create({})])
      expect(refusal(given)).toBe("taken");
  });

  it("[O1.9] a Date is one by what it is, and not by what it says of itself", () => {
    expect(refusal({ startAt: runInNewContext("new Date(5)") })).toBe("taken");
    expect(refusal({ startAt: { [Symbol.toStringTag]: "Date" } })).toBe(
      "RangeError: callActivity 'x': startAt is a Date that is valid, found {}",
    );
    expect(refusal({ startAt: Object.create(Date.prototype) })).toMatch(/startAt is a Date that is valid, found /);
  });

  it("[O1.5] one argument is read alike", () => {
    expect([readArgument(aString, null, "id", "call"), readArgument(aString, undefined, "id", "call")]).toEqual([
      undefined,
      undefined,
    ]);
    expect(readArgument(aString, "a", "id", "call")).toBe("a");
    expect(() => readArgument<unknown>(aString, 1, "id", "call", "x")).toThrow("call 'x': id is a string, found 1");
    for (const value of [null, undefined])
      expect(() => readArgument(required(aString), value, "id", "call")).toThrow(
        `call: id is a string, found ${value}`,
      );
  });

  it("[O1.6] what is found is shown as JSON, bounded, and never throws", () => {
    const circle: Record<string, unknown> = {};
    circle.circle = circle;
    class Odd {}
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no");
        },
      },
    );
    expect([circle, hostile].map(shown)).toEqual(["an object that is no JSON", "an object that is no JSON"]);
    expect([new Map(), new Odd(), Promise.resolve(), Object.create(null), new Date(0)].map(shown)).toEqual([
      "an object of class Map",
      "an object of class Odd",
      "an object of class Promise",
      "an object of class undefined",
      '"1970-01-01T00:00:00.000Z"',
    ]);
    expect(shown(new String("x"))).toBe("an object of class String");
    expect([null, Symbol("s"), {}, [], function named() {}].map(shown)).toEqual([
      "null",
      "a symbol",
      "{}",
      "[]",
      "the function named",
    ]);
    expect(shown("x".repeat(1_000))).toHaveLength(201);
    expect(shown("\u{1f600}".repeat(1_000)).isWellFormed()).toBe(true); // cut between the halves of one
  });
});

describe("[O2] The near name", () => {
  it.each([
    ["sharge", "charge"],
    ["chrage", "charge"],
    ["CHARGE", "charge"],
    ["chargeCard", "charge"],
    ["ship", undefined],
    ["", undefined],
    ["c".repeat(65), undefined],
  ])("[O2.1] %s: %s", (name, near) => {
    expect(nearName(name, ["refund", "charge", "c".repeat(66)])).toBe(near);
    expect(didYouMean(name, ["refund", "charge"])).toBe(near === undefined ? "" : `, did you mean ${near}?`);
  });

  it("[O2.3] of two that are as near the first; none for one letter, and none among names that nobody types", () => {
    expect(nearName("abcd", ["abce", "abcf"])).toBe("abce");
    expect(nearName("e", ["timeout"])).toBe(undefined);
    expect(nearName(`${"b".repeat(63)}c`, ["b".repeat(66)])).toBe(undefined);
  });

  it("[O2.2] a list is bounded, and begins with the near one", () => {
    const names = Array.from({ length: 25 }, (_, n) => `name${n}`);
    expect(listNames(names, "name_24")).toMatch(/^name24, name0, name1, .* name18 and 5 more$/);
    expect(listNames([])).toBe("none");
    expect(listNames(["x".repeat(16_000)])).toHaveLength(129);
  });
});
