// [I22] STALLED for a reason of ours: what a terminate does then.
import { describe, expect, it } from "vitest";
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import { type Code, endOf, makeWorld, raise, start, statusOf, suspend, terminate, typesOf } from "../support.ts";
import { broken, deploy, waiting } from "./stalled.ts";

describe.each(["changed", "gone"] as const)(
  "[I22] A terminate of an instance that is STALLED: code that is %s",
  (how) => {
    it.each(["at once", "after a loss of memory", "with a loss of memory before its turn"])(
      "[I22.4] terminate ends it and its children, without its code: %s",
      async (when) => {
        const ran: string[] = [];
        const world = await broken(how, ran);
        expect([await statusOf(world, "a"), await statusOf(world, "child")]).toEqual(["STALLED", "RUNNING"]);
        if (when === "after a loss of memory") world.crashAll();
        let failures = when === "with a loss of memory before its turn" ? 1 : 0;
        world.host("a").failWrite = (statement) => {
          if (statement.includes("INTO instance") && failures-- > 0) throw new Error("SQLITE_FULL");
        };
        expect(await terminate(world, "a", '"enough"')).toEqual({ ok: true });
        if (when === "with a loss of memory before its turn") {
          world.crashAll();
          await world.advance(5_000);
        }
        await world.settle();
        expect(await endOf(world, "a")).toEqual(["TERMINATED", "enough"]);
        expect(await statusOf(world, "child")).toBe("TERMINATED");
        expect(ran).toEqual([]);
        const types = typesOf(world, "a");
        expect(types.slice(types.indexOf("ExecutionStalled"))).toEqual([
          "ExecutionStalled",
          "EventRaised",
          "ExecutionTerminated",
          "ExecutionCompleted",
        ]);
        // Nothing wakes it any more.
        await world.rest();
      },
    );

    it("[I22.19] a terminate behind a pause and a cancel that were kept ends it and its children, without its code", async () => {
      const ran: string[] = [];
      const world = await broken(how, ran);
      expect(await suspend(world, "a")).toEqual({ ok: true });
      expect(await world.call("a", (i) => i.cancel({}))).toEqual({ ok: true });
      world.crashAll();
      expect(await terminate(world, "a", '"enough"')).toEqual({ ok: true });
      await world.settle();
      expect([await endOf(world, "a"), await statusOf(world, "child"), ran]).toEqual([
        ["TERMINATED", "enough"],
        expect.stringMatching(/^(TERMINATED|CANCELED)$/),
        [],
      ]);
    });
  },
);

describe("[I22] A terminate, and what is open beside it", () => {
  it("[I22.7] a parent's terminate reaches a stalled child", async () => {
    const world = makeWorld();
    world.workflow("main", waiting());
    await start(world, "p", "parent", { name: "main", id: "a" });
    await world.settle();
    deploy(world, "gone");
    await raise(world, "a", "go", "one");
    expect(await statusOf(world, "a")).toBe("STALLED");
    await terminate(world, "p");
    await world.settle();
    expect([await statusOf(world, "p"), await statusOf(world, "a"), await statusOf(world, "child")]).toEqual([
      "TERMINATED",
      "TERMINATED",
      "TERMINATED",
    ]);
  });

  it("[I22.11] a terminate runs no activity again that was open", async () => {
    const world = makeWorld();
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      yield ctx.callActivity("slow", 50_000);
    });
    await start(world, "a", "main");
    await world.advance(100);
    world.crashAll();
    await world.advance(5_000);
    deploy(world, "gone");
    await raise(world, "a", "go", "one");
    const rows = () => world.host("a").db.read("SELECT * FROM recovery").length;
    expect([await statusOf(world, "a"), world.activityRuns.length, rows()]).toEqual(["STALLED", 2, 1]);
    await terminate(world, "a");
    await world.settle();
    expect([await statusOf(world, "a"), world.activityRuns.length, rows()]).toEqual(["TERMINATED", 2, 0]);
    await world.rest();
  });

  it.each(["long ago, and it was caught", "just before"])(
    "[I22.12] a terminate ends all of it as TERMINATED, whose cancel was asked for %s",
    async (when) => {
      const world = makeWorld();
      const code = function* (ctx: WorkflowContext): Code {
        const child = ctx.callChildWorkflow("stubborn", "go", "child");
        try {
          yield ctx.waitForExternalEvent("never");
        } catch {
          yield child;
        }
      };
      world.workflow("stubborn", function* (ctx: WorkflowContext, name: string): Code {
        for (;;) {
          try {
            yield ctx.waitForExternalEvent(name);
          } catch {
            // It goes on whoever cancels it.
          }
        }
      });
      world.workflow("main", code);
      await start(world, "a", "main");
      await world.settle();
      const cancel = () => world.call("a", (i) => i.cancel({}));
      if (when !== "just before") await cancel();
      deploy(world, "gone");
      if (when === "just before") await cancel();
      else await raise(world, "a", "go", "one");
      expect([await statusOf(world, "a"), await statusOf(world, "child")]).toEqual(["STALLED", "RUNNING"]);
      await terminate(world, "a", '"enough"');
      await world.settle();
      expect(await endOf(world, "a")).toEqual(["TERMINATED", "enough"]);
      expect(await statusOf(world, "child")).toBe("TERMINATED");
      await world.rest();
    },
  );

  it("[I22.16] for Dapr's reasons, a parent's terminate is kept until code has come that fits", async () => {
    const world = makeWorld();
    const at = (version: string) => [{ name: "v", version, code: waiting(), latest: true }];
    world.versions = at("v1");
    await start(world, "p", "parent", { name: "v", id: "a" });
    await world.settle();
    world.versions = at("v2");
    world.crashAll();
    await world.call("a", (i) => i.raiseEvent({ name: "go", messageId: "m" }));
    expect(await statusOf(world, "a")).toBe("STALLED");
    await terminate(world, "p", '"enough"');
    await world.settle();
    world.crashAll();
    expect([await statusOf(world, "p"), await statusOf(world, "a"), await statusOf(world, "child")]).toEqual([
      "TERMINATED",
      "STALLED",
      "RUNNING",
    ]);
    world.versions = at("v1");
    world.crashAll();
    expect([await endOf(world, "a"), await statusOf(world, "child")]).toEqual([["TERMINATED", "enough"], "TERMINATED"]);
  });

  it("[I22.17] beside a terminate that comes too late, an open activity runs again", async () => {
    const world = makeWorld();
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      ctx.callActivity("slow", 50_000);
      return yield ctx.waitForExternalEvent("go");
    });
    await start(world, "a", "main");
    await world.advance(100);
    let failures = 1;
    world.host("a").failWrite = (statement) => {
      if (statement.includes("INTO recovery")) return;
      if (/(INTO|UPDATE) instance/.test(statement) && failures-- > 0) throw new Error("SQLITE_FULL");
    };
    await raise(world, "a", "go", "one");
    await terminate(world, "a");
    world.crashAll();
    await world.advance(60_000);
    expect(failures).toBeLessThanOrEqual(0);
    expect([await endOf(world, "a"), world.activityRuns.length]).toEqual([["COMPLETED", "one"], 2]);
    expect(typesOf(world, "a").at(-1)).toBe("TaskCompleted");
    await world.rest();
  });
});
