import { describe, expect, it } from "vitest";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import type { AttributeChanges } from "../../../src/model/search-attributes.ts";
import { completed, Driver, endOf, raised, registryOf, startedAs, T0, terminated } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = AsyncGenerator<any, any, any>;

const START = { customer: "c995", amount: 12.5, tags: ["a", "b"] };

/** An instance that was started with these attributes. */
function startedWith(workflow: (ctx: WorkflowContext) => Code, searchAttributes = START): Driver {
  const driver = new Driver(workflow);
  driver.history = driver.history.map((event) => ({ ...event, searchAttributes }) as HistoryEvent);
  return driver;
}

describe("[T37] search attributes", () => {
  it("[T37] change with the turn, merged into those of the start, null takes one away; no event tells of it", async () => {
    const driver = startedWith(async function* w(ctx: WorkflowContext): Code {
      yield ctx.callActivity("a");
      ctx.setSearchAttributes({ amount: 3, paid: true, none: undefined });
      ctx.setSearchAttributes({ tags: null, missing: null });
      yield ctx.callActivity("b");
      return ctx.getSearchAttributes();
    });
    expect((await driver.turn()).searchAttributes).toEqual(START);
    const turn = await driver.turn(completed(1));
    const after = { customer: "c995", amount: 3, paid: true };
    expect([turn.searchAttributes, turn.events.map(({ type }) => type)]).toEqual([
      after,
      ["TaskCompleted", "TaskScheduled"],
    ]);
    const last = await driver.turn(completed(2));
    expect([endOf(last), last.searchAttributes]).toEqual([after, after]);
  });

  it("[T37] an instance without any has none, and nothing is told of them", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      return Object.keys(ctx.getSearchAttributes());
    });
    const turn = await driver.turn();
    expect([turn.searchAttributes, endOf(turn)]).toEqual([undefined, []]);
  });

  it("[T37] all of them taken away are told as none, so that the last does not stay", async () => {
    const driver = startedWith(async function* w(ctx: WorkflowContext): Code {
      ctx.setSearchAttributes({ customer: null, amount: null, tags: null });
      yield ctx.callActivity("a");
    });
    expect((await driver.turn()).searchAttributes).toEqual({});
  });

  it("[T37] are kept over a continue-as-new; what is set behind it is dropped", async () => {
    const driver = startedWith(async function* w(ctx: WorkflowContext): Code {
      if (ctx.getSearchAttributes().round === 1) return ctx.getSearchAttributes();
      ctx.setSearchAttributes({ round: 1, amount: null });
      ctx.continueAsNew();
      ctx.setSearchAttributes({ round: 2 });
    });
    const kept = { customer: "c995", tags: ["a", "b"], round: 1 };
    const turn = await driver.turn();
    expect([turn.completion?.type, turn.searchAttributes]).toEqual(["ContinuedAsNew", kept]);
    expect(endOf(await driver.turn())).toEqual(kept);
  });

  it("[T37] an update handler sets them too", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      ctx.setUpdateHandler("tag", (value: string) => ctx.setSearchAttributes({ tag: value }));
      yield ctx.waitForExternalEvent("end");
    });
    await driver.turn();
    const turn = await driver.turn({ type: "UpdateRequested", updateId: "u", name: "tag", input: '"blue"' });
    expect(turn.searchAttributes).toEqual({ tag: "blue" });
  });

  it("[T37] are copies that nobody changes: not the author's object, nor what the code was given", async () => {
    const driver = startedWith(async function* w(ctx: WorkflowContext): Code {
      const tags = ["a"];
      ctx.setSearchAttributes({ tags });
      tags.push("late");
      const read = ctx.getSearchAttributes() as { tags: string[] };
      const isFrozen = Object.isFrozen(read) && Object.isFrozen(read.tags);
      yield ctx.callActivity("a");
      return [isFrozen, ctx.getSearchAttributes().tags];
    });
    await driver.turn();
    expect(endOf(await driver.turn(completed(1)))).toEqual([true, ["a"]]);
  });

  it("[T37] texts are well-formed, and keys and numbers what JSON has of them", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      ctx.setSearchAttributes({ text: "s\ud800", ["__proto__"]: "x", zero: -0 });
    });
    expect(JSON.stringify((await driver.turn()).searchAttributes)).toBe('{"text":"s\ufffd","__proto__":"x","zero":0}');
  });

  it.each<[string, unknown, string]>([
    [
      "a date",
      { at: new Date(0) },
      'search attribute "at": expected a text, a number, true, false or an array of texts',
    ],
    ["NaN", { n: Number.NaN }, 'search attribute "n"'],
    ["an object", { o: {} }, 'search attribute "o"'],
    ["an array of numbers", { a: [1] }, "found an array of other values"],
    ["a key with a quote", { 'a"b': 1 }, "expected a key of 1 to 64 characters"],
    ["an empty key", { "": 1 }, "expected a key of 1 to 64 characters"],
    ["too long a key", { ["k".repeat(65)]: 1 }, "expected a key of 1 to 64 characters"],
    ["too much of it", { text: "x".repeat(2_048) }, "expected at most 2048 bytes as JSON, found 2108"],
    [
      "too many",
      Object.fromEntries(Array.from({ length: 21 }, (_, n) => [n, n])),
      "expected at most 20 keys, found 24",
    ],
    ["null", null, "expected an object of search attributes, found null"],
    ["a text", "x", 'expected an object of search attributes, found "x"'],
    ["an array", ["x"], 'expected an object of search attributes, found ["x"]'],
    ["a Map", new Map([["a", 1]]), "expected an object of search attributes, found an object of class Map"],
  ])("[T37] %s is refused at the call, and nothing is set", async (_, changes, message) => {
    const driver = startedWith(async function* w(ctx: WorkflowContext): Code {
      try {
        ctx.setSearchAttributes(changes as AttributeChanges);
      } catch (error) {
        ctx.setCustomStatus(String(error));
      }
      yield ctx.callActivity("a");
    });
    const turn = await driver.turn();
    expect(turn.customStatus).toContain("TypeError: setSearchAttributes: ");
    expect(turn.customStatus).toContain(message);
    expect(turn.searchAttributes).toEqual(START);
  });

  it("[T37] the limit holds for all of them together, over several calls", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      for (let n = 0; n < 20; n++) ctx.setSearchAttributes({ [`k${n}`]: n });
      ctx.setSearchAttributes({ k0: null, k20: 20 });
      ctx.setSearchAttributes({ k21: 21 });
    });
    expect(endOf(await driver.turn())).toBe(
      "TypeError: setSearchAttributes: search attributes: expected at most 20 keys, found 21",
    );
  });

  it("[T37] [T22] of a stalled instance, and of one that is terminated without its code, they stay as they were", async () => {
    const history = [
      { ...startedAs("w"), searchAttributes: START } as HistoryEvent,
      { type: "TaskScheduled", timestampMs: T0, id: 1, name: "a" } as const,
    ];
    const registry = registryOf(async function* w(ctx: WorkflowContext): Code {
      ctx.setSearchAttributes({ customer: "of other code" });
      yield ctx.callActivity("b");
    });
    const stalled = await Orchestration.load("i", { registry }, history, true);
    expect(await stalled.turn([], T0)).toMatchObject({ status: "STALLED", searchAttributes: undefined });
    const withoutCode = await Orchestration.load("i", undefined, history, true);
    const turn = await withoutCode.turn([terminated], T0);
    expect([turn.status, turn.searchAttributes]).toEqual(["TERMINATED", undefined]);
  });

  it("[T37] [T7] after the end nothing is told of them: a late result does not take them away", async () => {
    const driver = startedWith(async function* w(ctx: WorkflowContext): Code {
      ctx.callActivity("unheld");
      yield ctx.waitForExternalEvent("end");
    });
    await driver.turn();
    await driver.turn(raised("end"));
    expect((await driver.turn(completed(1))).searchAttributes).toBeUndefined();
  });

  it("[T37] a child, and a workflow that nobody waits for, are given theirs; they inherit none", async () => {
    const driver = startedWith(async function* w(ctx: WorkflowContext): Code {
      const searchAttributes = { order: 7, tags: ["a"] };
      const retry = { maxNumberOfAttempts: 2, firstRetryInterval: 1 };
      const child = ctx.callChildWorkflow("c", 1, { searchAttributes, retry });
      ctx.scheduleNewWorkflow("d", 1, { searchAttributes });
      ctx.callChildWorkflow("c", 1, "other");
      searchAttributes.tags.push("late");
      yield child;
    });
    const { events, messages } = await driver.turn();
    const given = { order: 7, tags: ["a"] };
    expect(events).toMatchObject([{ searchAttributes: given }, { searchAttributes: given }, {}]);
    expect(messages.map(({ message }) => ("searchAttributes" in message ? message.searchAttributes : null))).toEqual([
      given,
      given,
      undefined,
    ]);
    const failure = { errorType: "Error", message: "m" };
    await driver.turn({ type: "ChildWorkflowInstanceFailed", id: 1, failure });
    const again = await driver.turn({ type: "TimerFired", id: 4 });
    expect(again.messages[0]?.message).toMatchObject({ type: "StartChild", searchAttributes: given });
  });

  it.each([
    [
      "callChildWorkflow",
      (ctx: WorkflowContext) => ctx.callChildWorkflow("c", 1, { searchAttributes: { a: [1] } as never }),
    ],
    [
      "scheduleNewWorkflow",
      (ctx: WorkflowContext) => ctx.scheduleNewWorkflow("c", 1, { searchAttributes: "x" as never }),
    ],
  ])("[T37] [T31] %s refuses what cannot be one", async (call, wrong) => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      wrong(ctx);
    });
    expect(endOf(await driver.turn())).toContain(
      `TypeError: ${call} 'c': searchAttributes is an object of at most 20 search attributes`,
    );
  });
});
