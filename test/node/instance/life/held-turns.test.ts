// [I31] Turns that the workflow's code holds up, and a terminate that does not wait for them for ever.
import { describe, expect, it } from "vitest";
import {
  type AsyncCode,
  endOf,
  faultsOf,
  makeWorld,
  purgeByForce,
  raise,
  start,
  statusOf,
  terminate,
  typesOf,
} from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";
import type { World } from "../world.ts";

watchUnhandledRejections();

const never = () => new Promise<never>(() => undefined);
const TERMINATED = ["ExecutionStarted", "ExecutionTerminated", "ExecutionCompleted"];

/** It holds up the turn that takes the event, and each that runs over it again. */
function heldBy(event: string, before?: (world: World) => Promise<void>): World {
  const world = makeWorld();
  world.workflow("held", async function* (ctx): AsyncCode {
    yield ctx.waitForExternalEvent(event);
    await before?.(world);
    await never();
  });
  return world;
}

describe("[I31.1] A terminate of code that holds up its turn ends it after its patience", () => {
  it("[I31.1] when the turn begins anew after a crash", async () => {
    const world = makeWorld();
    // Not even its first turn comes to an end, so that it is taken again with the terminate.
    world.workflow("held", async function* (): AsyncCode {
      await never();
      yield* [];
    });
    await start(world, "a", "held");
    await terminate(world, "a", '"out"');
    world.crash("a");
    await world.advance(60_000);
    expect(await endOf(world, "a")).toEqual(["TERMINATED", "out"]);
    expect(typesOf(world, "a")).toEqual(TERMINATED);
  });

  it("[I31.1] when the turn that has taken it failed, and is held up when it is tried again", async () => {
    const world = makeWorld({ retryFirstMs: 10_000 });
    let runs = 0;
    world.workflow("held", async function* (ctx): AsyncCode {
      yield ctx.waitForExternalEvent("go");
      if (runs++ === 1) await never();
      yield ctx.waitForExternalEvent("never");
    });
    await start(world, "a", "held");
    let failures = 0;
    world.host("a").failWrite = (statement) => {
      if (statement.includes("DELETE FROM inbox") && failures++ === 0) throw new Error("disk");
    };
    await world.call("a", (i) =>
      Promise.all([i.raiseEvent({ name: "go", messageId: "m" }), i.terminate({ output: '"out"', recursive: true })]),
    );
    expect([failures, typesOf(world, "a")]).toEqual([1, ["ExecutionStarted"]]);
    await world.advance(60_000);
    expect([runs, await endOf(world, "a")]).toEqual([2, ["TERMINATED", "out"]]);
    expect(faultsOf(world, "a")).toEqual([]);
  });

  it("[I31.1] when it is the turn after the one that was held up", async () => {
    const world = makeWorld();
    world.workflow("held", async function* (ctx): AsyncCode {
      yield ctx.waitForExternalEvent("go");
      await world.sleep(500);
      yield ctx.waitForExternalEvent("go");
      await never();
    });
    await start(world, "a", "held");
    await raise(world, "a", "go");
    await raise(world, "a", "go");
    await terminate(world, "a", '"out"');
    await world.advance(60_000);
    expect(await endOf(world, "a")).toEqual(["TERMINATED", "out"]);
  });
});

it("[I31.2] The patience of a terminate says nothing about an instance that has taken the place of the one it was for", async () => {
  const world = heldBy("go");
  world.workflow("slow", async function* (ctx): AsyncCode {
    yield ctx.waitForExternalEvent("go");
    await world.sleep(5_000);
    return yield ctx.waitForExternalEvent("again");
  });
  await start(world, "a", "held");
  await raise(world, "a", "go");
  await terminate(world, "a");
  const purged = purgeByForce(world, "a");
  await world.advance(100);
  expect([await purged, await start(world, "a", "slow")]).toEqual([{ ok: true }, { ok: true }]);
  await raise(world, "a", "go");
  // The patience of the former terminate ends in this turn.
  await world.advance(10_000);
  await raise(world, "a", "again", 1);
  expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
});

it("[I31.3] When a terminate has been taken, nothing happens at the end of its patience", async () => {
  const world = makeWorld();
  await start(world, "a", "event", "never");
  await terminate(world, "a");
  expect(await statusOf(world, "a")).toBe("TERMINATED");
  const { counters } = world.host("a").db;
  const before = counters.statements;
  await world.advance(60_000);
  expect([counters.statements - before, world.log.filter(({ level }) => level !== "info")]).toEqual([0, []]);
});

it("[I31.4] A message that could not be delivered is sent again while a turn is held up, and more waits behind it", async () => {
  const world = makeWorld();
  let isReachable = false;
  world.peerFault = ({ to }) => (to === "kid" && !isReachable ? "unreachable" : undefined);
  world.workflow("held", async function* (ctx): AsyncCode {
    yield ctx.createTimer(10);
    ctx.callChildWorkflow("echo", 1, "kid");
    yield ctx.waitForExternalEvent("go");
    await never();
  });
  await start(world, "a", "held");
  // The alarm's handler stays with what the turn has begun.
  await world.advance(10_000);
  await raise(world, "a", "go");
  await raise(world, "a", "go");
  await world.advance(20_000);
  isReachable = true;
  await world.advance(40_000);
  expect(await endOf(world, "kid")).toEqual(["COMPLETED", 1]);
});

it("[I31.5] Activities that a crash has left open do not run again for a terminate that gives up the code", async () => {
  const world = makeWorld();
  let isStuck = false;
  world.workflow("main", async function* (ctx): AsyncCode {
    if (isStuck) await never();
    ctx.callActivity("slow", 60_000);
    yield ctx.waitForExternalEvent("never");
  });
  await start(world, "a", "main");
  await world.advance(100);
  world.crash("a");
  isStuck = true;
  await terminate(world, "a");
  await world.advance(30_000);
  expect([await statusOf(world, "a"), world.activityRuns, world.host("a").db.read("SELECT * FROM recovery")]).toEqual([
    "TERMINATED",
    ["execution-1:1"],
    [],
  ]);
});
