// [I5] Alarms: set while there is something to wait for, and only then; [I17.3], [I18.6] one of a former instance, one that is lost.
import { describe, expect, it } from "vitest";
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import {
  type AsyncCode,
  type Code,
  describeInstance,
  endOf,
  faultsOf,
  gate,
  historyOf,
  leavingWorld,
  makeWorld,
  purge,
  purgeByForce,
  raise,
  start,
  statusOf,
  terminate,
} from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";
import { START_MS } from "../world.ts";

watchUnhandledRejections();

const chain = (n: number) =>
  function* (ctx: WorkflowContext): Code {
    let last: unknown;
    for (let i = 0; i < n; i++) last = yield ctx.callActivity("echo", i);
    return last;
  };

describe("[I5] Alarms: set while there is something to wait for, and only then", () => {
  it("[I5.1] an instance that has ended has none", async () => {
    const world = makeWorld();
    await start(world, "a", "call", { activity: "echo", input: 1 });
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
    expect(world.host("a").durableAlarm).toBeNull();
  });

  it("[I5.2] a timer: one at its time, and it fires then and not before", async () => {
    const world = makeWorld();
    await start(world, "a", "timer", 90);
    expect(world.host("a").durableAlarm?.atMs).toBe(START_MS + 90_000);
    await world.advance(89_999);
    expect(await statusOf(world, "a")).toBe("RUNNING");
    await world.advance(1);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
    expect(historyOf(world, "a").find((e) => e.type === "TimerFired")?.timestampMs).toBe(START_MS + 90_000);
    expect(world.host("a").durableAlarm).toBeNull();
  });

  it("[I5.3] waiting for an event only: none", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    expect(await statusOf(world, "a")).toBe("RUNNING");
    expect(world.host("a").durableAlarm).toBeNull();
  });

  it("[I5.4] an unfinished activity has one, or its handler is at work", async () => {
    const world = makeWorld();
    await start(world, "a", "call", { activity: "slow", input: 3_600_000 });
    for (let minute = 0; minute < 60; minute++) {
      const host = world.host("a");
      expect(host.durableAlarm !== null || host.ringing !== undefined).toBe(true);
      await world.advance(60_000);
    }
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "slept 3600000"]);
    expect(world.activityRuns).toHaveLength(1);
    // The first rings after a second; each stays for 14 minutes.
    expect(world.host("a").counters.rings).toBeLessThanOrEqual(6);
  });

  it("[I5.5] a message not delivered has one", async () => {
    const world = makeWorld();
    world.peerFault = ({ to }) => (to === "a:0001" ? "unreachable" : undefined);
    await start(world, "a", "parent", { name: "echo", input: 1 });
    expect(world.host("a").durableAlarm).not.toBeNull();
    world.peerFault = undefined;
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
  });

  it("[I5.6] a timer is in time while an activity runs for long beside it", async () => {
    const world = makeWorld();
    world.workflow("timeout", function* (ctx): Code {
      const work = ctx.callActivity("slow", 3_600_000);
      const first = yield ctx.whenAny([work, ctx.createTimer(5)]);
      return first === work ? "worked" : ctx.getCurrentUtcDateTime().getTime() - START_MS;
    });
    await start(world, "a", "timeout");
    await world.advance(10_000);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 5_000]);
  });

  it("[I5.7] a timer set while an alarm's handler looks after an activity is in time", async () => {
    const world = makeWorld();
    world.workflow("late timer", function* (ctx): Code {
      ctx.callActivity("slow", 3_600_000);
      yield ctx.waitForExternalEvent("go");
      yield ctx.createTimer(5);
      return ctx.getCurrentUtcDateTime().getTime() - START_MS;
    });
    await start(world, "a", "late timer");
    await world.advance(20_000);
    await raise(world, "a", "go");
    await world.advance(10_000);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 25_000]);
  });

  it("[I5.8] a delivery is tried again in time while an activity runs for long beside it", async () => {
    const world = makeWorld();
    world.workflow("both", function* (ctx): Code {
      ctx.callActivity("slow", 3_600_000);
      return yield ctx.callChildWorkflow("echo", 1, "c");
    });
    let failures = 4;
    world.peerFault = ({ to }) => (to === "c" && failures-- > 0 ? "unreachable" : undefined);
    await start(world, "a", "both");
    await world.advance(500 + 1_000 + 2_000 + 4_000 + 1_000);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
  });

  it("[I5.9] a failed turn is tried again in time while an activity runs for long beside it", async () => {
    const world = makeWorld();
    world.workflow("both", function* (ctx): Code {
      ctx.callActivity("slow", 3_600_000);
      return yield ctx.waitForExternalEvent("go");
    });
    await start(world, "a", "both");
    await world.advance(5_000);
    let failures = 3;
    world.host("a").failWrite = (statement) => {
      if (statement.includes("INTO instance") && failures-- > 0) throw new Error("SQLITE_FULL");
    };
    expect(await raise(world, "a", "go", 7)).toEqual({ ok: true });
    await world.advance(10_000);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 7]);
  });

  it("[I5.10] a chain of 1,000 activities that wait for nothing: 10 rows, 3 commits, 2 alarms at most", async () => {
    const world = makeWorld();
    world.workflow("chain", chain(1_000));
    await start(world, "a", "chain");
    await world.settle();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 999]);
    const host = world.host("a");
    expect(host.counters.setAlarm).toBeLessThanOrEqual(2);
    expect(host.counters.commits).toBeLessThanOrEqual(3);
    // 9 of events, and that of the instance three times: PENDING, RUNNING, COMPLETED.
    expect([...host.db.counters.rows]).toEqual([["instance", 12]]);
    expect(world.peerCalls).toEqual([]);
    expect(faultsOf(world, "a")).toEqual([]);
  });

  it("[I5.11] a ring that is a retry sets another alarm first, on disk, before it does anything", async () => {
    const world = makeWorld();
    await start(world, "a", "call", { activity: "slow", input: 60_000 });
    await world.advance(1_500);
    const host = world.host("a");
    expect(host.ringing).toBeDefined();
    expect(world.activityRuns).toHaveLength(1);
    world.crash("a");
    // The platform's retry comes after two seconds.
    await world.advance(1_999);
    expect(world.activityRuns).toHaveLength(1);
    const seen: (number | undefined)[] = [];
    world.onPoint = (point) => {
      if (point === "activity") seen.push(host.durableAlarm?.atMs);
    };
    await world.advance(1);
    expect(seen).toEqual([world.nowMs + 500]);
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "slept 60000"]);
  });

  it("[I5.12] crashes in the alarm's handler, more often than the platform retries, do not lose the instance", async () => {
    const world = makeWorld();
    await start(world, "a", "timer", 10);
    let crashes = 0;
    world.onPoint = (point, id) => {
      if (point === "write" && crashes < 20 && world.host(id).ringing !== undefined) {
        crashes++;
        world.crash(id);
      }
    };
    await world.rest();
    expect(crashes).toBe(20);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "fired"]);
  });

  it.each([
    ["a commit that fails once", 1],
    ["a storage that is full for a while", 12],
  ])("[I5.13] %s loses nothing, and is tried again after growing pauses", async (_, times) => {
    const world = makeWorld({ retryMaxMs: 8_000 });
    world.workflow("three", function* (ctx): Code {
      const first = yield ctx.waitForExternalEvent("go");
      const second = yield ctx.callActivity("echo", 2);
      const third = yield ctx.callChildWorkflow("echo", 3);
      return [first, second, third];
    });
    await start(world, "a", "three");
    const attempts: number[] = [];
    world.host("a").failWrite = (statement) => {
      if (!statement.includes("INTO instance") || attempts.length >= times) return;
      attempts.push(world.nowMs);
      throw new Error("database or disk is full: SQLITE_FULL");
    };
    expect(await raise(world, "a", "go", 1)).toEqual({ ok: true });
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [1, 2, 3]]);
    expect(faultsOf(world, "a")).toEqual([]);
    const pauses = attempts.slice(1).map((at, n) => at - (attempts[n] ?? 0));
    expect(pauses).toEqual(Array.from({ length: times - 1 }, (_, n) => Math.min(8_000, 500 * 2 ** n)));
    expect(world.host("a").durableAlarm).toBeNull();
  });

  it("[I5.14] the result of an activity outlives a failed turn: the activity is not run again for it", async () => {
    const world = makeWorld();
    await start(world, "a", "call", { activity: "slow", input: 100 });
    let failures = 1;
    world.host("a").failWrite = (statement) => {
      if (statement.includes("INTO instance") && failures-- > 0) throw new Error("SQLITE_FULL");
    };
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "slept 100"]);
    expect(world.activityRuns).toHaveLength(1);
  });

  it("[I5.15] an alarm long past is set again when the object is opened", async () => {
    const world = makeWorld();
    await start(world, "a", "call", { activity: "slow", input: 120_000 });
    world.crash("a");
    const host = world.host("a");
    // The platform has lost it, though it still shows it.
    host.notBeforeMs = Number.POSITIVE_INFINITY;
    await world.advance(80_000);
    expect(await statusOf(world, "a")).toBe("RUNNING");
    expect(host.durableAlarm?.atMs).toBe(world.nowMs + 1);
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "slept 120000"]);
  });

  it("[I5.24] an alarm whose ringing is put off: whoever asks after the instance finds it done", async () => {
    const world = makeWorld();
    await start(world, "a", "timer", 10);
    world.crash("a");
    world.host("a").notBeforeMs = Number.POSITIVE_INFINITY;
    await world.advance(13_000);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "fired"]);
    expect(world.host("a").durableAlarm).toBeNull();
  });

  it("[I5.16] an instance with work whose alarm the platform has dropped goes on when it is opened", async () => {
    const world = makeWorld();
    await start(world, "a", "timer", 10);
    world.crash("a");
    const host = world.host("a");
    host.alarm = host.durableAlarm = null;
    await world.advance(60_000);
    await describeInstance(world, "a");
    await world.advance(5_000);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "fired"]);
  });

  it("[I5.17] an alarm that rings for nothing changes nothing", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    const before = [...world.host("a").db.counters.rows];
    await world.call("a", (instance) => instance.alarm({ retryCount: 0, scheduledTime: 0 }));
    expect([...world.host("a").db.counters.rows]).toEqual(before);
    expect(world.host("a").durableAlarm).toBeNull();
    await world.call("unknown", (instance) => instance.alarm({ retryCount: 0, scheduledTime: 0 }));
    expect(world.host("unknown").db.tables()).toEqual([]);
    expect(world.host("unknown").counters.setAlarm).toBe(0);
  });

  it("[I5.18] while the workflow's own code keeps a turn waiting, an alarm covers it", async () => {
    const world = makeWorld();
    const code = gate();
    world.workflow("waits", async () => {
      await code.promise;
      return "done";
    });
    await start(world, "a", "waits");
    await world.advance(3_600_000);
    expect(world.host("a").ringing ?? world.host("a").durableAlarm).toBeTruthy();
    code.open();
    await world.settle();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "done"]);
    await world.rest();
    expect(world.host("a").durableAlarm).toBeNull();
    expect(await terminate(world, "a")).toEqual({ ok: true });
  });

  it("[I5.25] what is due later than the platform's last alarm is looked at then", async () => {
    const world = makeWorld();
    const startAtMs = Date.UTC(9999, 11, 31);
    await start(world, "a", "echo", 1, { startAtMs });
    expect(world.host("a").durableAlarm?.atMs).toBe(6_900_000_000_000);
    expect(await statusOf(world, "a")).toBe("PENDING");
    await start(world, "b", "timer", (startAtMs - world.nowMs) / 1_000);
    expect(world.host("b").durableAlarm?.atMs).toBe(6_900_000_000_000);
  });

  it("[I5.26] past it, the alarm rings with growing pauses, and what is due fires at its time", async () => {
    const world = makeWorld();
    const dueAtMs = Date.UTC(9999, 11, 31);
    await start(world, "a", "timer", (dueAtMs - world.nowMs) / 1_000);
    await world.advance(dueAtMs - world.nowMs - 1);
    expect(await statusOf(world, "a")).toBe("RUNNING");
    expect(world.host("a").counters.rings).toBeLessThan(40);
    await world.advance(1);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
  });
});

describe("[I17.3] An ID that is used again while the alarm's handler of the instance before is at work", () => {
  it("[I17.3] has an alarm of its own, and survives a crash", async () => {
    const world = leavingWorld(600_000);
    await start(world, "a", "leaves");
    await world.advance(5_000);
    expect(await purge(world, "a")).toEqual({ ok: true });
    world.activity("slow", () => world.sleep(5_000));
    await start(world, "a", "call", { activity: "slow", input: 1 });
    world.crash("a");
    await world.rest();
    expect((await endOf(world, "a"))[0]).toBe("COMPLETED");
  });
});

describe("[I18.6] An instance before its first turn whose alarm the platform has dropped", () => {
  it("[I18.6] goes on when somebody waits for it", async () => {
    const world = makeWorld();
    let isHeld = true;
    world.workflow("held", async function* (ctx): AsyncCode {
      if (isHeld) await new Promise<void>(() => undefined);
      yield ctx.createTimer(1);
      return "done";
    });
    await start(world, "a", "held");
    await world.advance(10);
    isHeld = false;
    world.crash("a");
    world.host("a").alarm = world.host("a").durableAlarm = null;
    const waited = world.post("a", (instance) => instance.waitFor("ended", { timeoutMs: 60_000, payloads: false }));
    await world.advance(61_000);
    expect((await waited)?.status).toBe("COMPLETED");
  });
});

describe("[I5.27] What is due when something comes to rest, or somebody comes, is done at once, and no alarm is set for it", () => {
  it("[I5.27] a timer, when an activity that nobody waits for ends in its moment", async () => {
    const world = makeWorld();
    world.workflow("main", function* (ctx, again = true): Code {
      if (again) {
        ctx.callActivity("slow", 1_000);
        yield ctx.waitForExternalEvent("go");
        return ctx.continueAsNew(false, false);
      }
      yield ctx.createTimer(0.9);
      return "fired";
    });
    await start(world, "a", "main");
    await world.advance(100);
    await raise(world, "a", "go");
    const { counters } = world.host("a");
    await world.advance(500);
    const { setAlarm } = counters;
    await world.advance(400);
    expect([await endOf(world, "a"), counters.setAlarm - setAlarm]).toEqual([["COMPLETED", "fired"], 0]);
  });

  it("[I5.27] a message that waits for its next attempt, when an event has come after a crash", async () => {
    const world = makeWorld();
    world.workflow("main", function* (ctx): Code {
      ctx.callChildWorkflow("event", "never", "kid");
      yield ctx.waitForExternalEvent("go");
      yield ctx.waitForExternalEvent("again");
    });
    world.peerFault = () => "unreachable";
    await start(world, "a", "main");
    await world.advance(60_000);
    world.crash("a");
    world.peerFault = undefined;
    await raise(world, "a", "go");
    expect(await statusOf(world, "kid")).toBe("RUNNING");
  });
});

it("[I5.28] An instance that waits until the time of the alarm that a purge has removed has one of its own", async () => {
  const world = makeWorld();
  await start(world, "a", "event", "never");
  // The alarm that guards the purge.
  const startAtMs = world.nowMs + world.limits.watchdogMs;
  const purged = purgeByForce(world, "a");
  await world.advance(100);
  expect([await purged, world.host("a").alarm]).toEqual([{ ok: true }, null]);
  await start(world, "a", "echo", 2, { startAtMs });
  expect(world.host("a").armedAtMs).toBe(startAtMs);
  await world.advance(60_000);
  expect(await endOf(world, "a")).toEqual(["COMPLETED", 2]);
});
