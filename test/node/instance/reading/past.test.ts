// [I3.30] Where an instance stood after so many of its events: what only its code can tell, which runs over them once more.
import { describe, expect, it } from "vitest";
import type { Task, WorkflowContext } from "../../../../src/client.ts";
import { makeWorld, raise, start, toyCipher } from "../support.ts";
import type { World } from "../world.ts";

async function* approval(ctx: WorkflowContext): AsyncGenerator<Task, string, Task> {
  ctx.setCustomStatus("asks");
  const answer = ctx.waitForExternalEvent("answer");
  const timeout = ctx.createTimer(60);
  const first = yield ctx.whenAny([answer, timeout]);
  ctx.setCustomStatus(first === answer ? "answered" : "too late");
  yield ctx.waitForExternalEvent("thanks");
  return "done";
}

function* yielding(task: Task): Generator<Task> {
  yield task;
}

const past = async (world: World, pastEvents: number) =>
  (await world.call("a", (instance) => instance.describe({ payloads: false, detail: true, pastEvents })))?.past;

describe("[I3.30] Where an instance stood", () => {
  const played = async () => {
    const world = makeWorld();
    world.workflow("approval", approval);
    await start(world, "a", "approval");
    await raise(world, "a", "answer", true);
    await raise(world, "a", "thanks", 1);
    return world;
  };

  it("[I3.30] its custom status, the events it waited for, its timers: after each event, also when it has ended long since", async () => {
    const world = await played();
    const asks = { customStatus: "asks", awaitedEvents: ["answer"], awaitsCondition: false, openTimers: [1] };
    // ExecutionStarted, TimerCreated, EventRaised answer, EventRaised thanks, ExecutionCompleted.
    expect(await past(world, 2)).toEqual({ events: 2, ...asks, bufferedEvents: [], stall: undefined });
    expect(await past(world, 3)).toMatchObject({
      events: 3,
      customStatus: "answered",
      awaitedEvents: ["thanks"],
      // The code has not called it off.
      openTimers: [1],
    });
    expect(await past(world, 5)).toMatchObject({ events: 5, customStatus: "answered", awaitedEvents: [] });
    expect(await past(world, 99)).toMatchObject({ events: 5 });
  });

  it("[I3.30.1] of one that runs, and writes nothing for it", async () => {
    const world = makeWorld();
    world.workflow("approval", approval);
    await start(world, "a", "approval");
    await raise(world, "a", "other", 1);
    const rows = [...world.host("a").db.counters.rows];
    expect(await past(world, 3)).toMatchObject({
      awaitedEvents: ["answer"],
      bufferedEvents: [{ name: "other", count: 1 }],
    });
    expect([...world.host("a").db.counters.rows]).toEqual(rows);
  });

  it("[I3.30.2] code that does not fit these events says so, and nothing becomes of it", async () => {
    const world = await played();
    world.crash("a");
    world.workflow("approval", async function* (ctx) {
      yield ctx.callActivity("another");
    });
    expect(await past(world, 3)).toMatchObject({ stall: { reason: "NON_DETERMINISM" } });
    expect((await world.call("a", (instance) => instance.describe({ payloads: false })))?.status).toBe("COMPLETED");
  });

  it("[I3.30.4] its branches, and what each of them waited for; of those that it has left at its end, nothing", async () => {
    const world = makeWorld();
    world.workflow("travel", function* (ctx: WorkflowContext) {
      const book = function* (name: string): Generator<Task> {
        yield ctx.waitForExternalEvent(name);
        yield ctx.createTimer(60);
      };
      ctx.branch(book("letters"), "letters");
      yield ctx.whenAll([ctx.branch(book("flight"), "flight"), ctx.waitForExternalEvent("hotel")]);
    });
    await start(world, "a", "travel");
    await raise(world, "a", "flight", 1);
    await raise(world, "a", "hotel", 1);
    await world.advance(60_000);
    const letters = { name: "letters", waitingFor: "event:letters" };
    expect((await past(world, 1))?.branches).toEqual([letters, { name: "flight", waitingFor: "event:flight" }]);
    expect((await past(world, 3))?.branches).toEqual([
      letters,
      { name: "flight", waitingFor: "timer:2026-11-24T00:01:00Z" },
    ]);
    expect(await past(world, 99)).toMatchObject({ events: 6, branches: undefined });
    world.crash("a");
    world.workflow("travel", function* (ctx: WorkflowContext) {
      ctx.branch(yielding(ctx.waitForExternalEvent("letters")));
      yield ctx.callActivity("another");
    });
    expect(await past(world, 3)).toMatchObject({ stall: { reason: "NON_DETERMINISM" }, branches: undefined });
  });

  it("[I3.30.3] where its texts cannot be read there is nothing to tell", async () => {
    const world = makeWorld();
    world.cipher = toyCipher("k1");
    world.workflow("approval", approval);
    await start(world, "a", "approval", "a secret");
    world.crash("a");
    world.cipher = toyCipher("k2");
    expect(await past(world, 2)).toBeUndefined();
  });
});
