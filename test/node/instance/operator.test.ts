// [I24], [I25], [I21.2] What operators say and choose: reasons, and where the objects are.
import { describe, expect, it } from "vitest";
import { instanceStub } from "../../../src/instance/namespace.ts";
import { historyOf, makeWorld, start, statusOf, toyCipher } from "./support.ts";
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
