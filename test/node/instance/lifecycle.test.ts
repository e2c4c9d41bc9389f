import { describe, expect, it } from "vitest";
import {
  type Code,
  describeInstance,
  endOf,
  faultsOf,
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
} from "./support.ts";
import { ObjectLostError, START_MS } from "./world.ts";

describe("[I1] Start", () => {
  it("[I1.1] a workflow runs to COMPLETED, and all of it can be read", async () => {
    const world = makeWorld();
    expect(await start(world, "a", "call", { activity: "echo", input: { n: 1 } })).toEqual({ ok: true });
    expect(await describeInstance(world, "a")).toEqual({
      instanceId: "a",
      name: "call",
      status: "COMPLETED",
      createdAtMs: START_MS,
      lastUpdatedAtMs: START_MS,
      input: '{"activity":"echo","input":{"n":1}}',
      output: '{"n":1}',
      customStatus: undefined,
      failure: undefined,
    });
    expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "TaskScheduled", "TaskCompleted", "ExecutionCompleted"]);
  });

  it("[I1.2] the same request delivered twice creates one instance, and is answered ok both times", async () => {
    const world = makeWorld();
    const more = { requestId: "same" };
    expect(await start(world, "a", "call", { activity: "echo", input: 1 }, more)).toEqual({ ok: true });
    expect(await start(world, "a", "call", { activity: "echo", input: 1 }, more)).toEqual({ ok: true });
    world.crash("a");
    expect(await start(world, "a", "call", { activity: "echo", input: 1 }, more)).toEqual({ ok: true });
    expect(world.activityRuns).toHaveLength(1);
  });

  it("[I1.3] an ID whose instance has not ended is ALREADY_ACTIVE, whether PENDING, RUNNING or SUSPENDED", async () => {
    const world = makeWorld();
    const active = { ok: false, code: "ALREADY_ACTIVE" };
    await start(world, "pending", "echo", 1, { startAtMs: START_MS + 60_000 });
    expect(await start(world, "pending", "echo")).toEqual(active);
    await start(world, "running", "event", "go");
    expect(await start(world, "running", "echo")).toEqual(active);
    await suspend(world, "running");
    expect(await start(world, "running", "echo")).toEqual(active);
    expect(await statusOf(world, "pending")).toBe("PENDING");
    expect(await statusOf(world, "running")).toBe("SUSPENDED");
  });

  it("[I1.4] of two starts at the same time exactly one wins", async () => {
    const world = makeWorld();
    const request = (requestId: string) => ({ instanceId: "a", name: "event", input: '"go"', requestId });
    const both = await world.call("a", (instance) =>
      Promise.all([instance.start(request("one")), instance.start(request("two"))]),
    );
    expect(both).toEqual([{ ok: true }, { ok: false, code: "ALREADY_ACTIVE" }]);
  });

  it.each(["COMPLETED", "FAILED", "TERMINATED"])(
    "[I1.5] the ID of a %s instance starts anew, with nothing left of the old one",
    async (status) => {
      const world = makeWorld();
      world.workflow("first", function* (ctx, how: string): Code {
        ctx.setCustomStatus("old");
        yield ctx.callActivity("echo", "x".repeat(400_000));
        if (how === "TERMINATED") yield ctx.waitForExternalEvent("never");
        if (how === "FAILED") throw new Error("as told");
      });
      await start(world, "a", "first", status);
      if (status === "TERMINATED") await terminate(world, "a", '"out"');
      expect(await statusOf(world, "a")).toBe(status);
      const executions = new Set(
        [historyOf(world, "a")[0]].map((e) => e?.type === "ExecutionStarted" && e.executionId),
      );
      await world.advance(5);
      expect(await start(world, "a", "echo", "new")).toEqual({ ok: true });
      const found = await describeInstance(world, "a");
      expect(found).toMatchObject({ status: "COMPLETED", output: '"new"', createdAtMs: START_MS + 5 });
      expect([found?.customStatus, found?.failure]).toEqual([undefined, undefined]);
      expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "ExecutionCompleted"]);
      const [started] = historyOf(world, "a");
      expect(started?.type === "ExecutionStarted" && executions.has(started.executionId)).toBe(false);
      expect(faultsOf(world, "a")).toEqual([]);
      expect(world.host("a").db.read("SELECT * FROM chunk")).toEqual([]);
    },
  );

  it("[I1.6] the ID of a TERMINATED instance is AWAITING_ACTIVITY while an activity of it runs, and free after it", async () => {
    const world = makeWorld();
    await start(world, "a", "call", { activity: "slow", input: 5_000 });
    await terminate(world, "a");
    expect(await start(world, "a", "echo", 1)).toEqual({ ok: false, code: "AWAITING_ACTIVITY" });
    await world.advance(5_000);
    expect(await start(world, "a", "echo", 1)).toEqual({ ok: true });
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
  });

  it("[I1.7] the ID is CHILD_ACTIVE while a child, or a child of a child, has not ended", async () => {
    const world = makeWorld();
    world.workflow("leaves", function* (ctx, next: string): Code {
      ctx.callChildWorkflow(next, next === "leaves" ? "event" : "go", `${ctx.getWorkflowInstanceId()}/c`);
      if (next === "leaves") yield ctx.createTimer(1);
    });
    await start(world, "a", "leaves", "leaves");
    await world.advance(2_000);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
    expect(await statusOf(world, "a/c")).toBe("COMPLETED");
    expect(await statusOf(world, "a/c/c")).toBe("RUNNING");
    const answer = await start(world, "a", "echo", 1);
    expect(answer).toEqual({ ok: false, code: "CHILD_ACTIVE", childInstanceId: "a/c/c" });
    await raise(world, "a/c/c", "go");
    expect(await start(world, "a", "echo", 1)).toEqual({ ok: true });
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
  });

  it("[I1.8] a scheduled start is PENDING until it is due, with an alarm at that time", async () => {
    const world = makeWorld();
    const startAtMs = START_MS + 3_600_000;
    await start(world, "a", "echo", 1, { startAtMs });
    expect(world.host("a").durableAlarm?.atMs).toBe(startAtMs);
    await world.advance(3_599_999);
    expect(await statusOf(world, "a")).toBe("PENDING");
    await world.advance(1);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
    expect(world.host("a").counters.rings).toBe(1);
    expect(world.host("a").durableAlarm).toBeNull();
    expect(world.host("a").db.read("SELECT * FROM inbox")).toEqual([]);
  });

  it("[I1.9] a scheduled start survives crashes", async () => {
    const world = makeWorld();
    await start(world, "a", "echo", 1, { startAtMs: START_MS + 3_600_000 });
    world.crash("a");
    await world.advance(1_000_000);
    expect(await statusOf(world, "a")).toBe("PENDING");
    world.crash("a");
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
  });

  it("[I1.10] a start whose time has passed begins at once", async () => {
    const world = makeWorld();
    await start(world, "a", "echo", 1, { startAtMs: START_MS - 1 });
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
  });

  it("[I1.11] a start that was not answered may be repeated after a crash", async () => {
    const world = makeWorld();
    let crashed = false;
    world.onPoint = (point, id) => {
      if (point === "commit" && !crashed) {
        crashed = true;
        world.crash(id);
      }
    };
    const more = { requestId: "same" };
    await expect(start(world, "a", "echo", 1, more)).rejects.toThrow(ObjectLostError);
    expect(world.host("a").db.tables()).toEqual([]);
    expect(await start(world, "a", "echo", 1, more)).toEqual({ ok: true });
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
  });

  it("[I1.12] a workflow that is not registered starts, and has FAILED", async () => {
    const world = makeWorld();
    expect(await start(world, "a", "nobody")).toEqual({ ok: true });
    expect(await describeInstance(world, "a")).toMatchObject({
      status: "FAILED",
      failure: { errorType: "OrchestratorNotRegisteredError" },
    });
  });
});

describe("[I2] Operations, by the state of the instance (dapr.md 1.5)", () => {
  const NOT_FOUND = { ok: false, code: "NOT_FOUND" };
  const OK = { ok: true };
  const later = { startAtMs: START_MS + 3_600_000 };

  it("[I2.1] unknown: not found, and nothing is written", async () => {
    const world = makeWorld();
    expect(await raise(world, "a", "go")).toEqual(NOT_FOUND);
    expect(await suspend(world, "a")).toEqual(NOT_FOUND);
    expect(await resume(world, "a")).toEqual(NOT_FOUND);
    expect(await terminate(world, "a")).toEqual(NOT_FOUND);
    expect(await purge(world, "a")).toEqual(NOT_FOUND);
    expect(await describeInstance(world, "a")).toBeUndefined();
    const waiting = (until: "started" | "ended") =>
      world.call("a", (i) => i.waitFor(until, { timeoutMs: 60_000, payloads: true }));
    expect(await waiting("started")).toBeUndefined();
    expect(await waiting("ended")).toBeUndefined();
    const host = world.host("a");
    expect(host.db.tables()).toEqual([]);
    expect([...host.db.counters.rows]).toEqual([]);
    expect(host.counters).toMatchObject({ setAlarm: 0, deleteAlarm: 0, commits: 0 });
  });

  it("[I2.2] PENDING, raise: kept until it starts; suspend: SUSPENDED; resume: PENDING again", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go", later);
    expect(await raise(world, "a", "go", 7)).toEqual(OK);
    expect(await statusOf(world, "a")).toBe("PENDING");
    expect(await suspend(world, "a")).toEqual(OK);
    expect(await statusOf(world, "a")).toBe("SUSPENDED");
    expect(await resume(world, "a")).toEqual(OK);
    expect(await statusOf(world, "a")).toBe("PENDING");
    await world.advance(3_600_000);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 7]);
  });

  it("[I2.4] PENDING, terminate: TERMINATED at once; purge: not found", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go", later);
    expect(await purge(world, "a")).toEqual(NOT_FOUND);
    expect(await terminate(world, "a", '"out"')).toEqual(OK);
    expect(await endOf(world, "a")).toEqual(["TERMINATED", "out"]);
    expect(world.host("a").durableAlarm).toBeNull();
  });

  it("[I2.5] PENDING: what ends it ends it after a failed turn and after a crash too", async () => {
    for (const crash of [false, true]) {
      const world = makeWorld();
      await start(world, "a", "event", "go", later);
      let failures = 1;
      world.host("a").failWrite = (statement) => {
        if (statement.includes("INTO instance") && failures-- > 0) throw new Error("SQLITE_FULL");
      };
      expect(await terminate(world, "a", '"out"')).toEqual(OK);
      if (crash) world.crash("a");
      await world.advance(5_000);
      expect(await endOf(world, "a")).toEqual(["TERMINATED", "out"]);
    }
  });

  it("[I2.6] RUNNING and SUSPENDED: suspend, resume and terminate do what they say; a second time changes nothing", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    for (const _ of [1, 2]) {
      expect(await suspend(world, "a")).toEqual(OK);
      expect(await statusOf(world, "a")).toBe("SUSPENDED");
    }
    for (const _ of [1, 2]) {
      expect(await resume(world, "a")).toEqual(OK);
      expect(await statusOf(world, "a")).toBe("RUNNING");
    }
    await suspend(world, "a");
    expect(await terminate(world, "a", '"out"')).toEqual(OK);
    expect(await endOf(world, "a")).toEqual(["TERMINATED", "out"]);
    expect(typesOf(world, "a")).toEqual([
      "ExecutionStarted",
      "ExecutionSuspended",
      "ExecutionResumed",
      "ExecutionSuspended",
      "ExecutionTerminated",
      "ExecutionCompleted",
    ]);
    expect(world.host("a").db.read("SELECT * FROM inbox")).toEqual([]);
  });

  it("[I2.7] RUNNING or SUSPENDED, purge: not ended", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    const notEnded = { ok: false, code: "NOT_ENDED", instanceId: "a" };
    expect(await purge(world, "a")).toEqual(notEnded);
    await suspend(world, "a");
    expect(await purge(world, "a")).toEqual(notEnded);
    expect(await statusOf(world, "a")).toBe("SUSPENDED");
  });

  it.each(["COMPLETED", "TERMINATED"])(
    "[I2.8] %s: everything is accepted and changes nothing; purge removes it",
    async (status) => {
      const world = makeWorld();
      await start(world, "a", "event", "go");
      if (status === "COMPLETED") await raise(world, "a", "go", 1);
      else await terminate(world, "a", "1");
      const host = world.host("a");
      const before = [typesOf(world, "a"), [...host.db.counters.rows]];
      for (const operate of [
        () => raise(world, "a", "go"),
        () => suspend(world, "a"),
        () => resume(world, "a"),
        () => terminate(world, "a"),
      ]) {
        expect(await operate()).toEqual(OK);
      }
      expect([typesOf(world, "a"), [...host.db.counters.rows]]).toEqual(before);
      expect(await endOf(world, "a")).toEqual([status, 1]);
      expect(await purge(world, "a")).toEqual(OK);
      expect(await purge(world, "a")).toEqual(NOT_FOUND);
      expect(await describeInstance(world, "a")).toBeUndefined();
      expect(host.db.tables()).toEqual([]);
      expect(host.durableAlarm).toBeNull();
    },
  );

  it("[I2.9] suspended: timers, results and events are kept, in order, and delivered by resume", async () => {
    const world = makeWorld();
    world.workflow("all", function* (ctx): Code {
      const tasks = [ctx.createTimer(2), ctx.waitForExternalEvent("go"), ctx.callActivity("slow", 1_000)];
      const order: number[] = [];
      const open = new Set(tasks);
      while (open.size > 0) {
        const first = yield ctx.whenAny([...open]);
        open.delete(first);
        order.push(tasks.indexOf(first));
      }
      return order;
    });
    await start(world, "a", "all");
    await suspend(world, "a");
    await world.advance(500);
    await raise(world, "a", "go");
    await world.advance(10_000);
    expect(await statusOf(world, "a")).toBe("SUSPENDED");
    await resume(world, "a");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [1, 2, 0]]);
  });

  it("[I2.10] the same raise delivered twice counts once; two raises alike both count", async () => {
    const world = makeWorld();
    world.workflow("two", function* (ctx): Code {
      return [yield ctx.waitForExternalEvent("go"), yield ctx.waitForExternalEvent("GO")];
    });
    await start(world, "a", "two");
    await raise(world, "a", "go", 1, "m1");
    await raise(world, "a", "go", 1, "m1");
    world.crash("a");
    await raise(world, "a", "go", 1, "m1");
    expect(await statusOf(world, "a")).toBe("RUNNING");
    await raise(world, "a", "Go", 1, "m2");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [1, 1]]);
    expect(faultsOf(world, "a")).toEqual([]);
  });

  it("[I2.11] terminated: late results are dropped and waiting runs never begin", async () => {
    const world = makeWorld({ maxConcurrentActivities: 2 });
    world.workflow("many", function* (ctx): Code {
      yield ctx.whenAll([1, 2, 3, 4].map(() => ctx.callActivity("slow", 1_000)));
    });
    await start(world, "a", "many");
    await terminate(world, "a");
    const before = typesOf(world, "a");
    await world.rest();
    expect(world.activityRuns).toHaveLength(2);
    expect(typesOf(world, "a")).toEqual(before);
    expect(await statusOf(world, "a")).toBe("TERMINATED");
    expect(world.host("a").durableAlarm).toBeNull();
  });
});

describe("[I3] Reading", () => {
  it("[I3.1] describe reads what was accepted before it, and writes nothing", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    const rows = [...world.host("a").db.counters.rows];
    for (let i = 0; i < 3; i++) await describeInstance(world, "a");
    world.crash("a");
    await describeInstance(world, "a");
    expect([...world.host("a").db.counters.rows]).toEqual(rows);
    const found = await world.call("a", async (instance) => {
      const raised = instance.raiseEvent({ name: "go", input: "7", messageId: "m" });
      const described = instance.describe({ payloads: true });
      await raised;
      return described;
    });
    expect(found).toMatchObject({ status: "COMPLETED", output: "7" });
  });

  it("[I3.2] describe does not wait for the workflow's own code for longer than the watchdog", async () => {
    const world = makeWorld();
    const code = gate();
    world.workflow("waits", () => code.promise);
    await start(world, "a", "waits");
    const answer = world.post("a", (instance) => instance.describe({ payloads: false }));
    await world.advance(world.limits.watchdogMs);
    expect(await answer).toMatchObject({ status: "PENDING", input: undefined });
  });

  it("[I3.3] waitFor started: answers when the first turn is done, or with PENDING when its time is up", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go", { startAtMs: START_MS + 10_000 });
    const wait = (timeoutMs: number) =>
      world.post("a", (instance) => instance.waitFor("started", { timeoutMs, payloads: false }));
    const short = wait(5_000);
    const long = wait(60_000);
    const answered: string[] = [];
    void short.then((found) => answered.push(`short ${found?.status} ${world.nowMs - START_MS}`));
    void long.then((found) => answered.push(`long ${found?.status} ${world.nowMs - START_MS}`));
    await world.advance(20_000);
    expect(answered).toEqual(["short PENDING 5000", "long RUNNING 10000"]);
    const now = world.call("a", (instance) => instance.waitFor("started", { timeoutMs: 1, payloads: false }));
    expect(await now).toMatchObject({ status: "RUNNING" });
  });

  it("[I3.4] waitFor ended: answers at the end, or when its time is up", async () => {
    const world = makeWorld();
    await start(world, "a", "timer", 10);
    const wait = (timeoutMs: number) =>
      world.post("a", (instance) => instance.waitFor("ended", { timeoutMs, payloads: true }));
    const answers = Promise.all([wait(5_000), wait(60_000), wait(0)]);
    await world.advance(20_000);
    expect((await answers).map((found) => [found?.status, found?.output])).toEqual([
      ["RUNNING", undefined],
      ["COMPLETED", '"fired"'],
      ["RUNNING", undefined],
    ]);
  });

  it("[I3.5] those who wait for an instance that is purged get no instance", async () => {
    const world = makeWorld();
    await start(world, "a", "echo", 1);
    const read = await world.call("a", async (instance) => {
      const purging = instance.purge({ recursive: true });
      const described = instance.describe({ payloads: true });
      return [await purging, await described];
    });
    expect(read[0]).toEqual({ ok: true });
    expect(await describeInstance(world, "a")).toBeUndefined();
  });

  it("[I3.6] what was accepted just before a crash is read right after it", async () => {
    const world = makeWorld();
    const code = gate();
    world.workflow("waits", async () => {
      await code.promise;
      return "done";
    });
    await start(world, "a", "waits");
    await world.settle();
    world.crash("a");
    code.open();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "done"]);
  });
});
