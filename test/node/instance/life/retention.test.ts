// [I44] Retention: an ended instance goes when its time is over, by the object's own alarm where there is no catalog.
import { describe, expect, it } from "vitest";
import type { RetentionPolicy } from "../../../../src/model/retention.ts";
import { type Code, describeInstance, makeWorld, raise, start, statusOf, terminate, toyCipher } from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";
import { START_MS, type World } from "../world.ts";

watchUnhandledRejections();

const HOUR = 3_600_000;

function worldWith(retention: RetentionPolicy | undefined): World {
  const world = makeWorld();
  world.retention = retention;
  world.workflow("fails", () => {
    throw new Error("as told");
  });
  return world;
}

const isGone = (world: World, id: string): boolean => world.host(id).db.tables().length === 0;
const alarmOf = (world: World, id: string): number | null => world.host(id).durableAlarm?.atMs ?? null;

describe("[I44] Retention", () => {
  it("[I44.1] none is configured: an ended instance has no alarm, and stays", async () => {
    const world = worldWith(undefined);
    await start(world, "a", "echo", 1);
    await world.advance(1);
    expect(alarmOf(world, "a")).toBeNull();
    await world.advance(10_000 * HOUR);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
  });

  it("[I44.2] one is: one alarm, at the end and the retention, and then nothing of it is left", async () => {
    const world = worldWith({ anyTerminal: HOUR });
    await start(world, "a", "timer", 60);
    await world.advance(60_000);
    expect([await statusOf(world, "a"), alarmOf(world, "a")]).toEqual(["COMPLETED", START_MS + 60_000 + HOUR]);
    await world.advance(HOUR - 1);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
    await world.advance(1);
    expect([isGone(world, "a"), alarmOf(world, "a")]).toEqual([true, null]);
    expect(await describeInstance(world, "a")).toBeUndefined();
  });

  it("[I44.3] so it is when the object was lost meanwhile, and its history is not even loaded", async () => {
    const world = worldWith({ anyTerminal: HOUR });
    await start(world, "a", "echo", 1);
    await world.advance(1);
    world.crash("a");
    await world.advance(HOUR);
    expect(isGone(world, "a")).toBe(true);
  });

  it.each<[string, RetentionPolicy, number | undefined]>([
    ["COMPLETED", { anyTerminal: 2 * HOUR, completed: HOUR }, HOUR],
    ["COMPLETED", { completed: HOUR }, HOUR],
    ["COMPLETED", { failed: HOUR, terminated: HOUR }, undefined],
    ["FAILED", { anyTerminal: HOUR, failed: 2 * HOUR }, 2 * HOUR],
    ["FAILED", { anyTerminal: HOUR, completed: 2 * HOUR }, HOUR],
    ["TERMINATED", { anyTerminal: HOUR, terminated: 3 * HOUR }, 3 * HOUR],
    ["CANCELED", { terminated: 3 * HOUR }, 3 * HOUR],
    ["CANCELED", { completed: HOUR, failed: HOUR }, undefined],
  ])(
    "[I44.4] %s under %j: what is said of its status counts before what is said of all",
    async (status, policy, kept) => {
      const world = worldWith(policy);
      await start(world, "a", status === "COMPLETED" ? "echo" : status === "FAILED" ? "fails" : "event", "e");
      if (status === "TERMINATED") await terminate(world, "a");
      if (status === "CANCELED") await world.call("a", (instance) => instance.cancel({}));
      await world.advance(1);
      expect(await statusOf(world, "a")).toBe(status);
      expect(alarmOf(world, "a")).toBe(kept === undefined ? null : START_MS + kept);
    },
  );

  it("[I44.5] that of the start counts before the policy, and over a continue-as-new", async () => {
    const world = worldWith({ anyTerminal: HOUR });
    world.workflow("again", function* (ctx, n: number): Code {
      yield ctx.createTimer(1);
      if (n < 2) ctx.continueAsNew(n + 1);
    });
    await start(world, "a", "again", 0, { retentionMs: 5 * HOUR });
    await world.advance(3_000);
    expect([await statusOf(world, "a"), alarmOf(world, "a")]).toEqual(["COMPLETED", START_MS + 3_000 + 5 * HOUR]);
    await world.advance(5 * HOUR);
    expect(isGone(world, "a")).toBe(true);
  });

  it("[I44.6] a reuse of the ID calls it off: the new one has its own", async () => {
    const world = worldWith({ completed: HOUR });
    await start(world, "a", "echo", 1);
    await world.advance(HOUR / 2);
    await start(world, "a", "event", "e");
    await world.advance(HOUR);
    expect([await statusOf(world, "a"), alarmOf(world, "a")]).toEqual(["RUNNING", null]);
    await raise(world, "a", "e");
    await world.advance(HOUR - 1);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
    await world.advance(1);
    expect(isGone(world, "a")).toBe(true);
  });

  it("[I44.7] it purges this one instance: its children have their own time", async () => {
    const world = worldWith({ completed: HOUR });
    await start(world, "p", "parent", { name: "event", input: "e", id: "c" });
    await raise(world, "c", "e");
    await world.advance(HOUR / 2);
    expect(await statusOf(world, "p")).toBe("COMPLETED");
    world.retention = { completed: 10 * HOUR };
    world.crash("c");
    expect(await statusOf(world, "c")).toBe("COMPLETED");
    await world.advance(HOUR);
    expect([isGone(world, "p"), await statusOf(world, "c")]).toEqual([true, "COMPLETED"]);
    await world.advance(10 * HOUR);
    expect(isGone(world, "c")).toBe(true);
  });

  it("[I44.8] a policy that a deploy changes: today's holds, for what is stored too", async () => {
    const world = worldWith(undefined);
    for (const id of ["a", "b", "c"]) await start(world, id, "echo", 1);
    await world.advance(2 * HOUR);
    const deploy = (policy: RetentionPolicy | undefined) => {
      world.retention = policy;
      for (const id of ["a", "b", "c"]) world.crash(id);
    };
    // Nothing rings in an object that has no alarm: whoever asks wakes it.
    deploy({ completed: 3 * HOUR });
    expect([await statusOf(world, "a"), await statusOf(world, "b")]).toEqual(["COMPLETED", "COMPLETED"]);
    expect([alarmOf(world, "a"), alarmOf(world, "c")]).toEqual([START_MS + 3 * HOUR, null]);
    // Longer: the alarm rings, and is set again. Shorter: whoever asks still gets an answer.
    deploy({ completed: 5 * HOUR });
    await world.advance(2 * HOUR);
    expect([isGone(world, "a"), alarmOf(world, "a")]).toEqual([false, START_MS + 5 * HOUR]);
    deploy({ completed: HOUR });
    expect(await statusOf(world, "b")).toBe("COMPLETED");
    await world.advance(2);
    expect(isGone(world, "b")).toBe(true);
    // None any more: it stays.
    deploy(undefined);
    await world.advance(10 * HOUR);
    expect([await statusOf(world, "a"), alarmOf(world, "a")]).toEqual(["COMPLETED", null]);
  });

  it("[I44.9] an instance that cannot be removed stays whole, and is tried again", async () => {
    const world = worldWith({ completed: HOUR });
    await start(world, "a", "echo", 1);
    await world.advance(1);
    world.failWipe = () => new Error("the disk is full");
    await world.advance(HOUR);
    expect([await statusOf(world, "a"), alarmOf(world, "a")]).toEqual(["COMPLETED", expect.any(Number)]);
    expect(world.log).toContainEqual(expect.objectContaining({ level: "error", msg: "retention", instanceId: "a" }));
    world.failWipe = undefined;
    await world.advance(world.limits.retryMaxMs);
    expect(isGone(world, "a")).toBe(true);
  });

  it("[I44.10] a disk that does not tell for a while delays it; where it does not tell the end alone, memory does", async () => {
    for (const [unread, isDelayed] of [
      ["SELECT", true],
      ["SELECT * FROM instance WHERE seq BETWEEN", false],
    ] as const) {
      const world = worldWith({ completed: HOUR });
      await start(world, "a", "echo", 1);
      await world.advance(1);
      world.crash("a");
      const host = world.host("a");
      host.failRead = (statement) => {
        if (statement.startsWith(unread)) throw new Error("the disk does not answer");
      };
      await world.advance(HOUR + 10_000);
      expect([unread, isGone(world, "a")]).toEqual([unread, !isDelayed]);
      host.failRead = undefined;
      await world.advance(2 * world.limits.retryMaxMs + 300_000);
      expect([unread, isGone(world, "a")]).toEqual([unread, true]);
    }
  });

  describe("[I45] 0s", () => {
    it("[I45.1] goes when it has ended: whoever waits has the answer, whoever asks later has none", async () => {
      const world = worldWith({ completed: 0 });
      const waitFor = { until: "ended", timeoutMs: 60_000, payloads: true } as const;
      expect(await start(world, "a", "echo", 1, { waitFor })).toMatchObject({
        ok: true,
        state: { status: "COMPLETED", output: "1" },
      });
      await world.advance(2);
      expect([isGone(world, "a"), alarmOf(world, "a")]).toEqual([true, null]);
      await start(world, "b", "event", "e");
      const waits = [1, 2].map(() => world.post("b", (instance) => instance.waitFor("ended", waitFor)));
      await raise(world, "b", "e", 7);
      expect(await Promise.all(waits)).toMatchObject([{ output: "7" }, { output: "7" }]);
      await world.advance(2);
      expect(await describeInstance(world, "b")).toBeUndefined();
    });

    it("[I45.2] not before the parent has heard, and an activity that its last turn has begun has run", async () => {
      const world = worldWith(undefined);
      world.workflow("child", function* (ctx): Code {
        ctx.callActivity("slow", 5_000);
        return "done";
      });
      world.workflow("asks", function* (ctx): Code {
        return yield ctx.callChildWorkflow("child", null, "c");
      });
      world.retention = { completed: 0 };
      world.peerFault = ({ to, method }) => (to === "p" && method === "deliver" ? "unreachable" : undefined);
      await start(world, "p", "asks", undefined, { retentionMs: HOUR });
      await world.advance(10_000);
      expect([isGone(world, "c"), world.activityRuns.length]).toEqual([false, 1]);
      world.peerFault = undefined;
      await world.advance(world.limits.retryMaxMs);
      expect([isGone(world, "c"), (await describeInstance(world, "p"))?.output]).toEqual([true, '"done"']);
    });

    it("[I45.5] an activity that its last turn has begun runs to its end, again where its object was lost, before it goes", async () => {
      for (const isLost of [false, true]) {
        const world = worldWith({ completed: 0 });
        world.workflow("leaves", function* (ctx): Code {
          ctx.callActivity("slow", 5_000);
          return "done";
        });
        await start(world, "a", "leaves");
        await world.advance(1_000);
        if (isLost) world.crash("a");
        await world.advance(3_000);
        expect([isLost, isGone(world, "a"), await statusOf(world, "a")]).toEqual([isLost, false, "COMPLETED"]);
        await world.advance(10_000);
        expect([isLost, isGone(world, "a"), world.activityRuns.length]).toEqual([isLost, true, isLost ? 2 : 1]);
      }
    });

    it("[I45.6] whoever waits has the answer, too, where it is read and opened first, which takes a while", async () => {
      const world = worldWith({ completed: 0 });
      const { seal, open } = toyCipher("k")();
      world.cipher = () => ({
        seal,
        open: async (text) => {
          await world.sleep(50);
          return open(text);
        },
      });
      world.peerFault = ({ to, method }) => (to === "p" && method === "deliver" ? "unreachable" : undefined);
      await start(world, "p", "parent", { name: "event", input: "e", id: "c" }, { retentionMs: HOUR });
      await raise(world, "c", "e", 7);
      world.crash("c");
      world.peerFault = undefined;
      const waitFor = { timeoutMs: 60_000, payloads: true };
      const answer = world.post("c", (instance) => instance.waitFor("ended", waitFor));
      await world.advance(world.limits.retryMaxMs);
      expect([await answer, isGone(world, "c")]).toMatchObject([{ status: "COMPLETED", output: "7" }, true]);
    });

    it("[I45.3] a crash between its end and its removal leaves it an alarm", async () => {
      const world = worldWith({ completed: 0 });
      world.peerFault = ({ to, method }) => (to === "p" && method === "deliver" ? "unreachable" : undefined);
      await start(world, "p", "parent", { name: "event", input: "e", id: "c" }, { retentionMs: HOUR });
      await raise(world, "c", "e", 7);
      world.crash("c");
      expect([isGone(world, "c"), alarmOf(world, "c")]).toEqual([false, expect.any(Number)]);
      world.peerFault = undefined;
      await world.advance(world.limits.retryMaxMs);
      expect([isGone(world, "c"), (await describeInstance(world, "p"))?.output]).toEqual([true, "7"]);
    });

    it("[I45.4] a late copy of its start brings nothing back; another start under the ID is another one", async () => {
      const world = worldWith({ completed: 0 });
      await start(world, "a", "echo", 1, { requestId: "same" });
      await world.advance(2);
      expect(await start(world, "a", "echo", 1, { requestId: "same" })).toEqual({ ok: true });
      await world.advance(2);
      expect([isGone(world, "a"), world.log.filter(({ msg }) => msg === "instance").length]).toEqual([true, 1]);
      await start(world, "a", "echo", 1, { requestId: "another" });
      expect(await start(world, "a", "event", "e")).toEqual({ ok: true });
      await world.advance(1_000);
      expect(await statusOf(world, "a")).toBe("RUNNING");
    });
  });
});
