// [I34] What the catalog is told of an instance, when, and at what cost.
import { describe, expect, it } from "vitest";
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import { defaultLimits } from "../../../../src/instance/limits.ts";
import { type Code, makeWorld, raise, resume, start, suspend, terminate, toyCipher } from "../support.ts";
import { START_MS } from "../world.ts";
import { entryFor, listedStatus, listedWorld, nothing, owing, told } from "./support.ts";

describe("[I34] What the catalog is told", () => {
  it("[I34.1] an instance that ends in its first burst is one announcement, and no row, alarm or commit more", async () => {
    const world = listedWorld();
    const without = makeWorld();
    await start(without, "a", "echo", 7);
    expect(await start(world, "a", "echo", 7)).toEqual({ ok: true });
    const [a, b] = [world.host("a"), without.host("a")];
    expect(a.counters).toEqual(b.counters);
    expect([a.rows("instance"), a.db.tables()]).toEqual([b.rows("instance"), b.db.tables()]);
    expect(await entryFor(world)).toEqual({
      instanceId: "a",
      createdAtMs: START_MS,
      workflowName: "echo",
      status: "COMPLETED",
      updatedAtMs: START_MS,
      endedAtMs: START_MS,
    });
    await world.advance(60_000);
    expect(told(world)).toEqual(["a announce"]);
  });

  it("[I34.2] one that goes on is told of at the end of its first burst, and at its end; no row, alarm or commit more", async () => {
    const world = listedWorld();
    const without = makeWorld();
    for (const each of [without, world]) await start(each, "a", "event", "paid");
    expect(await entryFor(world)).toMatchObject({ status: "RUNNING", waitingFor: "event:paid" });
    for (const each of [without, world]) await raise(each, "a", "paid", 1);
    const ended = await entryFor(world);
    expect(ended).toMatchObject({ status: "COMPLETED", endedAtMs: START_MS + 5 });
    expect(ended?.waitingFor).toBeUndefined();
    expect(told(world)).toEqual(["a announce", "a announce"]);
    expect(world.host("a").counters).toEqual(without.host("a").counters);
    expect(owing(world)).toEqual(nothing);
  });

  it("[I34.3] changes in between are told once a second at most, the last of them", async () => {
    const world = listedWorld();
    world.workflow("steps", function* (ctx): Code {
      for (let n = 0; n < 20; n++) {
        ctx.setCustomStatus(`step ${n}`);
        yield ctx.createTimer(0.1);
      }
    });
    await start(world, "a", "steps");
    expect((await entryFor(world))?.customStatus).toBe("step 0");
    await world.advance(900);
    expect(told(world)).toEqual(["a announce"]);
    await world.advance(200);
    expect((await entryFor(world))?.customStatus).toBe("step 9");
    expect(told(world)).toEqual(["a announce"]);
    await world.rest();
    expect(await listedStatus(world)).toBe("COMPLETED");
    expect(told(world)).toEqual(["a announce", "a announce"]);
  });

  it("[I34.4] a pause, its end and a stall are told; nothing is where a list shows nothing new", async () => {
    const world = listedWorld();
    await start(world, "a", "timer", 3_600);
    await world.advance(1_000);
    await suspend(world, "a");
    expect(await listedStatus(world)).toBe("SUSPENDED");
    await world.advance(1_000);
    await resume(world, "a");
    expect(await listedStatus(world)).toBe("RUNNING");
    told(world);
    await world.advance(1_000);
    await raise(world, "a", "another");
    await world.advance(5_000);
    expect(told(world)).toEqual([]);
    world.workflow("timer", (_ctx, input) => input);
    world.crash("a");
    await raise(world, "a", "another");
    const stalled = await entryFor(world);
    expect(stalled).toMatchObject({ status: "STALLED", failure: { errorType: "NON_DETERMINISM" } });
  });

  it("[I34.5] a start that waits for its time is told of, its pause too", async () => {
    const world = listedWorld();
    await start(world, "a", "echo", 1, { startAtMs: START_MS + 60_000 });
    expect(await entryFor(world)).toMatchObject({ status: "PENDING", waitingFor: "start:2026-11-24T00:01:00Z" });
    await world.advance(1_000);
    await suspend(world, "a");
    expect(await listedStatus(world)).toBe("SUSPENDED");
    await resume(world, "a");
    await world.rest();
    expect(await listedStatus(world)).toBe("COMPLETED");
  });

  it("[I34.6] version, parent, failure, attributes and retention are told", async () => {
    const world = listedWorld();
    world.versions = [
      { name: "child", version: "2", latest: true, code: () => Promise.reject(new RangeError("too far")) },
    ];
    world.workflow("caller", function* (ctx): Code {
      try {
        yield ctx.callChildWorkflow("child", 1, "b");
      } catch {
        return "caught";
      }
    });
    await start(world, "a", "caller", undefined, { searchAttributes: { customer: "c1" }, retentionMs: 5_000 });
    await world.rest();
    expect(await entryFor(world, "b")).toMatchObject({
      status: "FAILED",
      version: "2",
      parentInstanceId: "a",
      failure: { errorType: "RangeError", message: "too far" },
    });
    expect(await entryFor(world)).toMatchObject({ searchAttributes: { customer: "c1" }, retentionMs: 5_000 });
  });

  it("[I34.15] so is the version that somebody has put it on", async () => {
    const world = listedWorld();
    const code = function* (ctx: WorkflowContext): Code {
      yield ctx.waitForExternalEvent("go");
    };
    world.versions = ["1", "2"].map((version) => ({ name: "order", version, code, latest: version === "1" }));
    await start(world, "a", "order");
    expect((await entryFor(world))?.version).toBe("1");
    await world.call("a", (instance) => instance.changeVersion({ requestId: "v", version: "2" }));
    await world.rest();
    expect((await entryFor(world))?.version).toBe("2");
    expect(owing(world)).toEqual(nothing);
  });

  it("[I34.7] with keys for payloads neither custom status nor messages leave the instance", async () => {
    const world = listedWorld();
    world.cipher = toyCipher("k");
    world.workflow("secret", function* (ctx): Code {
      ctx.setCustomStatus("marked");
      yield ctx.createTimer(1);
      throw new TypeError("marked");
    });
    await start(world, "a", "secret");
    await world.rest();
    const failed = await entryFor(world);
    expect(failed).toMatchObject({ status: "FAILED", failure: { errorType: "TypeError" } });
    expect(JSON.stringify(await world.catalog.entries())).not.toContain("marked");
  });

  it("[I34.8] an activity that has failed and will be tried again is told of, until it has not", async () => {
    const world = listedWorld();
    let fails = true;
    world.activity("flaky", () => {
      if (fails) throw new Error("not yet");
      return 1;
    });
    world.workflow("retries", function* (ctx): Code {
      yield ctx.callActivity("flaky", undefined, { retry: { maxNumberOfAttempts: 5, firstRetryInterval: 10 } });
      yield ctx.waitForExternalEvent("go");
    });
    await start(world, "a", "retries");
    expect(await entryFor(world)).toMatchObject({ status: "RUNNING", waitingFor: "activity:flaky", retrying: true });
    fails = false;
    await world.advance(11_000);
    const later = await entryFor(world);
    expect([later?.waitingFor, later?.retrying]).toEqual(["event:go", undefined]);
  });

  it.each([
    ["a timer", "timer:2026-11-24T00:00:07.500Z"],
    ["an event before its timeout", "event:Paid"],
    ["the first of several that has not ended", "activity:slow"],
    ["a child", "child:c"],
    ["a condition", "condition"],
  ])("[I34.9] what it waits for: %s", async (name, waitingFor) => {
    const world = listedWorld();
    world.workflow("a timer", function* (ctx): Code {
      yield ctx.createTimer(7.5);
    });
    world.workflow("an event before its timeout", function* (ctx): Code {
      yield ctx.waitForExternalEvent("Paid", { timeout: 60 });
    });
    world.workflow("the first of several that has not ended", function* (ctx): Code {
      const done = ctx.callActivity("echo", 1);
      yield ctx.whenAny([ctx.whenAll([done, ctx.callActivity("slow", 5_000)]), ctx.createTimer(1)]);
    });
    world.workflow("a child", function* (ctx): Code {
      yield ctx.callChildWorkflow("event", "x", "c");
    });
    world.workflow("a condition", function* (ctx): Code {
      yield ctx.waitForCondition(() => false);
    });
    await start(world, "a", name);
    expect((await entryFor(world))?.waitingFor).toBe(waitingFor);
  });

  it("[I34.10] where there is no catalog nothing is told, and the row knows of none", async () => {
    const world = makeWorld();
    await start(world, "a", "echo");
    expect(world.host("a").db.read("SELECT detail FROM instance WHERE seq = -1")).toEqual([
      { detail: expect.not.stringContaining("listing") },
    ]);
    await expect(world.call("a", (instance) => instance.catalog.presence())).rejects.toThrow("no catalog");
  });

  it("[I34.11] a start is answered when the shard has it; in the background at once", async () => {
    const world = listedWorld();
    let isAnswered = false;
    const begin = (id: string) => {
      isAnswered = false;
      const answer = world.post(id, (instance) => instance.start({ instanceId: id, name: "echo", requestId: id }));
      void answer.then(() => {
        isAnswered = true;
      });
      return answer;
    };
    const before: boolean[] = [];
    world.onPoint = (point, id) => {
      if (point === "commit" && id === "0-0") before.push(isAnswered);
    };
    const answer = begin("a");
    await world.settle();
    await answer;
    expect(before).toEqual([false]);
    world.onPoint = undefined;
    world.catalog.confirm = "background";
    world.catalog.fault = () => "unreachable";
    begin("b");
    await world.settle();
    expect(isAnswered).toBe(true);
    expect(told(world)).toEqual(["a announce", "b announce"]);
  });

  it("[I34.12] a terminate of one that waits is told of at once, whatever was told just before", async () => {
    const world = listedWorld();
    await start(world, "a", "event", "x");
    await terminate(world, "a");
    expect(await listedStatus(world)).toBe("TERMINATED");
    expect(defaultLimits.watchdogMs).toBeGreaterThan(5);
  });

  it("[I34.20] what changes while an announcement is on its way is told after it", async () => {
    const world = listedWorld();
    await start(world, "a", "event", "x");
    await world.advance(2_000);
    told(world);
    world.onPoint = (point, id) => {
      if (point !== "commit" || id !== "0-0") return;
      world.onPoint = undefined;
      void world.post("a", (instance) => instance.resume({}));
    };
    await suspend(world, "a");
    await world.advance(5_000);
    expect([await listedStatus(world), told(world)]).toEqual(["RUNNING", ["a announce", "a announce"]]);
  });

  it("[I34.21] several who ask at once after one that is not in memory have the catalog told once", async () => {
    const world = listedWorld();
    await start(world, "a", "event", "x");
    await world.advance(2_000);
    world.crash("a");
    told(world);
    const asked = [1, 2, 3].map(() => world.post("a", (instance) => instance.describe({ payloads: false })));
    await world.advance(100);
    await Promise.all(asked);
    expect(told(world)).toEqual(["a announce"]);
  });
});
