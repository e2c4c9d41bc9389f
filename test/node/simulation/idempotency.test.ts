// [V5] The platform repeats calls, and so do callers. Every call that an instance gets is given to it once more, at every
// later moment of the run: after each write, commit, activity, call and alarm. Nothing may come of it.
import { describe, expect, it } from "vitest";
import type { TWorkflow } from "../../../src/engine/registry.ts";
import type { Instance } from "../../../src/instance/instance.ts";
import { type Code, describeInstance, faultsOf, makeWorld } from "../instance/support.ts";
import { ObjectLostError, type World } from "../instance/world.ts";

type Call = (instance: Instance) => Promise<unknown>;

/** A call as it was made. */
interface Made {
  readonly what: string;
  readonly to: string;
  /** Gives it to the instance once more. */
  readonly again: () => void;
  /** Before which point of the run. */
  readonly at: number;
  /** From here on a second copy would be another request: what it has no name for has been taken back. */
  untilAt: number;
}

interface Scenario {
  readonly main: TWorkflow;
  readonly script: (ask: (what: string, call: Call) => Promise<void>, world: World) => Promise<void>;
}

const update = { updateId: "u", name: "add", input: "2", timeoutMs: 0 };

const scenarios: Record<string, Scenario> = {
  "a run with everything": {
    *main(ctx, round: number): Code {
      const sums: number[] = [];
      ctx.setUpdateHandler("add", function* (n: number): Code {
        sums.push((yield ctx.callActivity("echo", n)) + 1);
        return sums.length;
      });
      ctx.setQueryHandler("sums", () => sums);
      if (round === 2) return [yield ctx.waitForExternalEvent("last")];
      yield ctx.callActivity("echo", 1);
      const child = yield ctx.callChildWorkflow("call", { activity: "echo", input: 3 }, "child");
      ctx.sendEvent("other", "go", child);
      ctx.scheduleNewWorkflow("echo", 7, { instanceId: "detached" });
      yield ctx.waitForCondition(() => sums.length > 0);
      yield ctx.waitForExternalEvent("go");
      yield ctx.createTimer(2);
      ctx.continueAsNew(2, true);
    },
    script: async (ask, world) => {
      await ask("start", (a) => a.start({ instanceId: "a", name: "main", input: "1", requestId: "start" }));
      await ask("update", (a) => a.update(update));
      await ask("suspend", (a) => a.suspend({ reason: "r" }));
      await ask("raiseEvent", (a) => a.raiseEvent({ name: "go", input: "1", messageId: "m1" }));
      await ask("resume", (a) => a.resume({}));
      await ask("query", (a) => a.query({ name: "sums" }));
      await ask("describe", (a) => a.describe({ payloads: true }));
      await ask("history", (a) => a.history({ from: 0, limit: 10 }));
      await ask("waitFor", (a) => a.waitFor("started", { timeoutMs: 10, payloads: false }));
      await world.advance(5_000);
      await ask("raiseEvent last", (a) => a.raiseEvent({ name: "last", input: "9", messageId: "m2" }));
    },
  },
  "an ID that is used again": {
    *main(ctx): Code {
      return yield ctx.callChildWorkflow("echo", 1);
    },
    script: async (ask, world) => {
      await ask("start", (a) => a.start({ instanceId: "a", name: "main", requestId: "start" }));
      await world.advance(3_000);
      await ask("start again", (a) => a.start({ instanceId: "a", name: "main", requestId: "again" }));
    },
  },
  "a terminate": {
    *main(ctx): Code {
      yield ctx.callChildWorkflow("event", "never");
    },
    script: async (ask, world) => {
      await ask("start", (a) => a.start({ instanceId: "a", name: "main", requestId: "start" }));
      await world.advance(100);
      await ask("terminate", (a) => a.terminate({ output: '"t"', recursive: true }));
    },
  },
  "a cancel": {
    *main(ctx): Code {
      try {
        yield ctx.callChildWorkflow("event", "never");
      } finally {
        yield ctx.callActivity("echo", "tidy");
      }
    },
    script: async (ask, world) => {
      await ask("start", (a) => a.start({ instanceId: "a", name: "main", requestId: "start" }));
      await world.advance(100);
      await ask("cancel", (a) => a.cancel({ reason: "c" }));
    },
  },
  "a purge of a tree": {
    *main(ctx): Code {
      return yield ctx.callChildWorkflow("parent", { name: "echo", input: 1, id: "grandchild" }, "child");
    },
    script: async (ask, world) => {
      await ask("start", (a) => a.start({ instanceId: "a", name: "main", requestId: "start" }));
      await world.advance(3_000);
      await ask("purge", (a) => a.purge({ recursive: true }));
      await world.advance(3_000);
    },
  },
  "a tree that is purged by force and started again": {
    *main(ctx): Code {
      return yield ctx.callChildWorkflow("event", "never", "child");
    },
    script: async (ask, world) => {
      await ask("start", (a) => a.start({ instanceId: "a", name: "main", requestId: "start" }));
      await world.advance(3_000);
      await ask("purge", (a) => a.purge({ recursive: true, force: true }));
      await world.advance(3_000);
      await ask("start again", (a) => a.start({ instanceId: "a", name: "main", requestId: "again" }));
      await world.advance(3_000);
    },
  },
  "a purge by force in the middle": {
    *main(ctx): Code {
      return yield ctx.callChildWorkflow("event", "never", "child");
    },
    script: async (ask, world) => {
      await ask("start", (a) => a.start({ instanceId: "a", name: "main", requestId: "start" }));
      await world.advance(3_000);
      await ask("purge", (a) => a.purge({ recursive: true, force: true }));
      await world.advance(3_000);
    },
  },
};

interface Run {
  readonly made: Made[];
  readonly points: number;
  readonly end: Record<string, unknown>;
}

/** Which of the calls of a run is given once more, at which point, and whether the object that got it is lost before. */
interface Repeat {
  readonly which: number;
  readonly at: number;
  readonly isLost: boolean;
}

async function run({ main, script }: Scenario, repeat?: Repeat): Promise<Run> {
  const world = makeWorld();
  world.workflow("main", main);
  await world.call("other", (other) =>
    other.start({ instanceId: "other", name: "event", input: '"go"', requestId: "o" }),
  );
  const made: Made[] = [];
  let points = 0;
  world.onPoint = () => {
    if (points++ !== repeat?.at) return;
    const copied = made[repeat.which] as Made;
    if (repeat.isLost) world.crash(copied.to);
    copied.again();
  };
  world.peerFault = ({ to, method, argument, repeat: again }) => {
    const type = (argument as { type?: string }).type ?? "";
    made.push({ what: `${method} ${type} to ${to}`, to, again, at: points, untilAt: Number.POSITIVE_INFINITY });
    return undefined;
  };
  const ask = async (what: string, call: Call) => {
    for (const earlier of made) {
      // A suspend has no name, nor a purge, and neither has a start once every trace of it is gone, or another has taken its place.
      if (what === "resume" && earlier.what === "suspend") earlier.untilAt = points;
      if (/purge|again/.test(what) && earlier.what.startsWith("start")) earlier.untilAt = points;
      if (what === "start again" && earlier.what === "purge") earlier.untilAt = points;
    }
    const again = () => void world.post("a", call).catch(() => undefined);
    made.push({ what, to: "a", again, at: points, untilAt: Number.POSITIVE_INFINITY });
    const post = async () => {
      const answer = world.post("a", call);
      await world.advance(1);
      await answer;
    };
    await post().catch((error) => {
      if (!(error instanceof ObjectLostError)) throw error;
      return post();
    });
  };
  await script(ask, world);
  await world.rest();
  world.onPoint = undefined;
  // An activity that was under way when its object was lost runs again.
  const end: Record<string, unknown> = { runs: repeat?.isLost ? undefined : world.activityRuns.length };
  for (const id of [...world.hosts.keys()].sort()) {
    const found = await describeInstance(world, id);
    end[id] = [found?.status, found?.output, found?.failure?.message, faultsOf(world, id), world.host(id).durableAlarm];
  }
  return { made, points, end };
}

async function expectNothingToComeOfIt(scenario: Scenario, isLost: boolean): Promise<void> {
  const once = await run(scenario);
  let copies = 0;
  for (const [which, made] of once.made.entries()) {
    for (let at = made.at; at < Math.min(made.untilAt, once.points); at++) {
      const twice = await run(scenario, { which, at, isLost });
      const what = `${made.what}, once more at ${at} of ${once.points}`;
      expect([what, twice.end]).toEqual([what, isLost ? { ...once.end, runs: undefined } : once.end]);
      copies++;
    }
  }
  console.log(`${once.made.length} calls, ${copies} second copies`);
}

describe("[V5] A call that comes twice counts once, whenever its second copy comes", () => {
  it.each(Object.entries(scenarios))("[V5.1] %s", (_, scenario) => expectNothingToComeOfIt(scenario, false));

  it.each(Object.entries(scenarios))("[V5.2] and the object that got the first has been lost: %s", (_, scenario) =>
    expectNothingToComeOfIt(scenario, true),
  );
});
