// [I7] Terminate and purge reach the children.

import { describe, expect, it } from "vitest";
import {
  type Code,
  describeInstance,
  endOf,
  faultsOf,
  gate,
  makeWorld,
  messagesOf,
  purge,
  raise,
  start,
  statusOf,
  terminate,
} from "../support.ts";

describe("[I7] Terminate and purge with children", () => {
  it("[I7.1] terminate reaches children and their children; the parent has ended first", async () => {
    const world = makeWorld();
    world.workflow("tree", function* (ctx, depth: number): Code {
      yield depth === 0 ? ctx.waitForExternalEvent("never") : ctx.callChildWorkflow("tree", depth - 1);
    });
    await start(world, "p", "tree", 3);
    const family = ["p", "p:0001", "p:0001:0001", "p:0001:0001:0001"];
    for (const id of family) expect(await statusOf(world, id)).toBe("RUNNING");
    await terminate(world, "p", '"out"');
    for (const id of family) expect(await endOf(world, id)).toEqual(["TERMINATED", "out"]);
    for (const id of family) expect(world.host(id).durableAlarm).toBeNull();
  });

  it("[I7.2] terminate that is not recursive leaves the children alone", async () => {
    const world = makeWorld();
    await start(world, "p", "parent", { name: "event", input: "go" });
    await terminate(world, "p", undefined, false);
    expect(await statusOf(world, "p")).toBe("TERMINATED");
    expect(await statusOf(world, "p:0001")).toBe("RUNNING");
  });

  it("[I7.3] a child terminated by itself: its parent's call fails", async () => {
    const world = makeWorld();
    await start(world, "p", "parent", { name: "event", input: "go" });
    await terminate(world, "p:0001");
    expect(await describeInstance(world, "p")).toMatchObject({
      status: "FAILED",
      failure: { errorType: "TaskFailedError" },
    });
  });

  it("[I7.4] Terminate does not overtake StartChild, whatever fails and whoever is lost", async () => {
    for (const crash of [false, true]) {
      const world = makeWorld();
      let failures = 3;
      world.peerFault = ({ to }) => (to === "p:0001" && failures-- > 0 ? "unreachable" : undefined);
      await start(world, "p", "parent", { name: "event", input: "go" });
      await terminate(world, "p");
      if (crash) world.crash("p");
      await world.rest();
      expect(messagesOf(world.peerCalls).filter((sent, n, all) => sent !== all[n - 1])).toEqual([
        "p:0001 StartChild",
        "p:0001 Terminate",
        "p ChildEnded",
      ]);
      expect(await statusOf(world, "p:0001")).toBe("TERMINATED");
    }
  });

  it("[I7.5] terminate and purge reach the children of executions before a continue-as-new", async () => {
    const world = makeWorld();
    world.workflow("generations", function* (ctx, n: number): Code {
      ctx.callChildWorkflow("event", "go");
      yield ctx.createTimer(1);
      if (n < 3) ctx.continueAsNew(n + 1);
      else yield ctx.waitForExternalEvent("never");
    });
    await start(world, "p", "generations", 1);
    await world.advance(5_000);
    const children = ["p:0001", "p:1.0001", "p:2.0001"];
    for (const id of children) expect(await statusOf(world, id)).toBe("RUNNING");
    world.crash("p");
    await terminate(world, "p", '"out"');
    for (const id of children) expect(await endOf(world, id)).toEqual(["TERMINATED", "out"]);
    expect(await purge(world, "p")).toEqual({ ok: true });
    for (const id of ["p", ...children]) {
      expect(world.host(id).db.tables()).toEqual([]);
      expect(world.host(id).durableAlarm).toBeNull();
    }
  });

  it("[I7.6] strangers under a child's former ID are neither terminated nor purged nor in the way", async () => {
    const world = makeWorld();
    world.workflow("then waits", function* (ctx): Code {
      yield ctx.callChildWorkflow("echo", 1, "c");
      yield ctx.waitForExternalEvent("go");
    });
    await start(world, "p", "then waits");
    await start(world, "c", "event", "go");
    await terminate(world, "p");
    expect(await statusOf(world, "c")).toBe("RUNNING");
    expect(await start(world, "p", "then waits")).toEqual({ ok: true });
    await world.settle();
    expect(await statusOf(world, "p")).toBe("FAILED");
    expect(await purge(world, "p")).toEqual({ ok: true });
    expect(await statusOf(world, "c")).toBe("RUNNING");
    await raise(world, "c", "go", 1);
    expect(await endOf(world, "c")).toEqual(["COMPLETED", 1]);
  });

  it("[I7.7] purge is blocked by a child that has not ended, and names it", async () => {
    const world = makeWorld();
    world.workflow("leaves", function* (ctx): Code {
      ctx.callChildWorkflow("event", "go", "c");
    });
    await start(world, "p", "leaves");
    expect(await statusOf(world, "p")).toBe("COMPLETED");
    expect(await purge(world, "p")).toEqual({ ok: false, code: "NOT_ENDED", instanceId: "c" });
    expect(await statusOf(world, "p")).toBe("COMPLETED");
    await raise(world, "c", "go");
    expect(await purge(world, "p")).toEqual({ ok: true });
    expect(world.host("c").db.tables()).toEqual([]);
  });

  it("[I7.8] purge is blocked by a child whose first turn is not done yet", async () => {
    const world = makeWorld();
    const code = gate();
    world.workflow("waits", () => code.promise);
    world.workflow("leaves", function* (ctx): Code {
      ctx.callChildWorkflow("waits", undefined, "c");
    });
    await start(world, "p", "leaves");
    expect(await purge(world, "p")).toEqual({ ok: false, code: "NOT_ENDED", instanceId: "c" });
    code.open();
    await world.settle();
    expect(await purge(world, "p")).toEqual({ ok: true });
    expect(world.host("c").db.tables()).toEqual([]);
  });

  it("[I7.9] purge that is not recursive leaves the children", async () => {
    const world = makeWorld();
    await start(world, "p", "parent", { name: "echo", input: 1 });
    expect(await purge(world, "p", false)).toEqual({ ok: true });
    expect(await statusOf(world, "p")).toBeUndefined();
    expect(await statusOf(world, "p:0001")).toBe("COMPLETED");
  });

  it("[I7.10] a purge that was interrupted can be repeated", async () => {
    const world = makeWorld();
    world.workflow("fan", function* (ctx): Code {
      yield ctx.whenAll([1, 2, 3].map((i) => ctx.callChildWorkflow("echo", i)));
    });
    await start(world, "p", "fan");
    world.peerFault = ({ to, method }) => (method === "purge" && to === "p:0002" ? "unreachable" : undefined);
    await expect(purge(world, "p")).rejects.toThrow("unreachable");
    expect(await statusOf(world, "p")).toBe("COMPLETED");
    world.peerFault = undefined;
    expect(await purge(world, "p")).toEqual({ ok: true });
    for (const id of ["p", "p:0001", "p:0002", "p:0003"]) expect(world.host(id).db.tables()).toEqual([]);
  });

  it("[I7.11] a child is not purged before its parent has heard of its end", async () => {
    const world = makeWorld();
    let reachable = false;
    world.peerFault = ({ to, method }) =>
      to === "p" && method === "deliver" && !reachable ? "unreachable" : undefined;
    await start(world, "p", "parent", { name: "echo", input: 5 });
    expect(await purge(world, "p:0001")).toEqual({ ok: false, code: "NOT_ENDED", instanceId: "p:0001" });
    reachable = true;
    await world.rest();
    expect(await endOf(world, "p")).toEqual(["COMPLETED", 5]);
    expect(await purge(world, "p:0001")).toEqual({ ok: true });
  });

  it("[I7.12] after a purge the ID is as if it had never been used", async () => {
    const world = makeWorld();
    await start(world, "a", "call", { activity: "echo", input: 1 });
    await purge(world, "a");
    expect(await start(world, "a", "timer", 5)).toEqual({ ok: true });
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "fired"]);
    expect(faultsOf(world, "a")).toEqual([]);
  });
});
