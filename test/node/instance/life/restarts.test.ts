// [I38] Restart: another run of the same instance, and nothing of the old one in it.
import { describe, expect, it } from "vitest";
import type { RestartRequest } from "../../../../src/instance/protocol.ts";
import { ObjectLostError } from "../host.ts";
import {
  type Code,
  describeInstance,
  endOf,
  faultsOf,
  historyOf,
  holdSealingOf,
  makeWorld,
  messagesOf,
  raise,
  start,
  statusOf,
  suspend,
  terminate,
  toyCipher,
  typesOf,
} from "../support.ts";
import { broken } from "../waking/stalled.ts";
import { START_MS, type World } from "../world.ts";

const OK = { ok: true };
let requests = 0;

async function restart(world: World, id: string, more: Partial<RestartRequest> = {}, ms = 60_000) {
  const request = { requestId: `restart-${++requests}`, ...more };
  const answer = world.post(id, (instance) => instance.restart(request));
  answer.catch(() => undefined);
  await world.advance(ms);
  return answer;
}

/** The times at which an ID shows another run, or none. */
function watchRuns(world: World, id: string): string[] {
  const runs: string[] = [];
  const look = () => {
    const [first] = historyOf(world, id);
    const run = first?.type === "ExecutionStarted" ? first.executionId : "none";
    if (runs.at(-1) !== run) runs.push(run);
  };
  look();
  world.onPoint = (point) => {
    if (point === "committed") look();
  };
  return runs;
}

describe("[I38] Restart", () => {
  it.each(["RUNNING", "SUSPENDED", "COMPLETED", "FAILED", "TERMINATED"])(
    "[I38.1] one that is %s begins once more, with the same input, attributes and retention, and nothing else of the old one",
    async (status) => {
      const world = makeWorld();
      world.workflow("main", function* (ctx, input: { n: number }): Code {
        ctx.setCustomStatus("old");
        ctx.setSearchAttributes({ step: "far" });
        const how: string = yield ctx.waitForExternalEvent("go");
        if (how === "fail") throw new Error("as told");
        return input.n;
      });
      const given = { searchAttributes: { customer: "c1" }, retentionMs: 99_000_000 };
      await start(world, "a", "main", { n: 7 }, given);
      if (status === "COMPLETED") await raise(world, "a", "go");
      if (status === "FAILED") await raise(world, "a", "go", "fail");
      if (status === "SUSPENDED") await suspend(world, "a");
      if (status === "TERMINATED") await terminate(world, "a", '"out"');
      expect(await statusOf(world, "a")).toBe(status);
      const [before] = historyOf(world, "a");
      expect(await restart(world, "a", { reason: "wrong prices", actor: "me" })).toEqual(OK);
      const [started, ...others] = historyOf(world, "a");
      expect(others).toEqual([]);
      expect(started).toMatchObject({ type: "ExecutionStarted", name: "main", input: '{"n":7}', generation: 0 });
      expect(started).toMatchObject({ searchAttributes: { customer: "c1" }, reason: "wrong prices", actor: "me" });
      expect((started as { executionId?: string }).executionId).not.toBe(
        (before as { executionId?: string }).executionId,
      );
      expect(await describeInstance(world, "a")).toMatchObject({
        status: "RUNNING",
        input: '{"n":7}',
        retentionMs: 99_000_000,
      });
      await raise(world, "a", "go");
      expect(await endOf(world, "a")).toEqual(["COMPLETED", 7]);
      expect(faultsOf(world, "a")).toEqual([]);
    },
  );

  it("[I38.2] it waits for children, their children and messages, and tells the new run nothing of them", async () => {
    const world = makeWorld();
    world.workflow("nested", function* (ctx, depth: number): Code {
      if (depth === 0) return yield ctx.waitForExternalEvent("go");
      return yield ctx.callChildWorkflow("nested", depth - 1, `${ctx.getWorkflowInstanceId()}/c`);
    });
    await start(world, "a", "nested", 2);
    const runs = watchRuns(world, "a");
    world.peerFault = (call) =>
      call.method === "deliver" && world.nowMs < START_MS + 10_000 ? "unreachable" : undefined;
    const answer = world.post("a", (instance) => instance.restart({ requestId: "r" }));
    await world.advance(9_000);
    expect([await statusOf(world, "a"), await statusOf(world, "a/c")]).toEqual(["TERMINATED", "RUNNING"]);
    await world.advance(21_000);
    expect(await answer).toEqual(OK);
    expect(runs).toHaveLength(2);
    expect(runs).not.toContain("none");
    world.onPoint = undefined;
    expect(await statusOf(world, "a/c/c")).toBe("RUNNING");
    await raise(world, "a/c/c", "go", 1);
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
    expect(typesOf(world, "a")).toEqual([
      "ExecutionStarted",
      "ChildWorkflowInstanceCreated",
      "ChildWorkflowInstanceCompleted",
      "ExecutionCompleted",
    ]);
    expect(messagesOf(world.peerCalls).filter((m) => m === "a ChildEnded").length).toBeGreaterThanOrEqual(2);
  });

  it("[I38.11] it waits for the activities of children, too: the new run calls the same children again", async () => {
    const world = makeWorld();
    await start(world, "a", "parent", { name: "call", input: { activity: "slow", input: 5_000 } });
    expect(await statusOf(world, "a:0001")).toBe("RUNNING");
    expect(await restart(world, "a")).toEqual(OK);
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "slept 5000"]);
    expect(world.activityRuns).toHaveLength(2);
  });

  it("[I38.3] one that waits for its time begins at once, and not again at that time", async () => {
    const world = makeWorld();
    await start(world, "a", "echo", 5, { startAtMs: START_MS + 3_600_000 });
    expect(await restart(world, "a")).toEqual(OK);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 5]);
    const before = historyOf(world, "a");
    await world.advance(7_200_000);
    expect(historyOf(world, "a")).toEqual(before);
  });

  it("[I38.4] it runs on the latest version, and one that has continued as new with its last input, as its first generation", async () => {
    const world = makeWorld();
    function* old(
      ctx: { continueAsNew(input: number): void; waitForExternalEvent(name: string): never },
      n: number,
    ): Code {
      if (n < 3) return ctx.continueAsNew(n + 1);
      yield ctx.waitForExternalEvent("never");
    }
    world.versions = [{ name: "main", version: "1", code: old as never, latest: true }];
    await start(world, "a", "main", 1);
    world.versions.push({ name: "main", version: "2", code: (_ctx, n) => `new ${n}`, latest: true });
    (world.versions[0] as { latest: boolean }).latest = false;
    world.crash("a");
    expect(await restart(world, "a")).toEqual(OK);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "new 3"]);
    expect(historyOf(world, "a")[0]).toMatchObject({ version: "2", generation: 0, input: "3" });
  });

  it("[I38.5] a child is refused, and nobody is", async () => {
    const world = makeWorld();
    await start(world, "p", "parent", { name: "event", input: "go", id: "c" });
    const before = [historyOf(world, "p"), historyOf(world, "c")];
    expect(await restart(world, "c")).toEqual({ ok: false, code: "CHILD" });
    expect(await restart(world, "nobody")).toEqual({ ok: false, code: "NOT_FOUND" });
    expect([historyOf(world, "p"), historyOf(world, "c")]).toEqual(before);
    expect(world.host("nobody").db.tables()).toEqual([]);
  });

  it("[I38.6] one whose code does not fit, or is gone, is begun with today's code; for Dapr's reasons it is refused", async () => {
    for (const how of ["changed", "gone"] as const) {
      const world = await broken(how);
      expect(await statusOf(world, "a")).toBe("STALLED");
      world.workflow("main", () => "today's");
      world.crashAll();
      expect(await restart(world, "a")).toEqual(OK);
      expect([await endOf(world, "a"), await statusOf(world, "child")]).toEqual([
        ["COMPLETED", "today's"],
        "TERMINATED",
      ]);
    }
    const world = makeWorld();
    function* waits(ctx: { waitForExternalEvent(name: string): never }): Code {
      yield ctx.waitForExternalEvent("go");
    }
    world.versions = [{ name: "v", version: "1", code: waits as never, latest: true }];
    await start(world, "a", "v");
    world.versions = [{ name: "v", version: "2", code: () => "new", latest: true }];
    world.crash("a");
    await raise(world, "a", "other");
    const before = historyOf(world, "a");
    expect(await restart(world, "a")).toEqual({ ok: false, code: "STALLED" });
    expect(historyOf(world, "a")).toEqual(before);
  });

  it("[I38.7] encrypted, it has its input; with other keys it is refused, and nothing is changed", async () => {
    const world = makeWorld();
    world.cipher = toyCipher("k");
    await start(world, "a", "echo", "secret");
    await world.settle();
    world.cipher = toyCipher("l");
    world.crash("a");
    const before = world.host("a").db.dump();
    expect(await restart(world, "a")).toMatchObject({ ok: false });
    expect(world.host("a").db.dump()).toEqual(before);
    world.cipher = toyCipher("l", "k");
    world.crash("a");
    expect(await restart(world, "a", { reason: "the secret reason" })).toEqual(OK);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "secret"]);
    expect(JSON.stringify(world.host("a").db.dump())).not.toMatch(/secret/);
  });

  it("[I38.8] sent twice under one name, at once or later, it begins one run; so do two that wait for the same old one", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    const runs = watchRuns(world, "a");
    const same = { requestId: "same" };
    expect(await Promise.all([restart(world, "a", same), restart(world, "a", same)])).toEqual([OK, OK]);
    expect(runs).toHaveLength(2);
    const before = historyOf(world, "a");
    world.crash("a");
    expect(await restart(world, "a", same)).toEqual(OK);
    expect(historyOf(world, "a")).toEqual(before);
    expect(await restart(world, "a", { requestId: "other" })).toEqual(OK);
    expect(runs).toHaveLength(3);
    await start(world, "b", "call", { activity: "slow", input: 1_000 });
    const runsOfB = watchRuns(world, "b");
    expect(await Promise.all([restart(world, "b"), restart(world, "b")])).toEqual([OK, OK]);
    expect(runsOfB).toHaveLength(2);
  });

  it("[I38.12] of two that wait for the end of one run the first begins the new one, and that is not restarted", async () => {
    const world = makeWorld();
    await start(world, "a", "call", { activity: "slow", input: 1_000 });
    const before = { createdByMs: world.nowMs };
    const both = [restart(world, "a", { reason: "first" }), restart(world, "a", { reason: "second", ...before })];
    expect(await Promise.all(both)).toEqual([OK, OK]);
    expect(historyOf(world, "a")[0]).toMatchObject({ type: "ExecutionStarted", reason: "first" });
    expect(faultsOf(world, "a")).toEqual([]);
  });

  it("[I38.9] lost at any point: the old run or the new one is there, and the restart that is sent again begins one", async () => {
    for (let at = 0, points = 1; at < points; at++) {
      const world = makeWorld();
      await start(world, "a", "parent", { name: "event", input: "go", id: "c" });
      const [before] = historyOf(world, "a") as { executionId?: string }[];
      const executions = new Set<string | undefined>();
      let n = 0;
      world.onPoint = (point, id) => {
        if (point === "committed")
          executions.add((historyOf(world, "a") as { executionId?: string }[])[0]?.executionId);
        if (n++ === at) world.crash(id);
      };
      for (let isAnswered = false; !isAnswered; ) {
        const found = await restart(world, "a", { requestId: "r" }, 10_000).catch((error: unknown) => error);
        isAnswered = !(found instanceof ObjectLostError);
        if (isAnswered) expect([at, found]).toEqual([at, OK]);
      }
      points = Math.max(points, n);
      world.onPoint = undefined;
      expect(executions.size).toBe(2);
      expect(executions).not.toContain(undefined);
      expect([at, await statusOf(world, "a"), await statusOf(world, "c")]).toEqual([at, "RUNNING", "RUNNING"]);
      expect((historyOf(world, "a") as { executionId?: string }[])[0]?.executionId).not.toBe(before?.executionId);
      await raise(world, "c", "go", at);
      await world.rest();
      expect(await endOf(world, "a")).toEqual(["COMPLETED", at]);
      expect([at, faultsOf(world, "a"), faultsOf(world, "c")]).toEqual([at, [], []]);
    }
  });

  it("[I38.10] a purge that comes while it waits is not undone", async () => {
    const world = makeWorld();
    await start(world, "a", "call", { activity: "slow", input: 5_000 });
    const answer = world.post("a", (instance) => instance.restart({ requestId: "r" }));
    await world.advance(1_000);
    expect(await world.call("a", (instance) => instance.purge({ recursive: true }))).toEqual(OK);
    await world.advance(60_000);
    expect(await answer).toEqual({ ok: false, code: "NOT_FOUND" });
    expect(world.host("a").db.tables()).toEqual([]);
  });

  it("[I38.12] it ends nobody but the one it was asked for: another restart may come through while its reason is encrypted", async () => {
    const world = makeWorld();
    const sealing = holdSealingOf(world, "late");
    await start(world, "a", "event", "go");
    await world.settle();
    sealing.hold();
    const late = world.post("a", (instance) => instance.restart({ requestId: "late", reason: "late" }));
    await world.advance(10);
    expect(await restart(world, "a", { requestId: "in time" })).toEqual(OK);
    const begun = world.host("a").db.dump();
    sealing.open();
    await world.advance(100);
    expect(await late).toEqual(OK);
    expect([await statusOf(world, "a"), world.host("a").db.dump()]).toEqual(["RUNNING", begun]);
  });
});
