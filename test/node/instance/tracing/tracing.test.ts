// [I60] Spans: made of the history when a step ends, with the same IDs whoever tells of it, and in the way of nobody.
import { describe, expect, it } from "vitest";
import type { Span } from "../../../../src/model/span.ts";
import { Collector } from "../collector.ts";
import { type Code, endOf, makeWorld, raise, start, statusOf } from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";
import { START_MS, type World } from "../world.ts";

watchUnhandledRejections();

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const OURS = "00f067aa0ba902b7";
const CALLER = "53995c3f42cd8ad8";
const caller = { traceparent: `00-${TRACE}-${OURS}-01`, callerSpanId: CALLER };

function tracedWorld(): World & { collector: Collector } {
  const world = makeWorld();
  world.workflow("all", function* (ctx): Code {
    try {
      yield ctx.callActivity("fail");
    } catch {
      yield ctx.callActivity("slow", 1_000);
    }
    yield ctx.createTimer(60);
    yield ctx.waitForExternalEvent("go");
    return yield ctx.callChildWorkflow("echo", 1, "child");
  });
  world.workflow("again", function* (ctx, n: number): Code {
    yield ctx.callActivity("echo", n);
    if (n > 0) ctx.continueAsNew(n - 1, false);
    return n;
  });
  return Object.assign(world, { collector: new Collector() });
}

const named = ({ collector }: { collector: Collector }, name: string) =>
  collector.spans.filter((span) => span.name === name);
const one = (world: { collector: Collector }, name: string): Span => {
  const found = named(world, name);
  expect([name, found.length]).toEqual([name, 1]);
  return found[0] as Span;
};

async function runAll(world: World): Promise<void> {
  await start(world, "a", "all", undefined, caller);
  await world.advance(65_000);
  await raise(world, "a", "go", 1);
  await world.advance(60_000);
}

describe("[I60] Spans", () => {
  it("[I60.1] one trace has the caller, the start, each step with its times, the child below its call, and the whole workflow", async () => {
    const world = tracedWorld();
    await runAll(world);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
    expect(new Set(world.collector.spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    const begun = one(world, "workflow.start");
    expect(begun).toMatchObject({ spanId: OURS, parentSpanId: CALLER, kind: 2 });
    const whole = one(world, "workflow all");
    expect(whole).toMatchObject({
      parentSpanId: OURS,
      startMs: START_MS,
      attributes: { "dapr.workflow.status": "COMPLETED" },
    });
    const slow = one(world, "activity slow");
    expect([slow.parentSpanId, slow.endMs - slow.startMs, slow.attributes]).toEqual([
      whole.spanId,
      1_000,
      {
        "dapr.workflow.name": "all",
        "dapr.workflow.instance_id": "a",
        "dapr.workflow.execution_id": "execution-1",
        "dapr.workflow.attempt": 1,
      },
    ]);
    expect(one(world, "activity fail").error).toEqual({ type: "TypeError", message: "as told" });
    const timer = one(world, "timer");
    expect(timer.endMs - timer.startMs).toBe(60_000);
    const event = one(world, "event go");
    expect([event.startMs, event.endMs]).toEqual([timer.endMs, START_MS + 65_000]);
    expect(one(world, "workflow echo").parentSpanId).toBe(one(world, "child echo").spanId);
    expect(new Set(world.collector.spans.map(({ spanId }) => spanId)).size).toBe(world.collector.spans.length);
  });

  it("[I60.2] a continue-as-new stays in the trace, and links what follows", async () => {
    const world = tracedWorld();
    await start(world, "a", "again", 2, caller);
    await world.advance(60_000);
    const [first, second, third] = named(world, "workflow again");
    expect([first?.links?.[0]?.spanId, second?.links?.[0]?.spanId, third?.links]).toEqual([
      second?.spanId,
      third?.spanId,
      undefined,
    ]);
    expect([first?.attributes["dapr.workflow.status"], third?.attributes["dapr.workflow.status"]]).toEqual([
      "CONTINUED_AS_NEW",
      "COMPLETED",
    ]);
    expect(new Set(world.collector.spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(named(world, "activity echo")).toHaveLength(3);
  });

  it("[I60.3] without a caller the trace begins with the instance, its child is in it, and no span lacks its parent", async () => {
    const world = tracedWorld();
    await start(world, "a", "parent", { name: "echo", input: 1, id: "b" });
    await world.advance(60_000);
    const { spans } = world.collector;
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    const ids = new Set(spans.map(({ spanId }) => spanId));
    expect(spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId))).toEqual([]);
    expect(one(world, "workflow parent").parentSpanId).toBeUndefined();
  });

  it("[I60.4] the object is lost at any point: whatever is told has the IDs and times of a run without a loss", async () => {
    const identity = ({ traceId, spanId, parentSpanId, name }: Span) => `${traceId} ${parentSpanId} ${spanId} ${name}`;
    const whole = tracedWorld();
    await start(whole, "a", "call", { activity: "echo", input: 1 }, { ...caller, requestId: "r" });
    await whole.advance(90_000);
    const known = new Set(whole.collector.spans.map(identity));
    for (let lostAt = 1; ; lostAt++) {
      const world = tracedWorld();
      let points = 0;
      let isFirstId = true;
      world.newId = () => (isFirstId ? "execution-1" : "another");
      world.onPoint = (_, id) => {
        if (++points === lostAt) world.crash(id);
      };
      const more = { ...caller, requestId: "r" };
      await start(world, "a", "call", { activity: "echo", input: 1 }, more).catch(() => undefined);
      await start(world, "a", "call", { activity: "echo", input: 1 }, more).catch(() => undefined);
      isFirstId = false;
      await world.advance(120_000);
      expect([lostAt, world.collector.spans.map(identity).filter((span) => !known.has(span))]).toEqual([lostAt, []]);
      if (points < lostAt) return expect(lostAt).toBeGreaterThan(3);
    }
  });

  it("[I60.5] a step that ends in another life of the object has its span all the same", async () => {
    const world = tracedWorld();
    await start(world, "a", "timer", 60, caller);
    world.crash("a");
    await world.advance(90_000);
    const timer = one(world, "timer");
    expect(timer.endMs - timer.startMs).toBe(60_000);
    expect(one(world, "workflow timer").startMs).toBe(START_MS);
  });

  it.each([
    ["a collector that is down for long", () => new TypeError("down"), 3],
    ["one that is busy", () => 503, 3],
    ["one that never answers", () => "silence", 3],
    ["one that leads elsewhere", () => 307, 1],
    ["one that refuses", () => 400, 1],
  ])("[I60.6] %s: spans are dropped, nobody waits, and the log says how many", async (_, answer, attempts) => {
    const world = tracedWorld();
    world.collector.answer = answer as Collector["answer"];
    await start(world, "a", "echo", 1, caller);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
    await world.advance(60_000);
    expect(world.collector.requests).toHaveLength(attempts);
    expect(world.log.filter(({ msg }) => msg === "traces")).toMatchObject([{ level: "warn", dropped: 2 }]);
    expect(world.host("a").durableAlarm).toBeNull();
  });

  it("[I60.7] at most 512 spans go in a request", async () => {
    const world = tracedWorld();
    world.workflow("many", function* (ctx): Code {
      return yield ctx.whenAll(Array.from({ length: 700 }, (_, n) => ctx.callActivity("echo", n)));
    });
    await start(world, "a", "many", undefined, caller);
    await world.advance(60_000);
    expect(Math.max(...world.collector.requests.map(({ length }) => length))).toBeLessThanOrEqual(512);
    expect(named(world, "activity echo")).toHaveLength(700);
  });

  it("[I60.12] at most 2,048 spans wait for a collector that is busy: the oldest are dropped, and the log says how many", async () => {
    const world = tracedWorld();
    world.workflow("many", function* (ctx): Code {
      for (let round = 0; round < 6; round++)
        yield ctx.whenAll(Array.from({ length: 500 }, (_, n) => ctx.callActivity("echo", n)));
    });
    world.collector.answer = () => "silence";
    await start(world, "a", "many", undefined, caller);
    await world.advance(9_000);
    world.collector.answer = () => 200;
    await world.advance(60_000);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
    const dropped = world.log.flatMap((line) => (line.msg === "traces" ? [Number(Reflect.get(line, "dropped"))] : []));
    const told = new Set(world.collector.spans.map(({ spanId }) => spanId)).size;
    expect(told + dropped.reduce((sum, n) => sum + n, 0)).toBe(3_002);
    expect(told).toBeLessThanOrEqual(2_048 + 512);
    // The end of the workflow is the newest.
    expect(named(world, "workflow many")).toHaveLength(1);
  });

  it("[I60.8] a trace that its caller does not record is not told, and messages stay where the log has none", async () => {
    const world = tracedWorld();
    await start(world, "a", "echo", 1, { traceparent: `00-${TRACE}-${OURS}-00` });
    await world.advance(60_000);
    expect(world.collector.requests).toEqual([]);
    world.logFailureMessages = false;
    await start(world, "b", "call", { activity: "fail" }, caller);
    await world.advance(60_000);
    expect(one(world, "activity fail").error).toEqual({ type: "TypeError" });
    expect(JSON.stringify(world.collector.spans)).not.toContain("as told");
  });

  it("[I60.9] the same rows, commits and alarms with a collector as without one", async () => {
    const cost = async (isTraced: boolean) => {
      const world = tracedWorld();
      if (!isTraced) Object.assign(world, { collector: undefined });
      await start(world, "a", "all", undefined, caller);
      await world.advance(120_000);
      const { db, counters } = world.host("a");
      return { ...counters, rows: Object.fromEntries(db.counters.rows) };
    };
    expect(await cost(true)).toEqual(await cost(false));
  });

  it("[I60.10] what instances of one isolate have to tell goes in one request, which one of them sends", async () => {
    const world = tracedWorld();
    for (const id of ["a", "b", "c"]) await start(world, id, "echo", id, caller);
    expect(world.collector.requests).toEqual([]);
    await world.advance(250);
    expect(world.collector.requests).toHaveLength(1);
    expect(named(world, "workflow echo").map(({ attributes }) => attributes["dapr.workflow.instance_id"])).toEqual([
      "a",
      "b",
      "c",
    ]);
    await start(world, "d", "echo", "d", caller);
    await world.advance(250);
    expect([world.collector.requests.length, named(world, "workflow echo").length]).toEqual([2, 4]);
  });

  it("[I60.11] where that one is lost, its spans and those of the others are sent by the next that has some, once", async () => {
    const world = tracedWorld();
    await start(world, "a", "timer", 60, caller);
    await start(world, "b", "echo", 1, caller);
    world.crash("a");
    await start(world, "c", "echo", 1, caller);
    await world.advance(1_000);
    expect(world.collector.requests).toEqual([]);
    await world.advance(16_000);
    await start(world, "d", "echo", 1, caller);
    await world.advance(250);
    const told = world.collector.spans.map(
      ({ name, attributes }) => `${attributes["dapr.workflow.instance_id"]} ${name}`,
    );
    const both = (id: string) => [`${id} workflow echo`, `${id} workflow.start`];
    expect(told.sort()).toEqual(["a workflow.start", ...both("b"), ...both("c"), ...both("d")]);
  });
});
