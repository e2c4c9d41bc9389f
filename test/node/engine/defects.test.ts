import { describe, expect, it } from "vitest";
import { Task } from "../../../src/engine/task.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
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
type Any = any;
type Code = AsyncGenerator<Any, Any, Any>;

describe("defects of Dapr's JavaScript engine that are none here (one test for each row of the measured table)", () => {
  it("[D1] a synchronous function* runs", async () => {
    const driver = new Driver(function* sync(ctx: WorkflowContext): Generator<Task, number, number> {
      return (yield ctx.callActivity("a")) + 1;
    });
    await driver.turn();
    expect(endOf(await driver.turn(completed(1, 1)))).toBe(2);
  });

  it("[D2] a first yield that is no task fails the instance, and says what it was", async () => {
    const outcome = await outcomeOf(async function* wrong(): Code {
      yield 5;
    });
    expect(outcome).toMatch(/^TypeError: The orchestrator generator yielded a non-Task object.*yielded number/);
  });

  it("[D3] whenAll([]) completes with []", async () => {
    expect(
      await outcomeOf(async function* none(ctx: WorkflowContext): Code {
        return yield ctx.whenAll([]);
      }),
    ).toEqual([]);
  });

  it("[D4] whenAny([]) throws", async () => {
    expect(
      await outcomeOf(async function* none(ctx: WorkflowContext): Code {
        yield ctx.whenAny([]);
      }),
    ).toBe("Error: whenAny requires at least one task");
  });

  it("[D5] a first yield that is complete already goes on", async () => {
    const driver = new Driver(async function* early(ctx: WorkflowContext): Code {
      return yield ctx.whenAny([ctx.whenAll([])]).getResult();
    });
    expect(endOf(await driver.turn())).toEqual([]);
  });

  it("[D6] whenAll with one child that is complete already", async () => {
    const driver = new Driver(async function* mixed(ctx: WorkflowContext): Code {
      const first = ctx.callActivity("a");
      yield first;
      return yield ctx.whenAll([first, ctx.callActivity("b")]);
    });
    await driver.turn();
    await driver.turn(completed(1, 1));
    expect(endOf(await driver.turn(completed(2, 2)))).toEqual([1, 2]);
  });

  it("[D7] whenAll fails with its first failure; that a sibling completes later does no harm", async () => {
    const driver = new Driver(async function* caught(ctx: WorkflowContext): Code {
      try {
        yield ctx.whenAll([ctx.callActivity("a"), ctx.callActivity("b")]);
      } catch (error) {
        return [(error as Error).message, yield ctx.waitForExternalEvent("e")];
      }
    });
    await driver.turn();
    await driver.turn(failed(1, "boom"));
    await driver.turn(completed(2, 2));
    expect(endOf(await driver.turn(raised("e", "on")))).toEqual([
      "i: activity 'a': Activity task #1 failed: boom",
      "on",
    ]);
  });

  it("[D8] waiting for a task that has failed already throws its failure", async () => {
    const driver = new Driver(async function* join(ctx: WorkflowContext): Code {
      const task = ctx.callActivity("a");
      yield ctx.whenAny([task]);
      try {
        yield task;
        return "no throw";
      } catch (error) {
        return (error as Error).message;
      }
    });
    await driver.turn();
    expect(endOf(await driver.turn(failed(1, "boom")))).toBe("i: activity 'a': Activity task #1 failed: boom");
  });

  it("[D9] whenAny of a whenAll and a timer", async () => {
    const driver = new Driver(async function* nested(ctx: WorkflowContext): Code {
      const all = ctx.whenAll([ctx.callActivity("a"), ctx.callActivity("b")]);
      return (yield ctx.whenAny([all, ctx.createTimer(60)])) === all ? "all" : "timer";
    });
    await driver.turn();
    await driver.turn(completed(2));
    expect(endOf(await driver.turn(completed(1)))).toBe("all");
  });

  it.each([0, false, "", null])("[D10] the input %j reaches activity, child and the next execution", async (value) => {
    const driver = new Driver(async function* falsy(ctx: WorkflowContext): Code {
      ctx.callActivity("a", value);
      yield ctx.callChildWorkflow("c", value);
      ctx.continueAsNew(value, false);
    });
    const text = JSON.stringify(value);
    const { events } = await driver.turn();
    expect(events.map((event) => "input" in event && event.input)).toEqual([text, text]);
    const turn = await driver.turn({ type: "ChildWorkflowInstanceCompleted", id: 2 });
    expect(turn.completion).toMatchObject({ type: "ContinuedAsNew", input: text });
    expect(
      await outcomeOf(async function* echo(_ctx: WorkflowContext, input: unknown): Code {
        return [input];
      }, value),
    ).toEqual([value]);
  });

  it.each([0, false, null])("[D10] the event payload %j is carried over", async (value) => {
    const driver = new Driver(async function* carry(ctx: WorkflowContext): Code {
      ctx.continueAsNew(1, true);
    });
    const { completion } = await driver.turn(raised("e", value));
    expect(completion).toMatchObject({ type: "ContinuedAsNew" });
    const waits = new Driver(async function* waiting(ctx: WorkflowContext): Code {
      return [yield ctx.waitForExternalEvent("e")];
    });
    await waits.turn();
    expect(endOf(await waits.turn(raised("e", value)))).toEqual([value]);
  });

  it("[D11] a throw after a terminate in the same batch leaves it TERMINATED", async () => {
    const driver = new Driver(async function* thrower(ctx: WorkflowContext): Code {
      yield ctx.waitForExternalEvent("e");
      throw new Error("late");
    });
    await driver.turn();
    expect(endOf(await driver.turn(terminated, raised("e")))).toBe("Terminated");
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, new Date("nonsense"), undefined as unknown as number])(
    "[D12] createTimer(%s) fails the instance with a message",
    async (when) => {
      const outcome = await outcomeOf(async function* timer(ctx: WorkflowContext): Code {
        yield ctx.createTimer(when);
      });
      expect(outcome).toMatch(/^RangeError: createTimer takes a Date or a number of seconds/);
    },
  );

  it("[D13] a custom status that is no string is kept as JSON; null clears it", async () => {
    const driver = new Driver(async function* status(ctx: WorkflowContext): Code {
      ctx.setCustomStatus({ step: 1 } as unknown as string);
      yield ctx.callActivity("a");
      ctx.setCustomStatus("plain");
      yield ctx.callActivity("a");
      ctx.setCustomStatus(null as unknown as string);
    });
    expect((await driver.turn()).customStatus).toBe('{"step":1}');
    expect((await driver.turn(completed(1))).customStatus).toBe("plain");
    expect((await driver.turn(completed(2))).customStatus).toBeUndefined();
  });

  it("[D13] a custom status of more than 65,536 characters is refused", async () => {
    const outcome = await outcomeOf(async function* long(ctx: WorkflowContext): Code {
      ctx.setCustomStatus("s".repeat(65_536));
      ctx.setCustomStatus("s".repeat(65_537));
    });
    expect(outcome).toBe("RangeError: A custom status has at most 65536 characters, and this one 65537");
  });

  it('[D14] waitForExternalEvent("") throws', async () => {
    expect(
      await outcomeOf(async function* empty(ctx: WorkflowContext): Code {
        yield ctx.waitForExternalEvent("");
      }),
    ).toMatch(/^TypeError/);
  });

  it("[D15] suspend, suspend, event, resume in one batch comes to an end", async () => {
    const driver = new Driver(async function* one(ctx: WorkflowContext): Code {
      return yield ctx.waitForExternalEvent("e");
    });
    await driver.turn();
    expect(endOf(await driver.turn(suspended, suspended, raised("e", 1), resumed))).toBe(1);
  });

  it("[D16] `yield ctx.continueAsNew(…)` is tolerated, as a first and as a later yield", async () => {
    const first = new Driver(async function* first(ctx: WorkflowContext): Code {
      yield ctx.continueAsNew(2, true);
    });
    expect((await first.turn()).completion).toMatchObject({ type: "ContinuedAsNew", input: "2" });
    const later = new Driver(async function* later(ctx: WorkflowContext): Code {
      yield ctx.callActivity("a");
      yield ctx.continueAsNew(2, true);
    });
    await later.turn();
    expect((await later.turn(completed(1))).completion).toMatchObject({ type: "ContinuedAsNew", input: "2" });
  });
});

describe("the generator protocol", () => {
  it("[G1] a plain function and an async function give their result", async () => {
    expect(await outcomeOf(() => ({ a: 1 }))).toEqual({ a: 1 });
    expect(await outcomeOf(async () => "b")).toBe("b");
    expect(await outcomeOf(() => undefined)).toBeUndefined();
    expect(await outcomeOf(() => [1])).toEqual([1]);
  });

  it("[G2] yield* delegates, to generators and to tasks; ordinary promises can be awaited", async () => {
    async function* part(ctx: WorkflowContext): Code {
      return (yield ctx.callActivity("a")) + (await Promise.resolve(10));
    }
    const driver = new Driver(async function* whole(ctx: WorkflowContext): Code {
      const a: number = yield* part(ctx);
      const b: number = yield* ctx.callActivity("b");
      return a + b;
    });
    await driver.turn();
    await driver.turn(completed(1, 1));
    expect(endOf(await driver.turn(completed(2, 100)))).toBe(111);
  });

  it("[G3] what is thrown fails the instance: an error by its class, anything else by its type and text", async () => {
    class Refused extends Error {}
    const thrown = (value: unknown) =>
      outcomeOf(async function* thrower(): Code {
        throw value;
      });
    expect(await thrown(new Refused("no"))).toBe("Refused: no");
    expect(await thrown("text")).toBe("String: text");
    expect(await thrown(undefined)).toBe("undefined: undefined");
    expect(await thrown(null)).toBe("null: null");
    expect(await thrown({ a: 1 })).toBe('Object: {"a":1}');
  });

  it("[G4] a failure that is not caught says why, and names what this level has called", async () => {
    const driver = new Driver(async function* parent(ctx: WorkflowContext): Code {
      yield ctx.callChildWorkflow("c");
    });
    await driver.turn();
    const failure = { errorType: "TaskFailedError", message: "i:0001: Activity task #1 failed: boom" };
    expect(endOf(await driver.turn({ type: "ChildWorkflowInstanceFailed", id: 1, failure }))).toBe(
      "TaskFailedError: i: workflow 'c': Sub-orchestration task #1 failed: boom",
    );
  });

  it("[G5] a failed task carries the details, and catch and finally run", async () => {
    const driver = new Driver(async function* details(ctx: WorkflowContext): Code {
      const seen: unknown[] = [];
      try {
        yield ctx.callActivity("a");
      } catch (error) {
        seen.push((error as { details: { errorType: string } }).details.errorType);
      } finally {
        seen.push("finally");
      }
      return seen;
    });
    await driver.turn();
    expect(endOf(await driver.turn(failed(1, "boom")))).toEqual(["Error", "finally"]);
  });

  it("[G6] a throw after continueAsNew fails the instance", async () => {
    expect(
      await outcomeOf(async function* bad(ctx: WorkflowContext): Code {
        ctx.continueAsNew(1, false);
        throw new Error("after");
      }),
    ).toBe("Error: after");
  });

  it("[G7] a loop that never waits is stopped after 100,000 rounds", async () => {
    const outcome = await outcomeOf(async function* loop(ctx: WorkflowContext): Code {
      for (;;) yield ctx.whenAll([]);
    });
    expect(outcome).toMatch(/^Error: Orchestrator exceeded maximum iteration limit \(100000\)/);
  });

  it("[G8] a result that is no JSON fails the instance; class instances become plain", async () => {
    expect(await outcomeOf(() => 1n)).toMatch(/^TypeError: .*BigInt/);
    expect(await outcomeOf(() => new Date(0))).toBe("1970-01-01T00:00:00.000Z");
    expect(
      await outcomeOf(async function* input(ctx: WorkflowContext): Code {
        yield ctx.callActivity("a", 1n);
      }),
    ).toMatch(/BigInt/);
  });

  it("[G9] input that is no JSON reaches the workflow as text, an empty one not at all", async () => {
    const echo = async function* echo(_ctx: WorkflowContext, input: unknown): Code {
      return [input];
    };
    const text = new Driver(echo);
    text.history[0] = { ...text.history[0], input: "not json" } as never;
    expect(endOf(await text.turn())).toEqual(["not json"]);
    const empty = new Driver(echo);
    empty.history[0] = { ...empty.history[0], input: "" } as never;
    expect(endOf(await empty.turn())).toEqual([null]);
  });

  it("[G10] timers: a number is seconds from now, fractions too, and what has passed is due at once", async () => {
    const driver = new Driver(async function* timers(ctx: WorkflowContext): Code {
      const now = ctx.getCurrentUtcDateTime().getTime();
      yield ctx.whenAll([
        ctx.createTimer(1.5),
        ctx.createTimer(new Date(now + 10)),
        ctx.createTimer(-1),
        ctx.createTimer(0.0001),
      ]);
    });
    const { events } = await driver.turn();
    const t0 = driver.history[0]?.timestampMs ?? 0;
    expect(events.map((event) => event.type === "TimerCreated" && event.fireAtMs - t0)).toEqual([1500, 10, -1000, 1]);
    expect((await driver.load()).pending.dueTimers(t0 + 10)).toEqual([3, 4, 2]);
    expect((await driver.turn(fired(3), fired(4), fired(2))).status).toBe("RUNNING");
    expect((await driver.load()).pending.nextTimerAtMs()).toBe(t0 + 1500);
  });

  it("[G11] whenAll and whenAny refuse what is no task", async () => {
    const wrong = [1] as unknown as Task[];
    expect(
      await outcomeOf(async function* all(ctx: WorkflowContext): Code {
        yield ctx.whenAll(wrong);
      }),
    ).toMatch(/whenAll takes an array of tasks/);
    expect(
      await outcomeOf(async function* any(ctx: WorkflowContext): Code {
        yield ctx.whenAny(wrong);
      }),
    ).toMatch(/whenAny takes an array of tasks/);
  });

  function combine(ctx: WorkflowContext, combinator: "whenAll" | "whenAny", ...given: Task[]): Task {
    return Reflect.apply(ctx[combinator], ctx, given) as Task;
  }

  it("[G11] a task by itself is no list, although yield* reads it as one", async () => {
    for (const combinator of ["whenAll", "whenAny"] as const) {
      const both = async function* (ctx: WorkflowContext): Code {
        yield combine(ctx, combinator, ctx.callActivity("a"), ctx.callActivity("b"));
      };
      expect(await outcomeOf(both)).toBe(
        `TypeError: ${combinator} takes an array of tasks, ${combinator}([a, b]), found the task of callActivity 'a'`,
      );
      const none = async function* (ctx: WorkflowContext): Code {
        yield combine(ctx, combinator);
      };
      expect(await outcomeOf(none)).toMatch(/takes an array of tasks, .*, found undefined$/);
    }
  });

  it("[G11] an iterator of tasks is read once, and none of them is lost", async () => {
    const driver = new Driver(async function* each(ctx: WorkflowContext): Code {
      const tasks = (function* () {
        for (const name of ["a", "b"]) yield ctx.callActivity(name);
      })();
      return yield ctx.whenAll(tasks as unknown as Task[]);
    });
    expect((await driver.turn()).status).toBe("RUNNING");
    const { events } = await driver.turn(completed(1, "A"), completed(2, "B"));
    expect(events.at(-1)).toMatchObject({ type: "ExecutionCompleted", output: '["A","B"]' });
    const empty = async function* (ctx: WorkflowContext): Code {
      yield ctx.whenAny(new Set() as unknown as Task[]);
    };
    expect(await outcomeOf(empty)).toBe("Error: whenAny requires at least one task");
  });

  it("[G12] a task can be in two composites, and tells both", async () => {
    const driver = new Driver(async function* shared(ctx: WorkflowContext): Code {
      const task = ctx.callActivity("a");
      const [first, second] = [ctx.whenAny([task]), ctx.whenAll([task])];
      yield first;
      return [first.getResult() === task, second.getResult(), second.completedTasks, second.pendingTasks()];
    });
    await driver.turn();
    expect(endOf(await driver.turn(completed(1, 1)))).toEqual([true, [1], 1, 0]);
  });

  it("[G13] a task tells its state, and refuses to be read too early", async () => {
    const driver = new Driver(async function* states(ctx: WorkflowContext): Code {
      const task = ctx.callActivity("a");
      const before = [task instanceof Task, task.isComplete, task.isFailed];
      expect(() => task.getResult()).toThrow("Task is not complete");
      expect(() => task.getException()).toThrow("Task did not fail");
      yield task;
      expect(() => (task as unknown as { complete(): void }).complete()).toThrow("Task is already completed");
      return [before, [task.isComplete, task.getResult()]];
    });
    await driver.turn();
    expect(endOf(await driver.turn(completed(1, "r")))).toEqual([
      [true, false, false],
      [true, "r"],
    ]);
  });
});
