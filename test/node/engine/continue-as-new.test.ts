import { describe, expect, it } from "vitest";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import type { Task } from "../../../src/engine/task.ts";
import type { Turn } from "../../../src/engine/turn.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { HistoryFact } from "../../../src/model/history-event.ts";
import {
  completed,
  Driver,
  endOf,
  failed,
  raised,
  registryOf,
  resumed,
  startedAs,
  suspended,
  T0,
  terminated,
} from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = AsyncGenerator<any, any, any>;

describe("[T9] continue-as-new", () => {
  it("[T9] is a turn that appends its facts and how it went on: no action, no message, no ExecutionCompleted", async () => {
    const driver = new Driver(async function* again(ctx: WorkflowContext, n: number): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.setCustomStatus(`round ${n}`);
      ctx.callActivity("dropped");
      ctx.createTimer(1);
      ctx.callChildWorkflow("dropped");
      ctx.continueAsNew({ n: n + 1 });
      ctx.callActivity("dropped too");
    }, 0);
    await driver.turn();
    expect(await driver.turn(raised("go", 1))).toEqual({
      taken: 1,
      events: [{ type: "EventRaised", name: "go", input: "1", timestampMs: T0 + 1000 }],
      activities: [],
      messages: [],
      status: "RUNNING",
      customStatus: "round 0",
      aborts: [],
      updates: [],
      warnings: [expect.stringContaining("4 task(s) of workflow 'again' were made and never waited for")],
      completion: { type: "ContinuedAsNew", input: '{"n":1}', version: undefined, carriedEvents: [] },
    });
  });

  it("[T9] goes from generation to generation; ids count from 1 again, and children get new IDs", async () => {
    const driver = new Driver(async function* rounds(ctx: WorkflowContext, n: number): Code {
      yield ctx.callChildWorkflow("c");
      if (n === 2) return "done";
      ctx.continueAsNew(n + 1);
    }, 0);
    const children: string[] = [];
    for (let n = 0; n <= 2; n++) {
      const { messages } = await driver.turn();
      children.push(...messages.map(({ to }) => to));
      const turn = await driver.turn({ type: "ChildWorkflowInstanceCompleted", id: 1 });
      if (n === 2) expect(endOf(turn)).toBe("done");
    }
    expect(children).toEqual(["i:0001", "i:1.0001", "i:2.0001"]);
  });

  it("[T9] carried events come first in the next execution, in the order of their arrival across names", async () => {
    const driver = new Driver(async function* carry(ctx: WorkflowContext, round: number): Code {
      if (round === 0) {
        yield ctx.waitForExternalEvent("go");
        return ctx.continueAsNew(1, true);
      }
      const seen: unknown[] = [];
      for (const name of ["b", "a", "b", "a"]) seen.push(yield ctx.waitForExternalEvent(name));
      return seen;
    }, 0);
    await driver.turn(raised("B", 1), raised("a", 2));
    const turn = await driver.turn(raised("b", 3), raised("go"));
    const arrived = turn.completion?.type === "ContinuedAsNew" ? turn.completion.carriedEvents : [];
    expect(arrived.map((event) => event.type === "EventRaised" && [event.name, event.input])).toEqual([
      ["B", "1"],
      ["a", "2"],
      ["b", "3"],
    ]);
    expect(endOf(await driver.turn(raised("a", 4)))).toEqual([1, 2, 3, 4]);
  });

  it.each([
    [true, ["x", "y"]],
    [false, []],
  ])("[T9] saveEvents %s: events held back by a suspend are carried likewise", async (saveEvents, names) => {
    const driver = new Driver(async function* again(ctx: WorkflowContext): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.continueAsNew(1, saveEvents);
    });
    await driver.turn(raised("x", 1));
    await driver.turn(suspended, raised("go"), raised("y", 2), completed(7));
    const { completion } = await driver.turn(resumed);
    expect(completion?.type === "ContinuedAsNew" && namesOf(completion.carriedEvents)).toEqual(names);
  });

  it.each([1, 2, 5])(
    "[T9] events that are taken one by one by executions that all continue as new: none is lost (%i)",
    async (held) => {
      const driver = new Driver(async function* again(ctx: WorkflowContext, seen: unknown[]): Code {
        const all = [...seen, yield ctx.waitForExternalEvent("go")];
        if (all.length === 5) return all;
        ctx.continueAsNew(all, true);
      }, []);
      await driver.turn(suspended);
      for (let n = 1; n <= held; n++) await driver.turn(raised("go", n));
      const settled = async (turn: Turn): Promise<Turn> =>
        turn.completion?.type === "ContinuedAsNew" ? settled(await driver.turn()) : turn;
      let turn = await settled(await driver.turn(resumed));
      for (let n = held + 1; n <= 5; n++) turn = await settled(await driver.turn(raised("go", n)));
      expect(endOf(turn)).toEqual([1, 2, 3, 4, 5]);
    },
  );

  it("[T20] a cancel that came while suspended, behind the event with which the code continues as new, cancels the next execution", async () => {
    const driver = new Driver(async function* again(ctx: WorkflowContext, round: number): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.continueAsNew(round + 1, false);
    }, 0);
    await driver.turn(suspended);
    await driver.turn(raised("go"), { type: "ExecutionCancelRequested", reason: "enough" });
    expect((await driver.turn(resumed)).completion?.type).toBe("ContinuedAsNew");
    expect((await driver.turn()).completion?.type).toBe("Canceled");
  });

  it("[T9] late answers to a former execution answer nothing in this one", async () => {
    const driver = new Driver(async function* again(ctx: WorkflowContext, n: number): Code {
      ctx.callActivity("slow");
      yield ctx.waitForExternalEvent("go");
      if (n === 0) return ctx.continueAsNew(1);
      yield ctx.createTimer(5);
    }, 0);
    await driver.turn();
    await driver.turn(raised("go"));
    await driver.turn();
    // The instance drops results of other executions by their executionId; what has no open call is dropped here.
    expect((await driver.turn(completed(2), failed(3, "late"))).events).toEqual([]);
  });

  it("[T9] the last continue-as-new counts; code after it runs up to the next yield and no further", async () => {
    const trace: string[] = [];
    const driver = new Driver(async function* twice(ctx: WorkflowContext): Code {
      ctx.continueAsNew(1);
      ctx.continueAsNew(2);
      trace.push("after");
      try {
        yield ctx.callActivity("a");
        trace.push("never");
      } finally {
        trace.push("never either");
      }
    });
    expect((await driver.turn()).completion).toMatchObject({ type: "ContinuedAsNew", input: "2" });
    expect(new Set(trace)).toEqual(new Set(["after"]));
  });

  it("[T9] works in a plain function, and in a generator that awaits", async () => {
    const plain = new Driver((ctx: WorkflowContext) => ctx.continueAsNew(1));
    expect((await plain.turn()).completion?.type).toBe("ContinuedAsNew");
    const awaiting = new Driver(async (ctx: WorkflowContext) => {
      await Promise.resolve();
      ctx.continueAsNew(1);
    });
    expect((await awaiting.turn()).completion?.type).toBe("ContinuedAsNew");
  });

  it("[T9] a custom status is not carried: the next execution begins without one", async () => {
    const driver = new Driver(async function* again(ctx: WorkflowContext, n: number): Code {
      if (n === 0) {
        ctx.setCustomStatus("first");
        return ctx.continueAsNew(1);
      }
      yield ctx.waitForExternalEvent("e");
    }, 0);
    expect((await driver.turn()).customStatus).toBe("first");
    expect((await driver.turn()).customStatus).toBeUndefined();
  });

  it.each<[string, (ctx: WorkflowContext, again: () => void) => Task, HistoryFact[][]]>([
    [
      "an update handler",
      (ctx, again) => {
        ctx.setUpdateHandler("u", again);
        return ctx.waitForExternalEvent("e");
      },
      [[{ type: "UpdateRequested", updateId: "u", name: "u" }]],
    ],
    [
      "an update handler that has waited, and waits on",
      (ctx, again) => {
        ctx.setUpdateHandler("u", function* () {
          yield ctx.callActivity("a");
          again();
          yield ctx.callActivity("b");
        });
        return ctx.waitForExternalEvent("e");
      },
      [[{ type: "UpdateRequested", updateId: "u", name: "u" }], [completed(1)]],
    ],
    [
      "a condition that does not hold",
      (ctx, again) => {
        let asked = 0;
        return ctx.waitForCondition(() => asked++ === 2 && again() === null);
      },
      [[raised("e")]],
    ],
    [
      "a retry handler",
      (ctx, again) => ctx.callActivity("a", 1, { retry: () => again() === null }),
      [[failed(1, "no")]],
    ],
    [
      "a retry handler that says yes",
      (ctx, again) => ctx.callActivity("a", 1, { retry: () => again() === undefined }),
      [[failed(1, "no")]],
    ],
    [
      "a retry handler that says yes, and is async",
      (ctx, again) => ctx.callActivity("a", 1, { retry: async () => again() === undefined }),
      [[failed(1, "no")]],
    ],
  ])("[T9] %s continues as new, and nobody waits for ever", async (_who, wait, turns) => {
    const driver = new Driver(async function* w(ctx: WorkflowContext, round = 0): AsyncGenerator<Task, unknown> {
      if (round === 1) return "once";
      yield wait(ctx, () => ctx.continueAsNew(1));
      return "gone on with";
    });
    await driver.turn();
    for (const facts of turns.slice(0, -1)) await driver.turn(...facts);
    const turn = await driver.turn(...(turns.at(-1) ?? []));
    expect(turn.completion).toMatchObject({ type: "ContinuedAsNew", input: "1" });
    expect([turn.activities, turn.messages]).toEqual([[], []]);
    expect(endOf(await driver.turn())).toBe("once");
  });

  it.each([true, false])(
    "[T9] changed code that continues as new where it waited leaves what came since iff saveEvents: %j",
    async (saves) => {
      const driver = new Driver(function* w(ctx: WorkflowContext) {
        yield ctx.waitForExternalEvent("first");
        yield ctx.waitForExternalEvent("last");
      });
      await driver.turn();
      await driver.turn(raised("first"));
      await driver.turn(raised("other", 1), raised("another", 2));
      const registry = registryOf(function* w(ctx: WorkflowContext) {
        yield ctx.waitForExternalEvent("first");
        ctx.continueAsNew(1, saves);
      });
      const { completion } = await (await Orchestration.load("i", { registry }, driver.history, true)).turn([], T0);
      const carriedEvents = saves ? [{ name: "other" }, { name: "another" }] : [];
      expect(completion).toMatchObject({ type: "ContinuedAsNew", carriedEvents });
    },
  );

  it("[T9] an input that is no JSON value throws into the code, and nothing is continued", async () => {
    const driver = new Driver(async function* bad(ctx: WorkflowContext): Code {
      try {
        ctx.continueAsNew(1n);
      } catch (error) {
        return (error as Error).constructor.name;
      }
    });
    expect(endOf(await driver.turn())).toBe("TypeError");
  });
});

describe("[T7] terminate and continue-as-new", () => {
  const forever = async function* forever(ctx: WorkflowContext): Code {
    ctx.callActivity("dropped");
    ctx.continueAsNew(1, true);
  };

  it("[T7] ends a workflow that continues as new whenever it begins, and would never come to take a fact", async () => {
    const driver = new Driver(forever);
    for (let n = 0; n < 3; n++) expect((await driver.turn()).completion?.type).toBe("ContinuedAsNew");
    const turn = await driver.turn(raised("e"), terminated, raised("after"));
    expect(turn).toMatchObject({ taken: 3, status: "TERMINATED", activities: [], messages: [] });
    expect(turn.events.map(({ type }) => type)).toEqual(["EventRaised", "ExecutionTerminated", "ExecutionCompleted"]);
    expect(turn.completion).toEqual({ type: "Terminated", output: '"stopped"', recursive: true });
  });

  it("[T7] what the code had yielded before is not gone on with", async () => {
    let rounds = 0;
    const driver = new Driver(async function* eager(ctx: WorkflowContext): Code {
      yield ctx.whenAll([]);
      ctx.continueAsNew(++rounds);
      yield ctx.whenAll([]);
      rounds = 1000;
    });
    expect((await driver.turn(raised("e"), terminated)).status).toBe("TERMINATED");
    expect(rounds).toBeLessThan(1000);
  });

  it("[T7] a terminate behind the fact that made it continue as new is for the next execution, and ends it", async () => {
    const driver = new Driver(async function* once(ctx: WorkflowContext): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.continueAsNew(1);
    });
    await driver.turn();
    const batch = [raised("go"), terminated];
    const { taken } = await driver.turn(...batch);
    expect(taken).toBe(1);
    expect((await driver.turn(...batch.slice(taken))).status).toBe("TERMINATED");
  });
});

describe("[T13] what was taken before a continue-as-new", () => {
  const raise = (n: number): HistoryFact => ({ type: "EventRaised", name: "e", messageId: `m${n}` });
  const rounds = async function* rounds(ctx: WorkflowContext, n: number): Code {
    yield ctx.waitForExternalEvent("e");
    ctx.continueAsNew(n + 1);
  };

  it("[T13] is known when it comes again, in the next execution and in the one after it", async () => {
    const driver = new Driver(rounds, 0);
    await driver.turn();
    expect((await driver.turn(raise(1))).completion?.type).toBe("ContinuedAsNew");
    expect((await driver.turn(raise(1))).events).toEqual([]);
    expect((await driver.turn(raise(2))).completion?.type).toBe("ContinuedAsNew");
    expect((await driver.turn(raise(1), raise(2))).events).toEqual([]);
  });

  it("[T13] for a minute", async () => {
    const driver = new Driver(rounds, 0);
    await driver.turn();
    await driver.turn(raise(1));
    driver.nowMs += 60_000;
    expect((await driver.turn(raise(2))).completion?.type).toBe("ContinuedAsNew");
    expect((await driver.turn(raise(2))).events).toEqual([]);
    expect((await driver.turn(raise(1))).events).toHaveLength(1);
  });

  it("[T13] for a day, what an instance has sent: its highest number stands for all before", async () => {
    const sent = (n: number, by = "x"): HistoryFact => ({ type: "EventRaised", name: "e", messageId: `${by}:${n}` });
    const driver = new Driver(rounds, 0);
    await driver.turn();
    for (const n of [2, 5]) expect((await driver.turn(sent(n))).completion?.type).toBe("ContinuedAsNew");
    driver.nowMs += 86_399_999;
    for (const n of [1, 2, 5]) expect((await driver.turn(sent(n))).events).toEqual([]);
    expect((await driver.turn(sent(5, "y"))).completion?.type).toBe("ContinuedAsNew");
    expect((await driver.turn(sent(6))).completion?.type).toBe("ContinuedAsNew");
    driver.nowMs += 86_400_000;
    expect((await driver.turn(raise(1))).completion?.type).toBe("ContinuedAsNew");
    expect((await driver.turn(sent(6))).events).toHaveLength(1);
  });

  it("[T13] of 500 instances, those heard of last; an update whose ID looks like theirs is a request", async () => {
    const registry = registryOf(async function* many(ctx: WorkflowContext): Code {
      yield ctx.waitForExternalEvent("end");
    });
    const orchestration = await Orchestration.load("i", { registry }, [startedAs("many")], false);
    const sent = Array.from({ length: 501 }, (_, n): HistoryFact => {
      return { type: "EventRaised", name: "e", messageId: `x${n}:1` };
    });
    const again: HistoryFact = { type: "EventRaised", name: "e", messageId: "x0:2" };
    await orchestration.turn([...sent, again, { type: "UpdateRequested", updateId: "x7:9", name: "u" }], T0);
    expect(Object.keys(orchestration.recentMessages(T0))).toEqual([
      ...Array.from({ length: 499 }, (_, n) => `x${n + 2}:1`),
      "x0:2",
      "update:x7:9",
    ]);
    expect(orchestration.recentMessages(T0 + 60_000)).not.toHaveProperty("update:x7:9");
  });

  it("[T13] and so are the last 1,000 of a burst; within one execution, all", async () => {
    const registry = registryOf(async function* many(ctx: WorkflowContext): Code {
      yield ctx.waitForExternalEvent("end");
    });
    const orchestration = await Orchestration.load("i", { registry }, [startedAs("many")], false);
    await orchestration.turn(
      Array.from({ length: 1500 }, (_, n) => raise(n)),
      T0,
    );
    expect(Object.keys(orchestration.recentMessages(T0))).toEqual(
      Array.from({ length: 1000 }, (_, n) => `m${n + 500}`),
    );
    expect((await orchestration.turn([raise(0)], T0)).events).toEqual([]);
  });
});

function namesOf(events: readonly HistoryFact[]): string[] {
  return events.flatMap((event) => ("name" in event ? [event.name] : []));
}
