import { describe, expect, it } from "vitest";
import type { WorkflowActivityContext } from "../../../src/engine/activity-context.ts";
import type { TaskFailedError } from "../../../src/engine/errors.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { defaultLimits, limitsFrom } from "../../../src/instance/limits.ts";
import type { UpdateResult } from "../../../src/instance/protocol.ts";
import {
  type AsyncCode,
  type Code,
  describeInstance,
  endOf,
  gate,
  historyOf,
  makeWorld,
  purge,
  raise,
  resume,
  start,
  statusOf,
  suspend,
  terminate,
  typesOf,
  unshaken,
} from "./support.ts";
import { START_MS, type World } from "./world.ts";

const recoveryRows = (world: World, id = "i") => world.host(id).db.read("SELECT * FROM recovery");

describe("[I12] The time an activity may take", () => {
  /** The activity never ends; tells why it was aborted. */
  function hanging(options: object): { world: World; aborted: string[] } {
    const world = makeWorld({ maxConcurrentActivities: 1 });
    const aborted: string[] = [];
    world.activity("hang", (ctx: WorkflowActivityContext) => {
      ctx.signal.addEventListener("abort", () => aborted.push(ctx.signal.reason.message));
      return new Promise(() => undefined);
    });
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      const hang = ctx.callActivity("hang", 1, options);
      const next = ctx.callActivity("echo", "next");
      try {
        yield hang;
      } catch (error) {
        const { details } = error as TaskFailedError;
        return [details.errorType, details.message, ctx.getCurrentUtcDateTime().getTime() - START_MS, yield next];
      }
    });
    return { world, aborted };
  }

  it.each([
    [{ timeout: 3 }, "Activity 'hang' took longer than 3 s", 3_000],
    [{ heartbeatTimeout: 2 }, "Activity 'hang' sent no heartbeat for 2 s", 2_000],
    [
      { totalTimeout: 4, retry: { maxNumberOfAttempts: 9, firstRetryInterval: 9 } },
      "Activity 'hang' with all its attempts took longer than its total timeout",
      4_000,
    ],
  ])("[I12.1] %j: it fails, is told, and makes room for the next", async (options, message, ms) => {
    const { world, aborted } = hanging(options);
    await start(world, "i", "main");
    await world.rest();
    expect(await endOf(world, "i")).toEqual(["COMPLETED", ["ActivityTimeoutError", message, ms, "next"]]);
    expect(aborted).toEqual([message]);
    expect(world.host("i").durableAlarm).toBeNull();
  });

  it("[I12.2] the total time goes on over a restart, that of an attempt begins anew", async () => {
    const { world } = hanging({ timeout: 5, totalTimeout: 7 });
    await start(world, "i", "main");
    await world.advance(4_000);
    world.crash("i", "process");
    await world.rest();
    const [, output] = await endOf(world, "i");
    expect(output).toEqual(["ActivityTimeoutError", expect.stringMatching(/total timeout$/), 7_000, "next"]);
  });

  it("[I12.2] one whose total time is over before it begins is not begun", async () => {
    const world = makeWorld({ maxConcurrentActivities: 1 });
    let begun = 0;
    world.activity("count", () => ++begun);
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      ctx.callActivity("slow", 5_000);
      try {
        yield ctx.callActivity("count", 1, { totalTimeout: 2 });
      } catch (error) {
        return (error as TaskFailedError).details.errorType;
      }
    });
    await start(world, "i", "main");
    await world.rest();
    expect([await endOf(world, "i"), begun]).toEqual([["COMPLETED", "ActivityTimeoutError"], 0]);
  });

  it("[I12.3] heartbeats keep an attempt alive, and cost at most one write per second", async () => {
    const world = makeWorld();
    world.activity("beats", async (ctx: WorkflowActivityContext) => {
      for (let n = 1; n <= 40; n++) {
        ctx.heartbeat(n);
        await world.sleep(100);
      }
      return "done";
    });
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      return yield ctx.callActivity("beats", 1, { heartbeatTimeout: 1 });
    });
    await start(world, "i", "main");
    await world.rest();
    expect(await endOf(world, "i")).toEqual(["COMPLETED", "done"]);
    expect(recoveryRows(world)).toEqual([]);
    // Written at 0, 1, 2 and 3 s and deleted once; the fifth would be at 4 s.
    expect(world.host("i").rows("recovery")).toBeLessThanOrEqual(6);
  });

  it("[I12.4] the next attempt, and a run after a crash, find the last details", async () => {
    const world = makeWorld();
    const found: unknown[] = [];
    world.activity("works", async (ctx: WorkflowActivityContext) => {
      const from = ctx.getLastHeartbeatDetails() ?? 0;
      found.push([ctx.getAttemptNumber(), from, ctx.getTaskExecutionId()]);
      ctx.heartbeat(from + 1);
      await world.sleep(2_000);
      if (ctx.getAttemptNumber() === 1) throw new Error("again");
      return from;
    });
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      return yield ctx.callActivity("works", 1, { retry: { maxNumberOfAttempts: 2, firstRetryInterval: 1 } });
    });
    await start(world, "i", "main");
    await world.advance(1_000);
    world.crash("i", "process");
    await world.rest();
    expect(await endOf(world, "i")).toEqual(["COMPLETED", 2]);
    expect(found).toEqual([
      [1, 0, "execution-1:1"],
      [1, 1, "execution-1:1"],
      [2, 2, "execution-1:1"],
    ]);
    expect(recoveryRows(world)).toEqual([]);
  });

  it("[I12.5] details have a limit", async () => {
    const world = makeWorld();
    world.activity("long", (ctx: WorkflowActivityContext) => ctx.heartbeat("x".repeat(65_536)));
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      yield ctx.callActivity("long");
    });
    await start(world, "i", "main");
    await world.rest();
    expect((await describeInstance(world, "i"))?.failure?.message).toMatch(
      /details of a heartbeat have at most 65536 characters as JSON, and these 65538$/,
    );
  });

  it("[I12.7] a heartbeat that cannot be written fails nothing: neither at once nor from its timer", async () => {
    const world = makeWorld();
    world.activity("beats", async (ctx: WorkflowActivityContext) => {
      for (let n = 1; n <= 25; n++) {
        ctx.heartbeat(n);
        await world.sleep(100);
      }
      return "done";
    });
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      return yield ctx.callActivity("beats");
    });
    let refused = 0;
    world.host("i").failWrite = (statement) => {
      if (!statement.includes("INTO recovery")) return;
      refused++;
      throw new Error("the disk is full");
    };
    await start(world, "i", "main");
    await world.rest();
    expect(await endOf(world, "i")).toEqual(["COMPLETED", "done"]);
    expect(refused).toBeGreaterThanOrEqual(3);
    expect(world.log.filter((line) => line.msg === "heartbeat")).toHaveLength(refused);
    expect(recoveryRows(world)).toEqual([]);
  });

  it("[I12.6] a terminate aborts what is running, and its late heartbeat leaves no row", async () => {
    const { world, aborted } = hanging({});
    await start(world, "i", "main");
    await terminate(world, "i");
    expect(aborted).toEqual(["The workflow was terminated"]);
    expect(recoveryRows(world)).toEqual([]);
  });
});

describe("[I13] STALLED", () => {
  function pinned(): World {
    const world = makeWorld();
    world.versions = [{ name: "main", version: "v1", latest: true, code: waits }];
    return world;
  }
  function* waits(ctx: WorkflowContext): Code {
    const timer = ctx.createTimer(30);
    const child = ctx.callChildWorkflow("call", { activity: "slow", input: 20_000 });
    return [yield ctx.waitForExternalEvent("go"), yield child, yield timer, ctx.getVersion()];
  }
  const v1 = { name: "main", version: "v1", latest: false, code: waits };
  const v2 = { name: "main", version: "v2", latest: true, code: () => "new" };

  it("[I13.1] refuses what Dapr refuses, keeps what comes, and goes on when the version is back", async () => {
    const world = pinned();
    await start(world, "i", "main");
    world.versions = [v2];
    world.crashAll();
    // Still to be found out: this raise is taken.
    expect(await raise(world, "i", "go", 7)).toEqual({ ok: true });
    const found = await describeInstance(world, "i");
    expect([found?.status, found?.failure]).toEqual([
      "STALLED",
      { errorType: "VERSION_NOT_AVAILABLE", message: "Version not available: v1" },
    ]);
    const stalled = { ok: false, code: "STALLED" };
    expect(await raise(world, "i", "go", 8)).toEqual(stalled);
    expect(await suspend(world, "i")).toEqual(stalled);
    expect(await resume(world, "i")).toEqual(stalled);
    expect(await terminate(world, "i")).toEqual(stalled);
    expect(await world.call("i", (i) => i.cancel({}))).toEqual(stalled);
    expect(await world.call("i", (i) => i.query({ name: "q" }))).toEqual(stalled);
    expect(await world.call("i", (i) => i.update({ updateId: "u", name: "n", timeoutMs: 0 }))).toEqual(stalled);
    expect(await world.call("i", (i) => i.purge({ recursive: true }))).toEqual(stalled);
    expect(await world.call("i", (i) => i.purge({ recursive: true, asChildOf: "x" }))).toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await start(world, "i", "main")).toEqual({ ok: false, code: "ALREADY_ACTIVE" });
    // The child ends and the timer falls due meanwhile.
    await world.advance(40_000);
    expect(await statusOf(world, "i")).toBe("STALLED");
    world.versions = [v1, v2];
    world.crashAll();
    expect(await statusOf(world, "i")).toBe("COMPLETED");
    expect(await endOf(world, "i")).toEqual(["COMPLETED", [7, "slept 20000", null, "v1"]]);
    const types = typesOf(world, "i");
    expect(types.filter((type) => type === "ExecutionStalled" || type === "ExecutionUnstalled")).toEqual([
      "ExecutionStalled",
      "ExecutionUnstalled",
    ]);
  });

  it("[I13.2] looks for other code by itself, after as long as it has been stalled, but 1 minute to 1 hour", async () => {
    const world = pinned();
    await start(world, "i", "main");
    world.versions = [v2];
    world.crashAll();
    await raise(world, "i", "go", 7);
    const host = world.host("i");
    const pauses: number[] = [];
    for (let n = 0; n < 10; n++) {
      const at = host.durableAlarm?.atMs ?? 0;
      pauses.push(Math.round((at - world.nowMs) / 60_000));
      await world.advance(at - world.nowMs);
    }
    expect(pauses).toEqual([1, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    world.versions = [v1, v2];
    await world.advance(3_600_000);
    expect(await statusOf(world, "i")).toBe("STALLED");
    world.crash("i");
    await world.advance(3_600_000);
    expect((await endOf(world, "i"))[0]).toBe("COMPLETED");
  });

  it("[I13.3] before its first turn, and with a change that does not fit, where that is wished", async () => {
    const world = pinned();
    await world.call("i", (i) =>
      i.start({ instanceId: "i", name: "main", requestId: "r", startAtMs: START_MS + 5_000 }),
    );
    world.versions = [v2];
    world.crashAll();
    await world.advance(6_000);
    expect(await statusOf(world, "i")).toBe("STALLED");
    world.versions = [v1, v2];
    world.crashAll();
    expect(await statusOf(world, "i")).toBe("RUNNING");

    const other = makeWorld();
    other.onNonDeterminism = "stall";
    await start(other, "i", "call", { activity: "slow", input: 1_000 });
    other.workflow("call", function* (ctx: WorkflowContext): Code {
      yield ctx.callActivity("other");
    });
    other.crashAll();
    await other.advance(5_000);
    const found = await describeInstance(other, "i");
    expect([found?.status, found?.failure?.errorType]).toEqual(["STALLED", "NON_DETERMINISM"]);
    // Not run again while nobody could take its result.
    const runs = other.activityRuns.length;
    await other.advance(120_000);
    expect(other.activityRuns.length).toBe(runs);
  });

  it("[I13.4] a forced purge removes it", async () => {
    const world = pinned();
    await start(world, "i", "main");
    world.versions = [v2];
    world.crashAll();
    await raise(world, "i", "go", 7);
    expect(await world.call("i", (i) => i.purge({ recursive: true, force: true }))).toEqual({ ok: true });
    expect(await describeInstance(world, "i")).toBeUndefined();
    expect(await describeInstance(world, "i:0002")).toBeUndefined();
    expect([world.host("i").db.tables(), world.host("i").durableAlarm]).toEqual([[], null]);
  });
});

describe("[I14] Queries and updates", () => {
  function basket(): World {
    const world = makeWorld();
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      const items: string[] = [];
      ctx.setQueryHandler("items", () => items);
      ctx.setUpdateHandler("add", (item: string) => items.push(item), {
        validator: (item) => {
          if (item === "") throw new Error("no name");
        },
      });
      ctx.setUpdateHandler("slowly", function* (item: string): Code {
        yield ctx.createTimer(5);
        return items.push(item);
      });
      yield ctx.waitForExternalEvent("checkout");
      return items;
    });
    return world;
  }
  const update = (world: World, updateId: string, name: string, input: unknown, timeoutMs = 0): Promise<UpdateResult> =>
    world.post("i", (i) => i.update({ updateId, name, input: JSON.stringify(input), timeoutMs }));
  const items = (world: World) => world.call("i", (i) => i.query({ name: "items" }));

  it("[I14.1] an update answers with its result; the same ID again gives the same, over crashes and after the end", async () => {
    const world = basket();
    await start(world, "i", "main");
    const first = update(world, "u1", "add", "pen", 1_000);
    await world.settle();
    expect(await first).toEqual({ ok: true, result: "1" });
    for (const crash of [() => undefined, () => world.crashAll()]) {
      crash();
      const again = update(world, "u1", "add", "pen", 1_000);
      await world.settle();
      expect(await again).toEqual({ ok: true, result: "1" });
    }
    expect(await items(world)).toEqual({ ok: true, result: '["pen"]' });
    await raise(world, "i", "checkout", 1);
    world.crashAll();
    const [known, unknown] = [update(world, "u1", "add", "pen"), update(world, "u9", "add", "ink")];
    await world.settle();
    expect([await known, await unknown]).toEqual([
      { ok: true, result: "1" },
      { ok: false, code: "ENDED" },
    ]);
    expect(await items(world)).toEqual({ ok: true, result: '["pen"]' });
    expect(typesOf(world, "i").filter((type) => type === "UpdateRequested")).toHaveLength(1);
  });

  it("[I14.2] is PENDING when it takes longer than the caller waits, and goes on", async () => {
    const world = basket();
    await start(world, "i", "main");
    const pending = update(world, "u", "slowly", "ink", 1_000);
    await world.advance(1_000);
    expect(await pending).toEqual({ ok: false, code: "PENDING" });
    world.crashAll();
    const later = update(world, "u", "slowly", "ink", 10_000);
    await world.advance(10_000);
    expect(await later).toEqual({ ok: true, result: "1" });
  });

  it("[I14.3] is rejected, unknown, or for nobody", async () => {
    const world = basket();
    await start(world, "i", "main");
    const [rejected, unknown] = [update(world, "a", "add", "", 500), update(world, "b", "nope", 1, 500)];
    await world.settle();
    expect([await rejected, await unknown]).toMatchObject([
      { ok: false, code: "REJECTED", failure: { message: "no name" } },
      { ok: false, code: "REJECTED", failure: { errorType: "HandlerNotRegisteredError" } },
    ]);
    expect(await world.call("x", (i) => i.update({ updateId: "u", name: "n", timeoutMs: 0 }))).toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await world.call("x", (i) => i.query({ name: "n" }))).toMatchObject({ code: "NOT_FOUND" });
  });

  it("[I14.4] a query sees what was accepted before it, sets no alarm, and does not wait for code that hangs", async () => {
    const world = basket();
    await start(world, "i", "main");
    await suspend(world, "i");
    const before = { ...world.host("i").counters };
    expect(await items(world)).toEqual({ ok: true, result: "[]" });
    expect(world.host("i").counters).toEqual(before);
    const stuck = gate();
    world.workflow("hangs", async () => stuck.promise);
    await start(world, "h", "hangs");
    const asked = world.post("h", (i) => i.query({ name: "items" }));
    await world.advance(2_000);
    expect(await asked).toEqual({ ok: false, code: "BUSY" });
  });

  it("[I14.8] a query in the middle of a long chain of steps that wait for nothing is answered in between", async () => {
    const world = makeWorld();
    world.workflow("chain", function* (ctx: WorkflowContext, n: number): Code {
      let done = 0;
      ctx.setQueryHandler("done", () => done);
      for (; done < n; done++) yield ctx.callActivity("echo", done);
    });
    const query = { instanceId: "i", name: "chain", input: "5000", requestId: "r" };
    const started = world.post("i", (i) =>
      i.start({ ...query, waitFor: { until: "ended", timeoutMs: 9_000, payloads: false } }),
    );
    const asked = Array.from({ length: 3 }, () => world.post("i", (i) => i.query({ name: "done" })));
    await world.advance(10);
    const answers = await Promise.all(asked);
    expect(answers.map((answer) => answer.ok)).toEqual([true, true, true]);
    expect(answers.every((answer) => answer.ok && Number(answer.result) < 5_000)).toBe(true);
    expect(await started).toMatchObject({ ok: true, state: { status: "COMPLETED" } });
  });

  it("[I14.6] a query of an instance that has not started, or whose code is gone, says so", async () => {
    const world = basket();
    await world.call("i", (i) =>
      i.start({ instanceId: "i", name: "main", requestId: "r", startAtMs: START_MS + 5_000 }),
    );
    expect(await items(world)).toEqual({ ok: false, code: "NOT_STARTED" });
    await world.advance(6_000);
    await raise(world, "i", "checkout", 1);
    world.workflows.delete("main");
    world.crashAll();
    expect(await items(world)).toEqual({
      ok: false,
      code: "FAILED",
      message: "workflow 'main' is not registered any more, so its history cannot be asked",
    });
  });

  it("[I14.5] the history is read in pages", async () => {
    const world = basket();
    await start(world, "i", "main");
    await raise(world, "i", "checkout", 1);
    const page = (from: number, limit: number) => world.call("i", (i) => i.history({ from, limit }));
    const all = historyOf(world, "i");
    expect(await page(0, 10)).toEqual({ events: all, hasMore: false });
    expect(await page(0, 2)).toEqual({ events: all.slice(0, 2), hasMore: true });
    expect(await page(2, 2)).toEqual({ events: all.slice(2), hasMore: false });
    expect(await world.call("x", (i) => i.history({ from: 0, limit: 1 }))).toBeUndefined();
  });
});

describe("[I15] Cancel, detached workflows and events between instances", () => {
  it("[I15.1] a cancel reaches the whole tree, aborts activities, and waits for the cleanup", async () => {
    const world = makeWorld();
    const aborted: string[] = [];
    world.activity("long", (ctx: WorkflowActivityContext) => {
      ctx.signal.addEventListener("abort", () => aborted.push(ctx.getWorkflowInstanceId()));
      return world.sleep(60_000);
    });
    world.workflow("tree", function* (ctx: WorkflowContext, depth: number): Code {
      try {
        if (depth === 0) yield ctx.callActivity("long");
        else yield ctx.callChildWorkflow("tree", depth - 1);
      } finally {
        yield ctx.callActivity("echo", "tidy");
      }
    });
    await start(world, "i", "tree", 2);
    await world.advance(100);
    expect(await world.call("i", (i) => i.cancel({ reason: "why" }))).toEqual({ ok: true });
    await world.settle();
    const ids = ["i", "i:0001", "i:0001:0001"];
    expect(await Promise.all(ids.map((id) => statusOf(world, id)))).toEqual(Array(3).fill("CANCELED"));
    expect(aborted).toEqual(["i:0001:0001"]);
    expect(await world.call("none", (i) => i.cancel({}))).toEqual({ ok: false, code: "NOT_FOUND" });
    await world.rest();
    expect((await describeInstance(world, "i"))?.failure).toEqual({
      errorType: "WorkflowCanceledError",
      message: "The workflow was canceled: why",
    });
  });

  it("[I15.2] a detached workflow lives on, is started once, and an ID in use is left alone", async () => {
    const world = makeWorld();
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      ctx.scheduleNewWorkflow("event", "go", { instanceId: "taken" });
      const id = ctx.scheduleNewWorkflow("event", "go");
      yield ctx.waitForExternalEvent("never");
      return id;
    });
    await start(world, "taken", "timer", 1_000);
    world.peerFault = (call) => (call.to === "i-2" ? "twice" : undefined);
    await start(world, "i", "main");
    expect((await describeInstance(world, "taken"))?.name).toBe("timer");
    await terminate(world, "i");
    expect(await statusOf(world, "i-2")).toBe("RUNNING");
    expect(typesOf(world, "i-2")).toEqual(["ExecutionStarted"]);
    expect(world.log.filter((line) => line.msg === "detached")).toMatchObject([
      { instanceId: "taken", refused: "ALREADY_ACTIVE" },
    ]);
  });

  it("[I15.3] a forced purge takes a running tree away; if a child cannot be reached, all goes on", async () => {
    const world = makeWorld();
    const aborted: string[] = [];
    world.activity("slow", (ctx: WorkflowActivityContext) => {
      ctx.signal.addEventListener("abort", () => aborted.push(ctx.signal.reason.message));
      return world.sleep(50_000);
    });
    await start(world, "i", "parent", { name: "call", input: { activity: "slow", input: 50_000 } });
    await world.advance(10);
    world.peerFault = (call) => (call.method === "purge" ? "unreachable" : undefined);
    await expect(world.call("i", (i) => i.purge({ recursive: true, force: true }))).rejects.toThrow("unreachable");
    expect([await statusOf(world, "i"), await statusOf(world, "i:0001")]).toEqual(["RUNNING", "RUNNING"]);
    world.peerFault = undefined;
    expect(await world.call("i", (i) => i.purge({ recursive: true, force: true }))).toEqual({ ok: true });
    await world.rest();
    expect(aborted).toEqual(["The workflow was purged"]);
    for (const id of ["i", "i:0001"]) {
      expect([world.host(id).db.tables(), world.host(id).durableAlarm]).toEqual([[], null]);
    }
    expect(await start(world, "i", "echo", 1)).toEqual({ ok: true });
    expect(await endOf(world, "i")).toEqual(["COMPLETED", 1]);
  });

  it("[I15.4] the start of a child that a lost life has sent begins nothing once the tree is purged", async () => {
    const world = makeWorld();
    let latencyMs = 5_000;
    world.chaos = unshaken(() => latencyMs);
    const started = world.post("i", (i) =>
      i.start({ instanceId: "i", name: "parent", input: '{"name":"event","input":"never"}', requestId: "r" }),
    );
    await world.advance(10);
    expect([await started, world.peerCalls.length]).toEqual([{ ok: true }, 1]);
    world.crash("i");
    latencyMs = 0;
    // Whatever the next life sends does not get through before.
    world.peerFault = ({ method }) =>
      method === "deliver" && world.nowMs < START_MS + 5_000 ? "unreachable" : undefined;
    const purged = world.post("i", (i) => i.purge({ recursive: true, force: true }));
    await world.advance(1_000);
    expect([await purged, world.host("i:0001").db.tables()]).toEqual([{ ok: true }, []]);
    await world.rest();
    expect(world.host("i:0001").counters.lives).toBeGreaterThan(0);
    for (const id of ["i", "i:0001"])
      expect([world.host(id).db.tables(), world.host(id).durableAlarm]).toEqual([[], null]);
  });

  it("[I15.5] a second copy of a start begins nothing once the first is acknowledged, whoever was lost since", async () => {
    for (const lost of [["i"], ["i:0001", "i-2"], ["i", "i:0001", "i-2"]]) {
      const world = makeWorld();
      world.workflow("main", function* (ctx: WorkflowContext): Code {
        ctx.scheduleNewWorkflow("echo", 2, { instanceId: "i-2" });
        return yield ctx.callChildWorkflow("echo", 1);
      });
      await start(world, "i", "main");
      await world.rest();
      for (const id of ["i", "i-2"]) expect(await purge(world, id)).toEqual({ ok: true });
      for (const id of lost) world.crash(id);
      const starts = world.peerCalls.filter(({ method, to }) => method === "deliver" && to !== "i");
      expect(starts).toHaveLength(2);
      for (const { repeat } of starts) repeat();
      await world.rest();
      expect(world.activityRuns).toHaveLength(0);
      for (const id of ["i", "i:0001", "i-2"])
        expect([id, world.host(id).db.tables(), world.host(id).durableAlarm]).toEqual([id, [], null]);
    }
  });

  it("[I15.6] a start from code that cannot be asked whether it owes it is carried out", async () => {
    const world = makeWorld();
    const parent = { name: "main", instanceId: "old", executionId: "e", taskId: 1 };
    const message = { version: 1, type: "StartChild", name: "timer", input: "1000", parent } as const;
    expect(await world.call("i", (i) => i.deliver(message))).toEqual({ accepted: true });
    expect(await statusOf(world, "i")).toBe("RUNNING");
  });
});

describe("[I16] What the author should know", () => {
  it("[I16.1] a workflow that continues as new without end or pause is told of, slowed down, and stopped by a terminate", async () => {
    const world = makeWorld({ maxTightContinuations: 50 });
    let executions = 0;
    world.workflow("loop", function* (ctx: WorkflowContext): Code {
      executions++;
      ctx.continueAsNew(1);
    });
    const started = start(world, "i", "loop").catch(() => undefined);
    await world.advance(10_000);
    await started;
    expect(executions).toBeGreaterThan(50);
    expect(executions).toBeLessThan(70);
    expect(world.log.filter((line) => line.msg === "workflow")).toMatchObject([
      { level: "warn", instanceId: "i", text: expect.stringMatching(/^The workflow has continued as new 50 times/) },
    ]);
    const ended = world.post("i", (i) => i.terminate({ recursive: true }));
    await world.advance(3_000);
    expect(await ended).toEqual({ ok: true });
    expect(await statusOf(world, "i")).toBe("TERMINATED");
  });

  it("[I16.2] a forgotten yield is told of in the log, without payloads", async () => {
    const world = makeWorld();
    world.workflow("forgets", function* (ctx: WorkflowContext): Code {
      ctx.callActivity("echo", "secret");
    });
    await start(world, "i", "forgets");
    await world.rest();
    const lines = world.log.filter((line) => line.msg === "workflow");
    expect(lines).toMatchObject([{ level: "warn", instanceId: "i", text: expect.stringMatching(/^1 task\(s\)/) }]);
    expect(JSON.stringify(world.log)).not.toContain("secret");
  });

  it("[I16.3] code that holds up its turn is told of once, while the instance goes on and can be stopped", async () => {
    const world = makeWorld();
    const nothing = new Promise<void>(() => undefined);
    world.workflow("waits", async (_: WorkflowContext, ms: number) => {
      await (ms === 0 ? nothing : world.sleep(ms));
    });
    const held = (id: string) => world.log.filter((line) => line.msg === "workflow" && line.instanceId === id);
    for (const [id, ms] of [
      ["ever", 0],
      ["long", 12_000],
      ["short", 9_000],
    ] as const) {
      await start(world, id, "waits", ms);
    }
    await world.advance(9_999);
    expect(held("ever")).toEqual([]);
    await world.advance(120_000);
    const line = {
      level: "warn",
      text: expect.stringMatching(/^A turn has gone on for 10000 ms: the workflow's code/),
    };
    expect([held("ever"), held("long"), held("short")]).toMatchObject([[line], [line], []]);
    expect([held("ever").length, held("long").length]).toEqual([1, 1]);
    expect([await statusOf(world, "long"), await statusOf(world, "short")]).toEqual(["COMPLETED", "COMPLETED"]);
    await terminate(world, "ever");
    await world.rest();
    expect(await statusOf(world, "ever")).toBe("TERMINATED");
  });

  it("[I16.4] whatever turn it is: behind a pause in a long chain too, and never for turns that follow one another", async () => {
    const world = makeWorld({ turnsPerPause: 5 });
    const nothing = new Promise<void>(() => undefined);
    world.workflow("steps", async function* (ctx, n: number): AsyncCode {
      for (let i = 0; i < n; i++) yield ctx.callActivity("echo", i);
      if (n < 20) await nothing;
      for (let i = 0; i < 8; i++) yield ctx.callActivity("slow", 4_000);
    });
    const lengths = [...Array.from({ length: 12 }, (_, n) => n), 20];
    for (const n of lengths) await start(world, `i${n}`, "steps", n);
    await world.advance(60_000);
    const told = lengths.map((n) => world.log.filter(({ instanceId }) => instanceId === `i${n}`).map(({ msg }) => msg));
    expect(told).toEqual(lengths.map((n) => (n < 20 ? ["workflow"] : ["instance"])));
  });
});

describe("[I16.5] Limits that are set", () => {
  it("[I16.5] have the defaults for what is not given", () => {
    const limits = limitsFrom({ watchdogMs: 5, retryFirstMs: undefined as unknown as number });
    expect(limits).toEqual({ ...defaultLimits, watchdogMs: 5 });
  });
  it.each([Number.NaN, -1, "5"])("[I16.5] and are numbers from 0: %s is refused", (value) => {
    expect(() => limitsFrom({ watchdogMs: value as number })).toThrow(
      `limits.watchdogMs is a number from 0, found ${typeof value === "string" ? `"${value}"` : value}`,
    );
  });
  it.each(["maxConcurrentActivities", "maxConcurrentDeliveries"])("[I16.5] %s is one from 1", (name) => {
    expect(limitsFrom({ [name]: 1 })).toEqual({ ...defaultLimits, [name]: 1 });
    expect(() => limitsFrom({ [name]: 0 })).toThrow(`limits.${name} is a number from 1, found 0`);
  });
});

describe("[I16.6] What is set is what counts", () => {
  it.each([
    [undefined, 5],
    [2, 2],
  ])("[I16.6] maxConcurrentDeliveries: %s", async (maxConcurrentDeliveries, underWay) => {
    const world = makeWorld(maxConcurrentDeliveries === undefined ? {} : { maxConcurrentDeliveries });
    world.chaos = unshaken(() => 100);
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      for (let n = 0; n < 5; n++) ctx.sendEvent(`r${n}`, "e");
      yield ctx.waitForExternalEvent("never");
    });
    await start(world, "i", "main");
    await world.advance(50);
    expect(world.peerCalls).toHaveLength(underWay);
    // Each that ends lets the next one go, and no alarm has to ring for it.
    await world.advance(700);
    expect([world.peerCalls.length, world.host("i").counters.rings]).toEqual([5, 0]);
  });

  it.each([
    [1_000, 6],
    [200, 26],
  ])("[I16.6] heartbeatWriteMs: %d", async (heartbeatWriteMs, most) => {
    const world = makeWorld({ heartbeatWriteMs });
    world.activity("beats", async (ctx: WorkflowActivityContext) => {
      for (let n = 0; n < 40; n++) {
        ctx.heartbeat(n);
        await world.sleep(100);
      }
    });
    await start(world, "i", "call", { activity: "beats" });
    await world.rest();
    const rows = world.host("i").rows("recovery");
    expect([rows <= most, rows >= most - 5]).toEqual([true, true]);
  });

  it.each([
    [undefined, 6],
    [60_000, 62],
  ])("[I16.6] alarmHostMs: %s", async (alarmHostMs, most) => {
    const world = makeWorld(alarmHostMs === undefined ? {} : { alarmHostMs });
    await start(world, "i", "call", { activity: "slow", input: 3_600_000 });
    await world.rest();
    const { rings } = world.host("i").counters;
    expect([await statusOf(world, "i"), rings <= most, rings > most / 2]).toEqual(["COMPLETED", true, true]);
  });

  it("[I16.6] terminatePatienceMs", async () => {
    const world = makeWorld({ terminatePatienceMs: 5_000 });
    world.workflow("held", async () => {
      await world.sleep(3_600_000);
    });
    await start(world, "i", "held");
    await world.advance(1_000);
    void terminate(world, "i");
    await world.advance(4_900);
    expect(typesOf(world, "i")).not.toContain("ExecutionTerminated");
    await world.advance(200);
    expect(typesOf(world, "i")).toContain("ExecutionTerminated");
  });
});
