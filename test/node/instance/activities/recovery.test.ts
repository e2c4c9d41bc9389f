// [I4] Recoveries of activities are counted, and what takes its object down each time fails; [I18.7] one at a time while the
// database takes no rows.
import { describe, expect, it } from "vitest";
import type { WorkflowActivityContext } from "../../../../src/engine/activity-context.ts";
import { Registry } from "../../../../src/engine/registry.ts";
import type { ActivityOwner } from "../../../../src/instance/activities/index.ts";
import { ActivityRunner } from "../../../../src/instance/activities/index.ts";
import type { Instance } from "../../../../src/instance/instance.ts";
import type { TaskScheduled } from "../../../../src/model/history-event.ts";
import { UnreadableError } from "../../../../src/storage/unreadable-error.ts";
import { portsAlone } from "../life/alone.ts";
import {
  type Code,
  endOf,
  faultsOf,
  gate,
  historyOf,
  makeWorld,
  purgeByForce,
  raise,
  start,
  statusOf,
  terminate,
  toyCipher,
} from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";
import type { World } from "../world.ts";

watchUnhandledRejections();

function withGuilty(kind: "reset" | "process", guiltyFirst: boolean): World {
  const world = makeWorld();
  world.activity("guilty", async () => {
    await world.sleep(10);
    world.crash("a", kind);
  });
  world.workflow("both", function* (ctx): Code {
    const calls = [() => ctx.callActivity("guilty"), () => ctx.callActivity("slow", 90_000)];
    const [first, second] = (guiltyFirst ? calls : calls.reverse()).map((call) => call());
    const [guilty, innocent] = guiltyFirst ? [first, second] : [second, first];
    if (guilty === undefined || innocent === undefined) throw new Error("unreachable");
    let failure: unknown;
    try {
      yield guilty;
    } catch (error) {
      failure = (error as { details: { errorType: string } }).details.errorType;
    }
    return [failure, yield innocent];
  });
  return world;
}

describe("[I4] Recoveries are counted", () => {
  it.each([
    ["reset", true],
    ["reset", false],
    ["process", true],
    ["process", false],
  ] as const)(
    "[I4.1] %s, guilty first %s: what takes the object down each time fails after 10 recoveries, its innocent neighbour completes",
    async (kind, guiltyFirst) => {
      const world = withGuilty(kind, guiltyFirst);
      await start(world, "a", "both");
      await world.rest();
      expect(await endOf(world, "a")).toEqual(["COMPLETED", ["ActivityRecoveryLimitExceeded", "slept 90000"]]);
      const guilty = `execution-1:${guiltyFirst ? 1 : 2}`;
      expect(world.activityRuns.filter((id) => id === guilty)).toHaveLength(11);
      expect(world.host("a").db.read("SELECT * FROM recovery")).toEqual([]);
      expect(world.host("a").durableAlarm).toBeNull();
      expect(faultsOf(world, "a")).toEqual([]);
    },
  );

  it("[I4.2] the count is durable before the activity runs", async () => {
    const world = withGuilty("reset", true);
    const counts: unknown[] = [];
    world.onPoint = (point, id) => {
      const host = world.host(id);
      if (point === "activity" && world.activityRuns.at(-1) === "execution-1:1" && host.counters.lives > 1) {
        counts.push(host.db.read("SELECT count FROM recovery WHERE task_id = 1")[0]?.count, host.db.hasUncommitted);
      }
    };
    await start(world, "a", "both");
    await world.rest();
    expect(counts).toEqual(Array.from({ length: 10 }, (_, n) => [n + 1, false]).flat());
  });

  it("[I4.3] a row goes with its result; an activity that was recovered once does not count for the next call", async () => {
    const world = makeWorld();
    world.workflow("chain", function* (ctx): Code {
      for (let i = 0; i < 3; i++) yield ctx.callActivity("slow", 5_000);
    });
    await start(world, "a", "chain");
    for (let i = 0; i < 3; i++) {
      await world.advance(2_000);
      world.crash("a", "process");
      await world.advance(1_000);
      expect(world.host("a").db.read("SELECT * FROM recovery")).toEqual([{ task_id: i + 1, count: 1, progress: null }]);
      await world.advance(4_500);
      expect(world.host("a").db.read("SELECT * FROM recovery")).toEqual([]);
    }
    await world.rest();
    expect((await endOf(world, "a"))[0]).toBe("COMPLETED");
  });

  it("[I4.4] one at a time: an activity that waits for its turn is not counted", async () => {
    const world = withGuilty("process", true);
    await start(world, "a", "both");
    let most = 0;
    world.onPoint = (point) => {
      if (point !== "activity") return;
      const [row] = world.host("a").db.read<{ count: number }>("SELECT count FROM recovery WHERE task_id = 2");
      most = Math.max(most, row?.count ?? 0);
    };
    await world.rest();
    expect(most).toBeLessThanOrEqual(4);
  });

  it("[I4.5] a storage that cannot take the count does not make the activity fail", async () => {
    const world = makeWorld();
    await start(world, "a", "call", { activity: "slow", input: 30_000 });
    for (let i = 0; i < 4; i++) {
      await world.advance(2_000);
      world.crash("a", "process");
    }
    let failures = 3;
    world.host("a").failWrite = (statement) => {
      if (statement.includes("INTO recovery") && failures-- > 0) throw new Error("SQLITE_FULL");
    };
    await world.rest();
    expect(historyOf(world, "a").map((event) => event.type)).not.toContain("TaskFailed");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "slept 30000"]);
  });
});

describe("[I18.7] A database that takes no rows while activities are recovered one at a time", () => {
  it("[I18.7] is tried again with pauses", async () => {
    const world = makeWorld({ isolateAfterRecoveries: 1 });
    world.activity("long", () => world.sleep(60_000));
    await start(world, "a", "call", { activity: "long" });
    await world.advance(100);
    world.crash("a");
    await world.advance(3_000);
    world.crash("a");
    let failures = 0;
    world.host("a").failWrite = (statement) => {
      if (!statement.includes("recovery")) return;
      failures++;
      throw new Error("SQLITE_FULL");
    };
    await world.advance(30_000);
    expect(failures).toBeGreaterThan(1);
    expect(failures).toBeLessThan(12);
    world.host("a").failWrite = undefined;
    await world.advance(200_000);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
  });
});

/** Reopened with an activity whose progress is being read: `find` finds that it cannot be, or, with `isReadable`, that it can. */
async function heldProgress({ isReadable = false } = {}) {
  const world = makeWorld();
  const opened = gate();
  let isHeld = false;
  world.cipher = () => {
    const cipher = toyCipher("k")();
    const open = async (sealed: string) => {
      const text = await cipher.open(sealed);
      if (!isHeld || !text.includes("at work")) return text;
      await opened.promise;
      if (isReadable) return text;
      throw new UnreadableError("The progress cannot be read");
    };
    return { ...cipher, open };
  };
  world.activity("beats", (ctx: WorkflowActivityContext) => {
    ctx.heartbeat("at work");
    throw new Error("for now");
  });
  world.workflow("retries", function* (ctx): Code {
    ctx.callActivity("beats", undefined, {
      retry: { firstRetryInterval: 1, maxNumberOfAttempts: 2 },
    });
    yield ctx.waitForExternalEvent("go");
    ctx.continueAsNew(1, false);
  });
  await start(world, "a", "retries");
  await world.advance(500);
  isHeld = true;
  await world.advance(5_000);
  return { world, find: opened.open };
}

describe("[I4.6] Progress of an activity that cannot be read", () => {
  it("[I4.6] says nothing about the instance that has taken the place of its own", async () => {
    const { world, find } = await heldProgress();
    const purged = purgeByForce(world, "a");
    await world.advance(100);
    expect([await purged, await start(world, "a", "event", "go")]).toEqual([{ ok: true }, { ok: true }]);
    find();
    await world.advance(100);
    expect([await statusOf(world, "a"), world.log.filter(({ level }) => level === "error")]).toEqual(["RUNNING", []]);
    await raise(world, "a", "go", 1);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
  });

  it("[I4.6] nor about nobody", async () => {
    const { world, find } = await heldProgress();
    const purged = purgeByForce(world, "a");
    await world.advance(100);
    find();
    await world.advance(100);
    expect([await purged, await statusOf(world, "a"), world.log.filter(({ level }) => level === "error")]).toEqual([
      { ok: true },
      undefined,
      [],
    ]);
  });

  it("[I4.6] nor about the next execution of its own instance", async () => {
    const { world, find } = await heldProgress();
    await raise(world, "a", "go");
    find();
    await world.advance(100);
    expect(await statusOf(world, "a")).toBe("RUNNING");
  });

  it("[I4.6] makes the instance wait for other keys while it is wanted", async () => {
    const { world, find } = await heldProgress();
    find();
    await world.advance(100);
    expect(await statusOf(world, "a")).toBe("STALLED");
  });
});

it("[I4.7] An activity that could not be counted is tried again after the pause of a failed turn, to the millisecond", async () => {
  const world = makeWorld({ isolateAfterRecoveries: 0, retryFirstMs: 7_000 });
  await start(world, "a", "call", { activity: "slow", input: 30_000 });
  await world.advance(100);
  world.crash("a");
  let failures = 1;
  world.host("a").failWrite = (statement) => {
    if (statement.includes("INTO recovery") && failures-- > 0) throw new Error("SQLITE_FULL");
  };
  await world.call("a", (i) => i.query({ name: "none" }));
  expect([failures, world.host("a").armedAtMs, world.activityRuns.length]).toEqual([0, world.nowMs + 7_000, 1]);
  await world.advance(7_000);
  expect(world.activityRuns).toHaveLength(2);
});

it("[I4.8] A heartbeat after a terminate writes nothing", async () => {
  const world = makeWorld();
  world.activity("beats", async (ctx: WorkflowActivityContext) => {
    await world.sleep(1_000);
    ctx.heartbeat("at work");
    await world.sleep(1_000);
  });
  await start(world, "a", "call", { activity: "beats" });
  await terminate(world, "a");
  await world.advance(10_000);
  expect([await statusOf(world, "a"), world.host("a").rows("recovery")]).toEqual(["TERMINATED", 0]);
});

it("[I4.9] One that waits for its turn until its instance has continued as new is run and not counted: its number belongs to another call", async () => {
  const world = makeWorld({ isolateAfterRecoveries: 0 });
  world.workflow("again", function* (ctx, isSecond?: boolean): Code {
    if (isSecond) return yield ctx.waitForExternalEvent("end");
    ctx.callActivity("slow", 30_000);
    ctx.callActivity("slow", 30_000);
    yield ctx.waitForExternalEvent("go");
    ctx.continueAsNew(true, false);
  });
  await start(world, "a", "again");
  await world.advance(100);
  world.crash("a");
  await world.advance(2_000);
  const rows = () => world.host("a").db.read("SELECT task_id, count FROM recovery");
  expect(rows()).toEqual([{ task_id: 1, count: 1 }]);
  await raise(world, "a", "go");
  await world.advance(60_000);
  expect([rows(), world.activityRuns]).toEqual([[], [1, 2, 1, 2].map((id) => `execution-1:${id}`)]);
  await raise(world, "a", "end", 5);
  expect(await endOf(world, "a")).toEqual(["COMPLETED", 5]);
});

describe("[I4.10] An activity that is not wanted any more before it has been called", () => {
  it.each([
    ["purge by force", (i: Instance) => i.purge({ recursive: false, force: true })],
    ["terminate", (i: Instance) => i.terminate({ recursive: false })],
  ])("[I4.10] is not called after a %s that came while its progress was read, and the ID is free", async (_, end) => {
    const { world, find } = await heldProgress({ isReadable: true });
    expect(world.activityRuns).toHaveLength(1);
    const ended = world.call("a", end);
    await world.advance(100);
    expect([await ended, await start(world, "a", "event", "go")]).toEqual([{ ok: true }, { ok: true }]);
    find();
    await world.advance(10_000);
    expect([world.activityRuns.length, await statusOf(world, "a")]).toEqual([1, "RUNNING"]);
  });

  it("[I4.10] is called when its progress has been read, while it is wanted", async () => {
    const { world, find } = await heldProgress({ isReadable: true });
    find();
    await world.advance(100);
    expect([world.activityRuns.length, await statusOf(world, "a")]).toEqual([2, "RUNNING"]);
  });

  it.each([
    ["was counted", () => undefined],
    [
      "could not be counted",
      () => {
        throw new Error("SQLITE_FULL");
      },
    ],
  ])(
    "[I4.10] is not called, nor reported, when it was dropped while it %s, alone; and nobody waits for it",
    async (_, end) => {
      const told: string[] = [];
      const owner: ActivityOwner = {
        isCurrent: () => true,
        activityEnded: ({ executionId }) => void told.push(`${executionId} ended`),
        activityBroken: ({ executionId }) => void told.push(`${executionId} broken`),
        progressSaved: () => undefined,
      };
      const registry = new Registry();
      registry.addActivity("work", () => void told.push("called"));
      const runner = new ActivityRunner(portsAlone({ registry }), owner);
      const task: TaskScheduled = { type: "TaskScheduled", id: 1, name: "work", input: undefined };
      const counted = gate();
      runner.start({ executionId: "e1", task, aloneAfter: () => counted.promise.then(end) });
      runner.dropWaiting();
      const sizes = [runner.size];
      for (const executionId of ["e2", "e3"]) runner.start({ executionId, task });
      counted.open();
      for (let n = 0; n < 10; n++) await undefined;
      expect([sizes, runner.size, told]).toEqual([[0], 0, ["called", "called", "e2 ended", "e3 ended"]]);
    },
  );
});
