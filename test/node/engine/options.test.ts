// [T31] Options and optional arguments of what a workflow calls.
import { describe, expect, it } from "vitest";
import { Saga } from "../../../src/authoring/saga.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { shown } from "../../../src/model/options.ts";
import { Driver, outcomeOf, T0 } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what an author without types hands in
type Any = any;
type Call = (ctx: WorkflowContext, given: Any) => unknown;

const activity: Call = (ctx, given) => ctx.callActivity("a", 1, given);
const child: Call = (ctx, given) => ctx.callChildWorkflow("c", 1, given);
const sub: Call = (ctx, given) => ctx.callSubWorkflow("c", 1, given);
const detached: Call = (ctx, given) => ctx.scheduleNewWorkflow("d", 1, given);
const wait: Call = (ctx, given) => ctx.waitForExternalEvent("e", given);
const handler: Call = (ctx, given) => ctx.setUpdateHandler("u", () => 1, given);
const again: Call = (ctx, given) => ctx.continueAsNew(1, false, given);
const compensation: Call = (ctx, given) => new Saga(ctx).add("a", 1, given);

const policy = { maxNumberOfAttempts: 2, firstRetryInterval: 1 };

/** What a call is recorded as, and the workflow waits then; or the error that it throws. */
async function called(call: Call, given: unknown): Promise<unknown> {
  let thrown: unknown;
  const turn = await new Driver(function* (ctx: WorkflowContext) {
    try {
      call(ctx, given);
    } catch (error) {
      thrown = error;
    }
    yield ctx.createTimer(1);
  }).turn();
  return thrown === undefined ? turn.events[0] : String(thrown);
}

describe("[T31] options and optional arguments", () => {
  it.each<[string, Call]>([
    ["callActivity", activity],
    ["callChildWorkflow", child],
    ["callSubWorkflow", sub],
    ["scheduleNewWorkflow", detached],
    ["waitForExternalEvent", wait],
    ["setUpdateHandler", handler],
    ["continueAsNew", again],
    ["Saga.add", compensation],
  ])("[T31] null for all of them means left out: %s", async (_, call) => {
    const [without, with_] = [await called(call, undefined), await called(call, null)];
    expect(with_).toEqual(without);
    expect(String(with_)).not.toMatch(/Error/);
  });

  it.each<[string, Call, object]>([
    ["callActivity", activity, { retry: null, timeout: null, totalTimeout: null, heartbeatTimeout: null }],
    ["callChildWorkflow", child, { instanceId: null, retry: null }],
    ["scheduleNewWorkflow", detached, { instanceId: null, startAt: null }],
    ["waitForExternalEvent", wait, { timeout: null }],
    ["setUpdateHandler", handler, { validator: null }],
    ["continueAsNew", again, { toLatestVersion: null }],
  ])("[T31] so does null for each: %s", async (_, call, nulls) => {
    expect(await called(call, nulls)).toEqual(await called(call, undefined));
  });

  it.each<[string, Call]>([
    ["callChildWorkflow", child],
    ["callSubWorkflow", sub],
  ])("[T31] an empty ID is none, as in Dapr: %s", async (_, call) => {
    expect(await called(call, "")).toMatchObject({ instanceId: "i:0001" });
  });

  it("[T31] null in a retry policy is what is left out", async () => {
    const retry = { ...policy, firstRetryInterval: 7_200, maxRetryInterval: null, jitter: null, handleFailure: null };
    const driver = new Driver(function* (ctx: WorkflowContext) {
      yield ctx.callActivity("a", 1, { retry: retry as Any });
    });
    await driver.turn();
    const failure = { errorType: "E", message: "m" };
    const { events } = await driver.turn({ type: "TaskFailed", id: 1, failure });
    expect(events.at(-1)).toMatchObject({ type: "TimerCreated", fireAtMs: T0 + 1_000 + 7_200_000 });
  });

  const forActivity = "Known: retry, timeout, totalTimeout, heartbeatTimeout";
  const forRetry =
    "Known: maxNumberOfAttempts, firstRetryInterval, backoffCoefficient, maxRetryInterval, retryTimeout, jitter, handleFailure";
  it.each<[string, Call, unknown, string]>([
    [
      "callActivity",
      activity,
      { retryPolicy: policy },
      `unknown option retryPolicy of callActivity 'a', did you mean retry? ${forActivity}`,
    ],
    [
      "callActivity",
      activity,
      { timeoutInSeconds: 5 },
      `unknown option timeoutInSeconds of callActivity 'a', did you mean timeout? ${forActivity}`,
    ],
    [
      "callActivity",
      activity,
      { retry: { ...policy, maxAttempts: 5 } },
      `unknown option retry.maxAttempts of callActivity 'a', did you mean maxNumberOfAttempts? ${forRetry}`,
    ],
    [
      "callActivity",
      activity,
      { retry: { maxNumberOfAttempts: 3, firstRetryIntervalInMilliseconds: 1_000 } },
      `unknown option retry.firstRetryIntervalInMilliseconds of callActivity 'a', did you mean firstRetryInterval, in seconds? ${forRetry}`,
    ],
    [
      "callChildWorkflow",
      child,
      { instanceID: "x" },
      "unknown option instanceID of callChildWorkflow 'c', did you mean instanceId? Known: instanceId, retry, searchAttributes",
    ],
    [
      "callChildWorkflow",
      child,
      { timeout: 4 },
      "unknown option timeout of callChildWorkflow 'c'. Known: instanceId, retry, searchAttributes",
    ],
    [
      "scheduleNewWorkflow",
      detached,
      { startTime: new Date(0) },
      "unknown option startTime of scheduleNewWorkflow 'd', did you mean startAt? Known: instanceId, startAt, searchAttributes",
    ],
    [
      "waitForExternalEvent",
      wait,
      { timeoutInSeconds: 5 },
      "unknown option timeoutInSeconds of waitForExternalEvent 'e', did you mean timeout? Known: timeout",
    ],
    [
      "setUpdateHandler",
      handler,
      { validate: () => 1 },
      "unknown option validate of setUpdateHandler 'u', did you mean validator? Known: validator",
    ],
    [
      "continueAsNew",
      again,
      { latest: true },
      "unknown option latest of continueAsNew, did you mean toLatestVersion? Known: toLatestVersion",
    ],
    [
      "Saga.add",
      compensation,
      { retries: policy },
      `unknown option retries of Saga.add 'a', did you mean retry? ${forActivity}`,
    ],
  ])(
    "[T31] an unknown name is refused at the call, and the near one told: %s (%#)",
    async (_, call, given, message) => {
      expect(await called(call, given)).toBe(`TypeError: ${message}`);
    },
  );

  it.each<[string, Call, unknown, string]>([
    ["callActivity", activity, 5, `TypeError: callActivity 'a': options are an object, found 5. ${forActivity}`],
    [
      "callActivity",
      activity,
      { retry: 3 },
      "TypeError: callActivity 'a': retry is a retry policy or a function that decides, found 3",
    ],
    [
      "callActivity",
      activity,
      { retry: { ...policy, maxNumberOfAttempts: "3" } },
      "RangeError: callActivity 'a': retry.maxNumberOfAttempts is an integer from 1, found \"3\"",
    ],
    [
      "callActivity",
      activity,
      { retry: { ...policy, handleFailure: true } },
      "TypeError: callActivity 'a': retry.handleFailure is a function, found true",
    ],
    [
      "callActivity",
      activity,
      { timeout: { a: 1 } },
      "RangeError: callActivity 'a': timeout is a number of seconds above 0, found {\"a\":1}",
    ],
    [
      "callChildWorkflow",
      child,
      4711,
      "TypeError: callChildWorkflow 'c': the third argument is an instance ID, a string, or options, found 4711",
    ],
    [
      "callSubWorkflow",
      sub,
      4711,
      "TypeError: callChildWorkflow 'c': the third argument is an instance ID, a string, or options, found 4711",
    ],
    [
      "callChildWorkflow",
      child,
      { instanceId: 4711 },
      "TypeError: callChildWorkflow 'c': instanceId is a string, found 4711",
    ],
    [
      "scheduleNewWorkflow",
      detached,
      "id",
      "TypeError: scheduleNewWorkflow 'd': options are an object, found \"id\". Known: instanceId, startAt, searchAttributes",
    ],
    [
      "scheduleNewWorkflow",
      detached,
      { instanceId: ["x"] },
      "TypeError: scheduleNewWorkflow 'd': instanceId is a string, found [\"x\"]",
    ],
    [
      "scheduleNewWorkflow",
      detached,
      { startAt: "2026-01-01" },
      "RangeError: scheduleNewWorkflow 'd': startAt is a Date that is valid, found \"2026-01-01\"",
    ],
    [
      "waitForExternalEvent",
      wait,
      5,
      "TypeError: waitForExternalEvent 'e': a timeout stands in the options, { timeout: 5 }, in seconds; found 5",
    ],
    [
      "waitForExternalEvent",
      wait,
      { timeout: "5" },
      "RangeError: waitForExternalEvent 'e': timeout is a number of seconds, found \"5\"",
    ],
    [
      "setUpdateHandler",
      handler,
      { validator: true },
      "TypeError: setUpdateHandler 'u': validator is a function, found true",
    ],
    [
      "continueAsNew",
      again,
      { toLatestVersion: "yes" },
      'TypeError: continueAsNew: toLatestVersion is true or false, found "yes"',
    ],
  ])("[T31] a wrong value is refused at the call, and told as JSON: %s (%#)", async (_, call, given, message) => {
    expect(await called(call, given)).toBe(message);
  });

  it.each<[string, Call]>([
    ["callActivity 'a'", activity],
    ["callChildWorkflow 'c'", child],
    ["scheduleNewWorkflow 'd'", detached],
    ["waitForExternalEvent 'e'", wait],
    ["setUpdateHandler 'u'", handler],
    ["continueAsNew", again],
  ])("[T31] a date, a promise or a task in the place of options is refused: %s", async (name, call) => {
    for (const given of [new Date(0), Promise.resolve({}), new Map()])
      expect(await called(call, given)).toMatch(`TypeError: ${name}: options are a plain object, found `);
    expect(await called((ctx) => call(ctx, ctx.createTimer(5)), undefined)).toMatch(
      `TypeError: ${name}: options are a plain object, found `,
    );
  });

  it("[T31] a part of a millisecond is a whole one, so that no limit has passed when it begins", async () => {
    const limits = { timeout: 0.0001, totalTimeout: 1.0001, heartbeatTimeout: 2 };
    expect(await called(activity, limits)).toMatchObject({
      timeoutMs: 1,
      deadlineAtMs: T0 + 1_001,
      heartbeatTimeoutMs: 2_000,
    });
  });

  it("[T31] a first pause and a timeout without an end are refused; a cap and a limit without one are none", async () => {
    const endless = { maxNumberOfAttempts: 2, firstRetryInterval: Number.POSITIVE_INFINITY };
    expect(await called(activity, { retry: endless })).toBe(
      "RangeError: callActivity 'a': retry.firstRetryInterval is a number of seconds from 0, found Infinity",
    );
    for (const name of ["timeout", "totalTimeout", "heartbeatTimeout"])
      expect(await called(activity, { [name]: Number.POSITIVE_INFINITY })).toBe(
        `RangeError: callActivity 'a': ${name} is a number of seconds above 0, found Infinity`,
      );
    const caps = { ...policy, maxRetryInterval: Number.POSITIVE_INFINITY, retryTimeout: Number.POSITIVE_INFINITY };
    expect(await called(activity, { retry: caps })).toMatchObject({ type: "TaskScheduled" });
  });

  it.each([undefined, null, 5, {}, "f"])("[T31] a handler and a condition are functions: %j is none", async (given) => {
    const found = given === undefined ? "undefined" : JSON.stringify(given);
    const calls: [string, Call][] = [
      ["setQueryHandler 'q': the handler", (ctx, it) => ctx.setQueryHandler("q", it)],
      ["setUpdateHandler 'u': the handler", (ctx, it) => ctx.setUpdateHandler("u", it)],
      ["waitForCondition: the condition", (ctx, it) => ctx.waitForCondition(it)],
    ];
    for (const [what, call] of calls)
      expect(await called(call, given)).toBe(`TypeError: ${what} is a function, found ${found}`);
  });

  it.each([5, true, 5n, Symbol("s"), [], {}, { name: 5 }, { name: "" }, ""])(
    "[T31] a name is a text, and what is none is told: %s",
    async (given) => {
      const found = String(typeof given === "object" && "name" in given ? JSON.stringify(given.name) : shown(given));
      for (const call of [
        (ctx: WorkflowContext) => ctx.callActivity(given as Any),
        (ctx: WorkflowContext) => ctx.callChildWorkflow(given as Any),
        (ctx: WorkflowContext) => ctx.sendEvent("i", given as Any),
        (ctx: WorkflowContext) => ctx.isPatched(given as Any),
      ])
        expect(await called(call, undefined)).toBe(
          `TypeError: A name is a string of 1 to 16384 whole characters, found ${found}`,
        );
    },
  );

  it("[T31] an object of a class that has options is read as any other", async () => {
    class Options {
      timeout = 5;
      retires = null;
    }
    expect(await called(activity, new Options())).toBe(
      "TypeError: unknown option retires of callActivity 'a'. Known: retry, timeout, totalTimeout, heartbeatTimeout",
    );
  });

  it.each<[string, Call, string]>([
    [
      "waitForCondition",
      (ctx, given) => ctx.waitForCondition(() => true, given),
      "for a timeout, wait for whenAny of it and of a createTimer",
    ],
    [
      "sendEvent",
      (ctx, given) => (ctx as Any).sendEvent("i", "e", 1, given),
      "it sends one payload, its third argument",
    ],
    [
      "setQueryHandler",
      (ctx, given) => ctx.setQueryHandler("q", () => 1, given),
      "a query has no validator, as it changes nothing",
    ],
  ])(
    "[T31] %s has no options: what stands in their place is refused, and null is left out",
    async (name, call, instead) => {
      const refused = `TypeError: ${name} has no options, found {"timeout":5}: ${instead}`;
      expect(await called(call, { timeout: 5 })).toBe(refused);
      expect(await called(call, null)).not.toEqual(expect.any(String));
    },
  );

  it("[T31] saveEvents is true or false, and nothing else", async () => {
    const outcome = await outcomeOf((ctx: WorkflowContext) => ctx.continueAsNew(1, { toLatestVersion: true } as Any));
    expect(outcome).toBe('TypeError: continueAsNew: saveEvents is true or false, found {"toLatestVersion":true}');
    const left = await outcomeOf((ctx: WorkflowContext) => ctx.continueAsNew(1, null as Any));
    expect(left).toBe("ContinuedAsNew");
  });
});

describe("[T30] IDs that no URL reaches", () => {
  it.each<[string, Call]>([
    ["callChildWorkflow", child],
    ["scheduleNewWorkflow", (ctx, instanceId) => ctx.scheduleNewWorkflow("d", 1, { instanceId })],
    ["sendEvent", (ctx, instanceId) => ctx.sendEvent(instanceId, "e")],
  ])("[T30] . and .. are refused where they are given: %s", async (name, call) => {
    for (const id of [".", ".."])
      expect(await called(call, id)).toBe(
        `TypeError: ${name}: an instance ID is neither empty nor "." or "..", which no URL can hold, found "${id}"`,
      );
  });

  it.each([undefined, null, "", 4711, {}])("[T30] an event is sent to nobody else: %j", async (id) => {
    const sent = await called((ctx) => ctx.sendEvent(id as Any, "e"), undefined);
    expect(sent).toMatch(/^TypeError: sendEvent: an instance ID is /);
  });
});
