// [I41] Rewinds, and [I42] other versions, as an instance carries them out, with its children and its parent.
import { describe, expect, it } from "vitest";
import type { TWorkflow, WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import type { Instance } from "../../../../src/instance/instance.ts";
import type { RepairResult } from "../../../../src/instance/repair-protocol.ts";
import {
  type Code,
  describeInstance,
  endOf,
  faultsOf,
  historyOf,
  holdSealingOf,
  makeWorld,
  purge,
  raise,
  start,
  statusOf,
  suspend,
  terminate,
  toyCipher,
  typesOf,
} from "../support.ts";
import { START_MS, type World } from "../world.ts";

const OK = { ok: true };

function rewind(world: World, id: string, requestId = "w"): Promise<RepairResult> {
  return world.call(id, (instance: Instance) =>
    instance.rewind({ requestId, reason: "repaired", createdByMs: world.nowMs }),
  );
}
function changeVersion(world: World, id: string, version: string, requestId = "v"): Promise<RepairResult> {
  return world.call(id, (instance: Instance) => instance.changeVersion({ requestId, version }));
}

/** `pay(name)` fails as long as its name is in `broken`; "echo" and the like are those of `makeWorld`. */
function payingWorld(...broken: string[]): World & { readonly broken: Set<string>; readonly paid: string[] } {
  const world = Object.assign(makeWorld(), { broken: new Set(broken), paid: [] as string[] });
  world.activity("pay", async (_ctx, name: string) => {
    world.paid.push(name);
    await world.sleep(100);
    if (world.broken.has(name)) throw new Error(`${name} is broken`);
    return `${name} is paid`;
  });
  world.workflow("payer", function* (ctx, name: string): Code {
    yield ctx.callActivity("echo", name);
    return yield ctx.callActivity("pay", name);
  });
  return world;
}

async function failing(world: World, main: TWorkflow, input?: unknown): Promise<void> {
  world.workflow("main", main);
  await start(world, "a", "main", input);
  await world.rest();
  expect(await statusOf(world, "a")).toBe("FAILED");
}

/** Nothing is left to be done, in no instance of the world. */
async function expectRest(world: World): Promise<void> {
  await world.rest();
  for (const { id, db, durableAlarm } of world.hosts.values()) {
    if (db.tables().length === 0) continue;
    const left = ["inbox", "outbox", "recovery"].filter((table) => db.read(`SELECT 1 FROM ${table}`).length > 0);
    expect([id, faultsOf(world, id), left, durableAlarm]).toEqual([id, [], [], null]);
  }
}

async function detailedVersion(world: World, id: string): Promise<string | undefined> {
  return (await world.call(id, (instance) => instance.describe({ payloads: false, detail: true })))?.detail?.version;
}

describe("[I41] a failed instance is rewound", () => {
  function* chain(ctx: WorkflowContext): Code {
    ctx.setCustomStatus("begun");
    const first = yield ctx.callActivity("echo", 1);
    try {
      return [first, yield ctx.callActivity("pay", "a")];
    } catch (error) {
      ctx.setCustomStatus("broken");
      throw error;
    }
  }

  it("[I41.1] it runs again, is told so at once, and calls nothing again that has succeeded; its history shows all of it", async () => {
    const world = payingWorld("a");
    await failing(world, chain);
    const before = historyOf(world, "a");
    world.broken.clear();
    expect(await rewind(world, "a")).toEqual(OK);
    expect(await describeInstance(world, "a")).toMatchObject({
      status: "RUNNING",
      customStatus: "begun",
      failure: undefined,
      output: undefined,
    });
    await expectRest(world);
    expect(await describeInstance(world, "a")).toMatchObject({
      status: "COMPLETED",
      output: '[1,"a is paid"]',
      failure: undefined,
    });
    const history = historyOf(world, "a");
    expect(history.slice(0, before.length)).toEqual(before);
    expect(history[before.length]).toEqual({
      type: "ExecutionRewound",
      timestampMs: expect.any(Number),
      requestId: "w",
      reason: "repaired",
      failedAt: 4,
      askedFrom: 5,
    });
    expect(typesOf(world, "a").slice(before.length)).toEqual([
      "ExecutionRewound",
      "TaskCompleted",
      "ExecutionCompleted",
    ]);
    const [executionId] = (world.activityRuns[0] as string).split(":");
    expect(world.activityRuns).toEqual([1, 2, 2].map((id) => `${executionId}:${id}`));
  });

  it("[I41.2] one that has not failed is refused, and nothing of it changes", async () => {
    const world = payingWorld();
    world.workflow("waits", function* (ctx): Code {
      yield ctx.waitForExternalEvent("go");
    });
    world.workflow("canceled", function* (ctx): Code {
      yield ctx.waitForExternalEvent("go");
    });
    for (const id of ["running", "suspended", "terminated", "completed", "canceled"]) await start(world, id, "waits");
    await world.call("scheduled", (instance) =>
      instance.start({ instanceId: "scheduled", name: "waits", startAtMs: START_MS + 3_600_000, requestId: "s" }),
    );
    await suspend(world, "suspended");
    await terminate(world, "terminated");
    await raise(world, "completed", "go");
    await world.call("canceled", (instance) => instance.cancel({}));
    await world.advance(1_000);
    const wrong = (status: string) => ({ ok: false, code: "WRONG_STATUS", status });
    for (const [id, status] of [
      ["running", "RUNNING"],
      ["suspended", "SUSPENDED"],
      ["terminated", "TERMINATED"],
      ["completed", "COMPLETED"],
      ["canceled", "CANCELED"],
      ["scheduled", "PENDING"],
    ] as const) {
      const before = JSON.stringify(world.host(id).db.dump());
      expect([id, await rewind(world, id)]).toEqual([id, wrong(status)]);
      expect([id, JSON.stringify(world.host(id).db.dump())]).toEqual([id, before]);
    }
    expect(await rewind(world, "nobody")).toEqual({ ok: false, code: "NOT_FOUND" });
  });

  it("[I41.3] a request that comes again counts once, also when it has failed again since; another request rewinds it again", async () => {
    const world = payingWorld("a");
    await failing(world, chain);
    expect(await rewind(world, "a", "first")).toEqual(OK);
    expect(await rewind(world, "a", "first")).toEqual(OK);
    await world.rest();
    expect(await rewind(world, "a", "first")).toEqual(OK);
    expect([await statusOf(world, "a"), world.paid.length]).toEqual(["FAILED", 2]);
    world.broken.clear();
    expect(await rewind(world, "a", "second")).toEqual(OK);
    expect(await rewind(world, "a", "third")).toEqual({ ok: false, code: "WRONG_STATUS", status: "RUNNING" });
    await expectRest(world);
    expect(await rewind(world, "a", "second")).toEqual(OK);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [1, "a is paid"]]);
    expect(typesOf(world, "a").filter((type) => type === "ExecutionRewound")).toHaveLength(2);
  });

  it("[I41.4] an activity that still runs is not begun again, and its result counts", async () => {
    const world = payingWorld("a");
    await failing(world, function* (ctx): Code {
      return yield ctx.whenAll([ctx.callActivity("pay", "a"), ctx.callActivity("slow", 60_000)]);
    });
    // `rest` has waited for it: its result came behind the end.
    world.broken.clear();
    await rewind(world, "a");
    await expectRest(world);
    expect(world.activityRuns.filter((run) => run.endsWith(":2"))).toHaveLength(1);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
  });

  it("[I41.5] the same while it is under way", async () => {
    const world = payingWorld("a");
    world.workflow("main", function* (ctx): Code {
      return yield ctx.whenAll([ctx.callActivity("pay", "a"), ctx.callActivity("slow", 60_000)]);
    });
    await start(world, "a", "main");
    await world.advance(1_000);
    expect(await statusOf(world, "a")).toBe("FAILED");
    world.broken.clear();
    await rewind(world, "a");
    await world.advance(1_000);
    expect(await statusOf(world, "a")).toBe("RUNNING");
    await expectRest(world);
    expect(world.activityRuns.map((run) => run.split(":")[1])).toEqual(["1", "2", "1"]);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
  });

  it("[I41.6] what still runs for a call that is taken back is told so, and its result is not taken for that of another call", async () => {
    const world = payingWorld("a");
    let isAborted = false;
    world.activity("tell", async (ctx) => {
      ctx.signal.addEventListener("abort", () => {
        isAborted = true;
      });
      ctx.heartbeat(1);
      await world.sleep(60_000);
      ctx.heartbeat(2);
      return "told";
    });
    world.workflow("main", function* (ctx): Code {
      try {
        yield ctx.callActivity("pay", "a");
      } catch (error) {
        ctx.callActivity("tell");
        throw error;
      }
      return yield ctx.callActivity("slow", 120_000);
    });
    await start(world, "a", "main");
    await world.advance(1_000);
    expect(await statusOf(world, "a")).toBe("FAILED");
    world.broken.clear();
    await rewind(world, "a");
    await world.advance(90_000);
    expect([await statusOf(world, "a"), isAborted]).toEqual(["RUNNING", true]);
    await expectRest(world);
    expect((await endOf(world, "a"))[0]).toBe("COMPLETED");
    expect((await endOf(world, "a"))[1]).not.toBe("told");
  });

  it("[I41.7] memory is lost at once: it goes on all the same, with the alarm that the rewind has set", async () => {
    const world = payingWorld("a");
    await failing(world, chain);
    world.broken.clear();
    await rewind(world, "a");
    world.crashAll();
    await expectRest(world);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [1, "a is paid"]]);
  });

  it("[I41.8] with keys, the reason lies in the database as little as any other text", async () => {
    const world = payingWorld("a");
    world.cipher = toyCipher("k");
    await failing(world, chain);
    world.broken.clear();
    expect(await rewind(world, "a")).toEqual(OK);
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [1, "a is paid"]]);
    expect(JSON.stringify(world.host("a").db.dump())).not.toContain("repaired");
  });

  it("[I41.24] with keys, where writing takes a while: of two at once one rewinds it, and the other is told so", async () => {
    const world = payingWorld("a");
    world.cipher = toyCipher("k");
    await failing(world, chain);
    world.broken.clear();
    const both = ["w1", "w2"].map((requestId) =>
      world.post("a", (instance: Instance) => instance.rewind({ requestId, reason: "repaired" })),
    );
    await world.rest();
    expect(await Promise.all(both)).toEqual([OK, { ok: false, code: "WRONG_STATUS", status: expect.any(String) }]);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [1, "a is paid"]]);
    const page = await world.call("a", (instance) => instance.history({ types: ["ExecutionRewound"], limit: 9 }));
    expect(page?.events).toHaveLength(1);
  });

  it("[I41.9] a timer that has come due meanwhile fires at once; an event that nobody had waited for is there", async () => {
    const world = payingWorld("a");
    world.workflow("main", function* (ctx): Code {
      const timer = ctx.createTimer(60);
      yield ctx.callActivity("slow", 1_000);
      yield ctx.callActivity("pay", "a");
      yield timer;
      return yield ctx.waitForExternalEvent("e");
    });
    await start(world, "a", "main");
    await raise(world, "a", "e", 5);
    await world.rest();
    await world.advance(3_600_000);
    world.broken.clear();
    await rewind(world, "a");
    await world.advance(1_000);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 5]);
    await expectRest(world);
  });

  it("[I41.10] continues as new, and is terminated with a child of before", async () => {
    const world = payingWorld("a");
    world.workflow("main", function* (ctx, n: number): Code {
      if (n === 1) {
        ctx.callChildWorkflow("event", "never", "c");
        yield ctx.callActivity("pay", "a");
        return ctx.continueAsNew(2);
      }
      yield ctx.waitForExternalEvent("never");
    });
    await start(world, "a", "main", 1);
    await world.rest();
    world.broken.clear();
    await rewind(world, "a");
    await world.rest();
    expect([await statusOf(world, "a"), await statusOf(world, "c")]).toEqual(["RUNNING", "RUNNING"]);
    await terminate(world, "a");
    await expectRest(world);
    expect([await statusOf(world, "a"), await statusOf(world, "c")]).toEqual(["TERMINATED", "TERMINATED"]);
  });
});

describe("[I41] rewinds, parents and children", () => {
  const calls = (ids: readonly string[]): TWorkflow =>
    function* main(ctx): Code {
      return yield ctx.whenAll(ids.map((id) => ctx.callChildWorkflow("payer", id, id)));
    };

  it("[I41.11] three deep: the failed ones are rewound, and nothing runs again that has succeeded", async () => {
    const world = payingWorld("deep");
    world.workflow("middle", function* (ctx): Code {
      yield ctx.callActivity("echo", "middle");
      return yield ctx.callChildWorkflow("payer", "deep", "deep");
    });
    await failing(world, function* (ctx): Code {
      yield ctx.callActivity("echo", "top");
      return yield ctx.callChildWorkflow("middle", undefined, "middle");
    });
    const runs = world.activityRuns.length;
    for (let n = 0; n < 2; n++) {
      expect(await rewind(world, "a", `w${n}`)).toEqual(OK);
      await world.rest();
      expect(await statusOf(world, "a")).toBe("FAILED");
    }
    world.broken.clear();
    await rewind(world, "a", "w2");
    await expectRest(world);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "deep is paid"]);
    expect(world.activityRuns.length - runs).toBe(3);
    for (const id of ["a", "middle", "deep"])
      expect(typesOf(world, id).filter((type) => type === "ExecutionRewound")).toHaveLength(3);
    expect(historyOf(world, "deep").find(({ type }) => type === "ExecutionRewound")).toMatchObject({
      reason: "repaired",
    });
  });

  it("[I41.12] a child whose parent has taken its failure is refused, whatever the parent has made of it", async () => {
    const world = payingWorld("c");
    await failing(world, calls(["c"]));
    expect(await rewind(world, "c")).toEqual({ ok: false, code: "PARENT_KNOWS", instanceId: "a" });
    const other = payingWorld("c");
    other.workflow("main", function* (ctx): Code {
      try {
        yield ctx.callChildWorkflow("payer", "c", "c");
      } catch {
        yield ctx.waitForExternalEvent("never");
      }
    });
    await start(other, "a", "main");
    await other.rest();
    for (const prepare of [() => undefined, () => suspend(other, "a"), () => other.crashAll()]) {
      await prepare();
      expect(await rewind(other, "c")).toEqual({ ok: false, code: "PARENT_KNOWS", instanceId: "a" });
    }
    await purge(other, "a").catch(() => undefined);
  });

  it("[I41.21] so is one whose parent has it in its inbox, and is stalled; and one whose parent is being rewound for it", async () => {
    const world = payingWorld("c");
    world.onNonDeterminism = "stall";
    world.workflow("late", function* (ctx): Code {
      yield ctx.createTimer(60);
      yield ctx.callActivity("pay", "c");
    });
    const main: TWorkflow = function* (ctx): Code {
      return yield ctx.callChildWorkflow("late", undefined, "c");
    };
    world.workflow("main", main);
    await start(world, "a", "main");
    await world.advance(1_000);
    world.workflow("main", function* (ctx): Code {
      yield ctx.callActivity("echo", 1);
    });
    world.crash("a");
    await world.advance(70_000);
    expect([await statusOf(world, "a"), await statusOf(world, "c")]).toEqual(["STALLED", "FAILED"]);
    expect(await rewind(world, "c")).toEqual({ ok: false, code: "PARENT_KNOWS", instanceId: "a" });
    world.workflow("main", main);
    world.crashAll();
    expect(await statusOf(world, "a")).toBe("FAILED");
    world.peerFault = ({ argument }) =>
      (argument as { type?: string }).type === "RewindChild" ? "unreachable" : undefined;
    expect(await rewind(world, "a")).toEqual(OK);
    expect(await rewind(world, "c")).toEqual({ ok: false, code: "PARENT_KNOWS", instanceId: "a" });
    world.peerFault = undefined;
    world.broken.clear();
    await expectRest(world);
    expect([await statusOf(world, "a"), await statusOf(world, "c")]).toEqual(["COMPLETED", "COMPLETED"]);
  });

  it("[I41.13] a child whose parent has failed without it, or is not there, may be rewound; its parent hears of it when it is rewound", async () => {
    const world = payingWorld("first", "second");
    world.workflow("late", function* (ctx, name: string): Code {
      yield ctx.createTimer(60);
      return yield ctx.callActivity("pay", name);
    });
    await failing(world, function* (ctx): Code {
      return yield ctx.whenAll([
        ctx.callChildWorkflow("payer", "first", "first"),
        ctx.callChildWorkflow("late", "second", "second"),
      ]);
    });
    expect(await statusOf(world, "second")).toBe("FAILED");
    world.broken.clear();
    expect(await rewind(world, "second")).toEqual(OK);
    await world.rest();
    expect([await statusOf(world, "second"), await statusOf(world, "a")]).toEqual(["COMPLETED", "FAILED"]);
    expect(await rewind(world, "a")).toEqual(OK);
    await expectRest(world);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", ["first is paid", "second is paid"]]);
    expect(world.paid).toEqual(["first", "second", "second", "first"]);
  });

  it("[I41.14] an open child that has failed since fails its parent again, and is rewound by the next rewind", async () => {
    const world = payingWorld("first", "second");
    world.workflow("late", function* (ctx, name: string): Code {
      yield ctx.createTimer(60);
      return yield ctx.callActivity("pay", name);
    });
    await failing(world, function* (ctx): Code {
      return yield ctx.whenAll([
        ctx.callChildWorkflow("payer", "first", "first"),
        ctx.callChildWorkflow("late", "second", "second"),
      ]);
    });
    world.broken.clear();
    await rewind(world, "a", "w1");
    await world.rest();
    expect((await describeInstance(world, "a"))?.failure?.message).toContain("second is broken");
    await rewind(world, "a", "w2");
    await expectRest(world);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", ["first is paid", "second is paid"]]);
  });

  it("[I41.15] a child that has completed while its parent had failed is heard of, and does not run again", async () => {
    const world = payingWorld("a");
    world.workflow("late", function* (ctx): Code {
      yield ctx.createTimer(60);
      return "late";
    });
    await failing(world, function* (ctx): Code {
      return yield ctx.whenAll([ctx.callActivity("pay", "a"), ctx.callChildWorkflow("late", undefined, "late")]);
    });
    expect(await statusOf(world, "late")).toBe("COMPLETED");
    world.broken.clear();
    await rewind(world, "a");
    await expectRest(world);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", ["a is paid", "late"]]);
    expect(typesOf(world, "late").filter((type) => type === "TimerFired")).toHaveLength(1);
  });

  it("[I41.16] one that still runs goes on, and answers its parent under the new name", async () => {
    const world = payingWorld("a");
    world.workflow("main", function* (ctx): Code {
      return yield ctx.whenAll([ctx.callActivity("pay", "a"), ctx.callChildWorkflow("event", "go", "c")]);
    });
    await start(world, "a", "main");
    await world.rest();
    world.broken.clear();
    await rewind(world, "a");
    await world.rest();
    expect([await statusOf(world, "a"), await statusOf(world, "c")]).toEqual(["RUNNING", "RUNNING"]);
    await raise(world, "c", "go", 7);
    await expectRest(world);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", ["a is paid", 7]]);
  });

  it("[I41.17] a failed child that was purged since, or had been terminated, begins again; an open one that is gone has failed", async () => {
    const world = payingWorld("c");
    await failing(world, calls(["c"]));
    expect(await purge(world, "c")).toEqual(OK);
    world.broken.clear();
    await rewind(world, "a");
    await expectRest(world);
    expect([await endOf(world, "a"), await statusOf(world, "c")]).toEqual([["COMPLETED", ["c is paid"]], "COMPLETED"]);

    const other = payingWorld();
    other.workflow("main", function* (ctx): Code {
      return yield ctx.callChildWorkflow("event", "go", "c");
    });
    await start(other, "a", "main");
    await other.rest();
    await terminate(other, "c");
    await other.rest();
    expect(await statusOf(other, "a")).toBe("FAILED");
    await rewind(other, "a");
    await other.rest();
    expect([await statusOf(other, "a"), await statusOf(other, "c")]).toEqual(["RUNNING", "RUNNING"]);
    await raise(other, "c", "go", 3);
    await expectRest(other);
    expect(await endOf(other, "a")).toEqual(["COMPLETED", 3]);

    const gone = payingWorld("a");
    await failing(gone, function* (ctx): Code {
      return yield ctx.whenAll([
        ctx.callActivity("pay", "a"),
        ctx.callChildWorkflow("call", { activity: "slow", input: 900 }, "c"),
      ]);
    });
    expect(await purge(gone, "c")).toEqual(OK);
    gone.broken.clear();
    await rewind(gone, "a");
    await expectRest(gone);
    expect((await describeInstance(gone, "a"))?.failure?.innerFailure).toMatchObject({
      errorType: "WorkflowInstancePurged",
    });
  });

  it("[I41.18] late copies of what was sent before the rewind change nothing", async () => {
    const world = payingWorld("c");
    await failing(world, calls(["c"]));
    const copies = [...world.peerCalls];
    await rewind(world, "a");
    for (const { repeat } of copies) repeat();
    world.broken.clear();
    await world.advance(1);
    for (const { repeat } of copies) repeat();
    await world.rest();
    // Paid before the repair, it has failed again: that is the new failure, and no copy of the former one.
    if ((await statusOf(world, "a")) === "FAILED") await rewind(world, "a", "w2");
    await world.rest();
    for (const { repeat } of [...world.peerCalls]) repeat();
    await expectRest(world);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", ["c is paid"]]);
  });

  it("[I41.19] code that does not know the message is asked again", async () => {
    const world = payingWorld("c");
    await failing(world, calls(["c"]));
    let refusals = 0;
    world.peerFault = ({ argument }) => {
      if ((argument as { type?: string }).type !== "RewindChild" || refusals++ > 2) return undefined;
      return "unreachable";
    };
    world.broken.clear();
    await rewind(world, "a");
    await expectRest(world);
    expect([await endOf(world, "a"), refusals]).toEqual([["COMPLETED", ["c is paid"]], 4]);
  });

  it("[I41.20] a parent that is not to be reached: the child is left as it is", async () => {
    const world = payingWorld("c");
    world.workflow("main", calls(["c"]));
    await start(world, "a", "main");
    await world.advance(50);
    world.peerFault = ({ to }) => (to === "a" ? "unreachable" : undefined);
    await world.advance(5_000);
    expect(await statusOf(world, "c")).toBe("FAILED");
    const answer = world.post("c", (instance) => instance.rewind({ requestId: "w" }));
    await world.advance(120_000);
    expect(await answer).toEqual({ ok: false, code: "PARENT_UNREACHABLE", instanceId: "a" });
    expect(typesOf(world, "c")).not.toContain("ExecutionRewound");
    world.peerFault = undefined;
    await world.rest();
    expect(await statusOf(world, "a")).toBe("FAILED");
  });

  it("[I41.22] one whose failure is on its way to the parent is left as it is, though the parent could be asked", async () => {
    const world = payingWorld("c");
    world.workflow("main", calls(["c"]));
    await start(world, "a", "main");
    await world.advance(50);
    world.peerFault = ({ to, method }) => (to === "a" && method === "deliver" ? "unreachable" : undefined);
    await world.advance(5_000);
    const answer = world.post("c", (instance) => instance.rewind({ requestId: "w" }));
    await world.advance(120_000);
    expect(await answer).toEqual({ ok: false, code: "PARENT_UNREACHABLE", instanceId: "a" });
    expect([await statusOf(world, "a"), await statusOf(world, "c")]).toEqual(["RUNNING", "FAILED"]);
    world.peerFault = undefined;
    await expectRest(world);
    expect(await statusOf(world, "a")).toBe("FAILED");
    expect(typesOf(world, "c")).not.toContain("ExecutionRewound");
  });

  it("[I41.23] an open child whose answer is lost hears of the rewind twice, and goes on", async () => {
    const world = payingWorld("a");
    await failing(world, function* (ctx): Code {
      return yield ctx.whenAll([ctx.callActivity("pay", "a"), ctx.callChildWorkflow("event", "go", "c")]);
    });
    world.broken.clear();
    let told = 0;
    world.peerFault = ({ argument }) =>
      (argument as { type?: string }).type === "RewindChild" && told++ === 0 ? "answer lost" : undefined;
    await rewind(world, "a");
    await world.rest();
    expect([await statusOf(world, "a"), told]).toEqual(["RUNNING", 2]);
    await raise(world, "c", "go", 3);
    await expectRest(world);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", ["a is paid", 3]]);
  });

  it("[I41.25] time does not go back where an activity that still runs is answered while the rewind is being encrypted", async () => {
    const world = makeWorld();
    const sealing = holdSealingOf(world, "repaired");
    world.activity("long", () => world.sleep(2_000));
    world.activity("breaks", () => {
      throw new Error("broken");
    });
    world.workflow("main", function* (ctx): Code {
      ctx.callActivity("long");
      yield ctx.callActivity("breaks");
    });
    await start(world, "a", "main");
    await world.advance(100);
    expect(await statusOf(world, "a")).toBe("FAILED");
    sealing.hold();
    const rewound = world.post("a", (instance) =>
      instance.rewind({ requestId: "w", reason: "repaired", createdByMs: world.nowMs }),
    );
    await world.advance(3_000);
    sealing.open();
    await world.advance(10);
    expect(await rewound).toEqual(OK);
    const rows = world
      .host("a")
      .db.read<{ type: string; at_ms: number }>("SELECT type, at_ms FROM instance WHERE seq > 0 ORDER BY seq");
    expect(rows.slice(-3).map(({ type }) => type)).toEqual(["TaskCompleted", "ExecutionRewound", "Events"]);
    expect(rows.at(-2)?.at_ms).toBe(rows.at(-3)?.at_ms);
  });
});

describe("[I42] an instance is put on another version", () => {
  const code = (name: string): TWorkflow =>
    function* order(ctx): Code {
      const first = yield ctx.callActivity("echo", 1);
      const event = yield ctx.waitForExternalEvent("go");
      return [ctx.getVersion(), first, yield ctx.callActivity(name, event)];
    };
  const versions = (...names: string[]) =>
    names.map((version, n) => ({ name: "order", version, code: code("echo"), latest: n === 0 }));

  it("[I42.1] it goes on with that version's code, and calls nothing again", async () => {
    const world = makeWorld();
    world.versions = versions("1", "2");
    await start(world, "a", "order");
    await world.rest();
    expect(await changeVersion(world, "a", "2")).toEqual(OK);
    expect(await changeVersion(world, "a", "2")).toEqual(OK);
    expect(await changeVersion(world, "a", "2", "another")).toEqual(OK);
    await world.rest();
    expect(await detailedVersion(world, "a")).toBe("2");
    await raise(world, "a", "go", 2);
    await expectRest(world);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", ["2", 1, 2]]);
    expect(await detailedVersion(world, "a")).toBe("2");
    expect(await changeVersion(world, "a", "2")).toEqual(OK);
    expect(world.activityRuns).toHaveLength(2);
    expect(typesOf(world, "a").filter((type) => type === "ExecutionVersionChanged")).toHaveLength(1);
  });

  it("[I42.6] the next execution goes on with it; a rerun is told to be on the one that it goes on with", async () => {
    const world = makeWorld();
    const again = function* (ctx: WorkflowContext, isLast: unknown): Code {
      yield ctx.waitForExternalEvent("go");
      yield ctx.callActivity("echo", 1);
      if (isLast === undefined) ctx.continueAsNew(true);
      return ctx.getVersion();
    };
    world.versions = ["1", "2"].map((version) => ({ name: "again", version, code: again, latest: version === "1" }));
    await start(world, "a", "again");
    await world.rest();
    expect(await changeVersion(world, "a", "2")).toEqual(OK);
    await raise(world, "a", "go");
    await world.rest();
    expect([historyOf(world, "a")[0], await detailedVersion(world, "a")]).toMatchObject([
      { generation: 1, version: "2" },
      "2",
    ]);
    expect(await changeVersion(world, "a", "1")).toEqual(OK);
    await raise(world, "a", "go");
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "1"]);
    const request = { requestId: "r", sourceInstanceId: "a", eventId: 1 };
    expect(await world.call("b", (instance: Instance) => instance.rerun(request))).toEqual(OK);
    await expectRest(world);
    expect([await endOf(world, "b"), await detailedVersion(world, "b")]).toEqual([["COMPLETED", "1"], "1"]);
  });

  it("[I42.2] a stalled one goes on, at once", async () => {
    const world = makeWorld();
    world.versions = versions("1");
    await start(world, "a", "order");
    await world.rest();
    world.versions = versions("2");
    world.crashAll();
    await raise(world, "a", "go", 2);
    await world.advance(1_000);
    expect(await describeInstance(world, "a")).toMatchObject({
      status: "STALLED",
      failure: { message: "Version not available: 1" },
    });
    expect(await changeVersion(world, "a", "2")).toEqual(OK);
    await expectRest(world);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", ["2", 1, 2]]);
    expect(typesOf(world, "a")).toContain("ExecutionUnstalled");
  });

  it("[I42.3] one that does not fit stalls, says why, and goes on with one that does", async () => {
    const world = makeWorld();
    world.versions = [
      ...versions("1", "3"),
      { name: "order", version: "2", code: code("echo"), latest: false },
      {
        name: "order",
        version: "other",
        *code(ctx: WorkflowContext): Code {
          yield ctx.callActivity("slow", 1);
        },
        latest: false,
      },
    ];
    await start(world, "a", "order");
    await world.rest();
    await changeVersion(world, "a", "other", "v1");
    expect(await describeInstance(world, "a")).toMatchObject({
      status: "STALLED",
      failure: { errorType: "NON_DETERMINISM" },
    });
    await changeVersion(world, "a", "2", "v2");
    expect(await statusOf(world, "a")).toBe("RUNNING");
    await raise(world, "a", "go", 2);
    await expectRest(world);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", ["2", 1, 2]]);
  });

  it("[I42.4] refused: one that is not registered, with those that are; an instance that has ended, or waits for its start", async () => {
    const world = makeWorld();
    world.versions = versions("1", "2");
    await start(world, "a", "order");
    await world.rest();
    expect(await changeVersion(world, "a", "9")).toEqual({
      ok: false,
      code: "VERSION_UNKNOWN",
      name: "order",
      version: "9",
      versions: ["1", "2"],
    });
    await world.call("scheduled", (instance) =>
      instance.start({ instanceId: "scheduled", name: "order", startAtMs: START_MS + 3_600_000, requestId: "s" }),
    );
    const wrong = (status: string) => ({ ok: false, code: "WRONG_STATUS", status });
    expect(await changeVersion(world, "scheduled", "2")).toEqual(wrong("PENDING"));
    await terminate(world, "a");
    await world.rest(7_200_000);
    expect(await changeVersion(world, "a", "2")).toEqual(wrong("TERMINATED"));
    expect(await changeVersion(world, "nobody", "2")).toEqual({ ok: false, code: "NOT_FOUND" });
    expect(typesOf(world, "a")).not.toContain("ExecutionVersionChanged");
  });

  it("[I42.5] a suspended one stays suspended, and is on that version when it is resumed", async () => {
    const world = makeWorld();
    world.versions = versions("1", "2");
    await start(world, "a", "order");
    await world.rest();
    await suspend(world, "a");
    await raise(world, "a", "go", 2);
    await changeVersion(world, "a", "2");
    await world.rest();
    expect(await statusOf(world, "a")).toBe("SUSPENDED");
    await world.call("a", (instance) => instance.resume({}));
    await expectRest(world);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", ["2", 1, 2]]);
  });

  it("[I42.20] what a turn has changed while the reason was encrypted stays", async () => {
    const world = makeWorld();
    const sealing = holdSealingOf(world, "held");
    const code = function* (ctx: WorkflowContext): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.setCustomStatus("gone");
      yield ctx.waitForExternalEvent("end");
    };
    world.versions = ["1", "2"].map((version) => ({ name: "status", version, code, latest: version === "1" }));
    await start(world, "a", "status");
    await world.advance(1_000);
    sealing.hold();
    const changed = world.post("a", (instance) =>
      instance.changeVersion({ requestId: "v", version: "2", reason: "held" }),
    );
    await world.advance(10);
    await raise(world, "a", "go");
    await world.advance(100);
    sealing.open();
    await world.advance(1_000);
    expect(await changed).toEqual(OK);
    expect(await world.call("a", (instance) => instance.describe({ payloads: false, detail: true }))).toMatchObject({
      customStatus: expect.stringContaining("gone"),
      detail: { version: "2" },
    });
    world.crash("a");
    expect((await describeInstance(world, "a"))?.customStatus).toContain("gone");
  });
});
