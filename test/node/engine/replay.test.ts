import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import type { Task } from "../../../src/engine/task.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { HistoryEvent, HistoryFact } from "../../../src/model/history-event.ts";
import {
  completed,
  Driver,
  endOf,
  failed,
  fired,
  raised,
  registryOf,
  resumed,
  startedAs,
  suspended,
  T0,
  terminated,
} from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Any = any;
type Code = AsyncGenerator<Any, Any, Any>;

/** One line of a made-up workflow. */
type Line =
  | { readonly do: "activity" | "timer" | "child" | "event" | "all" | "any" | "catch"; readonly wait: boolean }
  | { readonly do: "status" | "clock" | "throw" | "again" };

const line: fc.Arbitrary<Line> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constantFrom("activity", "timer", "child", "event", "all", "any", "catch"),
      wait: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("status", "clock") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("throw", "again") }) },
);

/** Runs the lines; everything that the code can see goes into its output or its status. */
function programOf(lines: readonly Line[]) {
  return async function* program(ctx: WorkflowContext, round = 0): Code {
    const seen: unknown[] = [];
    const open: Task[] = [];
    for (const step of lines) {
      switch (step.do) {
        case "status":
          ctx.setCustomStatus(JSON.stringify(seen));
          continue;
        case "clock":
          seen.push(ctx.getCurrentUtcDateTime().getTime());
          continue;
        case "throw":
          throw new Error(JSON.stringify(seen));
        case "again":
          if (round < 2) return ctx.continueAsNew(round + 1, round === 0);
          continue;
      }
      const task = makeTask(ctx, step.do, open);
      open.push(task);
      if (!step.wait) continue;
      try {
        const result = yield task;
        seen.push(open.includes(result) ? open.indexOf(result) : result);
      } catch (error) {
        if (step.do !== "catch") throw error;
        seen.push((error as Error).message);
      }
    }
    return seen;
  };
}

function makeTask(ctx: WorkflowContext, kind: string, open: readonly Task[]): Task {
  switch (kind) {
    case "timer":
      return ctx.createTimer(2);
    case "child":
      return ctx.callChildWorkflow("c", open.length);
    case "event":
      return ctx.waitForExternalEvent("e");
    case "all":
      return ctx.whenAll(open.slice(-2));
    case "any":
      return ctx.whenAny([ctx.callActivity("a"), ...open.slice(-2)]);
    default:
      return ctx.callActivity("a", open.length);
  }
}

const id = fc.integer({ min: 1, max: 8 });
const fact: fc.Arbitrary<HistoryFact> = fc.oneof(
  { weight: 6, arbitrary: id.map((n) => completed(n, n)) },
  { weight: 2, arbitrary: id.map((n) => failed(n, "boom")) },
  { weight: 4, arbitrary: id.map((n) => fired(n)) },
  {
    weight: 4,
    arbitrary: id.map((n): HistoryFact => ({ type: "ChildWorkflowInstanceCompleted", id: n, result: `${n}` })),
  },
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom("e", "E", "x"), fc.nat(9)).map(([name, n]) => raised(name, n)) },
  {
    weight: 2,
    arbitrary: fc
      .nat(3)
      .map((n): HistoryFact => ({ type: "EventRaised", name: "e", input: `${n}`, messageId: `m${n}` })),
  },
  { weight: 1, arbitrary: fc.constant(suspended) },
  { weight: 2, arbitrary: fc.constant(resumed) },
  { weight: 1, arbitrary: fc.constant(terminated) },
);

describe("[T1] replay equals live", () => {
  it("[T1] for 1,500 made-up workflows and whatever comes to them, in whatever turns", async () => {
    const ends = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 8 }),
        fc.array(fc.array(fact, { maxLength: 5 }), { maxLength: 12 }),
        async (lines, batches) => {
          const driver = new Driver(programOf(lines));
          let turn = await driver.turn();
          let left: HistoryFact[] = [];
          for (const batch of batches) {
            const facts = [...left, ...batch];
            turn = await driver.turn(...facts);
            expect(turn.taken).toBeLessThanOrEqual(facts.length);
            left = facts.slice(turn.taken);
          }
          ends.add(turn.completion?.type === "ContinuedAsNew" ? "continued" : turn.status);
          checkHistory(driver.history);
        },
      ),
      { numRuns: 1500, seed: 20261124 },
    );
    // The property is of use only if all ends are met.
    expect([...ends].sort()).toEqual(["COMPLETED", "FAILED", "RUNNING", "SUSPENDED", "TERMINATED", "continued"]);
  });

  it("[T1] isReplaying is true for what the history holds, false for news, and for a first turn that was never decided", async () => {
    const seen: boolean[] = [];
    const workflow = async function* w(ctx: WorkflowContext): Code {
      seen.push(ctx.isReplaying());
      yield ctx.callActivity("a");
      seen.push(ctx.isReplaying());
      yield ctx.callActivity("a");
    };
    const registry = registryOf(workflow);
    const orchestration = await Orchestration.load("i", { registry }, [startedAs("w")], false);
    const history = [startedAs("w"), ...(await orchestration.turn([], T0)).events];
    await orchestration.turn([completed(1)], T0);
    expect(seen.splice(0)).toEqual([false, false]);
    await (await Orchestration.load("i", { registry }, history, true)).turn([completed(1)], T0);
    expect(seen).toEqual([true, false]);
  });

  it("[T1] a turn without news, after the first, decides nothing", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      ctx.setCustomStatus("here");
      yield ctx.callActivity("a");
    });
    expect((await driver.load()).hasUncommitted).toBe(true);
    await driver.turn();
    expect((await driver.load()).hasUncommitted).toBe(false);
    expect(await driver.turn()).toEqual({
      taken: 0,
      events: [],
      activities: [],
      messages: [],
      status: "RUNNING",
      customStatus: "here",
      aborts: [],
      updates: [],
      warnings: [],
      completion: undefined,
    });
  });
});

/** What must hold of every history, whatever the workflow. */
function checkHistory(history: readonly HistoryEvent[]): void {
  const calls = history.filter((event) =>
    ["TaskScheduled", "TimerCreated", "ChildWorkflowInstanceCreated"].includes(event.type),
  );
  // [T3] numbered from 1, without a gap.
  expect(calls.map((event) => "id" in event && event.id)).toEqual(calls.map((_, n) => n + 1));
  // [T4] answered once at most, and not before they are made.
  const answered = new Set<number>();
  const made = new Set<number>();
  for (const event of history) {
    if (!("id" in event)) continue;
    if (calls.includes(event)) made.add(event.id);
    else {
      expect(made.has(event.id) && !answered.has(event.id)).toBe(true);
      answered.add(event.id);
    }
  }
  // [T4] no raise twice.
  const messages = history.flatMap((event) =>
    event.type === "EventRaised" && event.messageId !== undefined ? [event.messageId] : [],
  );
  expect(new Set(messages).size).toBe(messages.length);
  // [T8] it ends once, and after the end come results of activities only.
  const end = history.findIndex(({ type }) => type === "ExecutionCompleted");
  if (end !== -1) {
    expect(history.slice(end + 1).filter(({ type }) => type !== "TaskCompleted" && type !== "TaskFailed")).toEqual([]);
  }
  // [T10] time does not go back.
  expect(history.map(({ timestampMs }) => timestampMs)).toEqual(
    history.map(({ timestampMs }) => timestampMs).sort((a, b) => a - b),
  );
}

describe("[T10] time", () => {
  const clock = async function* clock(ctx: WorkflowContext): Code {
    const times: number[] = [];
    for (let n = 0; n < 3; n++) {
      yield ctx.callActivity("a");
      times.push(ctx.getCurrentUtcDateTime().getTime() - T0);
    }
    return times;
  };

  it("[T10] of a turn whose clock has gone back is the highest so far, also when only what the code asked for had it", async () => {
    const driver = new Driver(clock);
    // The start was recorded at T0, the first turn taken 10 s later: only the TaskScheduled carries that time.
    driver.nowMs = T0 + 10_000;
    await driver.turn();
    driver.nowMs = T0 + 4000;
    expect((await driver.turn(completed(1))).events.map(({ timestampMs }) => timestampMs - T0)).toEqual([
      10_000, 10_000,
    ]);
    await driver.turn(completed(2));
    driver.nowMs = T0 + 20_000;
    expect(endOf(await driver.turn(completed(3)))).toEqual([10_000, 10_000, 20_000]);
  });

  it("[T10] holds after the end as well", async () => {
    const driver = new Driver((ctx: WorkflowContext) => {
      ctx.callActivity("a");
      ctx.callActivity("b");
    });
    await driver.turn();
    driver.nowMs = T0 + 9000;
    await driver.turn(completed(1));
    driver.nowMs = T0 + 5000;
    expect((await driver.turn(completed(2))).events).toMatchObject([{ timestampMs: T0 + 9000 }]);
  });

  it("[T10] is one and the same for all facts of a turn", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      const times: number[] = [];
      for (const name of ["a", "b"]) {
        yield ctx.waitForExternalEvent(name);
        times.push(ctx.getCurrentUtcDateTime().getTime() - T0);
      }
      return times;
    });
    await driver.turn();
    expect(endOf(await driver.turn(raised("a"), raised("b")))).toEqual([1000, 1000]);
  });

  it("[T10] a held event is seen at the time of the resume", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      yield ctx.waitForExternalEvent("e");
      return ctx.getCurrentUtcDateTime().getTime() - T0;
    });
    await driver.turn();
    await driver.turn(suspended, raised("e"));
    await driver.turn();
    expect(endOf(await driver.turn(resumed))).toBe(3000);
  });
});

describe("[N9] code that does more than its history says", () => {
  it("[N9] calls that a replay finds added are made at once, not with the next fact", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      yield ctx.waitForExternalEvent("e");
    });
    await driver.turn();
    const changed = registryOf(async function* w(ctx: WorkflowContext): Code {
      yield ctx.callActivity("added");
    });
    const orchestration = await Orchestration.load("i", { registry: changed }, driver.history, true);
    expect(orchestration.hasUncommitted).toBe(true);
    const turn = await orchestration.turn([], T0 + 1000);
    expect(turn.activities).toMatchObject([{ id: 1, name: "added" }]);
    expect(orchestration.hasUncommitted).toBe(false);
  });

  it("[N9] code that ends earlier than it did ends the execution in the next turn, and facts come too late", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      yield ctx.waitForExternalEvent("e");
    });
    await driver.turn();
    const changed = registryOf(function w() {
      return "early";
    });
    const orchestration = await Orchestration.load("i", { registry: changed }, driver.history, true);
    expect(orchestration.hasUncommitted).toBe(true);
    const turn = await orchestration.turn([raised("e"), terminated], T0);
    expect([endOf(turn), turn.taken, turn.events.length]).toEqual(["early", 2, 1]);
  });

  it("[N9] a workflow whose code is gone fails in the next turn where that is wished, in words that begin as Dapr has them", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      yield ctx.callActivity("a");
    });
    await driver.turn();
    const orchestration = await Orchestration.load(
      "i",
      { registry: registryOf(), onNonDeterminism: "fail" },
      driver.history,
      true,
    );
    const turn = await orchestration.turn([], T0);
    expect(turn.completion).toEqual({
      type: "Failed",
      failure: {
        errorType: "OrchestratorNotRegisteredError",
        message: "Orchestrator 'w' does not exist. Nothing is registered.",
      },
    });
  });

  it("[N9] a non-determinism takes back what the changed code has asked for", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): Code {
      yield ctx.callActivity("a");
    });
    await driver.turn();
    const changed = registryOf(async function* w(ctx: WorkflowContext): Code {
      yield ctx.whenAll([ctx.callActivity("b"), ctx.callActivity("c"), ctx.callChildWorkflow("d")]);
    });
    const orchestration = await Orchestration.load(
      "i",
      { registry: changed, onNonDeterminism: "fail" },
      driver.history,
      true,
    );
    const turn = await orchestration.turn([], T0);
    expect(turn.events.map(({ type }) => type)).toEqual(["ExecutionCompleted"]);
    expect([turn.status, turn.activities, turn.messages]).toEqual(["FAILED", [], []]);
  });
});
