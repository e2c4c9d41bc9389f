// [T46] to [T49] The task of a child workflow is a handle on its current attempt.
import { describe, expect, it } from "vitest";
import { ChildTask } from "../../../src/engine/child-task.ts";
import { declareEvent } from "../../../src/engine/declarations.ts";
import { TaskCanceledError, type TaskFailedError } from "../../../src/engine/errors.ts";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import { childrenToStart, type Rerun, rerunHistory } from "../../../src/engine/rerun.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { HistoryEvent, HistoryFact } from "../../../src/model/history-event.ts";
import { MAX_MESSAGE_BYTES } from "../../../src/model/message-limits.ts";
import { Driver, endOf, fired, raised, registryOf, resumed, startedAs, suspended, T0, terminated } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = Generator<any, any, any>;

const done = (id: number, result?: unknown): HistoryFact => ({
  type: "ChildWorkflowInstanceCompleted",
  id,
  result: result === undefined ? undefined : JSON.stringify(result),
});
const failed = (id: number, errorType = "Error", message = "no"): HistoryFact => ({
  type: "ChildWorkflowInstanceFailed",
  id,
  failure: { errorType, message },
});
const canceled = (id: number) => failed(id, "WorkflowCanceledError", "The workflow was canceled");
const cancel: HistoryFact = { type: "ExecutionCancelRequested" };
const RETRY = { maxNumberOfAttempts: 3, firstRetryInterval: 5 };
const of = (taskId: number, executionId = "x") => ({ instanceId: "i", executionId, taskId });
const typesOf = (events: readonly HistoryEvent[]) => events.map(({ type }) => type);

/** A workflow that is told by events what to do with its child: the payload says it. */
function told(options: Parameters<WorkflowContext["callChildWorkflow"]>[2] = {}, seen: unknown[] = []) {
  return function* parent(ctx: WorkflowContext): Code {
    const child = ctx.callChildWorkflow("c", 1, options);
    ctx.setQueryHandler("id", () => child.instanceId);
    for (;;) {
      const word = ctx.waitForExternalEvent("do");
      if ((yield ctx.whenAny([child, word])) === child) break;
      const [what, ...args] = word.getResult();
      if (what === "cancel") seen.push(child.cancel(...(args as [string?])));
      else if (what === "send") seen.push(child.sendEvent(...(args as [string, unknown])));
      else if (what === "id") seen.push(child.instanceId);
      else if (what === "again") return ctx.continueAsNew(1);
      else throw new RangeError(what);
    }
    try {
      return child.getResult();
    } catch (error) {
      const { name, message, details } = error as TaskFailedError;
      return [name, message, details?.errorType];
    }
  };
}
const say = (...words: unknown[]) => raised("do", words);

describe("[T46] the instance ID of a child's task", () => {
  it("[T46] is that of the attempt which was asked for last, for code, a query and a callback alike", async () => {
    const seen: unknown[] = [];
    const driver = new Driver(function* parent(ctx: WorkflowContext): Code {
      const child: ChildTask = ctx.callChildWorkflow("c", 1, {
        retry: ({ lastAttemptNumber }) => {
          seen.push(["handler", child.instanceId]);
          return lastAttemptNumber === 1 ? 5 : false;
        },
      });
      ctx.setQueryHandler("id", () => child.instanceId);
      ctx.setUpdateHandler("id", () => child.instanceId);
      expect(child).toBeInstanceOf(ChildTask);
      seen.push(["code", child.instanceId]);
      try {
        yield child;
      } catch {
        return child.instanceId;
      }
    });
    await driver.turn();
    const isNow = async (id: string) => {
      const orchestration = await driver.load();
      expect(orchestration.query("id", undefined)).toMatchObject({ ok: true, result: `"${id}"` });
    };
    await isNow("i:0001");
    // In the pause it is the attempt that has failed.
    await driver.turn(failed(1));
    await isNow("i:0001");
    await driver.turn(fired(2));
    await isNow("i:0003");
    const { updates } = await driver.turn({ type: "UpdateRequested", updateId: "u", name: "id" });
    expect(updates).toMatchObject([{ outcome: { ok: true, result: '"i:0003"' } }]);
    expect(seen).toContainEqual(["code", "i:0001"]);
    expect(seen).toContainEqual(["handler", "i:0001"]);
    expect(endOf(await driver.turn(failed(3)))).toBe("i:0003");
    expect(seen).toContainEqual(["handler", "i:0003"]);
  });

  it("[T46] is that of an attempt from the moment on in which it is asked for", async () => {
    const driver = new Driver(function* parent(ctx: WorkflowContext): Code {
      const child = ctx.callChildWorkflow("c", 1, { retry: () => true });
      ctx.setUpdateHandler("id", () => child.instanceId);
      yield child;
    });
    await driver.turn();
    const { updates } = await driver.turn(failed(1), { type: "UpdateRequested", updateId: "u", name: "id" });
    expect(updates).toMatchObject([{ outcome: { result: '"i:0002"' } }]);
  });

  it("[T46] is the one that was given, in each attempt, and the same under the former name of the call", async () => {
    const driver = new Driver(told({ instanceId: "mine", retry: RETRY }));
    await driver.turn();
    await driver.turn(failed(1));
    await driver.turn(fired(2));
    expect((await driver.load()).query("id", undefined)).toMatchObject({ result: '"mine"' });
    const former = new Driver(function* w(ctx: WorkflowContext): Code {
      return ctx.callSubWorkflow("c").instanceId;
    });
    expect(endOf(await former.turn())).toBe("i:0001");
  });

  it("[T46] is the one that the history has, where today's code would give another", async () => {
    const driver = new Driver(told({ instanceId: "old" }));
    await driver.turn();
    driver.deploy(told({ instanceId: "new" }), "parent");
    expect((await driver.load()).query("id", undefined)).toMatchObject({ result: '"old"' });
    const { messages, events } = await driver.turn(say("send", "go", 1), say("cancel"));
    expect(messages.map(({ to }) => to)).toEqual(["old", "old"]);
    expect(events.slice(2)).toMatchObject([{ instanceId: "old" }, { instanceId: "old" }]);
  });
});

describe("[T47] the cancel of a child's task", () => {
  it("[T47] is a call of its own that asks this attempt to end, and nothing else; the task ends with the child, and not before", async () => {
    const seen: unknown[] = [];
    const driver = new Driver(told({}, seen));
    await driver.turn();
    const turn = await driver.turn(say("cancel", "too late"));
    expect(turn.events).toEqual([
      { timestampMs: T0 + 1000, ...say("cancel", "too late") },
      {
        timestampMs: T0 + 1000,
        type: "ChildCancelRequested",
        id: 2,
        taskId: 1,
        instanceId: "i:0001",
        reason: "too late",
      },
    ]);
    expect(turn.messages).toEqual([
      { to: "i:0001", message: { version: 1, type: "Cancel", reason: "too late", parent: of(1) } },
    ]);
    expect([turn.status, turn.aborts, turn.activities]).toEqual(["RUNNING", [], []]);
    expect(endOf(await driver.turn(canceled(1)))).toEqual([
      "TaskFailedError",
      "i: workflow 'c': Sub-orchestration task #1 failed: The workflow was canceled",
      "WorkflowCanceledError",
    ]);
    expect(seen.at(-1)).toBe(true);
  });

  it("[T47] a child that catches it and completes gives its result", async () => {
    const driver = new Driver(told());
    await driver.turn();
    await driver.turn(say("cancel"));
    expect(endOf(await driver.turn(done(1, "tidied")))).toBe("tidied");
  });

  it("[T47] one attempt is asked once, however often the code asks", async () => {
    const seen: unknown[] = [];
    const driver = new Driver(told({}, seen));
    await driver.turn();
    const turn = await driver.turn(say("cancel", "one"), say("cancel", "two"));
    expect(turn.messages).toHaveLength(1);
    const again = await driver.turn(say("cancel", "three"));
    expect([typesOf(again.events), again.messages]).toEqual([["EventRaised"], []]);
    expect(new Set(seen)).toEqual(new Set([true]));
  });

  it("[T47] false, and nothing is recorded, when the task has ended", async () => {
    const driver = new Driver(function* parent(ctx: WorkflowContext): Code {
      const child = ctx.callChildWorkflow("c");
      yield child;
      return [child.cancel(), child.sendEvent("e"), (yield ctx.createTimer(0.001)) ?? "timer"];
    });
    await driver.turn();
    const turn = await driver.turn(done(1));
    // The next call has the next number.
    expect([turn.events.slice(1), turn.messages]).toMatchObject([[{ type: "TimerCreated", id: 2 }], []]);
    expect(endOf(await driver.turn(fired(2)))).toEqual([false, false, "timer"]);
  });

  it.each([
    ["policy", RETRY],
    ["handler", () => 5],
    ["handler that decides later", async () => 5],
  ])("[T47] the call is not tried again, whatever its %s says", async (_, retry) => {
    const driver = new Driver(told({ retry }));
    await driver.turn();
    await driver.turn(say("cancel"));
    const turn = await driver.turn(failed(1, "RangeError", "while it tidied up"));
    expect(typesOf(turn.events)).toEqual(["ChildWorkflowInstanceFailed", "ExecutionCompleted"]);
    expect(endOf(turn)).toEqual(["TaskFailedError", expect.stringContaining("while it tidied up"), "RangeError"]);
  });

  it("[T47] and no handler is asked", async () => {
    let asked = 0;
    const driver = new Driver(told({ retry: () => ++asked > 0 }));
    await driver.turn();
    await driver.turn(say("cancel"));
    await driver.turn(canceled(1));
    expect(asked).toBe(0);
  });

  it.each([
    ["at once", () => 5],
    ["later", async () => 5],
  ])("[T47] nor where the retry handler itself cancels it, and decides %s for another attempt", async (_, decide) => {
    const driver = new Driver(function* parent(ctx: WorkflowContext): Code {
      const child: ChildTask = ctx.callChildWorkflow("c", 1, {
        retry: () => {
          child.cancel();
          return decide();
        },
      });
      yield child;
    });
    await driver.turn();
    const { events } = await driver.turn(failed(1));
    expect(typesOf(events)).toEqual(["ChildWorkflowInstanceFailed", "ChildCancelRequested", "ExecutionCompleted"]);
  });

  it("[T47] a later attempt is the one that is asked, and it is asked though one before had been", async () => {
    const driver = new Driver(told({ retry: RETRY }));
    await driver.turn();
    await driver.turn(failed(1));
    await driver.turn(fired(2));
    const { messages, events } = await driver.turn(say("cancel"));
    expect(events[1]).toMatchObject({ type: "ChildCancelRequested", id: 4, taskId: 3, instanceId: "i:0003" });
    expect(messages).toMatchObject([{ to: "i:0003", message: { type: "Cancel", parent: of(3) } }]);
  });

  it("[T47] in the pause before another attempt the task fails at once, and nobody waits for the pause any more", async () => {
    const seen: unknown[] = [];
    const driver = new Driver(told({ retry: RETRY }, seen));
    await driver.turn();
    await driver.turn(failed(1));
    expect((await driver.load()).pending.hasTimer(2)).toBe(true);
    const turn = await driver.turn(say("cancel"));
    expect(typesOf(turn.events)).toEqual(["EventRaised", "ExecutionCompleted"]);
    expect([turn.messages, endOf(turn), seen.at(-1)]).toEqual([
      [],
      ["TaskCanceledError", "callChildWorkflow 'c' was canceled", null],
      true,
    ]);
  });

  it("[T47] the timer of that pause is due no more, in the turn that has begun it too, and what it was to begin never begins", async () => {
    const code = (isAtOnce: boolean) =>
      function* parent(ctx: WorkflowContext): Code {
        const child = ctx.callChildWorkflow("c", 1, { retry: RETRY });
        yield ctx.waitForExternalEvent("go");
        if (isAtOnce) child.cancel();
        yield ctx.waitForExternalEvent("go on");
        child.cancel();
        try {
          yield child;
        } catch (error) {
          expect(error).toBeInstanceOf(TaskCanceledError);
        }
        return (yield ctx.waitForExternalEvent("end")) as unknown;
      };
    const driver = new Driver(code(true));
    await driver.turn();
    // Failed, and canceled in the same turn: the pause is not even asked for.
    expect(typesOf((await driver.turn(failed(1), raised("go"))).events)).toEqual([
      "ChildWorkflowInstanceFailed",
      "EventRaised",
    ]);
    const later = new Driver(code(false));
    await later.turn();
    await later.turn(failed(1), raised("go"));
    expect((await later.load()).pending.nextTimerAtMs()).toBe(T0 + 6000);
    await later.turn(raised("go on"));
    expect((await later.load()).pending.nextTimerAtMs()).toBe(Number.POSITIVE_INFINITY);
    expect((await later.turn(fired(2))).events).toEqual([]);
    const turn = await later.turn(raised("end", 1));
    expect([endOf(turn), turn.warnings]).toEqual([1, []]);
  });

  it("[T47] one that was canceled in its pause is not told of as forgotten", async () => {
    const driver = new Driver(function* parent(ctx: WorkflowContext): Code {
      const child = ctx.callChildWorkflow("c", 1, { retry: RETRY });
      yield ctx.waitForExternalEvent("go");
      child.cancel();
    });
    await driver.turn();
    expect((await driver.turn(failed(1), raised("go"))).warnings).toEqual([]);
  });

  it("[T47] is made by the turn that ends the workflow, too, and not by one that is terminated", async () => {
    const driver = new Driver(function* parent(ctx: WorkflowContext): Code {
      const child = ctx.callChildWorkflow("c");
      yield ctx.waitForExternalEvent("go");
      child.cancel();
    });
    await driver.turn();
    const turn = await driver.turn(raised("go"));
    expect([typesOf(turn.events), turn.messages.length]).toEqual([
      ["EventRaised", "ChildCancelRequested", "ExecutionCompleted"],
      1,
    ]);
    const other = new Driver(told());
    await other.turn();
    const ended = await other.turn(say("cancel"), terminated);
    expect(typesOf(ended.events)).toEqual(["EventRaised", "ExecutionTerminated", "ExecutionCompleted"]);
    expect(ended.messages).toMatchObject([{ message: { type: "Terminate", parent: of(1) } }]);
  });

  it("[T47] the cancel of the workflow reaches the child by itself; its code may ask once more while it tidies up", async () => {
    const driver = new Driver(function* parent(ctx: WorkflowContext): Code {
      const child = ctx.callChildWorkflow("c");
      try {
        yield child;
      } finally {
        child.cancel("with it");
      }
    });
    await driver.turn();
    const { messages } = await driver.turn(cancel);
    // The child takes the first.
    expect(messages).toMatchObject([
      { message: { type: "Cancel", parent: of(1) } },
      { message: { type: "Cancel", parent: of(1), reason: "with it" } },
    ]);
  });

  it("[T47] a suspended workflow asks for it when it is resumed", async () => {
    const driver = new Driver(told());
    await driver.turn();
    await driver.turn(suspended);
    expect((await driver.turn(say("cancel"))).messages).toEqual([]);
    expect((await driver.turn(resumed)).messages).toMatchObject([{ message: { type: "Cancel" } }]);
  });

  it("[T47] nothing is asked of a child whose end is held back by the suspension, and shown first", async () => {
    const driver = new Driver(told());
    await driver.turn();
    await driver.turn(suspended);
    await driver.turn(say("cancel"), done(1, "result"));
    const { messages, events } = await driver.turn(resumed);
    // The code had not seen the end when it asked: the message finds nobody.
    expect(events).toMatchObject([
      { type: "ExecutionResumed" },
      { type: "ChildCancelRequested", taskId: 1, instanceId: "i:0001" },
      { type: "ExecutionCompleted", output: '"result"' },
    ]);
    expect(messages).toMatchObject([{ to: "i:0001", message: { parent: of(1) } }]);
  });
});

describe("[T48] an event to a child's task", () => {
  it("[T48] is a call of its own, once for each, in order behind the start, to this attempt alone", async () => {
    const order = declareEvent<{ n: number }>("order");
    const driver = new Driver(function* parent(ctx: WorkflowContext): Code {
      const child = ctx.callChildWorkflow("c", 1);
      const sent = [
        child.sendEvent(order, { n: 1 }),
        child.sendEvent("plain"),
        child.cancel(),
        child.sendEvent("last", "x"),
      ];
      yield child;
      return sent;
    });
    const { messages, events } = await driver.turn();
    expect(messages).toEqual([
      { to: "i:0001", message: expect.objectContaining({ type: "StartChild" }) },
      {
        to: "i:0001",
        message: { version: 1, type: "RaiseEvent", name: "order", input: '{"n":1}', messageId: "x:2", parent: of(1) },
      },
      {
        to: "i:0001",
        message: { version: 1, type: "RaiseEvent", name: "plain", input: "null", messageId: "x:3", parent: of(1) },
      },
      { to: "i:0001", message: { version: 1, type: "Cancel", parent: of(1) } },
      {
        to: "i:0001",
        message: { version: 1, type: "RaiseEvent", name: "last", input: '"x"', messageId: "x:5", parent: of(1) },
      },
    ]);
    expect(events.slice(1)).toEqual([
      {
        timestampMs: T0,
        type: "ChildEventSent",
        id: 2,
        taskId: 1,
        name: "order",
        instanceId: "i:0001",
        input: '{"n":1}',
      },
      { timestampMs: T0, type: "ChildEventSent", id: 3, taskId: 1, name: "plain", instanceId: "i:0001", input: "null" },
      { timestampMs: T0, type: "ChildCancelRequested", id: 4, taskId: 1, instanceId: "i:0001" },
      { timestampMs: T0, type: "ChildEventSent", id: 5, taskId: 1, name: "last", instanceId: "i:0001", input: '"x"' },
    ]);
    expect(endOf(await driver.turn(done(1)))).toEqual([true, true, true, true]);
  });

  it("[T48] false, and nothing is sent, in the pause before another attempt; the next one gets what is sent from then on", async () => {
    const seen: unknown[] = [];
    const driver = new Driver(told({ instanceId: "mine", retry: RETRY }, seen));
    await driver.turn();
    await driver.turn(failed(1));
    const turn = await driver.turn(say("send", "go", 1));
    expect([typesOf(turn.events), turn.messages, seen.at(-1)]).toEqual([["EventRaised"], [], false]);
    await driver.turn(fired(2));
    const { messages } = await driver.turn(say("send", "go", 2));
    expect([messages, seen.at(-1)]).toMatchObject([
      [{ to: "mine", message: { type: "RaiseEvent", input: "2", parent: of(3) } }],
      true,
    ]);
  });
});

describe("[T49] cancel and events of a child's task are calls of the context", () => {
  const refused = async (act: (child: ChildTask) => unknown) => {
    const driver = new Driver(function* parent(ctx: WorkflowContext): Code {
      const child = ctx.callChildWorkflow("c");
      act(child);
      yield child;
    });
    return endOf(await driver.turn());
  };
  // biome-ignore lint/suspicious/noExplicitAny: what the compiler refuses
  const wrong = (child: ChildTask) => child as any;

  it("[T49] their arguments are read as those of the context", async () => {
    expect(await refused((child) => wrong(child).cancel(4711))).toMatch(/^TypeError: cancel 'c': reason is a string/);
    expect(await refused((child) => child.cancel(null))).toBe("RUNNING");
    expect(await refused((child) => wrong(child).sendEvent("e", 1, { urgent: true }))).toMatch(
      /^TypeError: sendEvent has no options, found .*: it sends one payload, its second argument$/,
    );
    expect(await refused((child) => child.sendEvent(""))).toMatch(/^TypeError: A name is a string of 1 to/);
    expect(await refused((child) => child.sendEvent("e", 1n))).toMatch(
      /^TypeError: event 'e': payload is a BigInt, which JSON cannot hold/,
    );
    const long = "x".repeat(MAX_MESSAGE_BYTES + 1);
    expect(await refused((child) => child.sendEvent("e", long))).toMatch(/^RangeError: sendEvent: a message between/);
    expect(await refused((child) => child.cancel(long))).toMatch(/^RangeError: cancel: a message between/);
  });

  it("[T49] half a pair of surrogates in a reason is made whole, as no message holds it", async () => {
    const driver = new Driver(told());
    await driver.turn();
    const { events } = await driver.turn({ ...say("cancel"), input: '["cancel","\\ud800"]' } as HistoryFact);
    expect(events[1]).toMatchObject({ reason: "\ufffd" });
  });

  it.each(["cancel", "sendEvent"] as const)(
    "[T49] %s: not by a query, outside the turn, or after the end",
    async (method) => {
      const leaked: ChildTask[] = [];
      const driver = new Driver(function* parent(ctx: WorkflowContext): Code {
        const child = ctx.callChildWorkflow("c");
        leaked.push(child);
        ctx.setQueryHandler("q", () => child[method]("e"));
        yield ctx.waitForExternalEvent("end");
      });
      await driver.turn();
      const before = await driver.load();
      expect(before.query("q", undefined)).toMatchObject({
        ok: false,
        message: `A query only reads, and this one has called ${method}`,
      });
      expect(before.hasUncommitted).toBe(false);
      const child = leaked[1];
      expect(() => child?.[method]("e")).toThrow(`${method} was called outside the turn of workflow instance 'i'`);
      await driver.turn(raised("end"));
      expect(() => child?.[method]("e")).toThrow(`${method} was called after the execution of workflow instance 'i'`);
      // The ID may be read by whoever has the task.
      expect(child?.instanceId).toBe("i:0001");
    },
  );

  it("[T49] are made once, also by a turn that continues as new, for the children that go on", async () => {
    const driver = new Driver(told());
    await driver.turn();
    const turn = await driver.turn(say("send", "go", 1), say("cancel"), say("again"));
    expect([turn.completion?.type, turn.messages]).toMatchObject([
      "ContinuedAsNew",
      [
        { message: { type: "RaiseEvent", messageId: "x:2", parent: of(1) } },
        { message: { type: "Cancel", parent: of(1) } },
      ],
    ]);
  });

  it("[T49] what is called behind a continue-as-new is dropped", async () => {
    const driver = new Driver(function* parent(ctx: WorkflowContext): Code {
      const child = ctx.callChildWorkflow("c");
      yield ctx.waitForExternalEvent("go");
      ctx.continueAsNew(1);
      child.sendEvent("e");
      child.cancel();
      yield child;
    });
    await driver.turn();
    expect((await driver.turn(raised("go"))).messages).toEqual([]);
  });

  it("[T49] a rewind leaves out what was asked for since; what was asked before is not asked again, unless the code asks anew", async () => {
    const driver = new Driver(function* parent(ctx: WorkflowContext): Code {
      const child = ctx.callChildWorkflow("c");
      child.sendEvent("before");
      child.cancel("before");
      try {
        yield child;
      } catch (error) {
        child.sendEvent("none");
        ctx.sendEvent("other", "since");
        throw error;
      }
      return "done";
    });
    await driver.turn();
    await driver.turn(canceled(1));
    const { messages } = driver.rewind();
    expect(messages).toMatchObject([{ to: "i:0001", message: { type: "RewindChild", isFatal: true } }]);
    expect((await driver.turn()).messages).toEqual([]);
    expect(endOf(await driver.turn(done(1)))).toBe("done");
  });

  it("[T49] a child that a rewind begins again may be asked to end again, by the name that it knows its parent by then", async () => {
    const seen: unknown[] = [];
    const driver = new Driver(function* parent(ctx: WorkflowContext): Code {
      const child = ctx.callChildWorkflow("c", 1, { retry: RETRY });
      for (;;) {
        const word = ctx.waitForExternalEvent("stop");
        if ((yield ctx.whenAny([child, word])) === child) return child.getResult();
        seen.push(child.cancel(word.getResult()));
      }
    });
    await driver.turn();
    await driver.turn(raised("stop", "one"));
    expect(endOf(await driver.turn(canceled(1)))).toMatch(/^TaskFailedError/);
    driver.rewind();
    await driver.turn();
    const turn = await driver.turn(raised("stop", "two"), raised("stop", "three"));
    expect(turn.messages).toMatchObject([
      { to: "i:0001", message: { type: "Cancel", reason: "two", parent: of(1, "x~1") } },
    ]);
    expect(turn.messages).toHaveLength(1);
    // It stays a call that is not tried again.
    expect(endOf(await driver.turn(canceled(1)))).toMatch(/^TaskFailedError/);
  });

  it("[T49] what was asked since the failure is left out of a replay", async () => {
    const driver = new Driver(function* parent(ctx: WorkflowContext): Code {
      const child = ctx.callChildWorkflow("c");
      try {
        yield ctx.callActivity("pay");
      } catch (error) {
        child.sendEvent("sorry");
        child.cancel();
        throw error;
      }
      child.sendEvent("paid");
      return yield child;
    });
    await driver.turn();
    await driver.turn({ type: "TaskFailed", id: 2, failure: { errorType: "Error", message: "no" } });
    const { dropped } = driver.rewind();
    expect(dropped).toEqual([3, 4]);
    await driver.turn();
    const { events } = await driver.turn({ type: "TaskCompleted", id: 2 });
    expect(events[1]).toMatchObject({ type: "ChildEventSent", id: 3, name: "paid" });
    expect(endOf(await driver.turn(done(1, "ok")))).toBe("ok");
  });

  it("[T49] a rerun asks its own child, which begins anew, what was asked of that of its source, and not one that had ended", () => {
    const at = (fact: HistoryFact): HistoryEvent => ({ timestampMs: T0, ...fact });
    const child = (id: number) => at({ type: "ChildWorkflowInstanceCreated", id, name: "c", instanceId: `s:000${id}` });
    const sent = (id: number, taskId: number) =>
      at({ type: "ChildEventSent", id, taskId, name: "e", instanceId: `s:000${taskId}`, input: `${id}` });
    const source = [
      startedAs("w"),
      child(1),
      child(2),
      sent(3, 1),
      sent(4, 2),
      at({ type: "ChildCancelRequested", id: 5, taskId: 2, instanceId: "s:0002", reason: "r" }),
      at(done(1)),
      at({ type: "TaskScheduled", id: 6, name: "a" }),
    ];
    const rerun: Rerun = {
      sourceInstanceId: "s",
      instanceId: "n",
      executionId: "e2",
      nowMs: T0 + 1,
      eventId: 6,
      started: {},
    };
    const history = rerunHistory(source, rerun);
    expect(history.slice(3, 6)).toMatchObject([
      { type: "ChildEventSent", instanceId: "s:0001" },
      { type: "ChildEventSent", instanceId: "n:0002" },
      { type: "ChildCancelRequested", instanceId: "n:0002", reason: "r" },
    ]);
    const parent = { instanceId: "n", executionId: "e2", taskId: 2 };
    expect(childrenToStart(history, "n")).toMatchObject([
      { to: "n:0002", message: { type: "StartChild", parent } },
      { to: "n:0002", message: { type: "RaiseEvent", name: "e", input: "4", messageId: "e2:4", parent } },
      { to: "n:0002", message: { type: "Cancel", reason: "r", parent } },
    ]);
    expect(childrenToStart(history, "n")).toHaveLength(3);
  });

  it("[T49] what a rerun's code asks of a child right behind the call goes to the child of the rerun", async () => {
    const code = function* w(ctx: WorkflowContext): Code {
      const child = ctx.callChildWorkflow("c", 1, "explicit");
      child.sendEvent("go");
      yield child;
    };
    const source = new Driver(code);
    await source.turn();
    const history = rerunHistory(source.history.slice(0, 2), {
      sourceInstanceId: "i",
      instanceId: "n",
      executionId: "e2",
      nowMs: T0,
      eventId: 1,
      newChildWorkflowInstanceId: "other",
      started: {},
    });
    const rerun = await Orchestration.load("n", { registry: source.registry }, history, true);
    const { messages, events } = await rerun.turn([], T0);
    expect(messages).toMatchObject([{ to: "other", message: { type: "RaiseEvent", name: "go" } }]);
    expect(events).toMatchObject([{ type: "ChildEventSent", id: 2, taskId: 1, instanceId: "other" }]);
  });
});

describe("[T49] in branches", () => {
  it("[T49] a call of a child's task is of the branch that makes it, whoever has called the child", async () => {
    const driver = new Driver(function* parent(ctx: WorkflowContext): Code {
      const child = ctx.callChildWorkflow("c");
      const tells = function* (): Code {
        child.sendEvent("e");
        yield ctx.waitForExternalEvent("stop");
        child.cancel();
      };
      yield ctx.whenAll([ctx.branch(tells(), "tells"), child]);
    });
    const { events } = await driver.turn();
    expect(events.slice(1)).toMatchObject([{ type: "ChildEventSent", taskId: 1, branch: "tells" }]);
    expect((await driver.turn(raised("stop"))).events[1]).toMatchObject({
      type: "ChildCancelRequested",
      taskId: 1,
      branch: "tells",
    });
    expect(endOf(await driver.turn(canceled(1)))).toMatch(/^TaskFailedError/);
  });

  it("[T49] who waits in another branch for a child that is canceled in its pause goes on at once", async () => {
    const driver = new Driver(function* parent(ctx: WorkflowContext): Code {
      const child = ctx.callChildWorkflow("c", 1, { retry: RETRY });
      const waits = function* (): Code {
        try {
          yield child;
        } catch (error) {
          return (error as Error).name;
        }
      };
      const stops = function* (): Code {
        yield ctx.waitForExternalEvent("stop");
        return child.cancel();
      };
      return yield ctx.whenAll([waits(), stops()]);
    });
    await driver.turn();
    await driver.turn(failed(1));
    expect(endOf(await driver.turn(raised("stop")))).toEqual(["TaskCanceledError", true]);
  });
});

describe("[N] what code asks of its children is compared with the history", () => {
  type Act = (one: ChildTask, two: ChildTask, ctx: WorkflowContext) => unknown;
  async function replay(before: Act, after: Act): Promise<unknown> {
    const code = (act: Act) =>
      function* w(ctx: WorkflowContext): Code {
        const [one, two] = [ctx.callChildWorkflow("c"), ctx.callChildWorkflow("c")];
        act(one, two, ctx);
        yield ctx.whenAll([one, two]);
      };
    const driver = new Driver(code(before));
    await driver.turn();
    const orchestration = await Orchestration.load(
      "i",
      { registry: registryOf(code(after)), onNonDeterminism: "fail" },
      driver.history,
      true,
    );
    if (!orchestration.hasUncommitted) return "same";
    const [, shown] = String(endOf(await orchestration.turn([], T0))).split(" [");
    return shown;
  }
  const send: (name: string) => Act = (name) => (one) => one.sendEvent(name);

  it("[N4] a payload and a reason may change", async () => {
    expect(await replay(send("go"), (one) => one.sendEvent("go", "other"))).toBe("same");
    expect(
      await replay(
        (one) => one.cancel("a"),
        (one) => one.cancel("b"),
      ),
    ).toBe("same");
  });

  it.each<[string, Act, Act, string]>([
    ["none", (one) => one.cancel(), () => 0, "cancel of a child '#1' #3; the code: no such call]"],
    ["none", send("go"), () => 0, "sendEvent of a child 'go to #1' #3; the code: no such call]"],
    [
      "a cancel",
      send("go"),
      (one) => one.cancel(),
      "sendEvent of a child 'go to #1' #3; the code: cancel of a child '#1' #3]",
    ],
    [
      "an event of the context",
      send("go"),
      (one, _, ctx) => ctx.sendEvent(one.instanceId, "go"),
      "sendEvent of a child 'go to #1' #3; the code: sendEvent 'go' #3]",
    ],
    [
      "one of another name",
      send("go"),
      send("stop"),
      "sendEvent of a child 'go to #1' #3; the code: sendEvent of a child 'stop to #1' #3]",
    ],
    [
      "one to another child",
      send("go"),
      (_, two) => two.sendEvent("go"),
      "sendEvent of a child 'go to #1' #3; the code: sendEvent of a child 'go to #2' #3]",
    ],
    [
      "a cancel of another child",
      (one) => one.cancel(),
      (_, two) => two.cancel(),
      "cancel of a child '#1' #3; the code: cancel of a child '#2' #3]",
    ],
  ])("[N1] to [N3] the code makes %s", async (_, before, after, text) => {
    expect(await replay(before, after)).toBe(`event 3 of the history: ${text}`);
  });
});
