// [I22] STALLED for a reason of ours: what is kept, what is refused, and how it goes on.
import { describe, expect, it } from "vitest";
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import {
  type Code,
  describeInstance,
  endOf,
  historyOf,
  makeWorld,
  raise,
  resume,
  start,
  statusOf,
  suspend,
  typesOf,
} from "../support.ts";
import { broken, changed, deploy, waiting } from "./stalled.ts";

const STALLED = { ok: false, code: "STALLED" };

function fails(): never {
  throw new Error("PAYLOAD");
}

const texts = {
  changed: ["NON_DETERMINISM", /the history: callSubOrchestrator 'event' #1; the code: callActivity 'other' #1\]$/],
  gone: ["WORKFLOW_NOT_REGISTERED", /^Orchestrator 'main' does not exist/],
} as const;

describe.each(["changed", "gone"] as const)("[I22] STALLED for a reason of ours: code that is %s", (how) => {
  it("[I22.1] by default; GET tells why, and the log once, in a line of level error", async () => {
    const world = await broken(how);
    const [reason, message] = texts[how];
    expect(await describeInstance(world, "a")).toMatchObject({
      status: "STALLED",
      failure: { errorType: reason, message: expect.stringMatching(message) },
    });
    await world.advance(3 * 3_600_000);
    const lines = world.log.filter(({ msg }) => msg === "stalled");
    expect(lines).toEqual([
      {
        level: "error",
        msg: "stalled",
        instanceId: "a",
        name: "main",
        reason,
        message: expect.stringMatching(message),
      },
    ]);
    expect(typesOf(world, "a").filter((type) => type === "ExecutionStalled")).toHaveLength(1);
  });

  it("[I22.2] events, pauses and resumes are accepted and kept, over crashes; what needs its code is refused", async () => {
    const world = await broken(how);
    expect(await raise(world, "a", "go", "two")).toEqual({ ok: true });
    world.crashAll();
    expect(await suspend(world, "a")).toEqual({ ok: true });
    expect(await statusOf(world, "a")).toBe("STALLED");
    world.crashAll();
    expect(await resume(world, "a")).toEqual({ ok: true });
    expect(await world.call("a", (i) => i.query({ name: "q" }))).toEqual(STALLED);
    expect(await world.call("a", (i) => i.update({ updateId: "u", name: "n", timeoutMs: 0 }))).toEqual(STALLED);
    expect(await world.call("a", (i) => i.purge({ recursive: true }))).toEqual(STALLED);
    deploy(world, "right");
    await statusOf(world, "a");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", ["one", "two"]]);
  });

  it("[I22.18] a pause that was kept holds when code has come that fits, and nothing before", async () => {
    const world = await broken(how);
    expect(await suspend(world, "a")).toEqual({ ok: true });
    expect(await statusOf(world, "a")).toBe("STALLED");
    deploy(world, "right");
    expect(await statusOf(world, "a")).toBe("SUSPENDED");
  });

  it("[I22.18] so does a cancel: it is thrown where the code that fits waits", async () => {
    const ran: string[] = [];
    const world = await broken(how);
    expect(await world.call("a", (i) => i.cancel({ reason: "enough" }))).toEqual({ ok: true });
    expect(await statusOf(world, "a")).toBe("STALLED");
    deploy(world, "right", ran);
    await world.settle();
    expect([await statusOf(world, "a"), ran]).toEqual(["CANCELED", ["finally one"]]);
  });

  it("[I22.3] goes on by itself when code has come that fits", async () => {
    const world = await broken(how);
    deploy(world, "right");
    await world.advance(61_000);
    expect(typesOf(world, "a").at(-1)).toBe("TaskCompleted");
    expect(typesOf(world, "a").filter((type) => type === "ExecutionUnstalled")).toHaveLength(1);
  });

  it("[I22.8] goes on at a request, one that waits too", async () => {
    const world = await broken(how);
    await raise(world, "a", "go", "two");
    deploy(world, "right");
    const waits = world.post("a", (i) => i.waitFor("ended", { timeoutMs: 30_000, payloads: true }));
    await world.advance(10);
    expect(await waits).toMatchObject({ status: "COMPLETED", output: '["one","two"]' });
  });
});

describe("[I22] what stalls, and what does not", () => {
  it("[I22.5] a new instance fails as in Dapr; one that has continued as new is not new", async () => {
    const world = makeWorld({ turnsPerPause: 1 });
    await start(world, "new", "main");
    expect((await describeInstance(world, "new"))?.failure?.errorType).toBe("OrchestratorNotRegisteredError");
    world.workflow("again", function* (ctx: WorkflowContext, n: number): Code {
      if (n > 0) return n;
      ctx.continueAsNew(1, false);
    });
    // A deploy between two generations.
    world.onPoint = (point, id) => {
      const [begun] = point === "committed" ? historyOf(world, id) : [];
      if (begun?.type !== "ExecutionStarted" || begun.generation === 0) return;
      world.onPoint = undefined;
      world.workflows.delete("again");
      world.crash(id);
    };
    await start(world, "b", "again", 0).catch(() => undefined);
    await world.advance(2_000);
    expect(await describeInstance(world, "b")).toMatchObject({
      status: "STALLED",
      failure: { errorType: "WORKFLOW_NOT_REGISTERED" },
    });
    world.workflow("again", (_ctx, n: number) => n);
    world.crashAll();
    expect(await endOf(world, "b")).toEqual(["COMPLETED", 1]);
  });

  it("[I22.6] 'fail' is as in Dapr, and what has failed stays FAILED under 'stall'", async () => {
    for (const how of ["changed", "gone"] as const) {
      const world = makeWorld();
      world.onNonDeterminism = "fail";
      world.workflow("main", waiting());
      await start(world, "a", "main");
      deploy(world, how);
      await raise(world, "a", "go", "one");
      expect(await statusOf(world, "a")).toBe("FAILED");
      const before = historyOf(world, "a");
      world.onNonDeterminism = "stall";
      deploy(world, "right");
      await world.rest();
      expect([await statusOf(world, "a"), historyOf(world, "a")]).toEqual(["FAILED", before]);
    }
  });

  it("[I22.9] an error whose text is another one each time is one stall, one event and one line; another error is another stall", async () => {
    const world = makeWorld();
    let loads = 0;
    world.workflow("main", waiting());
    await start(world, "a", "main");
    world.workflow("main", () => {
      throw new RangeError(`at ${++loads}`);
    });
    world.crashAll();
    await raise(world, "a", "go", "one");
    for (let hours = 0; hours < 12; hours++) await world.advance(3_600_000);
    expect(loads).toBeGreaterThan(10);
    expect(loads).toBeLessThan(30);
    const stalls = () => typesOf(world, "a").filter((type) => type === "ExecutionStalled").length;
    const lines = () => world.log.filter(({ msg }) => msg === "stalled").map(({ message }) => message);
    expect([stalls(), lines()]).toEqual([1, [expect.stringContaining("it has failed with RangeError: at 1]")]]);
    world.workflow("main", () => {
      throw new TypeError("as ever");
    });
    world.crashAll();
    expect((await describeInstance(world, "a"))?.failure?.message).toContain("it has failed with TypeError: as ever]");
    expect([stalls(), lines().length]).toEqual([2, 2]);
    // At another place, and as the text of a call that is missing.
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      ctx.callChildWorkflow("event", "never", "child");
      throw new TypeError("as ever");
    });
    world.crashAll();
    expect((await describeInstance(world, "a"))?.failure?.message).toContain("as ever]");
    expect([stalls(), lines().length]).toEqual([3, 3]);
  });

  it("[I22.10] the log leaves the text of an error out where it leaves messages out, and names of calls in", async () => {
    for (const code of [changed, fails]) {
      const world = makeWorld();
      world.logFailureMessages = false;
      world.workflow("main", waiting());
      await start(world, "a", "main");
      world.workflow("main", code);
      world.crashAll();
      await raise(world, "a", "go", "one");
      const line = { level: "error", msg: "stalled", instanceId: "a", name: "main", reason: "NON_DETERMINISM" };
      const message = expect.stringContaining("callActivity 'other'");
      expect(world.log).toEqual([code === fails ? line : { ...line, message }]);
      const { failure } = (await describeInstance(world, "a")) ?? {};
      if (code === fails) expect(failure?.message).toContain("it has failed with Error: PAYLOAD]");
    }
  });

  it("[I22.13] found while it is paused, it is paused again when code has come that fits", async () => {
    const world = makeWorld();
    world.workflow("main", waiting());
    await start(world, "a", "main");
    deploy(world, "gone");
    expect(await suspend(world, "a")).toEqual({ ok: true });
    expect(await statusOf(world, "a")).toBe("STALLED");
    await raise(world, "a", "go", "one");
    deploy(world, "right");
    expect(await statusOf(world, "a")).toBe("SUSPENDED");
    await resume(world, "a");
    await raise(world, "a", "go", "two");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", ["one", "two"]]);
  });

  it("[I22.14] one that continues as new into a version that is not there looks again by itself", async () => {
    const world = makeWorld();
    const again = (ctx: WorkflowContext, n: number) => {
      if (n > 0) return n;
      ctx.continueAsNew(1, false, { toLatestVersion: true });
    };
    world.versions = [{ name: "v", version: "v1", code: again, latest: false }];
    world.workflow("v", again);
    await start(world, "b", "v", 0);
    expect(await endOf(world, "b")).toEqual(["COMPLETED", 1]);
    world.workflows.delete("v");
    world.versions = [{ name: "v", version: "v1", code: again, latest: true }];
    await start(world, "a", "v", 0, { startAtMs: world.nowMs + 60_000 });
    world.versions = [{ name: "v", version: "v1", code: again, latest: false }];
    world.crashAll();
    await world.advance(60_000);
    expect(await describeInstance(world, "a")).toMatchObject({
      status: "STALLED",
      failure: { errorType: "VERSION_NOT_AVAILABLE" },
    });
    world.workflow("v", again);
    world.crash("a", "process");
    await world.advance(60_001);
    expect(typesOf(world, "a").at(-1)).toBe("ExecutionCompleted");
  });

  it("[I22.15] before its first turn: that is no replay when it comes, and without any code it fails as a new one", async () => {
    for (const comes of [true, false]) {
      const world = makeWorld();
      const code = (ctx: WorkflowContext) => [ctx.isReplaying(), ctx.isPatched("new")];
      world.versions = [{ name: "v", version: "v1", code, latest: false }];
      await start(world, "a", "v");
      expect(await statusOf(world, "a")).toBe("STALLED");
      world.versions = comes ? [{ name: "v", version: "v1", code, latest: true }] : [];
      if (comes) world.workflow("v", code);
      world.crashAll();
      const failure = { errorType: "OrchestratorNotRegisteredError" };
      const end = comes ? { status: "COMPLETED", output: "[false,true]" } : { status: "FAILED", failure };
      expect(await describeInstance(world, "a")).toMatchObject(end);
    }
  });
});
