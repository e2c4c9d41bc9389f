// [I16] What the author should know, and is told of once.
import { describe, expect, it } from "vitest";
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import { type AsyncCode, type Code, makeWorld, start, statusOf, terminate } from "../support.ts";
import type { World } from "../world.ts";

describe("[I16] What the author should know", () => {
  it("[I16.1] a workflow that continues as new without end or pause is told of, slowed down, and stopped by a terminate", async () => {
    const world = makeWorld({ maxTightContinuations: 50 });
    let executions = 0;
    world.workflow("loop", function* (ctx: WorkflowContext): Code {
      executions++;
      ctx.continueAsNew(1);
    });
    const started = start(world, "i", "loop").catch(() => undefined);
    await world.advance(10_000);
    await started;
    expect(executions).toBeGreaterThan(50);
    expect(executions).toBeLessThan(70);
    expect(world.log.filter((line) => line.msg === "workflow")).toMatchObject([
      { level: "warn", instanceId: "i", text: expect.stringMatching(/^The workflow has continued as new 50 times/) },
    ]);
    const ended = world.post("i", (i) => i.terminate({ recursive: true }));
    await world.advance(3_000);
    expect(await ended).toEqual({ ok: true });
    expect(await statusOf(world, "i")).toBe("TERMINATED");
  });

  it("[I16.2] a forgotten yield is told of in the log, without payloads", async () => {
    const world = makeWorld();
    world.workflow("forgets", function* (ctx: WorkflowContext): Code {
      ctx.callActivity("echo", "secret");
    });
    await start(world, "i", "forgets");
    await world.rest();
    const lines = world.log.filter((line) => line.msg === "workflow");
    expect(lines).toMatchObject([{ level: "warn", instanceId: "i", text: expect.stringMatching(/^1 task\(s\)/) }]);
    expect(JSON.stringify(world.log)).not.toContain("secret");
  });

  it("[I16.3] code that holds up its turn is told of once, while the instance goes on and can be stopped", async () => {
    const world = makeWorld();
    const nothing = new Promise<void>(() => undefined);
    world.workflow("waits", async (_: WorkflowContext, ms: number) => {
      await (ms === 0 ? nothing : world.sleep(ms));
    });
    const held = (id: string) => world.log.filter((line) => line.msg === "workflow" && line.instanceId === id);
    for (const [id, ms] of [
      ["ever", 0],
      ["long", 12_000],
      ["short", 9_000],
    ] as const) {
      await start(world, id, "waits", ms);
    }
    await world.advance(9_999);
    expect(held("ever")).toEqual([]);
    await world.advance(120_000);
    const line = {
      level: "warn",
      text: expect.stringMatching(/^A turn has gone on for 10000 ms: the workflow's code/),
    };
    expect([held("ever"), held("long"), held("short")]).toMatchObject([[line], [line], []]);
    expect([held("ever").length, held("long").length]).toEqual([1, 1]);
    expect([await statusOf(world, "long"), await statusOf(world, "short")]).toEqual(["COMPLETED", "COMPLETED"]);
    await terminate(world, "ever");
    await world.rest();
    expect(await statusOf(world, "ever")).toBe("TERMINATED");
  });

  it("[I16.4] whatever turn it is: behind a pause in a long chain too, and never for turns that follow one another", async () => {
    const world = makeWorld({ turnsPerPause: 5 });
    const nothing = new Promise<void>(() => undefined);
    world.workflow("steps", async function* (ctx, n: number): AsyncCode {
      for (let i = 0; i < n; i++) yield ctx.callActivity("echo", i);
      if (n < 20) await nothing;
      for (let i = 0; i < 8; i++) yield ctx.callActivity("slow", 4_000);
    });
    const lengths = [...Array.from({ length: 12 }, (_, n) => n), 20];
    for (const n of lengths) await start(world, `i${n}`, "steps", n);
    await world.advance(60_000);
    const told = lengths.map((n) => world.log.filter(({ instanceId }) => instanceId === `i${n}`).map(({ msg }) => msg));
    expect(told).toEqual(lengths.map((n) => (n < 20 ? ["workflow"] : ["instance"])));
  });
});

describe("[I16.7] A workflow that continues as new for a reason is not slowed down", () => {
  it("[I16.7] when it is given an event each time, though in its first turn", async () => {
    const world = makeWorld({ maxTightContinuations: 2 });
    world.workflow("main", function* (ctx, n: number): Code {
      yield ctx.waitForExternalEvent("go");
      if (n < 6) ctx.continueAsNew(n + 1, true);
    });
    await start(world, "a", "main", 0);
    const raised = Array.from({ length: 7 }, (_, n) => ({ name: "go", messageId: `m${n}` }));
    await world.call("a", (i) => Promise.all(raised.map((event) => i.raiseEvent(event))));
    expect([await statusOf(world, "a"), warningsOf(world)]).toEqual(["COMPLETED", []]);
  });

  it("[I16.7] when it waits for a timer each time", async () => {
    const world = makeWorld({ maxTightContinuations: 2 });
    world.workflow("main", function* (ctx, n: number): Code {
      yield ctx.createTimer(0.1);
      if (n < 6) ctx.continueAsNew(n + 1, false);
    });
    await start(world, "a", "main", 0);
    await world.advance(700);
    expect([await statusOf(world, "a"), warningsOf(world)]).toEqual(["COMPLETED", []]);
  });
});

function warningsOf(world: World): unknown[] {
  return world.log.filter(({ msg }) => msg === "workflow");
}
