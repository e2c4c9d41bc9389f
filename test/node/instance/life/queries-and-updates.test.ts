// [I14] Queries and updates; [I17.4] a query of an instance that is purged meanwhile.
import { describe, expect, it } from "vitest";
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import type { HistoryRequest, UpdateResult } from "../../../../src/instance/protocol.ts";
import type { ExecutionStarted, HistoryEvent } from "../../../../src/model/history-event.ts";
import { type Code, gate, historyOf, makeWorld, raise, start, suspend, typesOf } from "../support.ts";
import { START_MS, type World } from "../world.ts";

describe("[I14] Queries and updates", () => {
  function basket(): World {
    const world = makeWorld();
    world.workflow("main", function* (ctx: WorkflowContext): Code {
      const items: string[] = [];
      ctx.setQueryHandler("items", () => items);
      ctx.setUpdateHandler("add", (item: string) => items.push(item), {
        validator: (item) => {
          if (item === "") throw new Error("no name");
        },
      });
      ctx.setUpdateHandler("slowly", function* (item: string): Code {
        yield ctx.createTimer(5);
        return items.push(item);
      });
      yield ctx.waitForExternalEvent("checkout");
      return items;
    });
    return world;
  }
  const update = (world: World, updateId: string, name: string, input: unknown, timeoutMs = 0): Promise<UpdateResult> =>
    world.post("i", (i) => i.update({ updateId, name, input: JSON.stringify(input), timeoutMs }));
  const items = (world: World) => world.call("i", (i) => i.query({ name: "items" }));

  it("[I14.1] an update answers with its result; the same ID again gives the same, over crashes and after the end", async () => {
    const world = basket();
    await start(world, "i", "main");
    const first = update(world, "u1", "add", "pen", 1_000);
    await world.settle();
    expect(await first).toEqual({ ok: true, result: "1" });
    for (const crash of [() => undefined, () => world.crashAll()]) {
      crash();
      const again = update(world, "u1", "add", "pen", 1_000);
      await world.settle();
      expect(await again).toEqual({ ok: true, result: "1" });
    }
    expect(await items(world)).toEqual({ ok: true, result: '["pen"]' });
    await raise(world, "i", "checkout", 1);
    world.crashAll();
    const [known, unknown] = [update(world, "u1", "add", "pen"), update(world, "u9", "add", "ink")];
    await world.settle();
    expect([await known, await unknown]).toEqual([
      { ok: true, result: "1" },
      { ok: false, code: "ENDED" },
    ]);
    expect(await items(world)).toEqual({ ok: true, result: '["pen"]' });
    expect(typesOf(world, "i").filter((type) => type === "UpdateRequested")).toHaveLength(1);
  });

  it("[I14.2] is PENDING when it takes longer than the caller waits, and goes on", async () => {
    const world = basket();
    await start(world, "i", "main");
    const pending = update(world, "u", "slowly", "ink", 1_000);
    await world.advance(1_000);
    expect(await pending).toEqual({ ok: false, code: "PENDING" });
    world.crashAll();
    const later = update(world, "u", "slowly", "ink", 10_000);
    await world.advance(10_000);
    expect(await later).toEqual({ ok: true, result: "1" });
  });

  it("[I14.3] is rejected, unknown, or for nobody", async () => {
    const world = basket();
    await start(world, "i", "main");
    const [rejected, unknown] = [update(world, "a", "add", "", 500), update(world, "b", "nope", 1, 500)];
    await world.settle();
    expect([await rejected, await unknown]).toMatchObject([
      { ok: false, code: "REJECTED", failure: { message: "no name" } },
      { ok: false, code: "REJECTED", failure: { errorType: "HandlerNotRegisteredError" } },
    ]);
    expect(await world.call("x", (i) => i.update({ updateId: "u", name: "n", timeoutMs: 0 }))).toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await world.call("x", (i) => i.query({ name: "n" }))).toMatchObject({ code: "NOT_FOUND" });
  });

  it("[I14.4] a query sees what was accepted before it, sets no alarm, and does not wait for code that hangs", async () => {
    const world = basket();
    await start(world, "i", "main");
    await suspend(world, "i");
    const before = { ...world.host("i").counters };
    expect(await items(world)).toEqual({ ok: true, result: "[]" });
    expect(world.host("i").counters).toEqual(before);
    const stuck = gate();
    world.workflow("hangs", async () => stuck.promise);
    await start(world, "h", "hangs");
    const asked = world.post("h", (i) => i.query({ name: "items" }));
    await world.advance(2_000);
    expect(await asked).toEqual({ ok: false, code: "BUSY" });
  });

  it("[I14.8] a query in the middle of a long chain of steps that wait for nothing is answered in between", async () => {
    const world = makeWorld();
    world.workflow("chain", function* (ctx: WorkflowContext, n: number): Code {
      let done = 0;
      ctx.setQueryHandler("done", () => done);
      for (; done < n; done++) yield ctx.callActivity("echo", done);
    });
    const query = { instanceId: "i", name: "chain", input: "5000", requestId: "r" };
    const started = world.post("i", (i) =>
      i.start({ ...query, waitFor: { until: "ended", timeoutMs: 9_000, payloads: false } }),
    );
    const asked = Array.from({ length: 3 }, () => world.post("i", (i) => i.query({ name: "done" })));
    await world.advance(10);
    const answers = await Promise.all(asked);
    expect(answers.map((answer) => answer.ok)).toEqual([true, true, true]);
    expect(answers.every((answer) => answer.ok && Number(answer.result) < 5_000)).toBe(true);
    expect(await started).toMatchObject({ ok: true, state: { status: "COMPLETED" } });
  });

  it("[I14.6] a query of an instance that has not started, or whose code is gone, says so", async () => {
    const world = basket();
    await world.call("i", (i) =>
      i.start({ instanceId: "i", name: "main", requestId: "r", startAtMs: START_MS + 5_000 }),
    );
    expect(await items(world)).toEqual({ ok: false, code: "NOT_STARTED" });
    await world.advance(6_000);
    await raise(world, "i", "checkout", 1);
    world.workflows.delete("main");
    world.crashAll();
    expect(await items(world)).toEqual({
      ok: false,
      code: "FAILED",
      message: "workflow 'main' is not registered any more, so its history cannot be asked",
    });
  });

  it("[I14.5] the history is read in pages, from either end; a page names its execution, and another one answers nothing", async () => {
    const world = basket();
    await start(world, "i", "main");
    await raise(world, "i", "checkout", 1);
    const page = (from: number | undefined, limit: number, more: Partial<HistoryRequest> = {}) =>
      world.call("i", (i) => i.history({ from, limit, ...more }));
    const all = historyOf(world, "i");
    const { executionId } = all[0] as HistoryEvent & ExecutionStarted;
    const whole = { executionId, isCut: false, hasMore: false };
    expect(await page(0, 10)).toEqual({ ...whole, events: all });
    expect(await page(0, 2, { executionId })).toEqual({ ...whole, events: all.slice(0, 2), hasMore: true, next: 2 });
    expect(await page(2, 2)).toEqual({ ...whole, events: all.slice(2) });
    const back = { order: "desc" } as const;
    expect(await page(undefined, 2, back)).toEqual({ ...whole, events: [all[2], all[1]], hasMore: true, next: 0 });
    expect(await page(undefined, 9, { types: ["EventRaised"] })).toMatchObject({ events: [{ name: "checkout" }] });
    expect(await page(2, 2, { executionId: "another" })).toEqual({
      events: [],
      hasMore: false,
      executionId,
      isOver: true,
    });
    expect(await world.call("x", (i) => i.history({ from: 0, limit: 1 }))).toBeUndefined();
  });
});

describe("[I17.4] A query that waits for a turn", () => {
  it("[I17.4] of an instance that is purged meanwhile: there is none", async () => {
    const world = makeWorld();
    const stuck = gate();
    world.workflow("stuck", async function* (ctx) {
      ctx.setQueryHandler("q", () => 1);
      yield ctx.waitForExternalEvent("go");
      await stuck.promise;
    });
    await start(world, "a", "stuck");
    await raise(world, "a", "go");
    const asked = world.post("a", (i) => i.query({ name: "q" }));
    const purged = world.post("a", (i) => i.purge({ recursive: false, force: true }));
    await world.advance(2_000);
    expect([await purged, await asked]).toEqual([{ ok: true }, { ok: false, code: "NOT_FOUND" }]);
    expect(historyOf(world, "a")).toEqual([]);
  });
});
