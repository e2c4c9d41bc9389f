// Branches: generators that run side by side in one workflow.
import { describe, expect, it } from "vitest";
import { TaskCanceledError, TaskFailedError, WorkflowCanceledError } from "../../../src/engine/errors.ts";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import type { Branchable, Task } from "../../../src/engine/task.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { HistoryFact } from "../../../src/model/history-event.ts";
import {
  completed,
  Driver,
  endOf,
  failed,
  fired,
  outcomeOf,
  raised,
  resumed,
  suspended,
  terminated,
} from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = Generator<any, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: see above
type AsyncCode = AsyncGenerator<any, any, any>;
type Workflow = (ctx: WorkflowContext) => Code | AsyncCode;

const cancel: HistoryFact = { type: "ExecutionCancelRequested", reason: "too late" };

/** What the turn has asked for, each with its branch. */
function asked({ events }: Awaited<ReturnType<Driver["turn"]>>): string[] {
  return events.flatMap((event) => {
    if (event.type === "TimerCreated") return [`timer #${event.id} ${event.branch}`];
    if (event.type === "TaskScheduled") return [`${event.name} #${event.id} ${event.branch}`];
    return event.type === "EventSent" ? [`event ${event.name} #${event.id} ${event.branch}`] : [];
  });
}

function* chain(ctx: WorkflowContext, name: string, length = 2): Code {
  const results: unknown[] = [];
  for (let n = 1; n <= length; n++) results.push(yield ctx.callActivity(`${name}${n}`));
  return results;
}

async function* asyncChain(ctx: WorkflowContext, name: string, length = 2): AsyncCode {
  const results: unknown[] = [];
  for (let n = 1; n <= length; n++) results.push(await Promise.resolve(yield* ctx.callActivity(`${name}${n}`)));
  return results;
}

/** What the code tells, for `toldBy`. */
function tells(ctx: WorkflowContext): string[] {
  const told: string[] = [];
  ctx.setQueryHandler("told", () => told);
  return told;
}

/** By the code, when its history is run from the beginning. */
async function toldBy({ registry, history }: Driver): Promise<string[]> {
  const run = await Orchestration.load("i", { registry }, history, true, { runEnded: true });
  const answer = run.query("told", undefined);
  return answer.ok ? JSON.parse(answer.result ?? "[]") : [answer.message];
}

const both: readonly (readonly [string, typeof chain | typeof asyncChain])[] = [
  ["generators", chain],
  ["async generators", asyncChain],
];

describe("[T41] branches run side by side, in the order in which they were made", () => {
  it.each(both)("[T41] %s, each with calls of its own, under one counter", async (_what, strand) => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      return yield* ctx.whenAll([strand(ctx, "a"), strand(ctx, "b"), ctx.callActivity("c")]);
    });
    expect(asked(await driver.turn())).toEqual(["c #1 undefined", "a1 #2 branch-1", "b1 #3 branch-2"]);
    const second = await driver.turn(completed(3, "b1"));
    expect([asked(second), second.warnings]).toEqual([["b2 #4 branch-2"], []]);
    expect(asked(await driver.turn(completed(2, "a1"), completed(4, "b2")))).toEqual(["a2 #5 branch-1"]);
    expect(asked(await driver.turn(completed(1, "c")))).toEqual([]);
    expect(endOf(await driver.turn(completed(5, "a2")))).toEqual([["a1", "a2"], ["b1", "b2"], "c"]);
  });

  it("[T41] a workflow of either kind has branches of either kind, in composites and by branch, with names", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): AsyncCode {
      const named = ctx.branch(chain(ctx, "a"), "flight");
      const other = ctx.branch(asyncChain(ctx, "b"), { name: "hotel" });
      const third = ctx.branch(chain(ctx, "c"), null);
      return yield* ctx.whenAll([other, named, third]);
    });
    expect(asked(await driver.turn())).toEqual(["a1 #1 flight", "b1 #2 hotel", "c1 #3 branch-3"]);
    const second = await driver.turn(completed(3, "c1"), completed(2, "b1"), completed(1, "a1"));
    expect(asked(second)).toEqual(["c2 #4 branch-3", "b2 #5 hotel", "a2 #6 flight"]);
    expect(endOf(await driver.turn(completed(4, 4), completed(5, 5), completed(6, 6)))).toEqual([
      ["b1", 5],
      ["a1", 6],
      ["c1", 4],
    ]);
  });

  it("[T41] one begins when the code that has made it waits, and not before", async () => {
    const seen: string[] = [];
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      seen.length = 0;
      ctx.branch(
        (function* (): Code {
          seen.push("branch");
          ctx.branch(
            (function* (): Code {
              seen.push("inner");
              yield ctx.callActivity("inner");
            })(),
          );
          seen.push("branch goes on");
          yield ctx.callActivity("outer");
        })(),
      );
      seen.push("workflow");
      yield ctx.callActivity("own");
    });
    expect(asked(await driver.turn())).toEqual(["own #1 undefined", "outer #2 branch-1", "inner #3 branch-2"]);
    expect(seen).toEqual(["workflow", "branch", "branch goes on", "inner"]);
  });

  it("[T41] one event lets the workflow's own code go on first, and then the branches in their order", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const shared = ctx.callActivity("shared");
      const waits = function* (name: string): Code {
        yield shared;
        yield ctx.callActivity(name);
      };
      const all = ctx.whenAll([waits("first"), waits("second")]);
      yield shared;
      yield ctx.callActivity("own");
      yield all;
    });
    await driver.turn();
    const turn = await driver.turn(completed(1));
    expect(asked(turn)).toEqual(["own #2 undefined", "first #3 branch-1", "second #4 branch-2"]);
  });

  it("[T41] it is the order in which they were made that counts, and not that in which they have begun to wait", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const shared = ctx.callActivity("shared");
      const early = ctx.callActivity("early");
      const late = function* (): Code {
        yield early;
        yield shared;
        yield ctx.callActivity("first");
      };
      const waits = function* (): Code {
        yield shared;
        yield ctx.callActivity("second");
      };
      yield ctx.whenAll([late(), waits()]);
    });
    await driver.turn();
    await driver.turn(completed(2));
    expect(asked(await driver.turn(completed(1)))).toEqual(["first #3 branch-1", "second #4 branch-2"]);
  });

  it("[T41] what one gives at once reaches whoever waits in the same turn", async () => {
    const ready = function* (value: unknown): Code {
      return value;
    };
    expect(
      await outcomeOf(function* w(ctx: WorkflowContext): Code {
        const [a, b] = yield* ctx.whenAll([ready(1), ready(undefined)]);
        const inner = ctx.branch(ready(3));
        yield inner;
        return [a, b === undefined, yield* inner, yield* ctx.whenAll([])];
      }),
    ).toEqual([1, true, 3, []]);
  });

  it("[T41] timers, events, children and retries go on within one, and are told to be its", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const strand = function* (): Code {
        yield ctx.createTimer(5);
        const event = yield* ctx.waitForExternalEvent("go", { timeout: 60 });
        ctx.sendEvent("other", "hello", event);
        const retry = { maxNumberOfAttempts: 3, firstRetryInterval: 10 };
        return yield* ctx.callActivity("charge", undefined, { retry });
      };
      return yield* ctx.whenAll([strand(), chain(ctx, "b", 1)]);
    });
    expect(asked(await driver.turn())).toEqual(["timer #1 branch-1", "b1 #2 branch-2"]);
    expect(asked(await driver.turn(fired(1)))).toEqual(["timer #3 branch-1"]);
    expect(asked(await driver.turn(raised("go", 7)))).toEqual(["event hello #4 branch-1", "charge #5 branch-1"]);
    expect(asked(await driver.turn(failed(5, "no")))).toEqual(["timer #6 branch-1"]);
    expect(asked(await driver.turn(fired(6)))).toEqual(["charge #7 branch-1"]);
    await driver.turn(completed(2, "b"));
    expect(endOf(await driver.turn(completed(7, "paid")))).toEqual(["paid", ["b"]]);
  });

  it("[T41] events go to whoever has waited first, whichever branch that is", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const take = function* (): Code {
        return [yield ctx.waitForExternalEvent("item"), yield ctx.waitForExternalEvent("item")];
      };
      return yield* ctx.whenAll([take(), take()]);
    });
    await driver.turn();
    expect(
      endOf(await driver.turn(raised("item", 1), raised("item", 2), raised("item", 3), raised("item", 4))),
    ).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it("[T41] conditions are asked when all branches wait, in branches too", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      let count = 0;
      const counts = function* (name: string): Code {
        yield ctx.callActivity(name);
        count++;
      };
      const waits = function* (): Code {
        yield ctx.waitForCondition(() => count === 2);
        return `at ${count}`;
      };
      return yield* ctx.whenAll([waits(), counts("a"), counts("b")]);
    });
    await driver.turn();
    await driver.turn(completed(1));
    expect(endOf(await driver.turn(completed(2)))).toEqual(["at 2", null, null]);
  });

  it("[T41] each tells all events and conditions that it waits for, but not those of branches that it has made", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const inner = function* (): Code {
        yield ctx.whenAll([ctx.waitForExternalEvent("inner"), ctx.callActivity("a")]);
      };
      const outer = function* (): Code {
        const ready = ctx.waitForExternalEvent("ready");
        yield ctx.whenAll([
          ready,
          ctx.whenAny([ctx.waitForExternalEvent("Yes"), ctx.waitForCondition(() => false)]),
          ctx.branch(inner(), "inner"),
        ]);
      };
      yield ctx.whenAll([ctx.branch(outer(), "outer"), ctx.waitForExternalEvent("own")]);
    });
    await driver.turn();
    await driver.turn(raised("ready"));
    const { branches, events } = (await driver.load()).waits;
    expect(branches.map(({ name, events, condition }) => [name, events, condition])).toEqual([
      ["outer", ["Yes"], true],
      ["inner", ["inner"], false],
    ]);
    expect([...events].sort()).toEqual(["Yes", "inner", "own"]);
  });

  it("[T41] those that wait for themselves, or for one another, go on never, and a look at what they wait for comes to its end", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const made: Task[] = [];
      const waitsFor = (n: number) =>
        (function* (): Code {
          return yield ctx.whenAll([made[n] as Task]);
        })();
      const itself = function* (): Code {
        return yield made[2];
      };
      made.push(ctx.branch(waitsFor(1), "one"), ctx.branch(waitsFor(0), "two"), ctx.branch(itself(), "itself"));
      yield made[0];
    });
    expect(endOf(await driver.turn())).toBe("RUNNING");
    const { standing, waits } = await driver.load();
    expect(standing).toEqual({ wait: undefined, isRetrying: false });
    expect(waits.branches.map(({ name, wait }) => [name, wait])).toEqual([
      ["one", undefined],
      ["two", undefined],
      ["itself", undefined],
    ]);
  });

  it("[T41] those of a chain all wait for what its last one waits for, whichever is made first, and nothing else", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const made: Task[] = [];
      const waitsFor = (n: number) =>
        (function* (): Code {
          return yield ctx.whenAny([made[n] as Task, ctx.createTimer(60)]);
        })();
      made.push(ctx.branch(waitsFor(1), "first"), ctx.branch(waitsFor(3), "second"));
      made.push(ctx.branch(waitsFor(1), "third"), ctx.branch(chain(ctx, "a"), "last"));
      made.push(ctx.branch(guarded(ctx, "b", []), "alone"));
      yield ctx.whenAll(made);
    });
    await driver.turn();
    const { waits, standing } = await driver.load();
    const a = [{ type: "activity", name: "a1" }, 4];
    expect(waits.branches.map(({ name, wait, callId }) => [name, wait, callId])).toEqual([
      ["first", ...a],
      ["second", ...a],
      ["third", ...a],
      ["last", ...a],
      ["alone", { type: "event", name: "b" }, undefined],
    ]);
    expect(standing.wait).toEqual(a[0]);
  });

  it("[T41] updates run beside them, and have some of their own; queries read while they wait", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const done: string[] = [];
      ctx.setQueryHandler("done", () => done);
      ctx.setUpdateHandler("both", function* () {
        const results = yield* ctx.whenAll([chain(ctx, "x", 1), chain(ctx, "y", 1)]);
        done.push("update");
        return results;
      });
      const strand = function* (name: string): Code {
        yield ctx.callActivity(name);
        done.push(name);
      };
      yield ctx.whenAll([strand("a"), strand("b")]);
      yield ctx.waitForExternalEvent("end");
      return done;
    });
    await driver.turn();
    const begun = await driver.turn({ type: "UpdateRequested", updateId: "u", name: "both" });
    expect(asked(begun)).toEqual(["x1 #3 branch-3", "y1 #4 branch-4"]);
    await driver.turn(completed(2));
    expect((await driver.load()).query("done", undefined)).toEqual({ ok: true, result: '["b"]' });
    expect((await driver.turn(completed(3, 3), completed(4, 4))).updates).toMatchObject([
      { updateId: "u", outcome: { ok: true, result: "[[3],[4]]" } },
    ]);
    await driver.turn(completed(1));
    expect(endOf(await driver.turn(raised("end")))).toEqual(["b", "update", "a"]);
  });

  it("[T41] while the instance is suspended none goes on; then each event is applied in its order", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      return yield* ctx.whenAll([chain(ctx, "a"), chain(ctx, "b")]);
    });
    await driver.turn();
    expect(asked(await driver.turn(suspended, completed(2), completed(1)))).toEqual([]);
    expect(asked(await driver.turn(resumed))).toEqual(["b2 #3 branch-2", "a2 #4 branch-1"]);
  });

  it("[T41] branches that call each other awake for ever fail the workflow, as a loop without a wait does", async () => {
    const ready = function* (): Code {
      yield* [];
    };
    const end = await outcomeOf(function* w(ctx: WorkflowContext): Code {
      for (;;) yield ctx.whenAll([ready()]);
    });
    expect(end).toMatch(/^Error: Orchestrator exceeded maximum iteration limit \(100000\)/);
  });

  it("[T41] a thousand at once: each event costs the branch that it is for, and all come to their end", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const all = yield* ctx.whenAll(Array.from({ length: 1_000 }, (_, n) => chain(ctx, `${n}-`, 2)));
      return all.length;
    });
    expect((await driver.turn()).activities).toHaveLength(1_000);
    const ids = (from: number) => Array.from({ length: 1_000 }, (_, n) => completed(from + n));
    expect((await driver.turn(...ids(1))).activities).toHaveLength(1_000);
    expect(endOf(await driver.turn(...ids(1_001)))).toBe(1_000);
  });
});

/** Waits for its event, and tells how it is ended. */
function* guarded(ctx: WorkflowContext, name: string, told: string[], tidy?: () => Code): Code {
  try {
    told.push(`${name} begins`);
    yield ctx.waitForExternalEvent(name);
    yield ctx.callActivity(`${name} goes on`);
    return name;
  } catch (error) {
    told.push(`${name} catches ${(error as Error).name}`);
    throw error;
  } finally {
    told.push(`${name} ends`);
    if (tidy !== undefined) yield* tidy();
    told.push(`${name} is over`);
  }
}

describe("[T42] a branch ends where it waits", () => {
  it("[T42] that loses a whenAny: its finally runs before the winner is known, and it asks for nothing more", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const told = tells(ctx);
      const winner = yield* ctx.whenAny([guarded(ctx, "a", told), guarded(ctx, "b", told), guarded(ctx, "c", told)]);
      told.push("won");
      yield ctx.createTimer(60);
      return winner.getResult();
    });
    await driver.turn();
    expect(asked(await driver.turn(raised("b")))).toEqual(["b goes on #1 branch-2"]);
    expect(asked(await driver.turn(completed(1)))).toEqual(["timer #2 undefined"]);
    expect((await toldBy(driver)).slice(3)).toEqual([
      "b ends",
      "b is over",
      "a ends",
      "a is over",
      "c ends",
      "c is over",
      "won",
    ]);
    // Their waits have left the queue with them.
    await driver.turn(raised("a"), raised("c"));
    expect((await driver.load()).waits.buffered.map(({ name }) => name)).toEqual(["a", "c"]);
    expect(endOf(await driver.turn(fired(2)))).toBe("b");
  });

  it("[T42] its finally may call and wait, as long as the workflow goes on; the result stands before that", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const told = tells(ctx);
      const tidy = function* (): Code {
        yield ctx.callActivity("undo 1");
        yield ctx.callActivity("undo 2");
      };
      const winner = yield* ctx.whenAny([guarded(ctx, "a", told, tidy), ctx.createTimer(60)]);
      yield ctx.waitForExternalEvent("end");
      return winner.isFailed;
    });
    await driver.turn();
    expect(asked(await driver.turn(fired(1)))).toEqual(["undo 1 #2 branch-1"]);
    expect((await driver.load()).waits.branches).toEqual([
      {
        name: "branch-1",
        wait: { type: "activity", name: "undo 1" },
        callId: 2,
        events: [],
        condition: false,
        isEnding: true,
      },
    ]);
    expect(asked(await driver.turn(completed(2)))).toEqual(["undo 2 #3 branch-1"]);
    expect((await toldBy(driver)).at(-1)).toBe("a ends");
    await driver.turn(completed(3));
    expect((await toldBy(driver)).at(-1)).toBe("a is over");
    expect(endOf(await driver.turn(raised("end")))).toBe(false);
  });

  it("[T42] the rest of a whenAll that has failed is ended; those that have ended before are not", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const told = tells(ctx);
      try {
        yield ctx.whenAll([guarded(ctx, "a", told), chain(ctx, "b", 1), guarded(ctx, "c", told)]);
      } catch (error) {
        told.push((error as Error).message);
      }
      yield ctx.createTimer(1);
      return told;
    });
    await driver.turn();
    await driver.turn(raised("c"));
    await driver.turn(completed(2));
    await driver.turn(failed(1, "broken"));
    expect((await toldBy(driver)).slice(2)).toEqual([
      ...["c ends", "c is over", "a ends", "a is over"],
      "i: activity 'b1': Activity task #1 failed: broken",
    ]);
  });

  it("[T42] with those that it has made, and with composites that nobody waits for any more, in the order in which they were made", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const told = tells(ctx);
      const outer = function* (): Code {
        try {
          ctx.branch(guarded(ctx, "own", told));
          yield ctx.whenAll([guarded(ctx, "x", told), guarded(ctx, "y", told)]);
        } finally {
          told.push("outer ends");
        }
      };
      yield ctx.whenAny([outer(), ctx.whenAll([guarded(ctx, "z", told)]), ctx.createTimer(1)]);
      yield ctx.createTimer(1);
    });
    await driver.turn();
    expect(await toldBy(driver)).toEqual(["z begins", "own begins", "x begins", "y begins"]);
    const { branches } = (await driver.load()).waits;
    expect(branches.map(({ name, wait }) => [name, wait])).toEqual([
      ["branch-1", { type: "event", name: "z" }],
      ["branch-2", { type: "event", name: "x" }],
      ["branch-3", { type: "event", name: "own" }],
      ["branch-4", { type: "event", name: "x" }],
      ["branch-5", { type: "event", name: "y" }],
    ]);
    await driver.turn(fired(1));
    expect((await toldBy(driver)).slice(4).filter((text) => text.endsWith("ends"))).toEqual([
      ...["z ends", "outer ends", "own ends", "x ends", "y ends"],
    ]);
    expect((await driver.load()).waits.branches).toEqual([]);
  });

  it("[T42] with those that it has made, each time that one is called off", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const told = tells(ctx);
      const outer = function* (name: string): Code {
        ctx.branch(guarded(ctx, name, told));
        yield ctx.waitForExternalEvent("never");
      };
      for (const name of ["first", "second"]) {
        const branch = ctx.branch(outer(name));
        yield ctx.createTimer(1);
        branch.cancel();
      }
      yield ctx.createTimer(1);
      return told;
    });
    await driver.turn();
    await driver.turn(fired(1));
    await driver.turn(fired(2));
    expect(endOf(await driver.turn(fired(3)))).toEqual(
      ["first", "second"].flatMap((name) => [`${name} begins`, `${name} ends`, `${name} is over`]),
    );
  });

  it("[T42] one with a handle that loses is ended too; whoever waits for it again is told so", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const told = tells(ctx);
      const [slow, fast] = [ctx.branch(guarded(ctx, "slow", told), "slow"), ctx.branch(chain(ctx, "fast", 1))];
      const winner = yield* ctx.whenAny([slow, fast]);
      told.push(`${winner === fast} ${slow.isCanceled}`);
      try {
        yield slow;
      } catch (error) {
        return [...told, (error as Error).message];
      }
    });
    await driver.turn();
    expect(endOf(await driver.turn(completed(1)))).toEqual([
      ...["slow begins", "slow ends", "slow is over", "true true"],
      "The branch 'slow', for which nobody waited any more, was canceled",
    ]);
  });

  it("[T42] one that nobody has waited for goes on, also beside a race for its end", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const decision = ctx.branch(chain(ctx, "decide"), "decision");
      for (let reminders = 0; ; reminders++) {
        const isDecided = ctx.waitForCondition(() => decision.isComplete);
        if ((yield* ctx.whenAny([isDecided, ctx.createTimer(60)])) === isDecided) return [reminders, yield* decision];
        yield ctx.callActivity("remind");
      }
    });
    await driver.turn();
    expect(asked(await driver.turn(fired(1)))).toEqual(["remind #3 undefined"]);
    await driver.turn(completed(3));
    expect(asked(await driver.turn(completed(2, 1)))).toEqual(["decide2 #5 decision"]);
    expect(endOf(await driver.turn(completed(5, 2)))).toEqual([1, [1, 2]]);
  });

  it("[T42] one that loses goes on for another who waits for it, until that one does not any more either", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const decision = ctx.branch(chain(ctx, "decide", 3), "decision");
      const listener = function* (): Code {
        return yield* decision;
      };
      const other = ctx.branch(listener(), "listener");
      yield ctx.whenAny([decision, ctx.createTimer(60)]);
      const afterFirst = decision.isComplete;
      yield ctx.whenAny([other, ctx.waitForExternalEvent("stop")]);
      return [afterFirst, decision.isCanceled, other.isCanceled];
    });
    await driver.turn();
    expect(asked(await driver.turn(fired(1)))).toEqual([]);
    expect(asked(await driver.turn(completed(2)))).toEqual(["decide2 #3 decision"]);
    expect(endOf(await driver.turn(raised("stop")))).toEqual([false, true, true]);
  });

  it("[T42] that is called off by its handle: whoever waits for it is told so, once; a second time it is too late", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const told = tells(ctx);
      const branch = ctx.branch(guarded(ctx, "a", told), "strand");
      yield ctx.createTimer(1);
      told.push(`canceled: ${branch.cancel()}, ${branch.cancel()}, ${branch.isCanceled}`);
      try {
        yield branch;
      } catch (error) {
        return [...told, (error as Error).message, error instanceof TaskCanceledError];
      }
    });
    await driver.turn();
    expect(endOf(await driver.turn(fired(1)))).toEqual([
      "a begins",
      "canceled: true, false, true",
      "The branch 'strand' was canceled",
      true,
    ]);
    expect((await toldBy(driver)).slice(2)).toEqual(["a ends", "a is over"]);
  });

  it("[T42] before it has begun nothing of it is run; by itself it ends at its next wait", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const told = tells(ctx);
      ctx.branch(guarded(ctx, "never", told)).cancel();
      const done = ctx.branch(chain(ctx, "unused", 0));
      yield done;
      yield ctx.whenAny([done, guarded(ctx, "late", told)]);
      const self: Task[] = [];
      const suicidal = function* (): Code {
        (self[0] as ReturnType<WorkflowContext["branch"]>).cancel();
        told.push("goes on to its next wait");
        try {
          yield ctx.callActivity("last");
          told.push("not here");
        } finally {
          told.push("over");
        }
      };
      self.push(ctx.branch(suicidal()));
      yield ctx.createTimer(1);
    });
    expect(asked(await driver.turn())).toEqual(["timer #1 undefined", "last #2 branch-4"]);
    expect(await toldBy(driver)).toEqual(["goes on to its next wait", "over"]);
    expect(endOf(await driver.turn(completed(2)))).toBe("RUNNING");
  });

  it("[T42] one that has called itself off, and comes to its end without a wait, is told of once if it fails", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const self: Task[] = [];
      const fails = function* (): Code {
        yield ctx.callActivity("a");
        (self[0] as ReturnType<WorkflowContext["branch"]>).cancel();
        throw new RangeError("no");
      };
      self.push(ctx.branch(fails(), "mine"));
      yield ctx.callActivity("own");
    });
    await driver.turn();
    await driver.turn(completed(2));
    expect((await driver.turn(completed(1))).warnings).toEqual([
      "The branch 'mine' has failed, and nobody has waited for it: RangeError: no",
    ]);
  });

  it.each([
    ["by branch", (ctx: WorkflowContext, next: Code) => ctx.branch(next)],
    ["in a whenAny", (ctx: WorkflowContext, next: Code) => ctx.whenAny([next])],
  ])("[T42] a chain of 5,000, each made by the one before %s, ends from its first to its last", async (_how, wait) => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const ended: number[] = [];
      const link = function* (n: number): Code {
        try {
          yield n === 5_000 ? ctx.waitForExternalEvent("never") : wait(ctx, link(n + 1));
        } finally {
          ended.push(n);
        }
      };
      yield ctx.whenAny([link(1), ctx.waitForExternalEvent("stop")]);
      return ended.length === 5_000 && ended.every((n, index) => n === index + 1);
    });
    await driver.turn();
    expect(endOf(await driver.turn(raised("stop")))).toBe(true);
  });

  it("[T42] also where the workflow's own code still waits for something else", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const tidies = function* (): Code {
        try {
          yield ctx.waitForExternalEvent("never");
        } finally {
          yield ctx.callActivity("undo");
        }
      };
      yield ctx.whenAll([ctx.whenAny([tidies(), ctx.createTimer(1)]), ctx.callActivity("own")]);
    });
    await driver.turn();
    expect(asked(await driver.turn(fired(1)))).toEqual(["undo #3 branch-1"]);
  });

  it("[T42] although what it waits for has come, when another has won by the same event before it", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const shared = ctx.callActivity("shared");
      const waits = function* (name: string): Code {
        yield shared;
        if (name === "loser") yield ctx.callActivity("not called");
        return name;
      };
      const winner = yield* ctx.whenAny([waits("winner"), waits("loser")]);
      yield ctx.createTimer(1);
      return winner.getResult();
    });
    await driver.turn();
    expect(asked(await driver.turn(completed(1)))).toEqual(["timer #2 undefined"]);
    expect(endOf(await driver.turn(fired(2)))).toBe("winner");
  });

  it("[T42] one that the author has begun by hand runs its finally, which waits and goes on", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const tidies = function* (): Code {
        try {
          yield ctx.waitForExternalEvent("never");
        } finally {
          yield ctx.callActivity("undo 1");
          yield ctx.callActivity("undo 2");
        }
      };
      const begun = tidies();
      begun.next();
      ctx.branch(begun).cancel();
      yield ctx.waitForExternalEvent("end");
    });
    expect(asked(await driver.turn())).toEqual(["undo 1 #1 branch-1"]);
    expect(asked(await driver.turn(completed(1)))).toEqual(["undo 2 #2 branch-1"]);
    await driver.turn(completed(2));
    expect((await driver.load()).waits.branches).toEqual([]);
  });

  it("[T42] what comes for it afterwards is nobody's", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      yield ctx.whenAny([chain(ctx, "a"), ctx.waitForExternalEvent("stop")]);
      yield ctx.waitForExternalEvent("end");
      return "ended";
    });
    await driver.turn();
    await driver.turn(raised("stop"));
    expect(asked(await driver.turn(completed(1)))).toEqual([]);
    expect(endOf(await driver.turn(raised("end")))).toBe("ended");
  });

  it("[T42] an async generator's finally runs the same, and a failure in it is told, and harms nobody", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): AsyncCode {
      const strand = async function* (): AsyncCode {
        try {
          yield ctx.waitForExternalEvent("never");
        } finally {
          await Promise.resolve();
          yield ctx.callActivity("undo");
          // biome-ignore lint/correctness/noUnsafeFinally: what is tested
          throw new RangeError("in vain");
        }
      };
      yield ctx.whenAny([strand(), ctx.createTimer(1)]);
      yield ctx.waitForExternalEvent("end");
      return "ended";
    });
    await driver.turn();
    expect(asked(await driver.turn(fired(1)))).toEqual(["undo #2 branch-1"]);
    await driver.turn(completed(2));
    const turn = await driver.turn(raised("end"));
    expect([endOf(turn), turn.warnings]).toEqual([
      "ended",
      ["The branch 'branch-1' has failed, and nobody has waited for it: RangeError: in vain"],
    ]);
  });
});

describe("[T43] a failure of a branch", () => {
  it.each(both)("[T43] of %s is thrown where it is waited for, as it was thrown", async (_what, strand) => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const branch = ctx.branch(strand(ctx, "a"));
      try {
        yield branch;
      } catch (error) {
        return [error instanceof TaskFailedError, (error as Error).message, branch.isFailed];
      }
    });
    await driver.turn();
    expect(endOf(await driver.turn(failed(1, "broken")))).toEqual([
      true,
      "i: activity 'a1': Activity task #1 failed: broken",
      true,
    ]);
  });

  it.each([
    ["a text", "text"],
    ["an object", { code: 7 }],
    ["null", null],
    ["undefined", undefined],
  ])("[T43] %s that is thrown is caught", async (_what, thrown) => {
    const end = await outcomeOf(function* w(ctx: WorkflowContext): Code {
      const strand = function* (): Code {
        yield* [];
        throw thrown;
      };
      try {
        yield ctx.branch(strand());
        return "not caught";
      } catch (error) {
        return error instanceof Error ? `${error}` : error;
      }
    });
    expect(end).toEqual(thrown ?? `Error: ${thrown}`);
  });

  it("[T43] that nobody catches is the workflow's", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      yield ctx.whenAll([chain(ctx, "a"), chain(ctx, "b")]);
    });
    await driver.turn();
    const turn = await driver.turn(failed(2, "broken"));
    expect([endOf(turn), turn.warnings]).toEqual([
      "TaskFailedError: i: activity 'b1': Activity task #2 failed: broken",
      [],
    ]);
  });

  it("[T43] that nobody waits for lets the others go on, and is told at the end", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      ctx.branch(chain(ctx, "a"), "audit");
      return yield ctx.callActivity("own");
    });
    await driver.turn();
    expect(endOf(await driver.turn(failed(2, "broken")))).toBe("RUNNING");
    const { warnings } = await driver.turn(completed(1, "done"));
    expect(warnings[0]).toBe(
      "The branch 'audit' has failed, and nobody has waited for it: TaskFailedError: i: activity 'a1': Activity task #2 failed: broken",
    );
  });

  it("[T43] a task that it returns, or awaits, is no result: it fails with the name of the call", async () => {
    const end = await outcomeOf(function* w(ctx: WorkflowContext): Code {
      const returns = function* (): Code {
        yield* [];
        return ctx.createTimer(1);
      };
      const awaits = async function* (): AsyncCode {
        const total = await ctx.callActivity("a");
        return { total: total };
      };
      const messages: string[] = [];
      for (const strand of [returns(), awaits()])
        try {
          yield ctx.branch(strand);
        } catch (error) {
          messages.push((error as Error).message);
        }
      return messages;
    });
    expect(end).toEqual([
      "The code has returned the task of createTimer, and a task is not its result: yield it",
      expect.stringMatching(/^The code has awaited, or returned from an async function, the task of callActivity 'a'/),
    ]);
  });

  it("[T43] what it yields that is no task fails it alone; a generator in place of a yield* is named", async () => {
    const end = await outcomeOf(function* w(ctx: WorkflowContext): Code {
      const messages: string[] = [];
      for (const value of [7, chain(ctx, "a")])
        try {
          yield ctx.branch(
            (function* (): Code {
              yield value;
            })(),
          );
        } catch (error) {
          messages.push((error as Error).message);
        }
      return messages;
    });
    expect(end).toEqual([
      expect.stringMatching(/non-Task object\. It must yield .*, but yielded number\.$/),
      expect.stringMatching(/but yielded a generator: wait for it with yield\*, or make a branch of it with branch$/),
    ]);
  });
});

describe("[T44] what ends the workflow, and its branches with it", () => {
  it("[T44] a cancel is thrown into each open branch, in their order, and then into the workflow's own code", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const told = tells(ctx);
      try {
        yield ctx.whenAll([guarded(ctx, "a", told), guarded(ctx, "b", told)]);
      } catch (error) {
        told.push(`own catches ${(error as Error).message}`);
        throw error;
      }
    });
    await driver.turn();
    expect((await driver.turn(cancel)).status).toBe("CANCELED");
    const caught = (name: string) => [`${name} catches WorkflowCanceledError`, `${name} ends`, `${name} is over`];
    expect((await toldBy(driver)).slice(2)).toEqual([
      ...[...caught("a"), ...caught("b")],
      "own catches The workflow was canceled: too late",
    ]);
  });

  it("[T44] what a branch does on its way out is done, although the others have ended, as long as the workflow goes on", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const compensates = function* (): Code {
        try {
          yield ctx.callActivity("book");
        } catch (error) {
          yield ctx.callActivity("cancel the booking");
          yield ctx.callActivity("write a letter");
          throw error;
        }
      };
      try {
        yield ctx.whenAll([compensates(), chain(ctx, "b")]);
      } catch (error) {
        if (!(error instanceof WorkflowCanceledError)) throw error;
        yield ctx.callActivity("tidy");
        yield ctx.waitForExternalEvent("tidied");
        throw error;
      }
    });
    await driver.turn();
    expect(asked(await driver.turn(cancel))).toEqual(["cancel the booking #3 branch-1", "tidy #4 undefined"]);
    expect(asked(await driver.turn(completed(3)))).toEqual(["write a letter #5 branch-1"]);
    await driver.turn(completed(5), completed(4));
    expect((await driver.turn(raised("tidied"))).status).toBe("CANCELED");
  });

  it("[T44] after that, what a branch has waited for twice lets it go on once, and a failure that was heard is not told again", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const shared = ctx.callActivity("shared");
      const translates = function* (): Code {
        try {
          yield shared;
        } catch {
          yield shared;
          throw new RangeError("on its way out");
        }
      };
      const branch = ctx.branch(translates());
      try {
        yield branch;
      } catch {
        yield shared;
        yield ctx.createTimer(1);
      }
    });
    await driver.turn();
    await driver.turn(cancel);
    await driver.turn(completed(1));
    const turn = await driver.turn(fired(2));
    expect([turn.status, turn.warnings]).toEqual(["COMPLETED", []]);
  });

  it("[T44] what a branch makes for its clean-up, when it is canceled, is not canceled with it", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const told = tells(ctx);
      const tidied: Task[] = [];
      const strand = function* (): Code {
        try {
          yield ctx.waitForExternalEvent("never");
        } catch {
          tidied.push(ctx.branch(guarded(ctx, "tidy", told), "tidy"));
        }
      };
      try {
        yield ctx.branch(strand());
      } catch {
        return [yield tidied[0], told];
      }
    });
    await driver.turn();
    expect(asked(await driver.turn(cancel))).toEqual([]);
    expect(asked(await driver.turn(raised("tidy")))).toEqual(["tidy goes on #1 tidy"]);
    expect(endOf(await driver.turn(completed(1)))).toEqual(["tidy", ["tidy begins", "tidy ends", "tidy is over"]]);
  });

  it("[T44] a cancel leaves a branch that is ending to its finally", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const told = tells(ctx);
      const tidy = function* (): Code {
        yield ctx.callActivity("undo");
      };
      yield ctx.whenAny([guarded(ctx, "a", told, tidy), ctx.createTimer(1)]);
      try {
        yield ctx.waitForExternalEvent("never");
      } finally {
        yield ctx.callActivity("own undo");
      }
    });
    await driver.turn();
    await driver.turn(fired(1));
    await driver.turn(cancel);
    expect(await toldBy(driver)).toEqual(["a begins", "a ends"]);
    await driver.turn(completed(2));
    expect(await toldBy(driver)).toEqual(["a begins", "a ends", "a is over"]);
    expect((await driver.turn(completed(3))).status).toBe("CANCELED");
  });

  it("[T44] when the workflow returns, what its branches have left is not done, and the log names them", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const told = tells(ctx);
      ctx.branch(guarded(ctx, "a", told), "letters");
      yield ctx.createTimer(1);
      return "done";
    });
    await driver.turn();
    const turn = await driver.turn(fired(1));
    expect([endOf(turn), await toldBy(driver)]).toEqual(["done", ["a begins"]]);
    expect(turn.warnings[0]).toBe(
      "This execution has ended before 1 of its branches had: 'letters'. Nothing that is left to do in them is done.",
    );
  });

  it("[T44] a terminate runs nothing of them, and warns of nothing", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const told = tells(ctx);
      yield ctx.whenAll([guarded(ctx, "a", told)]);
    });
    await driver.turn();
    const turn = await driver.turn(terminated);
    expect([turn.status, turn.warnings, await toldBy(driver)]).toEqual(["TERMINATED", [], ["a begins"]]);
  });

  it("[T44] one of them continues as new: the others are gone with the execution, one-way calls are kept", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const strand = function* (): Code {
        yield ctx.waitForExternalEvent("again");
        ctx.sendEvent("other", "hello");
        ctx.continueAsNew("next", true);
        yield ctx.callActivity("dropped");
      };
      return yield* ctx.whenAll([chain(ctx, "a", 1), strand()]);
    });
    await driver.turn();
    const turn = await driver.turn(raised("again"), raised("kept"));
    expect(turn.completion).toMatchObject({ type: "ContinuedAsNew", input: '"next"' });
    expect(asked(turn)).toEqual(["event hello #2 branch-2"]);
    expect(asked(await driver.turn())).toEqual(["a1 #1 branch-1"]);
  });

  it("[T44] from there on none of the others is run: not what was about to begin, to be ended, or to be canceled", async () => {
    const again = function* (ctx: WorkflowContext): Code {
      try {
        yield ctx.waitForExternalEvent("never");
      } finally {
        ctx.continueAsNew("next");
      }
    };
    const status = function* (ctx: WorkflowContext): Code {
      try {
        ctx.setCustomStatus("begun");
        yield ctx.waitForExternalEvent("never");
      } finally {
        ctx.setCustomStatus("ended");
      }
    };
    const atOnce = function* (ctx: WorkflowContext): Code {
      yield* [];
      ctx.continueAsNew("next");
    };
    for (const [strand, expected] of [
      [atOnce, undefined],
      [again, "begun"],
    ] as const)
      for (const fact of strand === atOnce ? [undefined] : [raised("stop"), cancel]) {
        const driver = new Driver(function* w(ctx: WorkflowContext): Code {
          const strands = [strand(ctx), status(ctx)].map((generator) => ctx.branch(generator));
          yield ctx.whenAny([ctx.waitForExternalEvent("stop"), ...strands]);
          ctx.setCustomStatus("won");
        });
        let turn = await driver.turn();
        if (fact !== undefined) turn = await driver.turn(fact);
        expect([turn.completion?.type, turn.customStatus]).toEqual(["ContinuedAsNew", expected]);
      }
  });

  it("[T44] of many that are left, or have failed unheard, five are named", async () => {
    const end = await new Driver(function* w(ctx: WorkflowContext): Code {
      const fails = function* (): Code {
        yield* [];
        throw new RangeError("no");
      };
      for (let n = 0; n < 6; n++) ctx.branch(fails());
      for (let n = 0; n < 6; n++) ctx.branch(chain(ctx, "a"));
      yield ctx.whenAll([chain(ctx, "unused", 0)]);
    }).turn();
    expect(end.warnings.slice(0, 6)).toEqual([
      ...[1, 2, 3, 4, 5].map(
        (n) => `The branch 'branch-${n}' has failed, and nobody has waited for it: RangeError: no`,
      ),
      "This execution has ended before 6 of its branches had: 'branch-7', 'branch-8', 'branch-9', 'branch-10', 'branch-11', …. Nothing that is left to do in them is done.",
    ]);
  });

  it("[T44] calls of code that the branches have left running are refused after the end", async () => {
    const late: (() => void)[] = [];
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const strand = function* (): Code {
        late.push(() => ctx.callActivity("late"));
        yield ctx.waitForExternalEvent("never");
      };
      ctx.branch(strand());
      yield ctx.createTimer(1);
    });
    await driver.turn();
    await driver.turn(fired(1));
    expect(late[1]).toThrow(/callActivity was called after the execution of workflow instance 'i' has ended/);
  });
});

describe("[T45] what a branch is made of", () => {
  const thrownBy = (make: (ctx: WorkflowContext) => unknown) =>
    outcomeOf(function* w(ctx: WorkflowContext): Code {
      yield* [];
      make(ctx);
      return "nothing was thrown";
    });

  it.each<[string, (ctx: WorkflowContext) => unknown, string]>([
    ["a function", () => chain, "a function: call it"],
    ["nothing", () => undefined, "undefined"],
    ["a number", () => 7, "7"],
    ["an array", () => [], "[]"],
    ["a promise", () => Promise.reject(new Error("unheard")), "an object of class Promise"],
    ["a task", (ctx) => ctx.createTimer(1), "the task of createTimer, and a task is not its result: yield it"],
    ["an iterator", () => [1].values(), "an object of class Iterator"],
  ])("[T45] branch refuses %s", async (_what, given, found) => {
    expect(await thrownBy((ctx) => ctx.branch(given(ctx) as Branchable))).toBe(
      `TypeError: branch takes a generator, as a generator function gives it when it is called, branch(book(ctx, order)); found ${found}`,
    );
  });

  it.each<[string, (ctx: WorkflowContext) => unknown]>([
    ["by branch, twice", (ctx) => [1, 2].map(() => ctx.branch(once(ctx)))],
    ["by whenAll, in one list", (ctx) => ctx.whenAll([once(ctx), once(ctx)])],
    ["by whenAny, after a whenAll", (ctx) => [ctx.whenAll([once(ctx)]), ctx.whenAny([once(ctx)])]],
  ])("[T45] a generator is one branch: given %s it is refused", async (_how, make) => {
    given.clear();
    expect(await thrownBy(make)).toMatch(
      /^TypeError: (branch|whenAll|whenAny) was given a generator that is a branch already: call its function once for each branch$/,
    );
  });

  const given = new Map<WorkflowContext, Code>();
  function once(ctx: WorkflowContext): Code {
    const generator = given.get(ctx) ?? chain(ctx, "a");
    given.set(ctx, generator);
    return generator;
  }

  it.each(["whenAll", "whenAny"] as const)(
    "[T45] %s takes them in an array: several by themselves are refused, and none is begun",
    async (method) => {
      for (const strand of [chain, asyncChain]) {
        const driver = new Driver(function* w(ctx: WorkflowContext): Code {
          yield Reflect.apply(ctx[method], ctx, [strand(ctx, "a"), strand(ctx, "b")]);
        });
        const end = await driver.turn();
        expect(asked(end)).toEqual([]);
        expect(end.completion).toMatchObject({
          type: "Failed",
          failure: { message: `${method} takes an array of tasks, ${method}([a, b]), found a generator` },
        });
      }
    },
  );

  it.each([
    ["a function", chain, "function: call it"],
    ["a promise", Promise.resolve(1), "object"],
  ])("[T45] %s in a list is refused, with what it is", async (_what, wrong, kind) => {
    expect(await thrownBy((ctx) => ctx.whenAll([chain(ctx, "a"), wrong as unknown as Task]))).toMatch(
      new RegExp(`^TypeError: whenAll takes an array of tasks, .*; one element is ${kind}$`),
    );
  });

  it("[T45] a list with something else in it makes none of its generators a branch", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const generator = chain(ctx, "a", 1);
      for (const wrong of [7, chain, Promise.reject(new Error("unheard"))])
        try {
          ctx.whenAll([generator, wrong as unknown as Task]);
        } catch {
          // It is still to be had.
        }
      return yield* ctx.whenAll([generator]);
    });
    expect(asked(await driver.turn())).toEqual(["a1 #1 branch-1"]);
  });

  it.each([
    ["an empty name", "", 'the name is a text of 1 to 100 characters, found ""'],
    ["a name of 101 characters", "x".repeat(101), /the name is a text of 1 to 100 characters, found "x+/],
    ["half a character", "\ud800", /the name is a text of 1 to 100 characters/],
    ["a number", 7, /branch: options are an object/],
    ["an unknown option", { title: "a" }, "unknown option title of branch. Known: name"],
    ["a name that is a number", { name: 7 }, /name is a text of 1 to 100 characters, found 7/],
  ])("[T45] %s is refused, and nothing is made", async (_what, name, text) => {
    const end = await thrownBy((ctx) => ctx.branch(chain(ctx, "a"), name as string));
    expect(end).toMatch(text);
    expect(end).toMatch(/^TypeError: /);
  });

  it("[T45] two may have the same name; the name of 100 characters is taken", async () => {
    const name = "x".repeat(100);
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      yield ctx.whenAll([ctx.branch(chain(ctx, "a", 1), name), ctx.branch(chain(ctx, "b", 1), { name })]);
    });
    expect(asked(await driver.turn())).toEqual([`a1 #1 ${name}`, `b1 #2 ${name}`]);
  });
});

describe("[T22] [T41] code that has changed within a branch", () => {
  const strands = (...names: string[]): Workflow =>
    function* workflow(ctx) {
      yield ctx.whenAll(names.map((name) => ctx.branch(chain(ctx, name), name)));
    };

  it("[T41] stalls, and says in which branch; with the former code it goes on", async () => {
    const driver = new Driver(strands("a", "b"));
    await driver.turn();
    driver.deploy(strands("a", "c"));
    const { stall } = await driver.load();
    expect(stall?.message).toContain(
      "[event 2 of the history: callActivity 'b1' #2 in branch 'b'; the code: callActivity 'c1' #2 in branch 'c']",
    );
    driver.deploy(strands("a", "b"));
    expect(asked(await driver.turn(completed(1)))).toEqual(["a2 #3 a"]);
  });

  it("[T41] a branch may be given another name meanwhile", async () => {
    const named = (name: string): Workflow =>
      function* workflow(ctx) {
        return yield* ctx.branch(chain(ctx, "a"), name);
      };
    const driver = new Driver(named("before"));
    await driver.turn();
    driver.deploy(named("after"));
    expect(asked(await driver.turn(completed(1, 1)))).toEqual(["a2 #2 after"]);
    expect(endOf(await driver.turn(completed(2, 2)))).toEqual([1, 2]);
  });
});

describe("[T38] [T41] a rewind with branches", () => {
  it("[T38] goes on where the workflow has failed, with what the others have done by then", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      return yield* ctx.whenAll([chain(ctx, "a"), chain(ctx, "b")]);
    });
    await driver.turn();
    await driver.turn(completed(2, "b1"));
    await driver.turn(completed(1, "a1"));
    expect((await driver.turn(failed(3, "broken"))).status).toBe("FAILED");
    driver.rewind();
    const turn = await driver.turn();
    expect(turn.status).toBe("RUNNING");
    await driver.turn(completed(3, "b2"));
    expect(endOf(await driver.turn(completed(4, "a2")))).toEqual([
      ["a1", "a2"],
      ["b1", "b2"],
    ]);
  });
});
