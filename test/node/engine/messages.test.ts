import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { WorkflowActivityContext } from "../../../src/engine/activity-context.ts";
import { ActivityNotRegisteredError } from "../../../src/engine/errors.ts";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import { Registry } from "../../../src/engine/registry.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { describeFailure, placesOf } from "../../../src/model/failure.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { Driver, raised, registryOf, startedAs, T0 } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = AsyncGenerator<any, any, any>;
const parent = { instanceId: "p", executionId: "px", name: "n", taskId: 4 };

async function endedMessage(workflow: (ctx: WorkflowContext) => unknown): Promise<unknown> {
  const driver = new Driver(workflow, undefined, "child");
  driver.history[0] = { ...startedAs("child"), parent } as HistoryEvent;
  return (await driver.turn()).messages;
}

describe("[T12] a child tells its parent how it ended, once, to the call that started it", () => {
  const message = (outcome: unknown) => [
    { to: "p", message: { version: 1, type: "ChildEnded", parentExecutionId: "px", taskId: 4, outcome } },
  ];
  it("[T12] completed", async () => {
    expect(await endedMessage(() => 5)).toEqual(message({ ok: true, result: "5" }));
  });
  it("[T12] failed", async () => {
    const thrower = () => {
      throw new RangeError("no");
    };
    const failure = { errorType: "RangeError", message: "no", stackTrace: expect.any(String) };
    expect(await endedMessage(thrower)).toEqual(message({ ok: false, failure }));
  });
  it("[T12] completed, with a result that no message holds: a failure says so", async () => {
    const failure = {
      errorType: "ResultTooLargeError",
      message: expect.stringMatching(/^workflow instance '.*' is completed, and its result does not fit/),
    };
    const fits = "x".repeat(31 * 1024 * 1024 - 2);
    expect(await endedMessage(() => fits)).toMatchObject([{ message: { outcome: { ok: true } } }]);
    expect(await endedMessage(() => `${fits}x`)).toEqual(message({ ok: false, failure }));
    // A character beyond Latin-1 takes two bytes, and so do all others with it.
    const wide = `\u0100${"x".repeat(15.5 * 1024 * 1024 - 3)}`;
    expect(await endedMessage(() => wide)).toMatchObject([{ message: { outcome: { ok: true } } }]);
    expect(await endedMessage(() => `${wide}x`)).toEqual(message({ ok: false, failure }));
  });
  it("[T12] continued as new: not yet", async () => {
    expect(await endedMessage((ctx) => ctx.continueAsNew(1))).toEqual([]);
  });
});

describe("[T13] what an execution remembers of the one before it", () => {
  it("[T13] a raise that the former execution took is known when it comes again", async () => {
    const registry = registryOf(async function* again(ctx: WorkflowContext): Code {
      yield ctx.waitForExternalEvent("e");
      ctx.continueAsNew(1);
    });
    const raise = { ...raised("e"), messageId: "m1" } as ReturnType<typeof raised>;
    const first = await Orchestration.load("i", { registry }, [startedAs("again")], false);
    expect((await first.turn([raise], T0)).completion?.type).toBe("ContinuedAsNew");
    expect(first.recentMessages(T0)).toEqual({ m1: T0 });
    expect(first.recentMessages(T0 + 60_000)).toEqual({});
    const next = { ...startedAs("again"), generation: 1, recentMessages: first.recentMessages(T0) } as HistoryEvent;
    for (const firstTurnDone of [false, true]) {
      const second = await Orchestration.load("i", { registry }, [next], firstTurnDone);
      expect(await second.turn([raise], T0)).toMatchObject({ taken: 1, events: [], status: "RUNNING" });
      expect(second.recentMessages(T0)).toEqual({ m1: T0 });
    }
  });

  it("[T13] a history that starts twice is not one of ours", async () => {
    const history = [startedAs("w"), startedAs("w")];
    const registry = registryOf(async function* w(ctx: WorkflowContext): Code {
      yield ctx.waitForExternalEvent("e");
    });
    await expect(Orchestration.load("i", { registry }, history, true)).rejects.toThrow("A second ExecutionStarted");
  });
});

describe("[T29] what no message holds is refused where the code asks for it", () => {
  const long = "x".repeat(31 * 1024 * 1024);
  it.each<[string, (ctx: WorkflowContext) => unknown]>([
    ["callChildWorkflow", (ctx) => ctx.callChildWorkflow("w", long)],
    ["scheduleNewWorkflow", (ctx) => ctx.scheduleNewWorkflow("w", long)],
    ["sendEvent", (ctx) => ctx.sendEvent("i", "e", long)],
  ])("[T29] a payload: %s", async (what, call) => {
    const message = `${what}: a message between instances holds 32505856 bytes, and this payload has 32505858`;
    expect(await refusal(call)).toEqual([
      ["ExecutionStarted", "ExecutionCompleted"],
      ["RangeError", message],
    ]);
  });

  it.each<[string, (ctx: WorkflowContext, id: string) => unknown]>([
    ["callChildWorkflow", (ctx, id) => ctx.callChildWorkflow("w", 1, id)],
    ["scheduleNewWorkflow", (ctx, id) => ctx.scheduleNewWorkflow("w", 1, { instanceId: id })],
    ["sendEvent", (ctx, id) => ctx.sendEvent(id, "e")],
  ])("[T29] an instance ID: %s", async (what, call) => {
    const message = `${what}: an instance ID has at most 1024 bytes, and this one 1026`;
    expect(await refusal((ctx) => call(ctx, "\u20ac".repeat(342)))).toEqual([
      ["ExecutionStarted", "ExecutionCompleted"],
      ["RangeError", message],
    ]);
    expect((await refusal((ctx) => call(ctx, "\u20ac".repeat(341))))[1]).toEqual([undefined, undefined]);
  });

  async function refusal(call: (ctx: WorkflowContext) => unknown): Promise<[string[], unknown[]]> {
    const driver = new Driver((ctx: WorkflowContext) => {
      call(ctx);
    }, undefined);
    const { completion, events } = await driver.turn();
    const failure = completion?.type === "Failed" ? completion.failure : undefined;
    return [
      ["ExecutionStarted", ...events.map(({ type }) => type)],
      [failure?.errorType, failure?.message],
    ];
  }
});

describe("[T14] names, contexts, failures", () => {
  it("[T14] the workflow's context knows its instance; callSubWorkflow is callChildWorkflow", async () => {
    let id = "";
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      id = ctx.getWorkflowInstanceId();
      yield ctx.callSubWorkflow("c", 1, "named");
    });
    expect((await driver.turn()).events).toMatchObject([
      { type: "ChildWorkflowInstanceCreated", name: "c", instanceId: "named", input: "1" },
    ]);
    expect(id).toBe("i");
  });

  it("[T14] the activity's context knows its call", () => {
    const beats: unknown[] = [];
    const ctx = new WorkflowActivityContext({
      instanceId: "i",
      taskId: 3,
      taskExecutionId: "x:2",
      attempt: 2,
      signal: new AbortController().signal,
      progress: { done: 7 },
      heartbeat: (details) => void beats.push(details),
    });
    ctx.heartbeat(8);
    expect([ctx.getWorkflowInstanceId(), ctx.getWorkflowActivityId(), ctx.getTaskExecutionId()]).toEqual([
      "i",
      3,
      "x:2",
    ]);
    expect([ctx.getAttemptNumber(), ctx.getLastHeartbeatDetails(), ctx.signal.aborted]).toEqual([
      2,
      { done: 7 },
      false,
    ]);
    expect(beats).toEqual([8]);
  });

  it("[T14] the registry finds what was added, and nothing else", () => {
    const registry = new Registry();
    const work = () => 1;
    registry.addActivity("a", work);
    expect([registry.activity("a"), registry.activity("b"), registry.workflow("a", undefined)]).toEqual([
      work,
      undefined,
      { type: "not registered" },
    ]);
    expect(new ActivityNotRegisteredError("a", ["b"]).message).toBe(
      "Activity function 'a' is not registered. Registered are: b.",
    );
  });

  it("[T14] a failure has a reason, whatever was thrown", () => {
    const round: { self?: unknown } = {};
    round.self = round;
    expect(describeFailure(round)).toEqual({ errorType: "Object", message: "[object Object]" });
    expect(describeFailure(Object.create(null))).toEqual({ errorType: "object", message: "{}" });
    const bare = new Error("m");
    Object.defineProperty(bare, "stack", { value: undefined });
    expect(describeFailure(bare)).toEqual({ errorType: "Error", message: "m" });
  });
});

describe("[T30] whatever code throws is described, in texts", () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const throwing = (field: string) =>
    Object.defineProperty(new Error("m"), field, {
      get() {
        throw new Error("no");
      },
    });
  it.each<[string, unknown, string, string]>([
    ["a message that is a BigInt", Object.assign(new Error(), { message: 10n }), "Error", "10"],
    ["a message that is an object", Object.assign(new Error(), { message: { code: 5 } }), "Error", '{"code":5}'],
    ["a message in a circle", Object.assign(new Error(), { message: circular }), "Error", "[object Object]"],
    ["a stack in a circle", Object.assign(new TypeError("m"), { stack: circular }), "TypeError", "m"],
    ["a message that throws", throwing("message"), "Error", ""],
    ["a stack that throws", throwing("stack"), "Error", "m"],
    ["a mark that throws", throwing("isNonRetriable"), "Error", "m"],
    [
      "a name that is a number",
      new (class extends Error {
        static override name = 5 as unknown as string;
      })("m"),
      "5",
      "m",
    ],
    ["a proxy that was revoked", revoked(), "object", ""],
    ["no prototype", Object.create(null), "object", "{}"],
    ["a symbol", Symbol("s"), "Symbol", "Symbol(s)"],
    ["nothing", undefined, "undefined", "undefined"],
  ])("[T30] %s", (_, thrown, errorType, message) => {
    const failure = describeFailure(thrown);
    expect(failure).toMatchObject({ errorType, message });
    expect(JSON.parse(JSON.stringify(failure))).toEqual(failure);
    expect(failure.stackTrace === undefined || typeof failure.stackTrace === "string").toBe(true);
  });

  it("[T30] the places that a log line has are those of the stack, and no line of the message", () => {
    const error = new Error("a secret\n    at a place that is none\nof several lines");
    const places = placesOf(error);
    expect(places.length).toBeGreaterThan(0);
    expect(places.join()).not.toMatch(/secret|that is none/);
    expect(places[0]).toContain("messages.test.ts");
    expect(placesOf("a text")).toEqual([]);
  });
});

describe("[T30] names and IDs that code gives", () => {
  const refused = async (code: (ctx: WorkflowContext) => unknown, instanceId = "i") => {
    const registry = new Registry();
    registry.addWorkflow("w", code);
    const orchestration = await Orchestration.load(instanceId, { registry }, [startedAs("w")], false);
    const { status, events, messages } = await orchestration.turn([], T0);
    const completed = events.at(-1);
    const failure = completed?.type === "ExecutionCompleted" ? completed.failure : undefined;
    return [status, failure?.errorType, messages.length];
  };
  // biome-ignore lint/suspicious/noExplicitAny: what JavaScript lets through
  const any = (value: unknown) => value as any;
  const odd = { getTime: () => "soon" };
  it.each<[string, string, (ctx: WorkflowContext) => unknown]>([
    ["a child's ID that is a number", "TypeError", (ctx) => ctx.callChildWorkflow("c", 1, { instanceId: any(123) })],
    ["a detached one's too", "TypeError", (ctx) => ctx.scheduleNewWorkflow("c", 1, { instanceId: any(123) })],
    ["half of a surrogate pair in an ID", "TypeError", (ctx) => ctx.sendEvent("v\ud800", "e")],
    ["the same in a name", "TypeError", (ctx) => ctx.callActivity("a\ud800")],
    ["the same in a patch", "TypeError", (ctx) => ctx.isPatched("a\ud800")],
    ["an event without a name", "TypeError", (ctx) => ctx.sendEvent("i", any({}))],
    ["an empty name", "TypeError", (ctx) => ctx.callActivity("")],
    ["a name of 16,385 characters", "TypeError", (ctx) => ctx.waitForExternalEvent("e".repeat(16_385))],
    ["an invalid startAt", "RangeError", (ctx) => ctx.scheduleNewWorkflow("c", 1, { startAt: new Date(Number.NaN) })],
    ["a startAt that is no Date", "RangeError", (ctx) => ctx.scheduleNewWorkflow("c", 1, { startAt: any(odd) })],
  ])("[T30] %s is refused where it is given: %s", async (_, errorType, code) => {
    expect(await refused(code)).toEqual(["FAILED", errorType, 0]);
  });

  it("[B7] an ID made from one that is as long as an ID may be has the hash of that in it, live and in a replay", async () => {
    const child = (ctx: WorkflowContext) => ctx.callChildWorkflow("c");
    const detached = (ctx: WorkflowContext) => ctx.scheduleNewWorkflow("c");
    const retry = { maxNumberOfAttempts: 2, firstRetryInterval: 1_000 };
    const retried = (ctx: WorkflowContext) => ctx.callChildWorkflow("c", 1, { retry: any(retry) });
    const hash = createHash("sha256").update("i".repeat(1_024)).digest("hex");
    const table: [(ctx: WorkflowContext) => unknown, made: string][] = [
      [child, `${hash}:0001`],
      [detached, `${hash}-1`],
      [retried, `${hash}:0001`],
    ];
    for (const [call, made] of table) {
      const registry = registryOf(function* w(ctx: WorkflowContext) {
        call(ctx);
        yield ctx.waitForExternalEvent("never");
      });
      const id = "i".repeat(1_024);
      const live = await Orchestration.load(id, { registry }, [startedAs("w")], false);
      const turn = await live.turn([], T0);
      expect([turn.status, turn.messages.map(({ to }) => to)]).toEqual(["RUNNING", [made]]);
      const replayed = await Orchestration.load(id, { registry }, [startedAs("w"), ...turn.events], true);
      expect([made, replayed.status, replayed.hasUncommitted]).toEqual([made, "RUNNING", false]);
    }
  });

  it("[T30] times beyond all dates are cut to 4e12 seconds", async () => {
    const driver = new Driver(function* (ctx: WorkflowContext) {
      const timeout = Number.MAX_VALUE;
      yield ctx.whenAll([ctx.callActivity("a", 1, { timeout }), ctx.waitForExternalEvent("e", { timeout })]);
    });
    expect((await driver.turn()).events).toMatchObject([{ timeoutMs: 4e15 }, { fireAtMs: T0 + 4e15 }]);
  });

  it("[T30] half of a surrogate pair in a custom status is replaced, as it would be on disk", async () => {
    const driver = new Driver((ctx: WorkflowContext) => ctx.setCustomStatus("s\ud800"));
    expect((await driver.turn()).customStatus).toBe("s\ufffd");
  });
});
