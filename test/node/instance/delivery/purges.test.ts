// [I17.5], [I18.15], [I18.20], [I20.2] A purge that fails in part, comes twice, or falls between two steps.
import { describe, expect, it } from "vitest";
import {
  type Code,
  describeInstance,
  endOf,
  historyOf,
  makeWorld,
  purge,
  purgeByForce,
  raise,
  start,
  unshaken,
} from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";

watchUnhandledRejections();

describe("[I17.5] A purge whose tables cannot be removed", () => {
  it("[I17.5] is refused, and the instance is still there", async () => {
    const world = makeWorld();
    await start(world, "a", "echo", 7);
    const before = await describeInstance(world, "a");
    world.failWipe = () => new Error("the storage is not there");
    await expect(purge(world, "a")).rejects.toThrow("the storage is not there");
    expect(await describeInstance(world, "a")).toEqual(before);
    world.failWipe = undefined;
    expect(await purge(world, "a")).toEqual({ ok: true });
    expect(await describeInstance(world, "a")).toBeUndefined();
  });
});

describe("[I18.15] A forced purge of which one call fails while another is on its way", () => {
  it("[I18.15] ends when all of them have, and a copy that comes later removes nothing", async () => {
    const world = makeWorld();
    world.workflow("main", function* (ctx): Code {
      const children = ["k1", "k2"].map((id) => ctx.callChildWorkflow("event", "go", id));
      return yield ctx.whenAll(children);
    });
    await start(world, "p", "main");
    await world.advance(1_500);
    let slow = 1;
    world.chaos = unshaken(() => (slow-- > 0 ? 5_000 : 0));
    world.peerFault = ({ method, to }) => (method === "purge" && to === "k2" ? "unreachable" : undefined);
    let failed: unknown;
    void purgeByForce(world, "p").catch((error) => {
      failed = error.message;
    });
    await world.advance(4_900);
    expect(failed).toBeUndefined();
    await world.advance(200);
    expect([failed, world.host("k1").db.tables()]).toEqual(["'k2' is unreachable", []]);
    const late = world.peerCalls.filter(({ method, to }) => method === "purge" && to === "k1");
    world.peerFault = undefined;
    const terminated = world.post("p", (i) => i.terminate({ recursive: true }));
    await world.advance(1_000);
    const again = world.post("p", (i) => i.start({ instanceId: "p", name: "main", requestId: "again" }));
    await world.advance(1_500);
    expect([await terminated, await again, late.length]).toEqual([{ ok: true }, { ok: true }, 1]);
    for (const { repeat } of late) repeat();
    await world.advance(1_000);
    const found = world.post("k1", (i) => i.describe({ payloads: false }));
    await world.advance(1_000);
    expect((await found)?.status).toBe("RUNNING");
  });
});

describe("[I18.20] A second copy of a parent's purge of its child that has been answered", () => {
  it("[I18.20] removes nothing, though that purge still goes on elsewhere", async () => {
    const world = makeWorld();
    world.workflow("main", function* (ctx): Code {
      return yield ctx.whenAll(["k1", "k2"].map((id) => ctx.callChildWorkflow("echo", 1, id)));
    });
    world.workflow("next", function* (ctx): Code {
      yield ctx.callChildWorkflow("event", "go", "k1");
    });
    await start(world, "p", "main");
    await world.advance(2_000);
    world.peerFault = ({ method, to }) => (method === "purge" && to === "k2" ? "unreachable" : undefined);
    let calls = 0;
    // That of k2 is slow.
    world.chaos = unshaken(() => (++calls === 2 ? 20_000 : 0));
    void world.post("p", (i) => i.purge({ recursive: true })).catch(() => undefined);
    await world.advance(1_000);
    expect(world.host("k1").db.tables()).toEqual([]);
    const copies = world.peerCalls.filter(({ method, to }) => method === "purge" && to === "k1");
    void world.post("p", (i) => i.start({ instanceId: "p", name: "next", requestId: "again" }));
    await world.advance(1_000);
    void world.post("k1", (i) => i.terminate({ recursive: true }));
    await world.advance(1_000);
    for (const { repeat } of copies) repeat();
    await world.advance(1_000);
    expect([copies.length, world.host("k1").db.hasTable("instance")]).toEqual([1, true]);
  });
});

describe("[I20] What only a mutant showed", () => {
  it("[I20.2] a forced purge in the moment in which the first turn of a reopened life is on disk: its activity never runs, its event never leaves", async () => {
    const world = makeWorld();
    world.workflow("both", function* (ctx): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.sendEvent("b", "hello", 1);
      yield ctx.callActivity("echo", 1);
    });
    await start(world, "a", "both");
    await start(world, "b", "event", "hello");
    world.crash("a");
    let purged: Promise<unknown> | undefined;
    world.onPoint = (point, id) => {
      if (point !== "committed" || id !== "a") return;
      if (historyOf(world, "a").some(({ type }) => type === "TaskScheduled"))
        purged ??= world.post("a", (instance) => instance.purge({ recursive: true, force: true }));
    };
    await raise(world, "a", "go");
    await world.rest();
    expect(await purged).toEqual({ ok: true });
    expect(world.activityRuns).toEqual([]);
    expect(world.peerCalls.filter(({ method }) => method === "deliver")).toEqual([]);
    expect(world.host("a").db.tables()).toEqual([]);
    expect((await endOf(world, "b"))[0]).toBe("RUNNING");
  });
});
