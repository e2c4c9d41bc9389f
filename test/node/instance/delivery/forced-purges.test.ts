// [I18.1], [I18.4], [I18.11], [I18.16] A forced purge takes a tree of any shape; one that fails leaves all as it was.
import { describe, expect, it } from "vitest";
import type { WorkflowActivityContext } from "../../../../src/engine/activity-context.ts";
import { INSTANCE } from "../../../rows.ts";
import { type Code, makeWorld, purge, purgeByForce, raise, start, statusOf, unshaken } from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";
import type { World } from "../world.ts";

watchUnhandledRejections();

describe("[I18.1] A forced purge of a tree in which somebody has called an ID above it", () => {
  it("[I18.1] its own ID", async () => {
    const world = makeWorld();
    world.workflow("selfish", function* (ctx): Code {
      try {
        yield ctx.callChildWorkflow("echo", 1, "a");
      } catch {
        yield ctx.waitForExternalEvent("never");
      }
    });
    await start(world, "a", "selfish");
    await world.advance(1_000);
    expect(await statusOf(world, "a")).toBe("RUNNING");
    const purged = purgeByForce(world, "a");
    await world.rest();
    expect([await purged, world.host("a").db.tables()]).toEqual([{ ok: true }, []]);
  });

  it("[I18.1] that of its parent; the child goes too", async () => {
    const world = makeWorld();
    world.workflow("calls up", function* (ctx): Code {
      try {
        yield ctx.callChildWorkflow("echo", 1, "p");
      } catch {
        yield ctx.waitForExternalEvent("never");
      }
    });
    world.workflow("top", function* (ctx): Code {
      yield ctx.callChildWorkflow("calls up", null, "c");
    });
    await start(world, "p", "top");
    await world.advance(1_000);
    const purged = purgeByForce(world, "p");
    await world.rest();
    expect([await purged, world.host("p").db.tables(), world.host("c").db.tables()]).toEqual([{ ok: true }, [], []]);
  });
});

describe("[I18.1] Two that are each other's child", () => {
  async function makeCycle(): Promise<World> {
    const world = makeWorld();
    world.workflow("B", function* (ctx): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.callChildWorkflow("A again", null, "A");
      yield ctx.waitForExternalEvent("end");
    });
    world.workflow("A again", function* (ctx): Code {
      try {
        yield ctx.callChildWorkflow("echo", null, "B");
      } catch {
        yield ctx.waitForExternalEvent("end");
      }
    });
    await start(world, "A", "parent", { name: "B", id: "B" });
    await world.advance(1_000);
    const alone = world.post("A", (i) => i.purge({ recursive: false, force: true }));
    await world.advance(1_000);
    expect(await alone).toEqual({ ok: true });
    await raise(world, "B", "go");
    await world.advance(1_000);
    expect(await statusOf(world, "A")).toBe("RUNNING");
    return world;
  }

  it("[I18.1] one is purged by force: both go", async () => {
    const world = await makeCycle();
    const purged = purgeByForce(world, "A");
    await world.rest();
    expect([await purged, world.host("A").db.tables(), world.host("B").db.tables()]).toEqual([{ ok: true }, [], []]);
  });

  it("[I18.1] both are purged by force at once: neither hangs, and a purge that is repeated takes both", async () => {
    const world = await makeCycle();
    const outcomes = Promise.allSettled([purgeByForce(world, "A"), purgeByForce(world, "B")]);
    await world.advance(120_000);
    expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect([await statusOf(world, "A"), await statusOf(world, "B")]).toEqual(["RUNNING", "RUNNING"]);
    const again = purgeByForce(world, "A");
    await world.rest();
    expect([await again, world.host("A").db.tables(), world.host("B").db.tables()]).toEqual([{ ok: true }, [], []]);
  });

  it("[I18.1] both have ended: a purge takes both, and until then the ID of one is free", async () => {
    const world = await makeCycle();
    await raise(world, "A", "end");
    await raise(world, "B", "end");
    await world.advance(1_000);
    expect([await statusOf(world, "A"), await statusOf(world, "B")]).toEqual(["COMPLETED", "COMPLETED"]);
    world.peerCalls.length = 0;
    expect(await purge(world, "A")).toEqual({ ok: true });
    expect(world.peerCalls.map(({ from, to }) => from + to)).toEqual(["AB", "BA"]);
    expect([world.host("A").db.tables(), world.host("B").db.tables()]).toEqual([[], []]);
    const other = await makeCycle();
    await raise(other, "A", "end");
    await raise(other, "B", "end");
    await other.advance(1_000);
    expect(await start(other, "A", "echo", 1)).toEqual({ ok: true });
  });
});

describe("[I18.4] A forced purge that fails", () => {
  it("[I18.4] leaves activities alone", async () => {
    const world = makeWorld();
    let wasAborted: boolean | undefined;
    world.activity("watchful", async (ctx: WorkflowActivityContext) => {
      await world.sleep(50_000);
      wasAborted = ctx.signal.aborted;
      ctx.signal.throwIfAborted();
      return "done";
    });
    world.workflow("both", function* (ctx): Code {
      ctx.callChildWorkflow("event", "never", "kid");
      return yield ctx.callActivity("watchful");
    });
    await start(world, "a", "both");
    await world.advance(1_500);
    world.peerFault = ({ method }) => (method === "purge" ? "unreachable" : undefined);
    const purged = purgeByForce(world, "a");
    await world.advance(500);
    await expect(purged).rejects.toThrow("unreachable");
    await world.advance(100_000);
    expect([await statusOf(world, "a"), wasAborted]).toEqual(["COMPLETED", false]);
  });

  it("[I18.4] and leaves a database that cannot be read: the object begins again with it", async () => {
    const world = makeWorld();
    await start(world, "a", "parent", { name: "event", input: "never", id: "kid" });
    await world.advance(1_500);
    const host = world.host("a");
    const before = host.db.read(`SELECT execution_id FROM ${INSTANCE}`);
    world.peerFault = ({ method }) => {
      if (method !== "purge") return undefined;
      host.failRead = () => {
        throw new Error("the disk is slow");
      };
      return "unreachable";
    };
    const purged = purgeByForce(world, "a");
    await world.advance(20_000);
    await expect(purged).rejects.toThrow("was lost");
    host.failRead = undefined;
    expect(await start(world, "a", "echo", 1)).toEqual({ ok: false, code: "ALREADY_ACTIVE" });
    expect([await statusOf(world, "a"), host.db.read(`SELECT execution_id FROM ${INSTANCE}`)]).toEqual([
      "RUNNING",
      before,
    ]);
  });
});

describe("[I18.11] A child that changes its status without pause", () => {
  it("[I18.11] does not keep its parent's forced purge waiting", async () => {
    const world = makeWorld();
    world.workflow("busy", function* (ctx): Code {
      for (let n = 0; n < 400; n++) {
        ctx.setCustomStatus(n);
        yield ctx.callActivity("slow", 10);
      }
      ctx.continueAsNew(undefined);
    });
    world.chaos = unshaken(() => 50);
    const input = JSON.stringify({ name: "busy", id: "kid" });
    void world.post("p", (i) => i.start({ instanceId: "p", name: "parent", input, requestId: "s" }));
    await world.advance(2_000);
    const purged = purgeByForce(world, "p");
    await world.advance(1_000);
    expect(await purged).toEqual({ ok: true });
    await world.rest();
    for (const id of ["p", "kid"]) expect(world.host(id).db.tables()).toEqual([]);
  });
});

describe("[I18.16] A forced purge of what newer code has written", () => {
  it("[I18.16] takes the children of executions before a continue-as-new too", async () => {
    const world = makeWorld();
    world.workflow("main", function* (ctx, n: number): Code {
      if (n === 2) yield ctx.waitForExternalEvent("never");
      ctx.callChildWorkflow("event", "never", "kid");
      yield ctx.createTimer(1);
      ctx.continueAsNew(2);
    });
    await start(world, "a", "main", 1);
    await world.advance(5_000);
    expect(await statusOf(world, "kid")).toBe("RUNNING");
    world.crash("a");
    world.host("a").db.read("UPDATE instance SET schema_version = 99");
    const purged = purgeByForce(world, "a");
    await world.rest();
    expect([await purged, world.host("a").db.tables(), world.host("kid").db.tables()]).toEqual([{ ok: true }, [], []]);
  });
});
