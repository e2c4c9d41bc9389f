// [I24], [I25], [I21.2] What operators say and choose: reasons, and where the objects are.
import { describe, expect, it } from "vitest";
import { instanceStub } from "../../../src/instance/namespace.ts";
import { historyOf, makeWorld, start, statusOf, toyCipher } from "./support.ts";
import { START_MS } from "./world.ts";

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

  it("[I24.2] it is encrypted with the payloads, and cut at 4,096 characters", async () => {
    const world = makeWorld();
    world.cipher = toyCipher("k");
    await start(world, "a", "event", "go");
    await world.call("a", (instance) => instance.terminate({ ...request, reason: `marked${"x".repeat(5_000)}` }));
    expect(JSON.stringify(world.host("a").db.read("SELECT * FROM instance"))).not.toContain("marked");
    const page = await world.call("a", (instance) => instance.history({ from: 0, limit: 100 }));
    const terminated = page?.events.find((event) => event.type === "ExecutionTerminated");
    expect(terminated).toMatchObject({ reason: `marked${"x".repeat(4_090)}…` });
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
