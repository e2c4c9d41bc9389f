// The workloads of the bench, small and in virtual time, with everything counted that does not depend on a clock.
import { vi } from "vitest";
import { Coroutine } from "../../../src/engine/coroutine.ts";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { type Code, endOf, makeWorld, raise, start } from "../instance/support.ts";
import type { World } from "../instance/world.ts";

export interface Counted {
  readonly status: string;
  /** Rows inserted, changed and deleted, in all tables of all objects. */
  readonly rows: number;
  readonly setAlarms: number;
  readonly deleteAlarms: number;
  readonly commits: number;
  /** Calls between objects, and alarms that rang. The start is not in it. */
  readonly requests: number;
  readonly turns: number;
  /** How often the workflows' code was resumed. */
  readonly resumes: number;
  /** How often code was begun: 1 for each execution, and one more for each replay. */
  readonly begun: number;
}

export const IO_MS = 5;

export function workloadWorld(): World {
  const world = makeWorld();
  world.activity("io", async (_ctx, value: unknown) => {
    await world.sleep(IO_MS);
    return value;
  });
  const workflows: Record<string, (ctx: WorkflowContext, n: number) => Code> = {
    *series(ctx, n): Code {
      for (let i = 0; i < n; i++) yield ctx.callActivity("echo", i);
    },
    *parallel(ctx, n): Code {
      yield ctx.whenAll(Array.from({ length: n }, (_, i) => ctx.callActivity("echo", i)));
    },
    *ioSteps(ctx, n): Code {
      for (let i = 0; i < n; i++) yield ctx.callActivity("io", i);
    },
    *timers(ctx, n): Code {
      yield ctx.whenAll(Array.from({ length: n }, () => ctx.createTimer(60)));
    },
    *sleeper(ctx, seconds): Code {
      yield ctx.createTimer(seconds);
      yield ctx.callActivity("echo", 1);
    },
    *events(ctx, n): Code {
      for (let i = 0; i < n; i++) yield ctx.waitForExternalEvent("e");
    },
    *children(ctx, n): Code {
      yield ctx.whenAll(Array.from({ length: n }, (_, i) => ctx.callChildWorkflow("series", 1, `child-${i}`)));
    },
    *again(ctx, n): Code {
      if (n > 1) ctx.continueAsNew(n - 1);
    },
  };
  world.workflow("loop", function* (ctx, { steps, rounds }: { steps: number; rounds: number }): Code {
    for (let i = 0; i < steps; i++) {
      yield ctx.createTimer(30);
      yield ctx.callActivity("io");
    }
    if (rounds > 1) ctx.continueAsNew({ steps, rounds: rounds - 1 });
  });
  for (const [name, code] of Object.entries(workflows)) world.workflow(name, code);
  return world;
}

/** Runs one instance to its end; `raises`: so many events are sent to it, one after the other. */
export async function count(name: string, input: unknown, raises = 0, world = workloadWorld()): Promise<Counted> {
  const turn = vi.spyOn(Orchestration.prototype, "turn");
  const resume = vi.spyOn(Coroutine.prototype, "resume");
  const begin = vi.spyOn(Coroutine.prototype, "start");
  try {
    await start(world, "i", name, input);
    for (let n = 0; n < raises; n++) await raise(world, "i", "e", n);
    await world.rest(400 * 86_400_000);
    const hosts = [...world.hosts.values()];
    const sum = (of: (host: (typeof hosts)[number]) => number) => hosts.reduce((total, host) => total + of(host), 0);
    const [status = ""] = await endOf(world, "i");
    return {
      status,
      rows: sum(({ db }) => [...db.counters.rows.values()].reduce((total, rows) => total + rows, 0)),
      setAlarms: sum(({ counters }) => counters.setAlarm),
      deleteAlarms: sum(({ counters }) => counters.deleteAlarm),
      commits: sum(({ counters }) => counters.commits),
      requests: world.peerCalls.length + sum(({ counters }) => counters.rings),
      turns: turn.mock.calls.length,
      resumes: resume.mock.calls.length,
      begun: begin.mock.calls.length,
    };
  } finally {
    for (const spy of [turn, resume, begin]) spy.mockRestore();
  }
}
