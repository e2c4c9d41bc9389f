// [I6], [B6] Children: what they and their parents tell one another over the outbox.

import { describe, expect, it } from "vitest";
import type { Message } from "../../../../src/model/message.ts";
import {
  type AsyncCode,
  type Code,
  describeInstance,
  endOf,
  faultsOf,
  historyOf,
  makeWorld,
  messagesOf,
  raise,
  start,
  statusOf,
  typesOf,
} from "../support.ts";

describe("[I6] Children: messages over the outbox", () => {
  it("[I6.1] a child's result reaches the parent, and each message is sent once", async () => {
    const world = makeWorld();
    await start(world, "p", "parent", { name: "echo", input: 5 });
    expect(await endOf(world, "p")).toEqual(["COMPLETED", 5]);
    expect(messagesOf(world.peerCalls)).toEqual(["p:0001 StartChild", "p ChildEnded"]);
    for (const id of ["p", "p:0001"]) {
      expect(world.host(id).db.read("SELECT * FROM outbox")).toEqual([]);
      expect(world.host(id).durableAlarm).toBeNull();
      expect(faultsOf(world, id)).toEqual([]);
    }
  });

  it("[I6.2] a child's failure is a failure that the parent can catch", async () => {
    const world = makeWorld();
    world.workflow("catches", function* (ctx): Code {
      try {
        yield ctx.callChildWorkflow("call", { activity: "fail" });
      } catch (error) {
        return (error as Error).message;
      }
    });
    await start(world, "p", "catches");
    expect(await endOf(world, "p")).toEqual(["COMPLETED", expect.stringContaining("as told")]);
  });

  it("[B6] a recursion of 250 children completes, and one that fails at its bottom says why in a few words", async () => {
    const world = makeWorld();
    world.workflow("down", function* (ctx, n: number): Code {
      if (n === 0) return 0;
      if (n < 0) throw new RangeError("no way down");
      return 1 + (yield ctx.callChildWorkflow("down", n === 1_001 ? -1 : n - 1));
    });
    await start(world, "p", "down", 250);
    await world.rest();
    expect(await endOf(world, "p")).toEqual(["COMPLETED", 250]);
    await start(world, "f", "down", 1_250);
    await world.rest();
    const { failure } = (await describeInstance(world, "f")) ?? {};
    expect(failure?.message).toBe("f: workflow 'down': Sub-orchestration task #1 failed: no way down");
    expect(failure?.innerFailure?.innerFailure).toMatchObject({ errorType: "RangeError", message: "no way down" });
    expect(JSON.stringify(failure).length).toBeLessThan(20_000);
  });

  it.each(["p:0001", "p"])(
    "[I6.3] '%s' unreachable: tried again after 0.5, 1, 2, 4 … s, and nothing is lost",
    async (unreachable) => {
      const world = makeWorld();
      const attempts: number[] = [];
      world.peerFault = ({ to, method }) => {
        if (to !== unreachable || method === "isOwed") return undefined;
        attempts.push(world.nowMs);
        return attempts.length <= 9 ? "unreachable" : undefined;
      };
      await start(world, "p", "parent", { name: "echo", input: 5 });
      await world.rest();
      expect(await endOf(world, "p")).toEqual(["COMPLETED", 5]);
      const pauses = attempts.slice(1).map((at, n) => at - (attempts[n] ?? 0));
      expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
      expect(world.host("p").durableAlarm).toBeNull();
    },
  );

  it("[I6.4] the sender is lost while its messages wait: they are delivered after all", async () => {
    const world = makeWorld();
    let reachable = false;
    world.peerFault = () => (reachable ? undefined : "unreachable");
    await start(world, "p", "parent", { name: "echo", input: 5 });
    for (let i = 0; i < 5; i++) {
      await world.advance(20_000);
      world.crash("p");
    }
    reachable = true;
    await world.rest();
    expect(await endOf(world, "p")).toEqual(["COMPLETED", 5]);
  });

  it.each(["twice", "answer lost"] as const)(
    "[I6.5] every message %s: the same end, the same history",
    async (fault) => {
      const world = makeWorld();
      world.workflow("two", function* (ctx): Code {
        return yield ctx.whenAll([ctx.callChildWorkflow("echo", 1), ctx.callChildWorkflow("event", "go")]);
      });
      const seen = new Set<string>();
      world.peerFault = ({ to, argument }) => {
        const key = `${to} ${(argument as Message).type}`;
        if (fault === "twice") return "twice";
        if (seen.has(key)) return undefined;
        seen.add(key);
        return "answer lost";
      };
      await start(world, "p", "two");
      await world.advance(5_000);
      await raise(world, "p:0002", "go", 2);
      await world.rest();
      expect(await endOf(world, "p")).toEqual(["COMPLETED", [1, 2]]);
      for (const id of ["p", "p:0001", "p:0002"]) expect(faultsOf(world, id)).toEqual([]);
      expect(typesOf(world, "p:0001")).toEqual(["ExecutionStarted", "ExecutionCompleted"]);
    },
  );

  it("[I6.6] an occupied ID: the call fails with WorkflowInstanceAlreadyExists, the occupant is untouched", async () => {
    const world = makeWorld();
    await start(world, "taken", "event", "go");
    await start(world, "p", "parent", { name: "echo", input: 1, id: "taken" });
    expect(await statusOf(world, "p")).toBe("FAILED");
    const failed = historyOf(world, "p").find((event) => event.type === "ChildWorkflowInstanceFailed");
    expect(failed).toMatchObject({
      failure: {
        errorType: "WorkflowInstanceAlreadyExists",
        message: "an active workflow with ID 'taken' already exists",
      },
    });
    await raise(world, "taken", "go", 7);
    expect(await endOf(world, "taken")).toEqual(["COMPLETED", 7]);
  });

  it("[I6.7] the ID of an ended instance can be a child's", async () => {
    const world = makeWorld();
    await start(world, "c", "echo", "old");
    await start(world, "p", "parent", { name: "echo", input: "new", id: "c" });
    expect(await endOf(world, "p")).toEqual(["COMPLETED", "new"]);
  });

  it("[I6.8] a child whose ID is used again before its parent has heard of its end: the parent hears of it", async () => {
    for (const again of ["start", "child"]) {
      const world = makeWorld();
      let reachable = false;
      world.peerFault = ({ to, argument }) =>
        to === "p" && (argument as Message).type === "ChildEnded" && !reachable ? "unreachable" : undefined;
      await start(world, "p", "parent", { name: "echo", input: "old", id: "c" });
      expect(await statusOf(world, "c")).toBe("COMPLETED");
      const request = { instanceId: "c", name: "echo", input: '"new"', requestId: "again" };
      const repeated = world.post("c", (instance) => instance.start(request));
      if (again === "child") await start(world, "q", "parent", { name: "echo", input: "new", id: "c" });
      await world.advance(5_000);
      // It may be tried again, as after any fault.
      await expect(repeated).rejects.toThrow(/messages to deliver/);
      reachable = true;
      await world.rest();
      expect(await endOf(world, "p")).toEqual(["COMPLETED", "old"]);
      if (again === "start") expect(await world.call("c", (instance) => instance.start(request))).toEqual({ ok: true });
      else expect(await endOf(world, "q")).toEqual(["COMPLETED", "new"]);
      expect(await endOf(world, "c")).toEqual(["COMPLETED", "new"]);
    }
  });

  it("[I6.9] children of many parents' calls: 200 at once", async () => {
    const world = makeWorld();
    world.workflow("fan", function* (ctx, n: number): Code {
      return yield ctx.whenAll(Array.from({ length: n }, (_, i) => ctx.callChildWorkflow("echo", i)));
    });
    await start(world, "p", "fan", 200);
    expect(await endOf(world, "p")).toEqual(["COMPLETED", Array.from({ length: 200 }, (_, i) => i)]);
    expect(messagesOf(world.peerCalls)).toHaveLength(400);
    expect(faultsOf(world, "p")).toEqual([]);
  });

  it("[I6.10] a message of a version that is not known is refused, and kept by its sender", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    const message = { version: 2, type: "StartChild" } as unknown as Message;
    await expect(world.call("a", (instance) => instance.deliver(message))).rejects.toThrow(/version 2/);
  });
});

it("[I6.11] A parent that has ended takes no answer to a call of an ID that is in use, and no row stays of it", async () => {
  const world = makeWorld();
  world.workflow("leaves", async function* (ctx): AsyncCode {
    ctx.callChildWorkflow("echo", 1, "busy");
    return "done";
  });
  await start(world, "busy", "event", "never");
  await start(world, "a", "leaves");
  await world.advance(10_000);
  const { db } = world.host("a");
  expect([await endOf(world, "a"), db.read("SELECT * FROM inbox"), db.read("SELECT * FROM outbox")]).toEqual([
    ["COMPLETED", "done"],
    [],
    [],
  ]);
  expect([world.host("a").armedAtMs, world.host("a").rows("inbox")]).toEqual([null, 0]);
});
