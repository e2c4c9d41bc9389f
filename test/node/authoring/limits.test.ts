// [A41] What `runtime.limit` makes of its options, and over how many objects a limit is spread.
import { describe, expect, it } from "vitest";
import type { LimitOptions } from "../../../src/authoring/limit-options.ts";
import { checkTargets } from "../../../src/authoring/workflow-runtime.ts";
import { WorkflowRuntime } from "../../../src/client.ts";
import { type Limit, limiterNames, limiterOf } from "../../../src/model/limit.ts";
import { WorkflowTestEnvironment } from "../../../src/testing.ts";

const charge = () => "charged";
const key = (input: string) => input;
const runtime = () => new WorkflowRuntime().registerActivity(charge);

function declared(options: LimitOptions): Limit {
  const [limit] = runtime().limit("cards", { activity: "charge", ...options }).registry.limits.all;
  if (limit === undefined) throw new Error("there is no limit");
  return limit;
}

describe("[A41] A limit", () => {
  it("[A41.1] has what is given, the rate as a number and a time, and one object", () => {
    expect(declared({ key, concurrency: 2, concurrencyPerKey: 1, rate: "100/m" })).toEqual({
      name: "cards",
      kind: "activity",
      target: "charge",
      key,
      concurrency: 2,
      concurrencyPerKey: 1,
      rate: { count: 100, perMs: 60_000 },
      parts: 1,
    });
  });

  it.each([
    [{ rate: "250/s" }, 1],
    [{ rate: "251/s" }, 2],
    [{ rate: "60000/m" }, 4],
    [{ rate: "1000000/h" }, 2],
    [{ rate: "1000/s", concurrency: 3 }, 3],
    [{ rate: "1000000/s" }, 64],
    [{ rate: "1000/s", parts: 1 }, 1],
    [{ concurrency: 100_000 }, 1],
    [{ concurrency: 10, key, parts: 4 }, 4],
  ] as const)("[A41.2] %j is spread over %i objects: one serves 250 a second", (options, parts) => {
    expect(declared(options).parts).toBe(parts);
  });

  it("[A41.3] the parts' shares are what was declared in sum, and there is no other object of it", () => {
    const { limits } = runtime().limit("cards", { activity: charge, concurrency: 10, rate: "900/s" }).registry;
    const quotas = limiterNames(declared({ concurrency: 10, rate: "900/s" })).map((name) => limits.quotaOf(name));
    expect(quotas.map((quota) => quota?.concurrency)).toEqual([3, 3, 2, 2]);
    expect(quotas.map((quota) => quota?.rate)).toEqual(Array.from({ length: 4 }, () => ({ count: 225, perMs: 1_000 })));
    expect([
      limits.quotaOf("cards"),
      limits.quotaOf("cards#4"),
      limits.quotaOf("cards#1x"),
      limits.quotaOf("other"),
    ]).toEqual([{ isFormer: true }, { isFormer: true }, undefined, undefined]);
  });

  it("[A41.4] with a key, all of a key are in one part, and keys in all parts; without one, instances are in all parts", () => {
    const partsOf = (limit: Limit, of: (n: number) => readonly [key: string, instanceId: string]) =>
      new Set(Array.from({ length: 200 }, (_, n) => limiterOf(limit, ...of(n)))).size;
    const keyed = declared({ rate: "1000/s", key });
    expect([partsOf(keyed, (n) => ["acme", `i${n}`]), partsOf(keyed, (n) => [`t${n}`, "i"])]).toEqual([1, 4]);
    const open = declared({ rate: "1000/s" });
    expect([partsOf(open, (n) => ["", `i${n}`]), partsOf(open, () => ["", "i"])]).toEqual([4, 1]);
  });

  it.each([
    [
      { concurrency: 3, parts: 4, key },
      RangeError,
      "parts is at most 3, so that each has a share of at least 1, found 4",
    ],
    [{ rate: "3/s", parts: 4, key }, RangeError, "parts is at most 3, so that each has a share of at least 1, found 4"],
    [{ concurrency: 100, parts: 65 }, RangeError, "parts is a whole number from 1 to 64, found 65"],
    [
      { concurrencyPerKey: 1 },
      TypeError,
      "a concurrencyPerKey is of a limit with a key; without one, concurrency is of all",
    ],
    [{}, TypeError, "a limit has a concurrency, a concurrencyPerKey or a rate"],
    [{ concurrency: 0 }, RangeError, "concurrency is a whole number from 1 to 1,000,000, found 0"],
    [{ rate: "100/minute" }, RangeError, 'rate is a rate such as "100/m"'],
    [{ concurrency: 1, workflow: "pay" }, TypeError, "a limit is of either a workflow or an activity"],
  ] as const)("[A41.5] %j is refused", (options, type, text) => {
    const declare = () => declared(options);
    expect(declare).toThrow(type);
    expect(declare).toThrow(`limit 'cards': ${text}`);
  });

  it.each(["", "a b", "cards#1", "-a", "x".repeat(101)])("[A41.6] the name %j is refused", (name) => {
    expect(() => runtime().limit(name, { activity: charge, concurrency: 1 })).toThrow(TypeError);
  });

  it("[A41.7] a name is taken once, and what is limited has one limit", () => {
    const cards = () => runtime().limit("cards", { activity: charge, concurrency: 1 });
    expect(() => cards().limit("cards", { activity: "other", concurrency: 1 })).toThrow(
      "A limit 'cards' already exists.",
    );
    expect(() => cards().limit("more", { activity: charge, rate: "1/s" })).toThrow(
      "the activity \"charge\" has the limit 'cards' already, and has one at most: give that both a concurrency and a rate.",
    );
  });

  it("[A41.8] of what is not registered lets everything through: neither Worker nor test environment is made of it", async () => {
    const mistyped = () => runtime().limit("cards", { activity: "chrage", concurrency: 1 });
    const text = "limit 'cards': the activity 'chrage' is not registered. Registered: charge";
    expect(() => checkTargets(mistyped())).toThrow(new TypeError(text));
    expect(() => new WorkflowTestEnvironment(mistyped())).toThrow(new TypeError(text));
    const env = new WorkflowTestEnvironment(runtime());
    await expect(env.useRuntime(mistyped())).rejects.toThrow(new TypeError(text));
    // An activity is no workflow, and what is registered after the limit is registered.
    expect(() => checkTargets(runtime().limit("cards", { workflow: "charge", concurrency: 1 }))).toThrow(
      "limit 'cards': the workflow 'charge' is not registered. Registered: none",
    );
    const later = new WorkflowRuntime().limit("cards", { activity: "charge", concurrency: 1 }).registerActivity(charge);
    expect(() => checkTargets(later)).not.toThrow();
  });
});
