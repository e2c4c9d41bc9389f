// What a branch leaves behind when it ends, who sees to its clean-up, and what it costs.
import { describe, expect, it } from "vitest";
import { rerunHistory } from "../../../src/engine/rerun.ts";
import type { Task } from "../../../src/engine/task.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { HistoryFact } from "../../../src/model/history-event.ts";
import { completed, Driver, endOf, failed, fired, outcomeOf, raised } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = Generator<any, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: see above
type AsyncCode = AsyncGenerator<any, any, any>;

const RERUN = { sourceInstanceId: "i", instanceId: "n", executionId: "e", nowMs: 2_000_000, started: {} };

const cancel: HistoryFact = { type: "ExecutionCancelRequested", reason: "too late" };

/** What the turn has asked for. */
function asked({ events }: Awaited<ReturnType<Driver["turn"]>>): string[] {
  return events.flatMap((event) => {
    if (event.type === "TaskScheduled" || event.type === "ChildWorkflowInstanceCreated")
      return [`${event.name} #${event.id}`];
    return event.type === "TimerCreated" ? [`timer #${event.id}`] : [];
  });
}

function* calls(ctx: WorkflowContext, ...names: string[]): Code {
  for (const name of names) yield ctx.callActivity(name);
  return names.length;
}

describe("[T42] what a branch has begun when it is ended", () => {
  it("[T42] an activity, its retries, a child and a timer go on, and their tasks can be waited for by others", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const begun: Task[] = [];
      const strand = function* (): Code {
        const retry = { maxNumberOfAttempts: 2, firstRetryInterval: 10 };
        begun.push(ctx.callActivity("book", undefined, { retry }));
        begun.push(ctx.callChildWorkflow("ship"), ctx.createTimer(60));
        yield ctx.whenAll(begun);
      };
      yield ctx.whenAny([strand(), ctx.waitForExternalEvent("stop")]);
      const [booked] = begun;
      return yield booked;
    });
    expect(asked(await driver.turn())).toEqual(["book #1", "ship #2", "timer #3"]);
    await driver.turn(raised("stop"));
    const { pending, waits } = await driver.load();
    expect([waits.branches, [...pending.activities.keys()], [...pending.children.keys()]]).toEqual([[], [1], [2]]);
    expect(pending.nextTimerAtMs()).toBe(1_000_000 + 60_000);
    expect(asked(await driver.turn(failed(1, "not yet")))).toEqual(["timer #4"]);
    expect(asked(await driver.turn(fired(4)))).toEqual(["book #5"]);
    expect(endOf(await driver.turn(completed(5, "seat 7")))).toBe("seat 7");
  });

  it.each([
    ["fails", (ctx: WorkflowContext, ...parts: Code[]) => ctx.whenAll(parts), failed(1, "no"), "FAILED"],
    ["returns", (ctx: WorkflowContext, ...parts: Code[]) => ctx.whenAny(parts), completed(1), "COMPLETED"],
  ] as const)(
    "[T42] one call in its finally is made, although the workflow %s in the same turn; a second one is not",
    async (_how, join, answer, status) => {
      const driver = new Driver(function* w(ctx: WorkflowContext): Code {
        const strand = function* (): Code {
          try {
            yield ctx.waitForExternalEvent("never");
          } finally {
            yield* calls(ctx, "undo 1", "undo 2");
          }
        };
        yield join(ctx, strand(), calls(ctx, "other"));
      });
      await driver.turn();
      const turn = await driver.turn(answer);
      expect([asked(turn), turn.status, turn.activities.map(({ name }) => name)]).toEqual([
        ["undo 1 #2"],
        status,
        ["undo 1"],
      ]);
      expect(turn.warnings[0]).toMatch(/^This execution has ended before 1 of its branches had: 'branch-1'/);
      expect(asked(await driver.turn(completed(2)))).toEqual([]);
    },
  );

  it("[T42] a workflow that waits for a condition sees to it that all of it is done", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      let untidy = 0;
      const strand = function* (): Code {
        untidy++;
        try {
          yield ctx.waitForExternalEvent("never");
        } finally {
          yield* calls(ctx, "undo 1", "undo 2");
          untidy--;
        }
      };
      try {
        yield ctx.whenAll([strand(), strand(), calls(ctx, "fails")]);
      } finally {
        yield ctx.waitForCondition(() => untidy === 0);
      }
    });
    await driver.turn();
    expect(asked(await driver.turn(failed(1, "no")))).toEqual(["undo 1 #2", "undo 1 #3"]);
    expect(asked(await driver.turn(completed(2), completed(3)))).toEqual(["undo 2 #4", "undo 2 #5"]);
    const turn = await driver.turn(completed(4), completed(5));
    expect([turn.status, turn.warnings]).toEqual(["FAILED", []]);
  });

  it("[T42] one that catches what its part throws never fails, and so all come to their end", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const settled = function* (part: Code): Code {
        try {
          return yield* part;
        } catch (error) {
          return (error as Error).message;
        }
      };
      return yield* ctx.whenAll([settled(calls(ctx, "a1", "a2")), settled(calls(ctx, "b1", "b2"))]);
    });
    await driver.turn();
    await driver.turn(failed(2, "no"));
    expect(asked(await driver.turn(completed(1)))).toEqual(["a2 #3"]);
    expect(endOf(await driver.turn(completed(3)))).toEqual([2, "i: activity 'b1': Activity task #2 failed: no"]);
  });

  it("[T42] those that it has made by ctx.branch go on when it returns; so do those of an update", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      ctx.setUpdateHandler("begin", () => ctx.branch(calls(ctx, "u1", "u2")).branchName);
      const maker = function* (): Code {
        ctx.branch(calls(ctx, "a1", "a2"));
        yield* calls(ctx, "own");
      };
      yield ctx.whenAll([maker()]);
      yield ctx.waitForExternalEvent("end");
    });
    expect(asked(await driver.turn())).toEqual(["own #1", "a1 #2"]);
    await driver.turn(completed(1));
    expect(asked(await driver.turn(completed(2)))).toEqual(["a2 #3"]);
    const turn = await driver.turn({ type: "UpdateRequested", updateId: "u", name: "begin" });
    expect([asked(turn), turn.updates]).toMatchObject([["u1 #4"], [{ outcome: { ok: true, result: '"branch-3"' } }]]);
    expect(asked(await driver.turn(completed(4)))).toEqual(["u2 #5"]);
  });

  it("[T42] one that has ended before whenAll fails is over: what it has in finally has been run, and is not run again", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const told: string[] = [];
      const strand = function* (): Code {
        try {
          yield ctx.callActivity("a");
        } finally {
          told.push("over");
        }
      };
      try {
        yield ctx.whenAll([strand(), calls(ctx, "b")]);
      } catch {
        return told;
      }
    });
    await driver.turn();
    await driver.turn(completed(1));
    expect(endOf(await driver.turn(failed(2, "no")))).toEqual(["over"]);
  });
});

describe("[T44] the clean-up of branches after a cancel", () => {
  it("[T44] who yields their handles once more waits until each has ended", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const strand = function* (name: string): Code {
        try {
          yield ctx.waitForExternalEvent("never");
        } finally {
          yield* calls(ctx, `${name}1`, `${name}2`);
        }
      };
      const branches = [ctx.branch(strand("a")), ctx.branch(strand("b"))];
      try {
        yield ctx.whenAll(branches);
      } finally {
        for (const branch of branches)
          try {
            yield branch;
          } catch {
            // It was canceled.
          }
      }
    });
    await driver.turn();
    expect(asked(await driver.turn(cancel))).toEqual(["a1 #1", "b1 #2"]);
    expect(asked(await driver.turn(completed(1), completed(2)))).toEqual(["a2 #3", "b2 #4"]);
    expect((await driver.turn(completed(3))).status).toBe("RUNNING");
    const turn = await driver.turn(completed(4));
    expect([turn.status, turn.warnings]).toEqual(["CANCELED", []]);
  });

  it("[T44] a workflow that ends without a wait begins none of them", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      yield* [];
      ctx.branch(calls(ctx, "a"), "letters");
      return "done";
    });
    const turn = await driver.turn();
    expect([endOf(turn), asked(turn)]).toEqual(["done", []]);
    expect(turn.warnings).toEqual([
      expect.stringMatching(/^This execution has ended before 1 of its branches had: 'letters'/),
    ]);
  });
});

describe("[T44] a continue-as-new", () => {
  it("[T44] leaves branches where they are, without their finally, and the log names them", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const strand = function* (): Code {
        try {
          yield ctx.waitForExternalEvent("never");
        } finally {
          ctx.sendEvent("other", "left");
        }
      };
      ctx.branch(strand(), "letters");
      yield ctx.waitForExternalEvent("again");
      ctx.continueAsNew("next");
    });
    await driver.turn();
    const turn = await driver.turn(raised("again"));
    expect([turn.completion?.type, turn.messages]).toEqual(["ContinuedAsNew", []]);
    expect(turn.warnings[0]).toMatch(/^This execution has ended before 1 of its branches had: 'letters'/);
  });
});

describe("[T40] a rerun", () => {
  it("[T40] begins with what the branches had done before the call, and each goes on from there", async () => {
    const both = function* (ctx: WorkflowContext): Code {
      return yield* ctx.whenAll([calls(ctx, "a1", "a2"), calls(ctx, "b1", "b2")]);
    };
    const driver = new Driver(both, undefined, "w");
    await driver.turn();
    await driver.turn(completed(2));
    await driver.turn(completed(1));
    await driver.turn(completed(3));
    expect(endOf(await driver.turn(completed(4)))).toEqual([2, 2]);
    // When b2 was called, a1 was open, and a2 not called yet.
    const to = driver.history.findIndex((event) => event.type === "TaskScheduled" && event.name === "b2");
    driver.history = [...rerunHistory(driver.history.slice(0, to + 1), { ...RERUN, eventId: 3 })];
    driver.deploy(both, "w");
    const pending = [...(await driver.load()).pending.activities.values()].map(({ name }) => name);
    expect(pending).toEqual(["a1", "b2"]);
    expect(asked(await driver.turn(completed(3), completed(1)))).toEqual(["a2 #4"]);
    expect(endOf(await driver.turn(completed(4)))).toEqual([2, 2]);
  });
});

describe("[T41] what branches share", () => {
  it("[T41] variables: no other branch runs between two yields, whatever is awaited there", async () => {
    const driver = new Driver(async function* w(ctx: WorkflowContext): AsyncCode {
      let total = 0;
      const adds = async function* (n: number): AsyncCode {
        yield ctx.callActivity(`a${n}`);
        const before = total;
        for (let i = 0; i < 5; i++) await Promise.resolve();
        total = before + n;
      };
      yield ctx.whenAll([adds(1), adds(10), adds(100)]);
      return total;
    });
    await driver.turn();
    expect(endOf(await driver.turn(completed(3), completed(1), completed(2)))).toBe(111);
  });

  it("[T41] the counter of calls, and nothing else is in the history: but for their names the events are those of calls side by side", async () => {
    const eventsOf = async (make: (ctx: WorkflowContext, name: string) => Task | Code) => {
      const driver = new Driver(function* w(ctx: WorkflowContext): Code {
        yield ctx.whenAll(["a", "b", "c"].map((name) => make(ctx, name)));
      });
      await driver.turn();
      await driver.turn(completed(2, 2));
      await driver.turn(completed(1, 1), completed(3, 3));
      return JSON.parse(JSON.stringify(driver.history, (key, value) => (key === "branch" ? undefined : value)));
    };
    const plain = await eventsOf((ctx, name) => ctx.callActivity(name));
    expect(await eventsOf((ctx, name) => calls(ctx, name))).toEqual(plain);
    expect(plain).toHaveLength(8);
  });

  it("[T41] five that take from one list are a limit of five, in the order of the list", async () => {
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const left = Array.from({ length: 12 }, (_, n) => n);
      const results: number[] = [];
      const worker = function* (): Code {
        for (let n = left.shift(); n !== undefined; n = left.shift()) {
          yield ctx.callActivity(`open ${n}`);
          yield ctx.callActivity(`close ${n}`);
          results[n] = n;
        }
      };
      yield ctx.whenAll(Array.from({ length: 5 }, worker));
      return results;
    });
    let turn = await driver.turn();
    expect(asked(turn)).toEqual(["open 0 #1", "open 1 #2", "open 2 #3", "open 3 #4", "open 4 #5"]);
    const order: string[] = [];
    for (let id = 1; id <= 24; id++) {
      const { pending } = await driver.load();
      expect(pending.activities.size).toBeLessThanOrEqual(5);
      order.push(pending.activities.get(id)?.name ?? "");
      turn = await driver.turn(completed(id));
    }
    expect(order.filter((name) => name.startsWith("open"))).toEqual(Array.from({ length: 12 }, (_, n) => `open ${n}`));
    expect(endOf(turn)).toEqual(Array.from({ length: 12 }, (_, n) => n));
  });

  it("[T43] a failed branch that has won a whenAny throws where its result is read", async () => {
    const end = await outcomeOf(function* w(ctx: WorkflowContext): Code {
      const fails = function* (): Code {
        yield* [];
        throw new RangeError("no");
      };
      const winner = yield* ctx.whenAny([fails(), ctx.createTimer(1)]);
      try {
        return winner.getResult();
      } catch (error) {
        return [winner.isFailed, (error as Error).name];
      }
    });
    expect(end).toEqual([true, "RangeError"]);
  });
});
