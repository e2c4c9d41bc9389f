// Instances in the middle of everything, as fixtures of each schema version hold them: made once by the code of that
// version, and gone on with by the code of today.

import type { WatchState } from "../../../src/instance/ports.ts";
import { type Code, makeWorld, raise, resume, start, suspend } from "../instance/support.ts";
import type { World } from "../instance/world.ts";

/** What a database holds: statements that make it, and the alarm. */
export interface StoredObject {
  readonly alarmAtMs: number | null;
  readonly sql: readonly string[];
}

export interface Fixture {
  readonly nowMs: number;
  readonly objects: Readonly<Record<string, StoredObject>>;
  /** Shards of the catalog. */
  readonly shards?: Readonly<Record<string, StoredObject>>;
  /** What the platform keeps with the sockets of those who watch, by instance. */
  readonly watchers?: Readonly<Record<string, readonly WatchState[]>>;
}

/** The workflows of the scenes. */
export function sceneWorld(): World {
  const world = makeWorld();
  world.workflow("rounds", function* (ctx, n: number): Code {
    const child = yield ctx.callChildWorkflow("echo", n);
    const event = yield ctx.waitForExternalEvent("go");
    if (n === 1) return ctx.continueAsNew(2, true);
    return [child, event];
  });
  return world;
}

/** Brings each instance to where its fixture is taken. */
export async function play(world: World): Promise<void> {
  await start(world, "activity", "call", { activity: "slow", input: 60_000 });
  await start(world, "failing", "call", { activity: "fail" });
  await start(world, "timer", "timer", 3_600);
  await start(world, "event", "event", "go");
  await start(world, "parent", "parent", { name: "event", input: "go", id: "child" });
  await start(world, "rounds", "rounds", 1);
  await start(world, "later", "echo", "in an hour", { startAtMs: world.nowMs + 3_600_000 });
  await start(world, "long", "event", "go");
  await start(world, "done", "echo", "x".repeat(800_000));
  await start(world, "suspended", "event", "go");
  await world.advance(5_000);
  await suspend(world, "suspended");
  await raise(world, "suspended", "go", "while suspended");
  await raise(world, "rounds", "go", "first");
  await raise(world, "rounds", "other", "é😀");
  await raise(world, "long", "unasked", "y".repeat(700_000));
  await world.advance(1_000);
  // One restart, which is counted for the activity that it finds at work.
  world.crashAll();
  await world.advance(1_000);
}

/** What is asked of the instances of a fixture, and how each of them ends then. */
export async function finish(world: World): Promise<void> {
  await resume(world, "suspended");
  for (const id of ["event", "child", "long", "rounds"]) await raise(world, id, "go", "at last", `finish ${id}`);
  await world.rest();
}

export const ends: Readonly<Record<string, [status: string, output: unknown]>> = {
  activity: ["COMPLETED", "slept 60000"],
  failing: ["FAILED", undefined],
  timer: ["COMPLETED", "fired"],
  event: ["COMPLETED", "at last"],
  parent: ["COMPLETED", "at last"],
  child: ["COMPLETED", "at last"],
  rounds: ["COMPLETED", [2, "at last"]],
  "rounds:0001": ["COMPLETED", 1],
  "rounds:1.0001": ["COMPLETED", 2],
  later: ["COMPLETED", "in an hour"],
  long: ["COMPLETED", "at last"],
  done: ["COMPLETED", "x".repeat(800_000)],
  suspended: ["COMPLETED", "while suspended"],
};
