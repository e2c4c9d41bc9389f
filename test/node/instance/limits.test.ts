// [I16.5], [I16.6] Limits: what is not set has its default, and what is set is what counts.
import { describe, expect, it } from "vitest";
import type { WorkflowActivityContext } from "../../../src/engine/activity-context.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { defaultLimits, limitsFrom } from "../../../src/instance/limits.ts";
import { type Code, makeWorld, start, statusOf, terminate, typesOf, unshaken } from "./support.ts";

describe("[I16.5] Limits that are set", () => {
  it("[I16.5] have the defaults for what is not given", () => {
    const limits = limitsFrom({ watchdogMs: 5, retryFirstMs: undefined as unknown as number });
    expect(limits).toEqual({ ...defaultLimits, watchdogMs: 5 });
  });
  it.each([Number.NaN, -1, "5"])("[I16.5] and are numbers from 0: %s is refused", (value) => {
    expect(() => limitsFrom({ watchdogMs: value as number })).toThrow(
      `limits.watchdogMs is a number from 0, found ${typeof value === "string" ? `"${value}"` : value}`,
    );
  });
  it.each(["maxConcurrentActivities", "maxConcurrentDeliveries"])("[I16.5] %s is one from 1", (name) => {
    expect(limitsFrom({ [name]: 1 })).toEqual({ ...defaultLimits, [name]: 1 });
    expect(() => limitsFrom({ [name]: 0 })).toThrow(`limits.${name} is a number from 1, found 0`);
  });
});

describe("[I16.6] What is set is what counts", () => {
  it.each([
    [undefined, 5],
    [2, 2],
  ])("[I16.6] maxConcurrentDeliveries: %s", async (maxConcurrentDeliveries, underWay) => {
    const world = makeWorld(maxConcurrentDeliveries === undefined ? {} : { maxConcurrentDeliveries });
    world.chaos = unshaken(() => 100);
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      for (let n = 0; n < 5; n++) ctx.sendEvent(`r${n}`, "e");
      yield ctx.waitForExternalEvent("never");
    });
    await start(world, "i", "main");
    await world.advance(50);
    expect(world.peerCalls).toHaveLength(underWay);
    // Each that ends lets the next one go, and no alarm has to ring for it.
    await world.advance(700);
    expect([world.peerCalls.length, world.host("i").counters.rings]).toEqual([5, 0]);
  });

  it.each([
    [1_000, 6],
    [200, 26],
  ])("[I16.6] heartbeatWriteMs: %d", async (heartbeatWriteMs, most) => {
    const world = makeWorld({ heartbeatWriteMs });
    world.activity("beats", async (ctx: WorkflowActivityContext) => {
      for (let n = 0; n < 40; n++) {
        ctx.heartbeat(n);
        await world.sleep(100);
      }
    });
    await start(world, "i", "call", { activity: "beats" });
    await world.rest();
    const rows = world.host("i").rows("recovery");
    expect([rows <= most, rows >= most - 5]).toEqual([true, true]);
  });

  it.each([
    [undefined, 6],
    [60_000, 62],
  ])("[I16.6] alarmHostMs: %s", async (alarmHostMs, most) => {
    const world = makeWorld(alarmHostMs === undefined ? {} : { alarmHostMs });
    await start(world, "i", "call", { activity: "slow", input: 3_600_000 });
    await world.rest();
    const { rings } = world.host("i").counters;
    expect([await statusOf(world, "i"), rings <= most, rings > most / 2]).toEqual(["COMPLETED", true, true]);
  });

  it("[I16.6] terminatePatienceMs", async () => {
    const world = makeWorld({ terminatePatienceMs: 5_000 });
    world.workflow("held", async () => {
      await world.sleep(3_600_000);
    });
    await start(world, "i", "held");
    await world.advance(1_000);
    void terminate(world, "i");
    await world.advance(4_900);
    expect(typesOf(world, "i")).not.toContain("ExecutionTerminated");
    await world.advance(200);
    expect(typesOf(world, "i")).toContain("ExecutionTerminated");
  });
});
