import { describe, expect, it } from "vitest";
import { type AsyncCode, type Code, endOf, faultsOf, historyOf, makeWorld, raise, start } from "./support.ts";
import type { Point, World } from "./world.ts";

/** A workflow, what happens to it from outside, and nothing about how it is to end: the run without a crash tells. */
interface Scenario {
  readonly prepare: (world: World) => void;
  /** Calls that a crash may hit; each is repeated with the same ID until it is answered. */
  readonly calls: readonly ((world: World) => Promise<unknown>)[];
}

const begin = (name: string, input?: unknown) => (world: World) =>
  start(world, "a", name, input, { requestId: "the start" });
const raiseOnce = (name: string, input: unknown, id: string) => (world: World) => raise(world, "a", name, input, id);

const scenarios: Record<string, Scenario> = {
  "a chain of activities, some of which wait": {
    prepare: (world) =>
      world.workflow("w", async function* (ctx): AsyncCode {
        const results: unknown[] = [];
        for (let i = 0; i < 3; i++) results.push(yield ctx.callActivity(i === 1 ? "slow" : "echo", i));
        return results;
      }),
    calls: [begin("w")],
  },
  "fan-out": {
    prepare: (world) =>
      world.workflow("w", function* (ctx): Code {
        return yield ctx.whenAll([1, 2, 3].map((ms) => ctx.callActivity("slow", ms * 700)));
      }),
    calls: [begin("w")],
  },
  "a timer and a custom status": {
    prepare: (world) =>
      world.workflow("w", function* (ctx): Code {
        ctx.setCustomStatus("waiting");
        yield ctx.createTimer(5);
        return yield ctx.callActivity("echo", "after");
      }),
    calls: [begin("w")],
  },
  "two events": {
    prepare: (world) =>
      world.workflow("w", function* (ctx): Code {
        return [yield ctx.waitForExternalEvent("e"), yield ctx.waitForExternalEvent("e")];
      }),
    calls: [begin("w"), raiseOnce("e", 1, "m1"), raiseOnce("e", 2, "m2")],
  },
  children: {
    prepare: (world) =>
      world.workflow("w", function* (ctx): Code {
        return yield ctx.whenAll([
          ctx.callChildWorkflow("echo", 1),
          ctx.callChildWorkflow("call", { activity: "slow", input: 1500 }),
        ]);
      }),
    calls: [begin("w")],
  },
  "continue-as-new with events carried over": {
    prepare: (world) =>
      world.workflow("w", function* (ctx, sum: number): Code {
        const n: number = yield ctx.waitForExternalEvent("n");
        yield ctx.callActivity("slow", 100);
        if (n === 0) return sum;
        ctx.continueAsNew(sum + n, true);
      }),
    calls: [begin("w", 0), raiseOnce("n", 1, "m1"), raiseOnce("n", 2, "m2"), raiseOnce("n", 0, "m3")],
  },
  "suspended and resumed": {
    prepare: (world) =>
      world.workflow("w", function* (ctx): Code {
        const timer = ctx.createTimer(1);
        const event = yield ctx.waitForExternalEvent("e");
        yield timer;
        return event;
      }),
    calls: [
      begin("w"),
      (world) => world.call("a", (instance) => instance.suspend({})),
      raiseOnce("e", "held", "m1"),
      (world) => world.call("a", (instance) => instance.resume({})),
    ],
  },
  "terminated with a child": {
    prepare: (world) =>
      world.workflow("w", function* (ctx): Code {
        yield ctx.callChildWorkflow("event", "never", "child");
      }),
    calls: [
      begin("w"),
      (world) => world.call("a", (instance) => instance.terminate({ output: '"out"', recursive: true })),
    ],
  },
};

/** Runs a scenario with a crash of everything at the n-th point (0: none). Gives how many points there were. */
async function run(
  scenario: Scenario,
  crashAt: number,
): Promise<{ points: number; crashed: string; end: unknown; ran: string[] }> {
  const world = makeWorld();
  scenario.prepare(world);
  let points = 0;
  let crashed = "nowhere";
  world.onPoint = (point: Point, id: string) => {
    if (++points !== crashAt) return;
    crashed = `${point} of ${id}`;
    world.crashAll();
  };
  for (const call of scenario.calls) {
    for (let attempt = 0; ; attempt++) {
      try {
        await call(world);
        break;
      } catch (error) {
        if (attempt > 3) throw error;
      }
    }
    await world.advance(300);
  }
  await world.rest();
  const ends: unknown[] = [];
  for (const id of [...world.hosts.keys()].sort()) {
    expect(faultsOf(world, id), `${id} after a crash at ${crashAt}, ${crashed}`).toEqual([]);
    ends.push([id, ...(await endOf(world, id)), world.host(id).alarm]);
  }
  // Every result that was recorded came from the one run of its call that was not lost.
  const done = historyOf(world, "a").filter((event) => event.type === "TaskCompleted").length;
  expect(world.activityRuns.length, crashed).toBeGreaterThanOrEqual(done);
  return { points, crashed, end: ends, ran: world.activityRuns };
}

describe("[I10] a crash at any point: before and after every write, commit, activity, call and alarm", () => {
  it.each(Object.entries(scenarios))("[I10] %s", async (_name, scenario) => {
    const whole = await run(scenario, 0);
    expect(whole.points).toBeGreaterThan(5);
    for (let crashAt = 1; crashAt <= whole.points; crashAt++) {
      const { end, crashed } = await run(scenario, crashAt);
      expect(end, `crash at point ${crashAt} of ${whole.points}: ${crashed}`).toEqual(whole.end);
    }
  });
});
