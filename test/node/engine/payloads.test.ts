import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Saga } from "../../../src/authoring/saga.ts";
import { CompletableTask } from "../../../src/engine/completable-task.ts";
import { type PayloadConverter, Payloads } from "../../../src/engine/payload.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { completed, Driver, endOf, outcomeOf, raised } from "./support.ts";

const payloads = new Payloads();
const encode = (value: unknown) => payloads.encode(value, "result", "activity", "charge");
const refusalOf = (value: unknown): string => {
  try {
    return `taken: ${encode(value)}`;
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    expect((error as { isNonRetriable?: boolean }).isNonRetriable).toBe(true);
    return (error as Error).message;
  }
};

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is up to the call
type Code = Generator<any, any, any>;

class Point {
  x = 1;
  #hidden = 2;
  get sum() {
    return this.x + this.#hidden;
  }
}
class Nothing {
  #hidden = 1;
  get hidden() {
    return this.#hidden;
  }
}

describe("[J1] what JSON cannot hold is refused, with the call and the path", () => {
  it.each<[string, unknown, string]>([
    ["a BigInt", 10n, "a BigInt"],
    ["a BigInt in an object", Object(10n), "a BigInt"],
    ["a symbol", Symbol("s"), "a symbol"],
    ["a function", () => 1, "a function"],
    ["a function with a name", function pay() {}, "a function (pay)"],
    ["a class", Point, "a function (Point)"],
    ["bytes", new Uint8Array(2), "binary data (Uint8Array)"],
    ["no bytes", new Float64Array(), "binary data (Float64Array)"],
    ["a Buffer, in spite of its toJSON", Buffer.from("x"), "binary data (Buffer)"],
    ["an ArrayBuffer", new ArrayBuffer(2), "binary data (ArrayBuffer)"],
    ["a SharedArrayBuffer", new SharedArrayBuffer(2), "binary data (SharedArrayBuffer)"],
    ["a DataView", new DataView(new ArrayBuffer(2)), "binary data (DataView)"],
    ["an Error", new RangeError("no"), "an Error (RangeError)"],
    ["an Error with fields", Object.assign(new Error("no"), { code: 5 }), "an Error (Error)"],
    ["a Promise", Promise.resolve(1), "a Promise"],
    ["a task", new CompletableTask(), "a task"],
    ["a Map", new Map([[1, 2]]), "a Map"],
    ["a Map with fields", Object.assign(new Map(), { a: 1 }), "a Map"],
    ["a Set", new Set([1]), "a Set"],
    ["a WeakMap", new WeakMap(), "a WeakMap"],
    ["a RegExp", /x/, "a RegExp"],
    ["a Response", new Response("x"), "an object of class Response"],
    ["a Request", new Request("http://x"), "an object of class Request"],
    ["Headers", new Headers({ a: "b" }), "an object of class Headers"],
    ["URLSearchParams", new URLSearchParams("a=b"), "an object of class URLSearchParams"],
    ["an object whose data is private", new Nothing(), "an object of class Nothing"],
    ["one whose class begins like Object", new (class ObjectPool {})(), "an object of class ObjectPool"],
    ["one whose class ends like Object", new (class ByObject {})(), "an object of class ByObject"],
    ["a Map of another realm", runInNewContext("new Map([[1, 2]])"), "a Map"],
    ["an Error of another realm", runInNewContext("new Error('no')"), "an Error (Error)"],
    ["a Promise of another realm", runInNewContext("Promise.resolve(1)"), "a Promise"],
    ["bytes of another realm", runInNewContext("new Uint8Array(2)"), "binary data (Uint8Array)"],
  ])("[J1] %s, wherever it is", (_, value, what) => {
    const begin = (path: string) =>
      expect.stringMatching(new RegExp(`^activity 'charge': ${path} is ${what.replace(/[()]/g, "\\$&")}`));
    expect(refusalOf(value)).toEqual(begin("result"));
    expect(refusalOf({ receipt: value })).toEqual(begin("result\\.receipt"));
    expect(refusalOf([0, { items: [1, 2, value] }])).toEqual(begin("result\\[1\\]\\.items\\[2\\]"));
    expect(refusalOf(Object.assign(new Point(), { at: value }))).toEqual(begin("result\\.at"));
    expect(refusalOf({ toJSON: () => ({ deep: value }) })).toEqual(begin("result\\.deep"));
  });

  it.each<[string, object]>([
    ["a plain object", {}],
    ["an array", [1]],
    ["an object without a prototype", Object.create(null)],
  ])("[J1] what a toJSON that is not listed among the fields of %s gives is looked at, too", (_, value) => {
    const giving = (given: unknown) =>
      Object.defineProperty(value, "toJSON", { value: () => given, configurable: true });
    expect(refusalOf({ a: giving(new Map()) })).toMatch(/^activity 'charge': result\.a is a Map/);
    expect(refusalOf([giving(Promise.resolve())])).toMatch(/^activity 'charge': result\[0\] is a Promise/);
    expect(encode(giving(5))).toBe("5");
  });

  it("[J1] so are the fields of what only inherits from arrays", () => {
    expect(refusalOf(Object.assign(Object.create(Array.prototype), { m: new Map() }))).toMatch(/result\.m is a Map/);
  });

  it("[J1] and so is what a date gives that is not written as dates are", () => {
    const own = Object.assign(new Date(0), { toJSON: () => new Map() });
    expect(refusalOf({ at: own })).toMatch(/^activity 'charge': result\.at is a Map/);
    const { toJSON } = Date.prototype;
    expect(refusalOf({ at: { toJSON, toISOString: () => new Set() } })).toMatch(/result\.at is a Set/);
  });

  it("[J1] an object whose class has no name of its own is told by what it has", () => {
    expect(refusalOf([1].values())).toMatch(/result is an object of class (Array )?Iterator without fields of its own/);
    const inheriting = Object.create({ a: 1 });
    expect(refusalOf(inheriting)).toMatch(
      /result is an object without fields of its own, which JSON cannot hold: write/,
    );
    expect(refusalOf(Object.create(Object.create(null)))).toContain("result is an object without fields of its own");
    expect(refusalOf(new (class {})())).toContain("result is an object without fields of its own");
  });

  it("[J1] and says what to write in its place", () => {
    expect(refusalOf({ receipt: 10n })).toBe(
      "activity 'charge': result.receipt is a BigInt, which JSON cannot hold: write String(value), and BigInt(text) where it is " +
        "read, or give the runtime or the client a payloadConverter that takes it",
    );
    expect(refusalOf({ v: new Map() })).toContain("write Object.fromEntries(map), or [...map], or give the runtime");
    // That it rejects is unheard nowhere: a test runner would say so.
    expect(refusalOf([Promise.reject(new Error("unheard"))])).toBe(
      "activity 'charge': result[0] is a Promise, which JSON cannot hold: await it first",
    );
    expect(refusalOf([new CompletableTask()])).toContain("yield it");
  });

  it("[J1] keys that are no identifiers stand in brackets and quotes; a long path has its ends", () => {
    expect(refusalOf({ "a-b": { "": { 'c"d': 1n, ok: 1 } } })).toContain(`result["a-b"][""]["c\\"d"] is a BigInt`);
    expect(refusalOf({ größe: { 5: 1n } })).toContain(`result.größe["5"] is a BigInt`);
    let deep: unknown = { last: 1n };
    for (let n = 0; n < 1_000; n++) deep = { [`k${n}`]: deep };
    const text = refusalOf(deep);
    expect(text).toMatch(/^activity 'charge': result\.k999\.k998.* … .*\.k0\.last is a BigInt/);
    expect(text.length).toBeLessThan(1_000);
    expect(refusalOf({ ["x".repeat(100_000)]: 1n }).length).toBeLessThan(1_000);
  });

  it("[J1] of more than 40 keys the first 20 and the last 20", () => {
    const nested = (keys: readonly string[]) => keys.reduceRight<unknown>((value, key) => ({ [key]: value }), 1n);
    const keys = Array.from({ length: 41 }, (_, n) => `k${n}`);
    const all = (some: readonly string[]) => some.map((key) => `.${key}`).join("");
    expect(refusalOf(nested(keys))).toContain(`: result${all(keys.slice(0, 20))} … ${all(keys.slice(21))} is a BigInt`);
    expect(refusalOf(nested(keys.slice(1)))).toContain(`: result${all(keys.slice(1))} is a BigInt`);
  });

  it("[J1] a circle, where it closes", () => {
    const a: Record<string, unknown> = { b: { c: [] } };
    (a.b as { c: unknown[] }).c.push(a);
    expect(refusalOf(a)).toMatch(/^activity 'charge': result\.b\.c\[0\] leads back, in a circle/);
    const shared = { n: 1 };
    expect(encode([shared, shared])).toBe('[{"n":1},{"n":1}]');
  });

  it("[J1] what throws when it is read, with its text", () => {
    const thrower = {
      get bad() {
        throw new Error("no such field");
      },
    };
    expect(refusalOf({ a: thrower })).toBe("activity 'charge': result.a.bad could not be read: no such field");
    expect(
      refusalOf({
        toJSON: () => {
          throw new Error("never");
        },
      }),
    ).toBe("activity 'charge': result could not be read: never");
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(refusalOf({ a: proxy })).toMatch(/^activity 'charge': result\.a could not be read: /);
  });
});

describe("[J2] what JSON holds is written as JSON.stringify writes it", () => {
  const nullish = Object.assign(Object.create(null), { a: 1 });
  const dict = JSON.parse('{"__proto__": {"x": 1}, "b": 2}');
  class Money {
    constructor(readonly cents: number) {}
    toJSON() {
      return { cents: this.cents, at: new Date(0), note: undefined };
    }
  }
  class List extends Array<number> {}
  function Old(this: { a: number }) {
    this.a = 1;
  }
  Old.prototype.method = () => 1;
  const values: [string, unknown][] = [
    ["primitives", [0, -0, 1.5, "x", "\ud800", true, false, null]],
    ["NaN and infinities", [Number.NaN, 1 / 0, -1 / 0]],
    ["undefined members", { a: undefined, b: [undefined, 1] }],
    ["holes", new Array(3)],
    ["dates, valid or not", [new Date(0), new Date(Number.NaN)]],
    ["a URL", new URL("http://x/y")],
    ["an object of a class with fields", new Point()],
    ["methods of a class of the old kind", Reflect.construct(Old, [])],
    ["a class with toJSON, everywhere", { a: new Money(5), b: [new Money(6)] }],
    ["boxed primitives", [Object("a"), Object(1), Object(false)]],
    ["no prototype", [nullish, Object.create(null)]],
    ["a key called __proto__", [dict, { m: new Money(1), dict }]],
    ["an empty object and array", [{}, []]],
    ["an array of a class", List.from([1, 2])],
    ["plain objects of another realm", runInNewContext("({ a: [1, {}, { b: null }], d: new Date(0) })")],
    ["an empty one", runInNewContext("({})")],
    ["symbol keys", { [Symbol("s")]: 1, a: 1 }],
  ];
  it.each(values)("[J2] %s", (_, value) => {
    expect(encode(value)).toBe(JSON.stringify(value));
    // The same on the careful way, which an object with a toJSON leads to.
    const careful = { toJSON: () => 1 };
    expect(encode([value, careful])).toBe(JSON.stringify([value, careful]));
  });

  it("[J2] a toJSON is called once, with its key; a getter of an object beside one, too", () => {
    const calls: unknown[] = [];
    const once = {
      toJSON(key: string) {
        calls.push(key);
        return 1;
      },
    };
    expect(encode({ a: once, b: [once] })).toBe('{"a":1,"b":[1]}');
    expect(calls).toEqual(["a", "0"]);
  });

  it("[J2] undefined is no payload; neither is what a toJSON makes undefined", () => {
    expect(encode(undefined)).toBe(undefined);
    expect(encode({ toJSON: () => undefined })).toBe(undefined);
  });

  it("[J2] what is nested as deeply as JSON.stringify can write is written; what is deeper is refused with a text", () => {
    const nested = (levels: number) => {
      let value: unknown = 1;
      for (let n = 0; n < levels; n++) value = n % 2 ? [value] : { value };
      return value;
    };
    expect(encode(nested(2_000))).toBe(JSON.stringify(nested(2_000)));
    const again = (): object => ({ next: { toJSON: again } });
    expect(refusalOf(again())).toMatch(/ is nested too deeply$/);
    expect(refusalOf(nested(1_000_000))).toMatch(/^activity 'charge': result.*nested too deeply/);
    expect(refusalOf(nested(90_000))).toMatch(/^activity 'charge': result is nested too deeply, or too long/);
  });

  it("[J2] a BigInt that the program has given a toJSON is what that says", () => {
    const prototype = BigInt.prototype as { toJSON?: () => string };
    prototype.toJSON = function (this: bigint) {
      return `${this}n`;
    };
    try {
      expect(encode({ a: 5n })).toBe('{"a":"5n"}');
    } finally {
      delete prototype.toJSON;
    }
  });
});

describe("[J3] every payload of a workflow passes through here", () => {
  const bad = { items: [{ price: 1n }] };
  const path = "items[0].price is a BigInt";
  it.each<[string, string, (ctx: WorkflowContext) => unknown]>([
    ["an activity's input", "activity 'a': input", (ctx) => ctx.callActivity("a", bad)],
    ["a child's input", "workflow 'c': input", (ctx) => ctx.callChildWorkflow("c", bad)],
    ["that of a scheduled one", "workflow 'c': input", (ctx) => ctx.scheduleNewWorkflow("c", bad)],
    ["an event", "event 'e': payload", (ctx) => ctx.sendEvent("i", "e", bad)],
    ["a custom status", "setCustomStatus: status", (ctx) => ctx.setCustomStatus(bad)],
    ["the next input", "continueAsNew: input", (ctx) => ctx.continueAsNew(bad)],
    ["the workflow's own result", "workflow 'w': result", () => bad],
  ])("[J3] %s: nothing is done, and the error says where", async (_, at, code) => {
    const driver = new Driver(
      function* w(ctx: WorkflowContext): Code {
        return code(ctx);
      },
      undefined,
      "w",
    );
    const turn = await driver.turn();
    expect(endOf(turn)).toBe(`TypeError: ${at}.${path}${String(endOf(turn)).split(path)[1]}`);
    expect([turn.activities, turn.messages, turn.customStatus]).toEqual([[], [], undefined]);
    expect(turn.completion).toMatchObject({ failure: { isNonRetriable: true } });
  });

  it("[J3] the input of a compensation, when it is registered: when a step has to be undone, it is too late", async () => {
    let undone = "nothing";
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const saga = new Saga(ctx);
      try {
        saga.add("undo", bad);
      } catch (error) {
        undone = (error as Error).message;
      }
      saga.add("undo", { fine: 1 });
      yield* saga.compensate();
    });
    const { activities } = await driver.turn();
    expect(undone).toContain(`activity 'undo': input.${path}`);
    expect(activities).toMatchObject([{ name: "undo", input: '{"fine":1}' }]);
  });

  it("[J3] results of queries and updates", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      ctx.setQueryHandler("q", () => bad);
      ctx.setUpdateHandler("u", () => bad);
      yield ctx.waitForExternalEvent("never");
    });
    const { events } = await driver.turn({ type: "UpdateRequested", updateId: "1", name: "u" });
    expect(events.at(-1)).toMatchObject({
      type: "UpdateFailed",
      rejected: false,
      failure: { message: expect.stringContaining(`update 'u': result.${path}`) },
    });
    expect((await driver.load()).query("q", undefined)).toMatchObject({
      ok: false,
      message: expect.stringContaining(`query 'q': result.${path}`),
    });
  });
});

describe("[J4] null stays null, and undefined undefined", () => {
  it("[J4] results of activities and children, events, and a workflow's own", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const results = yield ctx.whenAll([
        ctx.callActivity("null"),
        ctx.callActivity("undefined"),
        ctx.callChildWorkflow("null"),
        ctx.waitForExternalEvent("e"),
      ]);
      return (results as unknown[]).map((result) => String(result));
    });
    await driver.turn();
    await driver.turn(completed(1, null), completed(2, undefined), raised("e", null));
    expect(endOf(await driver.turn({ type: "ChildWorkflowInstanceCompleted", id: 3, result: "null" }))).toEqual([
      "null",
      "undefined",
      "null",
      "null",
    ]);
    expect(await outcomeOf(() => null)).toBe(null);
    expect(await outcomeOf(() => undefined)).toBe(undefined);
  });
});

describe("[J5] reading", () => {
  const decode = (text: string | undefined) => payloads.decode(text, "input", "workflow", "w");
  it("[J5] JSON, else the text itself; a byte order mark before JSON is left out", () => {
    expect(
      [undefined, "", "1", "null", '{"a":1}', "not json", "\ufeff1", '\ufeff{"a":1}', "\ufeff", "\ufeffhello"].map(
        decode,
      ),
    ).toEqual([undefined, undefined, 1, null, { a: 1 }, "not json", 1, { a: 1 }, undefined, "\ufeffhello"]);
    // Only one, and only in front.
    expect(decode("\ufeff\ufeff1")).toBe("\ufeff\ufeff1");
    expect(decode('"\ufeff"')).toBe("\ufeff");
  });
});

describe("[J6] a payload converter", () => {
  const seen: unknown[] = [];
  const converter: PayloadConverter = {
    encode(value) {
      seen.push(value);
      return value instanceof Map ? JSON.stringify({ map: [...value] }) : undefined;
    },
    decode(text) {
      const value = JSON.parse(text);
      return value?.map ? new Map(value.map) : value;
    },
  };
  const own = new Payloads(converter);

  it("[J6] gets every value first; undefined leaves it to JSON", () => {
    seen.length = 0;
    expect(own.encode(new Map([[1, 2]]), "result", "activity", "a")).toBe('{"map":[[1,2]]}');
    expect(own.encode({ a: 1 }, "result", "activity", "a")).toBe('{"a":1}');
    expect(own.encode(null, "result", "activity", "a")).toBe("null");
    expect(own.encode(undefined, "result", "activity", "a")).toBe(undefined);
    expect(seen).toEqual([new Map([[1, 2]]), { a: 1 }, null]);
    expect(() => own.encode({ in: new Map() }, "result", "activity", "a")).toThrow("activity 'a': result.in is a Map");
  });

  it("[J6] reads every payload that is JSON, and none that is not", () => {
    expect(own.decode('{"map":[[1,2]]}', "result", "activity")).toEqual(new Map([[1, 2]]));
    expect(own.decode('\ufeff{"map":[[1,2]]}', "result", "activity")).toEqual(new Map([[1, 2]]));
    expect(own.decode("not json", "result", "activity")).toBe("not json");
    expect(own.decode(undefined, "result", "activity")).toBe(undefined);
  });

  it.each<[string, unknown, string]>([
    ["text that is no JSON", "map", 'returned "map"'],
    ["an object", { a: 1 }, "returned object"],
    ["null", null, "returned null"],
    ["a promise", Promise.resolve("1"), "returned a promise"],
  ])("[J6] that returns %s is told what it has to return", (_, returned, says) => {
    const wrong = new Payloads({ encode: () => returned as string, decode: JSON.parse });
    expect(() => wrong.encode(1, "input", "activity", "a")).toThrow(
      new RegExp(`^activity 'a': the payload converter's encode has to return JSON text, .* ${says}$`),
    );
  });

  const throws = () => {
    throw new RangeError("not mine");
  };
  const driverWith = (payloadConverter: PayloadConverter, code: (ctx: WorkflowContext) => Code, input?: unknown) => {
    const driver = new Driver(code, input, "w");
    driver.registry.payloads = new Payloads(payloadConverter);
    return driver;
  };

  it("[J6] that throws fails what it was asked for, once: a call, a result, an event, the workflow's input", async () => {
    const unable = (what: string) => expect.stringContaining(`the payload converter could not ${what}: not mine`);
    const noInput = driverWith({ encode: throws, decode: JSON.parse }, function* (ctx): Code {
      yield ctx.callActivity("a", 1);
    });
    expect((await noInput.turn()).completion).toMatchObject({
      failure: { message: unable("encode the input"), isNonRetriable: true },
    });
    const unread = driverWith({ encode: () => undefined, decode: throws }, function* (ctx): Code {
      const seen: string[] = [];
      const retry = { maxNumberOfAttempts: 5, firstRetryInterval: 1 };
      const tasks = [ctx.callActivity("a", 1, { retry }), ctx.callChildWorkflow("c"), ctx.waitForExternalEvent("e")];
      for (const task of tasks) {
        try {
          yield task;
        } catch (error) {
          seen.push((error as Error).message);
        }
      }
      return seen;
    });
    await unread.turn();
    await unread.turn(completed(1, 1));
    await unread.turn({ type: "ChildWorkflowInstanceCompleted", id: 2, result: "1" });
    expect(endOf(await unread.turn(raised("e", 1)))).toEqual([
      "i: activity 'a': Activity task #1 failed: activity 'a': the payload converter could not decode the result: not mine",
      "i: workflow 'c': Sub-orchestration task #2 failed: workflow 'c': the payload converter could not decode the result: not mine",
      "event 'e': the payload converter could not decode the payload: not mine",
    ]);
    const begun = driverWith({ encode: () => undefined, decode: throws }, function* (): Code {}, 1);
    expect((await begun.turn()).completion).toMatchObject({ failure: { message: unable("decode the input") } });
  });

  it("[J6] is that of the code, from the first turn on and in every replay", async () => {
    const driver = driverWith(converter, function* (ctx): Code {
      const result: unknown = yield ctx.callActivity("a", new Map([["in", 1]]));
      const event: unknown = yield ctx.waitForExternalEvent("e");
      return [result instanceof Map, event instanceof Map];
    });
    expect((await driver.turn()).activities).toMatchObject([{ input: '{"map":[["in",1]]}' }]);
    await driver.turn(completed(1, { map: [[1, 2]] }));
    expect(endOf(await driver.turn(raised("e", { map: [] })))).toEqual([true, true]);
  });
});
