import { describe, expect, it, vi } from "vitest";
import {
  declareEvent,
  type HistoryEvent,
  type Task,
  TimeoutError,
  type WatchedEvent,
  type WorkflowActivityContext,
  type WorkflowContext,
  WorkflowRuntime,
  WorkflowRuntimeStatus,
} from "../../../src/client.ts";
import {
  NothingWillHappenError,
  ReplayError,
  replayHistory,
  type TestEnvironmentOptions,
  WorkflowTestEnvironment,
} from "../../../src/testing.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = Generator<Task<any>, any, any>;

const DAY = 86_400;
const charge = (_: WorkflowActivityContext, amount: number) => `charged ${amount}`;
const approval = declareEvent<boolean>("approval");

function* sleeps(ctx: WorkflowContext, days: number): Code {
  yield ctx.createTimer(days * DAY);
  return ctx.getCurrentUtcDateTime().toISOString();
}
function* order(ctx: WorkflowContext, amount: number): Code {
  const approved = yield ctx.waitForExternalEvent(approval);
  if (!approved) return "refused";
  return yield ctx.callActivity(charge, amount, { retry: { maxNumberOfAttempts: 3, firstRetryInterval: 3600 } });
}
function* family(ctx: WorkflowContext, names: string[]): Code {
  return yield ctx.whenAll(names.map((_, n) => ctx.callChildWorkflow(sleeps, n + 1)));
}
function* counts(ctx: WorkflowContext, n: number): Code {
  yield ctx.createTimer(DAY);
  if (n < 100) ctx.continueAsNew(n + 1, true);
  return n;
}

function environment(options?: TestEnvironmentOptions): WorkflowTestEnvironment {
  const runtime = new WorkflowRuntime().registerActivity(charge);
  for (const workflow of [sleeps, order, family, counts]) runtime.registerWorkflow(workflow);
  return new WorkflowTestEnvironment(runtime, options);
}
const outputOf = async (env: WorkflowTestEnvironment, id: string) =>
  JSON.parse((await env.client.waitForWorkflowCompletion(id))?.serializedOutput ?? "null");

describe("[K1] Virtual time", () => {
  it("[K1.1] a timer of 30 days costs nothing, and is neither early nor late", async () => {
    const env = environment({ startAt: new Date("2026-05-01T00:00:00Z") });
    const id = await env.client.scheduleNewWorkflow(sleeps, 30);
    expect(await outputOf(env, id)).toBe("2026-05-31T00:00:00.000Z");
    expect(env.now).toEqual(new Date("2026-05-31T00:00:00Z"));
  });

  it("[K1.2] advance lets so much time pass, and no more happen than falls due in it", async () => {
    const env = environment();
    const id = await env.client.scheduleNewWorkflow(sleeps, 2);
    await env.advance(2 * DAY - 1);
    expect((await env.client.getWorkflowState(id, true))?.runtimeStatus).toBe(WorkflowRuntimeStatus.RUNNING);
    await env.advance(1);
    expect((await env.client.getWorkflowState(id, true))?.runtimeStatus).toBe(WorkflowRuntimeStatus.COMPLETED);
    expect(env.now).toEqual(new Date("2026-01-03T00:00:00Z"));
  });

  it("[K1.3] a thousand sleepers, children, and a hundred generations", async () => {
    const env = environment();
    const ids = await Promise.all(
      Array.from({ length: 1000 }, (_, n) => env.client.scheduleNewWorkflow(sleeps, n % 30)),
    );
    await env.advance(30 * DAY);
    const states = await Promise.all(ids.map((id) => env.client.getWorkflowState(id, false)));
    expect(new Set(states.map((state) => state?.runtimeStatus))).toEqual(new Set([WorkflowRuntimeStatus.COMPLETED]));
    const parent = await env.client.scheduleNewWorkflow(family, ["a", "b", "c"]);
    expect(await outputOf(env, parent)).toHaveLength(3);
    const counting = await env.client.scheduleNewWorkflow(counts, 0);
    expect(await outputOf(env, counting)).toBe(100);
  });

  it("[K1.4] a wait may have an end: TimeoutError, when virtual time has passed it", async () => {
    const env = environment();
    const id = await env.client.scheduleNewWorkflow(sleeps, 2);
    await expect(env.client.waitForWorkflowCompletion(id, true, DAY)).rejects.toThrow(TimeoutError);
    expect(env.now).toEqual(new Date("2026-01-02T00:00:00Z"));
    expect(await env.client.waitForWorkflowCompletion("nobody")).toBeUndefined();
  });

  it("[K1.5] an activity that does I/O takes the time it takes, and no virtual time", async () => {
    const env = environment();
    env.mockActivity(charge, () => new Promise((resolve) => setTimeout(resolve, 20, "slow")));
    const id = await env.client.scheduleNewWorkflow(order, 1);
    await env.client.raiseEvent(id, approval, true);
    expect(await outputOf(env, id)).toBe("slow");
    expect(env.now).toEqual(new Date("2026-01-01T00:00:00Z"));
  });

  it("[K1.6] what can never happen is said at once, with what the instance waits for", async () => {
    const env = environment();
    const id = await env.client.scheduleNewWorkflow(order, 1, "stuck");
    const error = await env.client.waitForWorkflowCompletion(id).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(NothingWillHappenError);
    expect(error.message).toBe(
      "Instance 'stuck' is RUNNING and waits for event 'approval'. Nothing is running, and no time is due.",
    );
  });
});

describe("[K2] Activities", () => {
  it("[K2.1] are mocked, made to fail, and looked at", async () => {
    const env = environment();
    env.mockActivity("charge", (_ctx, amount: number) => `mocked ${amount}`);
    env.failActivity(charge, { times: 2, error: new Error("declined") });
    const id = await env.client.scheduleNewWorkflow(order, 7, "o");
    await env.client.raiseEvent(id, approval, true);
    expect(await outputOf(env, id)).toBe("mocked 7");
    expect(env.calls(charge)).toEqual([1, 2, 3].map((attempt) => ({ instanceId: "o", input: 7, attempt })));
    expect(env.now).toEqual(new Date("2026-01-01T02:00:00Z"));
  });

  it("[K2.2] one that is not registered may be mocked; else the call fails as anywhere", async () => {
    const runtime = new WorkflowRuntime().registerWorkflowWithName("calls", function* (ctx: WorkflowContext): Code {
      return yield ctx.callActivity("elsewhere", 1);
    });
    const env = new WorkflowTestEnvironment(runtime);
    const failed = await env.client.waitForWorkflowCompletion(await env.client.scheduleNewWorkflow("calls"));
    expect(failed?.workflowFailureDetails?.getErrorMessage()).toMatch(/'elsewhere' is not registered/);
    env.mockActivity("elsewhere", () => "here");
    expect(await outputOf(env, await env.client.scheduleNewWorkflow("calls"))).toBe("here");
  });
});

describe("[K3] Restarts", () => {
  it("[K3.1] at every step, with the same result", async () => {
    const env = environment();
    const id = await env.client.scheduleNewWorkflow(order, 5);
    await env.restart();
    await env.client.raiseEvent(id, approval, true);
    await env.restart();
    expect(await outputOf(env, id)).toBe("charged 5");
    const parent = await env.client.scheduleNewWorkflow(family, ["a", "b"]);
    for (let day = 0; day < 3; day++) {
      await env.restart();
      await env.advance(DAY);
    }
    expect(await outputOf(env, parent)).toEqual(["2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z"]);
  });

  it("[K3.2] with other code, as a deploy does", async () => {
    const env = environment();
    const id = await env.client.scheduleNewWorkflow(sleeps, 1, "s");
    const other = new WorkflowRuntime().registerWorkflowWithName("sleeps", function* (ctx: WorkflowContext): Code {
      yield ctx.callActivity("sleep");
    });
    await env.useRuntime(other);
    // Whether the code still fits is known once the instance has something to do.
    await env.client.raiseEvent(id, "e");
    const state = await env.client.getWorkflowState(id, false);
    expect(state?.runtimeStatus).toBe(WorkflowRuntimeStatus.STALLED);
    expect(state?.workflowFailureDetails?.getErrorType()).toBe("NON_DETERMINISM");
    await expect(env.client.queryWorkflow(id, "q")).rejects.toThrow(/workflow is stalled$/);
    await env.useRuntime(new WorkflowRuntime().registerWorkflow(sleeps));
    expect(await outputOf(env, id)).toBe("2026-01-02T00:00:00.000Z");
  });

  it("[K3.5] a wait for an instance that is STALLED rejects at once, with why; it is met when code has come that fits", async () => {
    const env = environment();
    const id = await env.client.scheduleNewWorkflow(sleeps, 1, "s");
    await env.useRuntime(new WorkflowRuntime());
    await env.client.raiseEvent(id, "finds it out");
    const before = env.now;
    await expect(env.client.waitForWorkflowCompletion(id)).rejects.toThrow(
      /^Instance 's' is STALLED and waits for other code: Orchestrator 'sleeps' does not exist/,
    );
    expect(env.now).toEqual(before);
    await env.client.raiseEvent(id, "kept");
    await env.useRuntime(new WorkflowRuntime().registerWorkflow(sleeps));
    expect(await outputOf(env, id)).toBe("2026-01-02T00:00:00.000Z");
  });

  it("[K3.3] suspend, resume, terminate, purge go through the same client", async () => {
    const env = environment();
    const id = await env.client.scheduleNewWorkflow(order, 1);
    await env.client.suspendWorkflow(id);
    await env.client.raiseEvent(id, approval, false);
    expect((await env.client.getWorkflowState(id, true))?.runtimeStatus).toBe(WorkflowRuntimeStatus.SUSPENDED);
    await env.client.resumeWorkflow(id);
    expect(await outputOf(env, id)).toBe("refused");
    expect(await env.client.purgeWorkflow(id)).toBe(true);
    expect(() => env.history(id)).toThrow(`There is no workflow instance '${id}'`);
    const other = await env.client.scheduleNewWorkflow(sleeps, 9);
    await env.client.terminateWorkflow(other, "enough");
    expect(await outputOf(env, other)).toBe("enough");
  });
});

describe("[K3.4] A restart while an activity is at work", () => {
  it("runs it again, and the result of the lost run counts for nothing", async () => {
    const env = environment();
    const runs: ((result: string) => void)[] = [];
    env.mockActivity(charge, () => new Promise((resolve) => runs.push(resolve)));
    const id = await env.client.scheduleNewWorkflow(order, 1);
    await env.client.raiseEvent(id, approval, true);
    const waits = env.client.waitForWorkflowCompletion(id);
    await vi.waitUntil(() => runs.length === 1);
    await env.restart();
    await vi.waitUntil(() => runs.length === 2);
    runs[0]?.("run 1");
    runs[1]?.("run 2");
    expect((await waits)?.serializedOutput).toBe('"run 2"');
    expect(env.calls(charge)).toHaveLength(2);
    expect(env.history(id).events.filter(({ type }) => type === "TaskCompleted")).toHaveLength(1);
  });
});

describe("[K6] A request that waits inside an instance lets time pass", () => {
  it("[K6.1] an update whose handler sleeps", async () => {
    const runtime = new WorkflowRuntime().registerWorkflowWithName("w", function* (ctx: WorkflowContext): Code {
      let isDone = false;
      ctx.setUpdateHandler("slow", function* (): Code {
        yield ctx.createTimer(20);
        isDone = true;
        return ctx.getCurrentUtcDateTime().toISOString();
      });
      yield ctx.waitForCondition(() => isDone);
    });
    const env = new WorkflowTestEnvironment(runtime);
    const id = await env.client.scheduleNewWorkflow("w");
    expect(await env.client.updateWorkflow(id, "slow")).toBe("2026-01-01T00:00:20.000Z");
    expect((await env.client.waitForWorkflowCompletion(id))?.runtimeStatus).toBe(WorkflowRuntimeStatus.COMPLETED);
  });
});

describe("[K8] An update", () => {
  const runtime = new WorkflowRuntime().registerWorkflowWithName("w", function* (ctx: WorkflowContext): Code {
    ctx.setUpdateHandler("waits", function* (): Code {
      return yield ctx.waitForExternalEvent("go");
    });
    ctx.setUpdateHandler("sleeps", function* (days: number): Code {
      yield ctx.createTimer(days * DAY);
      return "slept";
    });
    yield ctx.waitForExternalEvent("end");
  });

  it("[K8.1] may take a year of virtual time, and no real one", async () => {
    const env = new WorkflowTestEnvironment(runtime);
    const id = await env.client.scheduleNewWorkflow("w");
    expect(await env.client.updateWorkflow(id, "sleeps", 365)).toBe("slept");
    expect(env.now).toEqual(new Date("2027-01-01T00:00:00Z"));
  });

  it("[K8.2] that will never end says so at once, and one with a timeout when that is over", async () => {
    const env = new WorkflowTestEnvironment(runtime);
    const id = await env.client.scheduleNewWorkflow("w");
    await expect(env.client.updateWorkflow(id, "waits")).rejects.toThrow(NothingWillHappenError);
    await expect(env.client.updateWorkflow(id, "waits", null, { timeoutInSeconds: 60 })).rejects.toThrow(TimeoutError);
    expect(env.now).toEqual(new Date("2026-01-01T00:01:00Z"));
    await expect(env.client.updateWorkflow(id, "unknown")).rejects.toThrow(/unknown/);
    expect(env.now).toEqual(new Date("2026-01-01T00:01:00Z"));
  });
});

describe("[K4] Replay of an exported history", () => {
  const runtimeOf = (code: (ctx: WorkflowContext, input: unknown) => unknown) =>
    new WorkflowRuntime().registerWorkflowWithName("order", code);

  async function export_(): Promise<{ instanceId: string; events: readonly HistoryEvent[] }> {
    const env = environment();
    const id = await env.client.scheduleNewWorkflow(order, 5, "order-1");
    await env.client.raiseEvent(id, approval, true);
    await env.client.waitForWorkflowCompletion(id);
    const history = JSON.parse(JSON.stringify(env.history(id)));
    expect(history.events).toEqual(JSON.parse(JSON.stringify(await env.client.getWorkflowHistory(id))));
    return history;
  }

  it("[K4.1] fits the code that made it, whole and cut off anywhere, and runs nothing", async () => {
    const history = await export_();
    const runtime = new WorkflowRuntime().registerWorkflow(order);
    expect(await replayHistory(runtime, history)).toEqual({ events: 5, state: "ended" });
    expect(await replayHistory(runtime, history.events.slice(0, 3))).toEqual({ events: 3, state: "waiting" });
  });

  it("[K4.2] shows where other code parts from it", async () => {
    const history = await export_();
    const error = await replayHistory(
      runtimeOf(function* (ctx): Code {
        yield ctx.waitForExternalEvent("approval");
        yield ctx.callActivity("pay", 1);
      }),
      history,
    ).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ReplayError);
    expect(error.difference).toEqual({
      historyIndex: 2,
      expected: "callActivity 'charge' #1",
      actual: "callActivity 'pay' #1",
    });
    expect(error.message).toBe(
      [
        "Today's code cannot go on with the history of 'order-1'.",
        "      0  ExecutionStarted 'order'",
        "      1  EventRaised 'approval'",
        ">     2  TaskScheduled #1 'charge'",
        "      3  TaskCompleted #1",
        "      4  ExecutionCompleted",
        "the history: callActivity 'charge' #1",
        "the code:    callActivity 'pay' #1",
      ].join("\n"),
    );
  });

  it("[K4.9] names the branch of each call, of its answer, and of where the code differs", async () => {
    const travel = (second: string) =>
      new WorkflowRuntime().registerWorkflowWithName("travel", function* (ctx: WorkflowContext): Code {
        const books = function* (name: string): Code {
          yield ctx.createTimer(1);
          yield ctx.callActivity(name);
        };
        yield ctx.whenAll([ctx.branch(books("flight"), "flight"), ctx.branch(books(second), "hotel")]);
      });
    const env = new WorkflowTestEnvironment(travel("hotel"));
    for (const name of ["flight", "hotel"]) env.mockActivity(name, () => name);
    const id = await env.client.scheduleNewWorkflow("travel", 1, "t");
    await env.client.waitForWorkflowCompletion(id);
    const history = env.history(id);
    const error = await replayHistory(travel("car"), history).catch((thrown) => thrown);
    expect(error.message).toBe(
      [
        "Today's code cannot go on with the history of 't'.",
        "      3  TimerFired #1 in branch 'flight'",
        "      4  TimerFired #2 in branch 'hotel'",
        "      5  TaskScheduled #3 'flight' in branch 'flight'",
        ">     6  TaskScheduled #4 'hotel' in branch 'hotel'",
        "      7  TaskCompleted #3 in branch 'flight'",
        "      8  TaskCompleted #4 in branch 'hotel'",
        "      9  ExecutionCompleted",
        "the history: callActivity 'hotel' #4 in branch 'hotel'",
        "the code:    callActivity 'car' #4 in branch 'hotel'",
      ].join("\n"),
    );
  });

  it("[K4.3] code that ends otherwise, earlier or later is found too", async () => {
    const history = await export_();
    const replay = (code: Parameters<typeof runtimeOf>[0], events = history.events) =>
      replayHistory(runtimeOf(code), events).catch((thrown) => thrown.difference ?? thrown.message);
    function* otherwise(ctx: WorkflowContext): Code {
      yield* order(ctx, 5);
      return "something else";
    }
    function* longer(ctx: WorkflowContext): Code {
      yield* order(ctx, 5);
      yield ctx.createTimer(1);
    }
    expect(await replay(otherwise)).toEqual({
      historyIndex: 4,
      expected: 'completed with "charged 5"',
      actual: 'completed with "something else"',
    });
    expect(await replay(longer)).toMatchObject({ historyIndex: 4, actual: "still waits" });
    expect(await replay(() => "at once", history.events.slice(0, 3))).toEqual({
      historyIndex: 2,
      expected: "callActivity 'charge' #1",
      actual: "no such call",
    });
  });

  it("[K4.7] of a text: JSON lines with or without the line that names the instance, and JSON", async () => {
    const history = await export_();
    const runtime = new WorkflowRuntime().registerWorkflow(order);
    const lines = history.events.map((event) => `${JSON.stringify(event)}\n`).join("");
    const named = `${JSON.stringify({ instanceId: "order-1" })}\n${lines}`;
    const texts = [
      named,
      lines,
      named.replaceAll("\n", "\r\n"),
      JSON.stringify(history),
      JSON.stringify(history, null, 2),
    ];
    for (const text of texts) expect(await replayHistory(runtime, text)).toEqual({ events: 5, state: "ended" });
    expect(await replayHistory(runtime, JSON.stringify(history.events, null, 2))).toMatchObject({ events: 5 });
    await expect(replayHistory(new WorkflowRuntime(), named)).rejects.toThrow("history of 'order-1'");
  });

  it("[K4.8] a text that was cut off, or is none, is told of", async () => {
    const { instanceId, events } = await export_();
    const runtime = new WorkflowRuntime().registerWorkflow(order);
    const text = [{ instanceId }, ...events].map((value) => JSON.stringify(value)).join("\n");
    await expect(replayHistory(runtime, text.slice(0, -5))).rejects.toThrow(
      "Line 6 of the history is no JSON: it may have been cut off in the middle",
    );
    await expect(replayHistory(runtime, '{"instanceId":"x"}')).rejects.toThrow(
      "begins with ExecutionStarted, found undefined",
    );
    for (const none of ["", "null", "<html>", "not\nJSON"])
      await expect(replayHistory(runtime, none)).rejects.toThrow("The text is no history");
  });

  it("[K4.4] a workflow that is not there", async () => {
    await expect(replayHistory(new WorkflowRuntime(), await export_())).rejects.toThrow(/'order' does not exist/);
  });

  it("[K4.5] what is no history, or has events of a newer version", async () => {
    const { events } = await export_();
    const replay = (history: unknown) => replayHistory(new WorkflowRuntime().registerWorkflow(order), history as never);
    await expect(replay([...events, { type: "Paused", timestampMs: 1 }])).rejects.toThrow(
      /^Event 5 of the history has the type "Paused", which this version of edge-workflows does not know/,
    );
    await expect(replay(events.slice(1))).rejects.toThrow('begins with ExecutionStarted, found "EventRaised"');
    await expect(replay({})).rejects.toThrow(TypeError);
  });

  it("[K4.6] what GET answers of an instance that has stalled fits the code before, and not the code that it stalled for", async () => {
    const env = environment();
    const other = () =>
      new WorkflowRuntime().registerActivity(charge).registerWorkflowWithName("counts", function* (ctx): Code {
        yield ctx.callActivity(charge, 1);
      });
    const waiting = await env.client.scheduleNewWorkflow(counts, 99, "counts-1");
    await env.idle();
    await env.useRuntime(other());
    await expect(env.client.queryWorkflow(waiting, "fits")).rejects.toThrow("workflow is stalled");
    const answer = JSON.parse(JSON.stringify(await env.client.getWorkflowHistoryPage(waiting)));
    expect(Object.keys(answer)).toEqual(["events"]);
    expect(answer.events.at(-1)).toMatchObject({ type: "ExecutionStalled", reason: "NON_DETERMINISM" });
    expect(await replayHistory(new WorkflowRuntime().registerWorkflow(counts), answer)).toEqual({
      events: answer.events.length,
      state: "waiting",
    });
    await expect(replayHistory(other(), answer)).rejects.toThrow(
      /^Today's code cannot go on with the history of 'replayed'\.\n.*ExecutionStarted 'counts'/,
    );
  });
});

describe("[K7] Same test, same run", () => {
  it("[K7.1] two environments that are asked the same hold the same histories, IDs and traces among them", async () => {
    const run = async () => {
      const env = environment();
      const ids = [
        await env.client.scheduleNewWorkflow(order, 5),
        await env.client.scheduleNewWorkflow(family, ["a", "b"]),
      ];
      await env.client.raiseEvent(ids[0] as string, approval, true);
      for (const id of ids) await env.client.waitForWorkflowCompletion(id);
      return ids.map((id) => env.history(id));
    };
    expect(await run()).toEqual(await run());
  });

  it("[K7.2] an instance that is suspended waits for a resume", async () => {
    const env = environment();
    const id = await env.client.scheduleNewWorkflow(sleeps, 1, "s");
    await env.client.suspendWorkflow(id);
    await expect(env.client.waitForWorkflowCompletion(id)).rejects.toThrow(
      "Instance 's' is SUSPENDED and waits for a resume. Nothing is running, and no time is due.",
    );
  });
});

describe("[K40] A watch", () => {
  const told = (all: readonly WatchedEvent[]) =>
    all.map((one) => (one.type === "history" ? `${one.position} ${one.event.type}` : one.type));

  it("[K40.1] lets time pass to whatever happens next, and ends with the instance", async () => {
    const env = environment();
    const id = await env.client.scheduleNewWorkflow(sleeps, 30);
    const all: WatchedEvent[] = [];
    for await (const one of env.client.watchWorkflow(id)) all.push(one);
    expect(told(all)).toEqual(["0 ExecutionStarted", "1 TimerCreated", "2 TimerFired", "3 ExecutionCompleted", "end"]);
    expect(env.now).toEqual(new Date("2026-01-31T00:00:00Z"));
  });

  it("[K40.2] goes on over restarts and from one execution to the next", async () => {
    const env = environment();
    const id = await env.client.scheduleNewWorkflow(counts, 97);
    const all: WatchedEvent[] = [];
    for await (const one of env.client.watchWorkflow(id)) {
      all.push(one);
      await env.restart();
    }
    expect(told(all).at(-1)).toBe("end");
    expect(all.filter(({ type }) => type === "execution").map((one) => "generation" in one && one.generation)).toEqual([
      1, 2, 3,
    ]);
    const ids = all.flatMap((one) => (one.type === "history" ? one.id : []));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("[K40.3] a purge is told; what is not there is not found; what can never happen is said", async () => {
    const env = environment();
    const id = await env.client.scheduleNewWorkflow(order, 1);
    const all: WatchedEvent[] = [];
    for await (const one of env.client.watchWorkflow(id)) {
      all.push(one);
      await env.client.purgeWorkflow(id, { force: true });
    }
    expect(told(all)).toEqual(["0 ExecutionStarted", "gone"]);
    const first = (of: string, options = {}) => env.client.watchWorkflow(of, options)[Symbol.asyncIterator]().next();
    await expect(first(id)).rejects.toMatchObject({ status: 404, errorCode: "ERR_INSTANCE_ID_NOT_FOUND" });
    const waits = await env.client.scheduleNewWorkflow(order, 1);
    const { value } = await first(waits);
    await expect(first(waits, { after: (value as { id: string }).id })).rejects.toThrow(NothingWillHappenError);
    await expect(first(waits, { after: "x" })).rejects.toThrow(RangeError);
  });
});
