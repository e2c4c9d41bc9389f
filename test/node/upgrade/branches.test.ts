// [U5] Branches in databases: those of a former schema version go on with code that has them, and what today's code has left in the middle of
// them is gone on with. For a new version: RECORD=1.
import { describe, expect, it } from "vitest";
import type { Task } from "../../../src/engine/task.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { SCHEMA_VERSION } from "../../../src/storage/schema.ts";
import { type Code, endOf, faultsOf, historyOf, makeWorld, raise, start } from "../instance/support.ts";
import type { World } from "../instance/world.ts";
import { record, restore } from "./fixture.ts";
import { ends, finish, sceneWorld } from "./scenes.ts";

const HOUR_MS = 3_600_000;

/** The first version whose code has branches is that of today. */
const versions = Array.from({ length: SCHEMA_VERSION - 4 }, (_, n) => n + 5);
const former = Array.from({ length: SCHEMA_VERSION }, (_, n) => n + 1);

/** Three strands of different lengths; a loser that has something to do on its way out; one that nobody waits for. */
function* trip(ctx: WorkflowContext, before: unknown): Code {
  const left = ctx.branch(reminding(ctx), { name: "reminder" });
  const booked = yield* ctx.whenAll([booking(ctx, 1), booking(ctx, 2), booking(ctx, 3)]);
  const first = yield* ctx.whenAny([booking(ctx, 4), reminding(ctx)]);
  const last = yield* ctx.callActivity("echo", "last");
  left.cancel();
  return [before, booked, first.getResult(), last];
}

function* booking(ctx: WorkflowContext, n: number): Code {
  const found: unknown[] = [];
  for (let i = 1; i <= n; i++) found.push(yield ctx.callActivity("echo", `${n}.${i}`));
  yield ctx.createTimer(n);
  return [...found, yield ctx.waitForExternalEvent(`trip ${n}`)];
}

async function* reminding(ctx: WorkflowContext): AsyncGenerator<Task, void> {
  try {
    yield* ctx.createTimer(24 * 3_600);
  } finally {
    yield* ctx.callActivity("echo", "not reminded");
  }
}

const due = (before: unknown) => [
  before,
  [
    ["1.1", 1],
    ["2.1", "2.2", 2],
    ["3.1", "3.2", "3.3", 3],
  ],
  ["4.1", "4.2", "4.3", "4.4", 4],
  "last",
];

function branchWorld(): World {
  const world = makeWorld();
  world.workflow("trip", trip);
  return world;
}

/** Of what they have called, in order. */
const branchesOf = (world: World, id: string) =>
  historyOf(world, id).flatMap((event) => ("branch" in event ? event.branch : []));

async function raiseAll(world: World, id: string, ...numbers: number[]): Promise<void> {
  for (const n of numbers) await raise(world, id, `trip ${n}`, n, `trip ${n} for ${id}`);
}

await record(`branches-${SCHEMA_VERSION}`, async () => {
  const world = branchWorld();
  for (const id of ["begun", "waiting", "racing", "ended"]) await start(world, id, "trip", id);
  await raiseAll(world, "waiting", 2, 4);
  await raiseAll(world, "racing", 3, 1, 2);
  await raiseAll(world, "ended", 1, 2, 3, 4);
  await world.advance(20_000);
  await start(world, "begun now", "trip", "begun now");
  world.crashAll();
  return world;
});

describe("[U5] Branches are gone on with", () => {
  it.each(former)("[U5.1] version %i: an instance that has begun without them goes on with them", async (version) => {
    const world = restore(sceneWorld(), `schema-${version}`);
    world.workflow("event", function* (ctx: WorkflowContext, name: string): Code {
      const event = yield ctx.waitForExternalEvent(name);
      return yield* trip(ctx, event);
    });
    for (const id of ["event", "long"]) await raiseAll(world, id, 3, 1, 4, 2);
    await finish(world);
    world.crashAll();
    for (const id of ["event", "long"]) {
      expect([id, await endOf(world, id)]).toEqual([id, ["COMPLETED", due("at last")]]);
      expect([id, faultsOf(world, id), world.host(id).durableAlarm]).toEqual([id, [], null]);
      expect(new Set(branchesOf(world, id))).toEqual(
        new Set(["reminder", "branch-2", "branch-3", "branch-4", "branch-5", "branch-6"]),
      );
    }
    expect(await endOf(world, "timer")).toEqual(ends.timer);
  });

  it.each(versions)("[U5.2] version %i: what the fixture is there for is in it", (version) => {
    const world = restore(branchWorld(), `branches-${version}`);
    expect([...world.hosts.keys()].sort()).toEqual(["begun", "begun now", "ended", "racing", "waiting"]);
    const lastOf = (id: string) => branchesOf(world, id).at(-1);
    expect(["begun", "waiting", "racing", "begun now"].map(lastOf)).toEqual([
      "branch-4",
      "branch-4",
      "branch-5",
      "branch-4",
    ]);
    expect(historyOf(world, "ended").some(({ type }) => type === "ExecutionCompleted")).toBe(true);
    expect(historyOf(world, "begun").at(-1)?.type).toBe("TimerFired");
  });

  it.each(versions)("[U5.3] version %i: each comes to its end, a crash behind each event", async (version) => {
    const world = restore(branchWorld(), `branches-${version}`);
    for (const id of ["begun", "begun now", "waiting", "racing"])
      for (const n of [4, 2, 1, 3]) {
        await raiseAll(world, id, n);
        await world.advance(1_000);
        world.crashAll();
      }
    await world.advance(HOUR_MS);
    for (const id of world.hosts.keys()) {
      expect([id, await endOf(world, id)]).toEqual([id, ["COMPLETED", due(id)]]);
      expect([id, faultsOf(world, id), world.host(id).durableAlarm]).toEqual([id, [], null]);
    }
  });
});
