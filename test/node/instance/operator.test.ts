// [I24], [I25], [I21.2] What operators say and choose: reasons, and where the objects are.
import { describe, expect, it } from "vitest";
import type { Instance } from "../../../src/instance/instance.ts";
import { instanceStub } from "../../../src/instance/namespace.ts";
import type { OperationResult } from "../../../src/instance/protocol.ts";
import { historyOf, holdSealingOf, makeWorld, raise, start, statusOf, toyCipher } from "./support.ts";
import { START_MS, type World } from "./world.ts";

describe("[I24] what operators say", () => {
  const request = { output: '"out"', recursive: true, reason: "marked: by hand" };

  it("[I24.1] the reason of a terminate stands in the history, and in that of each child", async () => {
    const world = makeWorld();
    await start(world, "a", "parent", { name: "event", input: "go", id: "child" });
    await world.call("a", (instance) => instance.terminate(request));
    await world.settle();
    const terminated = { type: "ExecutionTerminated", output: '"out"', recursive: true, reason: "marked: by hand" };
    for (const id of ["a", "child"]) {
      expect(historyOf(world, id)).toContainEqual({ ...terminated, timestampMs: START_MS });
      // Over a loss of memory too.
      world.crash(id);
      expect(await statusOf(world, id)).toBe("TERMINATED");
    }
  });

  /** Everything that can be asked, of an instance and its child, each for a reason of its own. */
  async function askAll(world: World): Promise<unknown[]> {
    const by = (reason: string) => ({ reason: `marked ${reason}`, actor: "ops" });
    const input = JSON.stringify({ name: "event", input: "go", id: "child" });
    await world.call("a", (i) => i.start({ instanceId: "a", name: "parent", input, requestId: "r", ...by("start") }));
    await world.settle();
    await world.call("a", (i) => i.raiseEvent({ name: "e", messageId: "m", ...by("raise") }));
    await world.call("a", (i) => i.suspend(by("suspend")));
    await world.call("a", (i) => i.update({ updateId: "u", name: "u", timeoutMs: 0, ...by("update") }));
    await world.call("a", (i) => i.resume(by("resume")));
    await world.settle();
    await world.call("a", (i) => i.cancel(by("cancel")));
    await world.settle();
    const asked = [];
    for (const id of ["a", "child"]) {
      world.crash(id);
      const page = await world.call(id, (instance) => instance.history({ from: 0, limit: 100 }));
      for (const event of page?.events ?? []) {
        if ("actor" in event) asked.push([id, event.type, event.reason, event.actor]);
        else expect(event).not.toHaveProperty("reason");
      }
    }
    return asked;
  }
  const all = [
    ["a", "ExecutionStarted", "marked start", "ops"],
    ["a", "EventRaised", "marked raise", "ops"],
    ["a", "ExecutionSuspended", "marked suspend", "ops"],
    ["a", "UpdateRequested", "marked update", "ops"],
    ["a", "ExecutionResumed", "marked resume", "ops"],
    ["a", "ExecutionCancelRequested", "marked cancel", "ops"],
    ["child", "ExecutionCancelRequested", "marked cancel", "ops"],
  ];

  it("[I24.2] whatever is asked stands in the history with its reason and who asked, and what reaches children in theirs", async () => {
    expect(await askAll(makeWorld())).toEqual(all);
  });

  it("[I24.3] reasons are encrypted with the payloads: at rest nothing is left of them, in the log neither", async () => {
    const world = makeWorld();
    world.cipher = toyCipher("k");
    world.logFailureMessages = false;
    expect(await askAll(world)).toEqual(all);
    await start(world, "b", "parent", { name: "event", input: "go", id: "below" });
    await world.call("b", (instance) => instance.terminate(request));
    await world.settle();
    for (const id of ["a", "child", "b", "below"])
      expect(JSON.stringify(world.host(id).db.dump())).not.toContain("marked");
    expect(JSON.stringify(world.log)).not.toContain("marked");
  });

  it("[I24.5] in detail it is told who has asked for the execution, before it begins and when it has ended", async () => {
    const world = makeWorld();
    const actorOf = async (id: string) =>
      (await world.call(id, (instance) => instance.describe({ payloads: false, detail: true })))?.detail?.actor;
    const by = (instanceId: string, actor?: string) => {
      const later = { instanceId, name: "echo", requestId: "r", startAtMs: START_MS + 1_000, actor };
      return world.call(instanceId, (instance) => instance.start(later));
    };
    await by("a", "ops");
    await by("b");
    expect([await actorOf("a"), await actorOf("b")]).toEqual(["ops", undefined]);
    await world.advance(1_000);
    world.crashAll();
    expect([await statusOf(world, "a"), await actorOf("a")]).toEqual(["COMPLETED", "ops"]);
    await world.call("a", (instance) => instance.restart({ requestId: "again", actor: "jo" }));
    await world.settle();
    expect(await actorOf("a")).toBe("jo");
  });

  it("[I24.4] a message of code that does not know who asked is taken as it is", async () => {
    const world = makeWorld();
    await start(world, "a", "parent", { name: "event", input: "go", id: "child" });
    const parent = historyOf(world, "child")[0];
    if (parent?.type !== "ExecutionStarted" || parent.parent === undefined) throw new Error("no child");
    const { instanceId, executionId } = parent.parent;
    const message = { version: 1, type: "Terminate", parent: { instanceId, executionId }, reason: "r" } as const;
    await world.call("child", (instance) => instance.deliver(message));
    await world.settle();
    const terminated = historyOf(world, "child").find(({ type }) => type === "ExecutionTerminated");
    expect(terminated).toEqual({ timestampMs: START_MS, type: "ExecutionTerminated", recursive: true, reason: "r" });
  });
});

describe("[I40] what is meant for an instance that was created by a certain time", () => {
  const requests: Record<string, (instance: Instance, createdByMs: number) => Promise<OperationResult>> = {
    raise: (i, createdByMs) => i.raiseEvent({ name: "go", input: "1", messageId: "m", createdByMs }),
    suspend: (i, createdByMs) => i.suspend({ createdByMs }),
    resume: (i, createdByMs) => i.resume({ createdByMs }),
    cancel: (i, createdByMs) => i.cancel({ createdByMs }),
    terminate: (i, createdByMs) => i.terminate({ recursive: true, createdByMs }),
    "purge by force": (i, createdByMs) => i.purge({ recursive: true, force: true, createdByMs }),
  };

  it.each(Object.entries(requests))("[I40.1] %s: does not reach one that was created later", async (_, request) => {
    const world = makeWorld();
    await world.advance(10);
    await start(world, "a", "event", "go");
    const before = world.host("a").db.dump();
    expect(await world.call("a", (instance) => request(instance, START_MS + 9))).toEqual({
      ok: false,
      code: "NOT_FOUND",
    });
    await world.settle();
    expect(world.host("a").db.dump()).toEqual(before);
    expect(await world.call("a", (instance) => request(instance, START_MS + 10))).toEqual({ ok: true });
    await world.settle();
    expect(world.host("a").db.dump()).not.toEqual(before);
  });

  it("[I40.2] purge of one that has ended: nor that", async () => {
    const world = makeWorld();
    await world.advance(10);
    await start(world, "a", "echo", 1);
    const purge = (createdByMs: number) => world.call("a", (i) => i.purge({ recursive: true, createdByMs }));
    expect(await purge(START_MS + 9)).toEqual({ ok: false, code: "NOT_FOUND" });
    expect(await statusOf(world, "a")).toBe("COMPLETED");
    expect(await purge(START_MS + 10)).toEqual({ ok: true });
  });

  it("[I40.3] one that takes the ID while the request is encrypted gets nothing of it", async () => {
    const world = makeWorld();
    const sealing = holdSealingOf(world, '"late"');
    await start(world, "a", "event", "go");
    sealing.hold();
    const late = { name: "go", input: '"late"', messageId: "m", createdByMs: START_MS };
    const raised = world.post("a", (i) => i.raiseEvent(late));
    await world.advance(100);
    await raise(world, "a", "go", 1);
    await world.advance(1_000);
    expect(await start(world, "a", "event", "go")).toEqual({ ok: true });
    await world.advance(1_000);
    sealing.open();
    await world.advance(1_000);
    expect([await raised, await statusOf(world, "a")]).toEqual([{ ok: true }, "RUNNING"]);
  });
});

describe("[I40] repairs of one that was created by a certain time", () => {
  const repairs: Record<string, (instance: Instance, createdByMs: number) => Promise<{ ok: boolean }>> = {
    rewind: (i, createdByMs) => i.rewind({ requestId: "r", createdByMs }),
    restart: (i, createdByMs) => i.restart({ requestId: "r", createdByMs }),
  };

  it.each(Object.entries(repairs))("[I40.4] %s: does not reach one that was created later", async (_, repair) => {
    const world = makeWorld();
    await world.advance(10);
    await start(world, "a", "call", { activity: "fail" });
    expect(await statusOf(world, "a")).toBe("FAILED");
    const before = world.host("a").db.dump();
    expect(await world.call("a", (instance) => repair(instance, START_MS + 9))).toEqual({
      ok: false,
      code: "NOT_FOUND",
    });
    expect(world.host("a").db.dump()).toEqual(before);
    expect(await world.call("a", (instance) => repair(instance, START_MS + 10))).toEqual({ ok: true });
  });

  it("[I40.5] a restart that comes again finds its own run, which was created later", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    await world.advance(10);
    const restart = () => world.post("a", (i) => i.restart({ requestId: "r", createdByMs: START_MS }));
    const first = restart();
    await world.advance(60_000);
    const second = restart();
    await world.advance(60_000);
    expect([await first, await second]).toEqual([{ ok: true }, { ok: true }]);
    expect(historyOf(world, "a")).toHaveLength(1);
  });
});

describe("[I25] one place makes stubs", () => {
  const namespaceIn = (where: string) => ({
    jurisdiction: (jurisdiction: string) => namespaceIn(`${where}/${jurisdiction}`),
    getByName: (...args: unknown[]) => [where, ...args],
  });

  it.each([
    [{}, ["", "a"]],
    [{ locationHint: "weur" }, ["", "a", { locationHint: "weur" }]],
    [{ jurisdiction: "eu" }, ["/eu", "a"]],
    [{ jurisdiction: "eu", locationHint: "weur" }, ["/eu", "a", { locationHint: "weur" }]],
  ] as const)("[I25.1] %j", (placement, asked) => {
    expect(instanceStub<unknown>(namespaceIn(""), placement, "a")).toEqual(asked);
  });

  it("[I21.2] the local runtime has no jurisdictions: one place for all; any other error is an error", () => {
    const throwing = (message: string) => ({
      ...namespaceIn("local"),
      jurisdiction: () => {
        throw new Error(message);
      },
    });
    const local = throwing("Jurisdiction restrictions are not implemented in workerd.");
    expect(instanceStub<unknown>(local, { jurisdiction: "eu" }, "a")).toEqual(["local", "a"]);
    const broken = throwing("Invalid jurisdiction");
    expect(() => instanceStub<unknown>(broken, { jurisdiction: "eu" }, "a")).toThrow("Invalid jurisdiction");
  });
});
