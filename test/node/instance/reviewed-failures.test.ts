// [I18] What a review has found about failures that come together: each was wrong once.
import { afterEach, describe, expect, it } from "vitest";
import type { WorkflowActivityContext } from "../../../src/engine/activity-context.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { ParentLink } from "../../../src/model/history-event.ts";
import { INSTANCE } from "../../rows.ts";
import { Random } from "../random.ts";
import {
  type AsyncCode,
  type Code,
  describeInstance,
  gate,
  makeWorld,
  purge,
  raise,
  start,
  statusOf,
  terminate,
  toyCipher,
  typesOf,
  unshaken,
} from "./support.ts";
import type { PeerCall, World } from "./world.ts";

/** Encrypts; from `hold` to `open`, the sealing of one text takes so long. */
function holdSealingOf(world: World, held: string): { hold(): void; open(): void } {
  const sealed = gate();
  let isHeld = false;
  world.cipher = () => {
    const cipher = toyCipher("k")();
    const seal = async (text: string) => {
      if (isHeld && text === held) await sealed.promise;
      return cipher.seal(text);
    };
    return { ...cipher, seal };
  };
  return {
    hold: () => {
      isHeld = true;
    },
    open: () => sealed.open(),
  };
}

function purgeByForce(world: World, id: string): Promise<unknown> {
  return world.post(id, (instance) => instance.purge({ recursive: true, force: true }));
}

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => void unhandled.push(reason);
process.on("unhandledRejection", onUnhandled);
afterEach(() => expect(unhandled).toEqual([]));

describe("[I18.1] A forced purge of a tree in which somebody has called an ID above it", () => {
  it("[I18.1] its own ID", async () => {
    const world = makeWorld();
    world.workflow("selfish", function* (ctx): Code {
      try {
        yield ctx.callChildWorkflow("echo", 1, "a");
      } catch {
        yield ctx.waitForExternalEvent("never");
      }
    });
    await start(world, "a", "selfish");
    await world.advance(1_000);
    expect(await statusOf(world, "a")).toBe("RUNNING");
    const purged = purgeByForce(world, "a");
    await world.rest();
    expect([await purged, world.host("a").db.tables()]).toEqual([{ ok: true }, []]);
  });

  it("[I18.1] that of its parent; the child goes too", async () => {
    const world = makeWorld();
    world.workflow("calls up", function* (ctx): Code {
      try {
        yield ctx.callChildWorkflow("echo", 1, "p");
      } catch {
        yield ctx.waitForExternalEvent("never");
      }
    });
    world.workflow("top", function* (ctx): Code {
      yield ctx.callChildWorkflow("calls up", null, "c");
    });
    await start(world, "p", "top");
    await world.advance(1_000);
    const purged = purgeByForce(world, "p");
    await world.rest();
    expect([await purged, world.host("p").db.tables(), world.host("c").db.tables()]).toEqual([{ ok: true }, [], []]);
  });
});

describe("[I18.1] Two that are each other's child", () => {
  async function makeCycle(): Promise<World> {
    const world = makeWorld();
    world.workflow("B", function* (ctx): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.callChildWorkflow("A again", null, "A");
      yield ctx.waitForExternalEvent("end");
    });
    world.workflow("A again", function* (ctx): Code {
      try {
        yield ctx.callChildWorkflow("echo", null, "B");
      } catch {
        yield ctx.waitForExternalEvent("end");
      }
    });
    await start(world, "A", "parent", { name: "B", id: "B" });
    await world.advance(1_000);
    const alone = world.post("A", (i) => i.purge({ recursive: false, force: true }));
    await world.advance(1_000);
    expect(await alone).toEqual({ ok: true });
    await raise(world, "B", "go");
    await world.advance(1_000);
    expect(await statusOf(world, "A")).toBe("RUNNING");
    return world;
  }

  it("[I18.1] one is purged by force: both go", async () => {
    const world = await makeCycle();
    const purged = purgeByForce(world, "A");
    await world.rest();
    expect([await purged, world.host("A").db.tables(), world.host("B").db.tables()]).toEqual([{ ok: true }, [], []]);
  });

  it("[I18.1] both are purged by force at once: neither hangs, and a purge that is repeated takes both", async () => {
    const world = await makeCycle();
    const outcomes = Promise.allSettled([purgeByForce(world, "A"), purgeByForce(world, "B")]);
    await world.advance(120_000);
    expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect([await statusOf(world, "A"), await statusOf(world, "B")]).toEqual(["RUNNING", "RUNNING"]);
    const again = purgeByForce(world, "A");
    await world.rest();
    expect([await again, world.host("A").db.tables(), world.host("B").db.tables()]).toEqual([{ ok: true }, [], []]);
  });

  it("[I18.1] both have ended: a purge takes both, and until then the ID of one is free", async () => {
    const world = await makeCycle();
    await raise(world, "A", "end");
    await raise(world, "B", "end");
    await world.advance(1_000);
    expect([await statusOf(world, "A"), await statusOf(world, "B")]).toEqual(["COMPLETED", "COMPLETED"]);
    world.peerCalls.length = 0;
    expect(await purge(world, "A")).toEqual({ ok: true });
    expect(world.peerCalls.map(({ from, to }) => from + to)).toEqual(["AB", "BA"]);
    expect([world.host("A").db.tables(), world.host("B").db.tables()]).toEqual([[], []]);
    const other = await makeCycle();
    await raise(other, "A", "end");
    await raise(other, "B", "end");
    await other.advance(1_000);
    expect(await start(other, "A", "echo", 1)).toEqual({ ok: true });
  });
});

describe("[I18.10] The start of a child that waits at an ID that is just being purged", () => {
  it("[I18.10] is not carried out when its parent has been purged meanwhile", async () => {
    const world = makeWorld();
    let latencyMs = 0;
    world.chaos = unshaken(() => latencyMs);
    const begin = (id: string, input: unknown) =>
      world.post(id, (i) =>
        i.start({ instanceId: id, name: "parent", input: JSON.stringify(input), requestId: `r-${id}` }),
      );
    // A stranger under the ID, with a child that will be slow to purge.
    void begin("a", { name: "event", input: "never", id: "kid" });
    await world.advance(2_000);
    latencyMs = 4_000;
    void begin("x", { name: "event", input: "never", id: "a" });
    await world.advance(10);
    world.crash("x");
    latencyMs = 0;
    const purgedX = purgeByForce(world, "x");
    await world.advance(2_000);
    latencyMs = 15_000;
    const purgedA = purgeByForce(world, "a");
    await world.advance(100);
    latencyMs = 0;
    await world.rest();
    expect([await purgedX, await purgedA]).toEqual([{ ok: true }, { ok: true }]);
    expect([world.host("x").db.tables(), world.host("a").db.tables()]).toEqual([[], []]);
  });
});

describe("[I18.2] Code that cannot read an instance, or keys that cannot, look at it for a moment", () => {
  const timeUntilEnd = async (world: World) => {
    const backAtMs = world.nowMs;
    for (let n = 0; n < 200 && (await statusOf(world, "a")) !== "COMPLETED"; n++) {
      await world.advance(20_000);
      world.crash("a");
    }
    return world.nowMs - backAtMs;
  };

  it("[I18.2] a timer that is set for later fires when it is due", async () => {
    const world = makeWorld();
    world.cipher = toyCipher("k1");
    await start(world, "a", "timer", 30);
    await world.advance(15_000);
    world.crash("a");
    const { setAlarm } = world.host("a").counters;
    world.cipher = toyCipher("k2");
    expect(await statusOf(world, "a")).toBe("STALLED");
    expect(world.host("a").counters.setAlarm).toBe(setAlarm);
    world.crash("a");
    world.cipher = toyCipher("k1");
    await world.advance(15_001);
    expect(world.host("a").db.read(`SELECT status FROM ${INSTANCE}`)).toEqual([{ status: "COMPLETED" }]);
  });

  it("[I18.2] also when something else than its state is asked for", async () => {
    const world = makeWorld();
    world.cipher = toyCipher("k1");
    await start(world, "a", "timer", 30);
    await world.advance(15_000);
    world.crash("a");
    world.cipher = toyCipher("k2");
    expect(await raise(world, "a", "x", 1)).toEqual({ ok: false, code: "STALLED" });
    world.crash("a");
    world.cipher = toyCipher("k1");
    await world.advance(15_001);
    expect(world.host("a").db.read(`SELECT status FROM ${INSTANCE}`)).toEqual([{ status: "COMPLETED" }]);
  });

  it("[I18.2] a timer that was due meanwhile fires when somebody asks", async () => {
    const world = makeWorld();
    await start(world, "a", "timer", 30);
    await world.advance(15_000);
    world.crash("a");
    world.host("a").db.tamper("UPDATE instance SET schema_version = 99");
    await world.advance(60_000);
    expect(await statusOf(world, "a")).toBe("STALLED");
    world.crash("a");
    world.host("a").db.tamper("UPDATE instance SET schema_version = 5");
    expect(await timeUntilEnd(world)).toBeLessThanOrEqual(20_000);
  });

  it("[I18.2] looked at again in the same life, it may fail to be read for another reason: nothing is written", async () => {
    const world = makeWorld({ stallRetryMaxMs: 5_000, stallRetryMinMs: 1_000 });
    await start(world, "a", "timer", 300);
    await raise(world, "a", "other", 1);
    await world.advance(5_000);
    world.crash("a");
    const { db } = world.host("a");
    db.tamper("UPDATE instance SET schema_version = 99");
    expect(await statusOf(world, "a")).toBe("STALLED");
    const dump = () => db.tables().map((table) => db.read(`SELECT * FROM ${table}`));
    const before = dump();
    let failures = 0;
    world.host("a").failRead = () => {
      if (failures++ < 2) throw new Error("the disk is slow");
    };
    await world.advance(20_000);
    expect(await raise(world, "a", "other", 2)).toEqual({ ok: false, code: "STALLED" });
    expect([failures > 2, dump()]).toEqual([true, before]);
    db.tamper("UPDATE instance SET schema_version = 5");
    await world.rest();
    expect(await statusOf(world, "a")).toBe("COMPLETED");
  });
});

describe("[I18.3] An event from an instance that cannot be reached for a while", () => {
  it("[I18.3] counts once, also when the receiver has continued as new", async () => {
    const world = makeWorld();
    world.workflow("eternal", function* (ctx, n: number): Code {
      yield ctx.waitForExternalEvent("tick");
      ctx.continueAsNew(n + 1);
    });
    world.workflow("sender", function* (ctx): Code {
      ctx.sendEvent("b", "tick", 1);
      yield ctx.createTimer(1);
    });
    await start(world, "b", "eternal", 0);
    const untilMs = world.nowMs + 70_000;
    let calls = 0;
    world.peerFault = ({ to }) => {
      if (to !== "b") return undefined;
      if (calls++ === 0) return "answer lost";
      return world.nowMs < untilMs ? "unreachable" : undefined;
    };
    await start(world, "a", "sender");
    await world.advance(65_000);
    await raise(world, "b", "tick", 2);
    await world.advance(235_000);
    expect([(await describeInstance(world, "b"))?.input, world.host("a").db.read("SELECT * FROM outbox")]).toEqual([
      "2",
      [],
    ]);
  });
});

describe("[I18.3] An event that is carried over, older than one that was taken", () => {
  it("[I18.3] does not make the other one count again", async () => {
    const world = makeWorld();
    world.workflow("eternal", function* (ctx, n: number): Code {
      yield ctx.waitForExternalEvent("tick");
      ctx.continueAsNew(n + 1, true);
    });
    await start(world, "b", "eternal", 0);
    await raise(world, "b", "unclaimed", 0, "x:2");
    await raise(world, "b", "tick", 0, "x:5");
    await raise(world, "b", "tick", 0, "client");
    expect((await describeInstance(world, "b"))?.input).toBe("2");
    await raise(world, "b", "tick", 0, "x:5");
    expect((await describeInstance(world, "b"))?.input).toBe("2");
  });
});

describe("[I18.4] A forced purge that fails", () => {
  it("[I18.4] leaves activities alone", async () => {
    const world = makeWorld();
    let wasAborted: boolean | undefined;
    world.activity("watchful", async (ctx: WorkflowActivityContext) => {
      await world.sleep(50_000);
      wasAborted = ctx.signal.aborted;
      ctx.signal.throwIfAborted();
      return "done";
    });
    world.workflow("both", function* (ctx): Code {
      ctx.callChildWorkflow("event", "never", "kid");
      return yield ctx.callActivity("watchful");
    });
    await start(world, "a", "both");
    await world.advance(1_500);
    world.peerFault = ({ method }) => (method === "purge" ? "unreachable" : undefined);
    const purged = purgeByForce(world, "a");
    await world.advance(500);
    await expect(purged).rejects.toThrow("unreachable");
    await world.advance(100_000);
    expect([await statusOf(world, "a"), wasAborted]).toEqual(["COMPLETED", false]);
  });

  it("[I18.4] and leaves a database that cannot be read: the object begins again with it", async () => {
    const world = makeWorld();
    await start(world, "a", "parent", { name: "event", input: "never", id: "kid" });
    await world.advance(1_500);
    const host = world.host("a");
    const before = host.db.read(`SELECT execution_id FROM ${INSTANCE}`);
    world.peerFault = ({ method }) => {
      if (method !== "purge") return undefined;
      host.failRead = () => {
        throw new Error("the disk is slow");
      };
      return "unreachable";
    };
    const purged = purgeByForce(world, "a");
    await world.advance(20_000);
    await expect(purged).rejects.toThrow("was lost");
    host.failRead = undefined;
    expect(await start(world, "a", "echo", 1)).toEqual({ ok: false, code: "ALREADY_ACTIVE" });
    expect([await statusOf(world, "a"), host.db.read(`SELECT execution_id FROM ${INSTANCE}`)]).toEqual([
      "RUNNING",
      before,
    ]);
  });
});

describe("[I18.5] Progress of an activity that today's keys cannot open", () => {
  it.each([
    ["another key", toyCipher("k2")],
    ["no key", undefined],
  ])("[I18.5] is no failure of the activity, and not given to it: %s", async (_, cipher) => {
    const world = makeWorld();
    world.cipher = toyCipher("k1");
    const seen: unknown[] = [];
    world.activity("beat", async (ctx: WorkflowActivityContext) => {
      seen.push(ctx.getLastHeartbeatDetails());
      ctx.heartbeat({ at: 1 });
      await world.sleep(5_000);
      return 1;
    });
    world.workflow("calls", function* (ctx): Code {
      return yield ctx.callActivity("beat");
    });
    await start(world, "a", "calls");
    await world.advance(2_000);
    world.crash("a");
    world.cipher = cipher;
    await world.advance(20_000);
    expect(await describeInstance(world, "a")).toMatchObject({
      status: "STALLED",
      failure: { errorType: "UnreadableError", message: expect.stringContaining("k") },
    });
    expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "TaskScheduled"]);
    world.crash("a");
    world.cipher = toyCipher("k1");
    await statusOf(world, "a");
    await world.advance(10_000);
    expect([seen, await statusOf(world, "a")]).toEqual([[undefined, { at: 1 }], "COMPLETED"]);
  });
});

describe("[I18.5] The same while a timer is due", () => {
  it.each([
    ["another key", toyCipher("k2")],
    ["no key", undefined],
  ])("[I18.5] no turn is taken: %s", async (_, cipher) => {
    const world = makeWorld();
    world.cipher = toyCipher("k1");
    world.activity("beat", async (ctx: WorkflowActivityContext) => {
      ctx.heartbeat({ at: 1 });
      await new Promise(() => undefined);
    });
    world.workflow("calls", function* (ctx): Code {
      yield ctx.whenAny([ctx.callActivity("beat"), ctx.createTimer(10)]);
    });
    await start(world, "a", "calls");
    await world.advance(2_000);
    world.crash("a");
    world.cipher = cipher;
    await world.advance(20_000);
    expect(await statusOf(world, "a")).toBe("STALLED");
    expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "TaskScheduled", "TimerCreated"]);
    world.crash("a");
    world.cipher = toyCipher("k1");
    await statusOf(world, "a");
    await world.advance(1_000);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
  });
});

describe("[I18.5] An instance that is purged while the progress of its activity is decrypted", () => {
  it("[I18.5] leaves nothing to the next one under its ID", async () => {
    const world = makeWorld();
    let isSlow = false;
    world.cipher = () => ({
      ...toyCipher("k1")(),
      open: async (sealed) => {
        const text = await toyCipher("k1")().open(sealed);
        if (isSlow && text === '{"at":1}') await world.sleep(5_000);
        return text;
      },
    });
    world.activity("beat", async (ctx: WorkflowActivityContext) => {
      ctx.heartbeat({ at: 1 });
      await world.sleep(50_000);
    });
    world.workflow("calls", function* (ctx): Code {
      yield ctx.callActivity("beat");
    });
    await start(world, "a", "calls");
    await world.advance(2_000);
    world.crash("a");
    isSlow = true;
    void world.post("a", (i) => i.describe({ payloads: false }));
    await world.advance(1_000);
    const purged = purgeByForce(world, "a");
    await world.advance(100);
    expect(await purged).toEqual({ ok: true });
    expect(await start(world, "a", "timer", 20)).toEqual({ ok: true });
    await world.rest();
    expect([await statusOf(world, "a"), world.host("a").db.tables()]).toEqual(["COMPLETED", ["instance"]]);
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

describe("[I18.8] A message that waits, a turn that fails, and a long activity", () => {
  it("[I18.8] the message is delivered when the receiver is back", async () => {
    const world = makeWorld();
    world.activity("long", () => world.sleep(600_000));
    world.workflow("sends", function* (ctx): Code {
      ctx.sendEvent("b", "go", 1);
      const long = ctx.callActivity("long");
      yield ctx.waitForExternalEvent("x");
      yield long;
    });
    await start(world, "b", "event", "go");
    let isDown = true;
    world.peerFault = ({ to }) => (to === "b" && isDown ? "unreachable" : undefined);
    await start(world, "a", "sends");
    await world.advance(2_000);
    let failures = 0;
    world.host("a").failWrite = (statement) => {
      if (statement.includes("INTO instance") && failures++ === 0) throw new Error("SQLITE_FULL");
    };
    await raise(world, "a", "x", 1);
    await world.advance(2_000);
    isDown = false;
    await world.advance(61_000);
    expect([failures > 0, await statusOf(world, "b")]).toEqual([true, "COMPLETED"]);
  });
});

describe("[I18.9] A terminated instance with an activity that never ends", () => {
  it("[I18.9] has no alarm, and its ID is not free as long as the object lives", async () => {
    const world = makeWorld();
    world.activity("never", () => new Promise(() => undefined));
    await start(world, "a", "call", { activity: "never" });
    await world.advance(100_000);
    await terminate(world, "a");
    await world.rest();
    expect([await statusOf(world, "a"), world.host("a").durableAlarm]).toEqual(["TERMINATED", null]);
    expect(await start(world, "a", "echo", 1)).toEqual({ ok: false, code: "AWAITING_ACTIVITY" });
    world.crash("a");
    expect(await start(world, "a", "echo", 1)).toEqual({ ok: true });
  });

  it("[I18.9] nor has what follows under its ID, or after a continue-as-new", async () => {
    const world = makeWorld();
    world.activity("never", () => new Promise(() => undefined));
    world.workflow("twice", function* (ctx, n: number): Code {
      if (n === 1) return "done";
      yield ctx.whenAny([ctx.callActivity("never"), ctx.createTimer(5)]);
      ctx.continueAsNew(1);
    });
    await start(world, "again", "twice", 0);
    await start(world, "a", "call", { activity: "never" });
    await world.advance(10_000);
    await terminate(world, "a");
    await world.advance(10_000);
    expect(await purge(world, "a")).toEqual({ ok: true });
    await start(world, "a", "echo", 1);
    await world.rest();
    for (const id of ["a", "again"])
      expect([await statusOf(world, id), world.host(id).durableAlarm]).toEqual(["COMPLETED", null]);
  });
});

describe("[I18.11] A child that changes its status without pause", () => {
  it("[I18.11] does not keep its parent's forced purge waiting", async () => {
    const world = makeWorld();
    world.workflow("busy", function* (ctx): Code {
      for (let n = 0; n < 400; n++) {
        ctx.setCustomStatus(n);
        yield ctx.callActivity("slow", 10);
      }
      ctx.continueAsNew(undefined);
    });
    world.chaos = unshaken(() => 50);
    const input = JSON.stringify({ name: "busy", id: "kid" });
    void world.post("p", (i) => i.start({ instanceId: "p", name: "parent", input, requestId: "s" }));
    await world.advance(2_000);
    const purged = purgeByForce(world, "p");
    await world.advance(1_000);
    expect(await purged).toEqual({ ok: true });
    await world.rest();
    for (const id of ["p", "kid"]) expect(world.host(id).db.tables()).toEqual([]);
  });
});

describe("[I18.12] The second copy of a start that waits for its sender's answer", () => {
  /** The first start of "d" comes twice, and the first answer to whether it is owed takes 5 s. */
  function withSlowAnswer(): World {
    const world = makeWorld();
    let deliveries = 0;
    let slow = 0;
    world.chaos = unshaken(() => (slow-- > 0 ? 5_000 : 0));
    world.peerFault = ({ method, to }) => {
      if (method === "isOwed" && deliveries === 1) {
        deliveries++;
        slow = 1;
      }
      return method === "deliver" && to === "d" && deliveries++ === 0 ? "twice" : undefined;
    };
    return world;
  }

  it.each(["detached", "child"])(
    "[I18.12] runs nothing once the instance has ended and been purged: %s",
    async (kind) => {
      const world = withSlowAnswer();
      world.workflow("main", function* (ctx): Code {
        if (kind === "child") yield ctx.callChildWorkflow("call", { activity: "echo" }, "d");
        else ctx.scheduleNewWorkflow("call", { activity: "echo" }, { instanceId: "d" });
        yield ctx.waitForExternalEvent("never");
      });
      void world.post("i", (i) => i.start({ instanceId: "i", name: "main", requestId: "s" }));
      await world.advance(1_000);
      const purged = world.post("d", (i) => i.purge({ recursive: true }));
      await world.advance(1_000);
      expect([await purged, world.activityRuns.length]).toEqual([{ ok: true }, 1]);
      await world.rest();
      expect([world.activityRuns.length, world.host("d").db.tables()]).toEqual([1, []]);
    },
  );
});

describe("[I18.13] The start of a detached workflow that is on its way", () => {
  it("[I18.13] is carried out though its caller is purged by force meanwhile", async () => {
    const world = makeWorld();
    world.workflow("main", function* (ctx): Code {
      ctx.scheduleNewWorkflow("timer", 1_000, { instanceId: "d" });
      yield ctx.waitForExternalEvent("never");
    });
    world.chaos = unshaken(() => 500);
    void world.post("i", (i) => i.start({ instanceId: "i", name: "main", requestId: "s" }));
    await world.advance(100);
    const purged = purgeByForce(world, "i");
    await world.rest();
    expect([await purged, world.host("i").db.tables()]).toEqual([{ ok: true }, []]);
    expect(await statusOf(world, "d")).toBe("COMPLETED");
  });
});

describe("[I18.14] A workflow that calls or schedules its own ID as the last it does", () => {
  it.each(["child", "detached"])("[I18.14] is refused, and comes to rest: %s", async (kind) => {
    const world = makeWorld();
    world.workflow("again", function* (ctx, n: number): Code {
      yield ctx.callActivity("echo", 1);
      if (kind === "child") ctx.callChildWorkflow("again", n + 1, "x");
      else ctx.scheduleNewWorkflow("again", n + 1, { instanceId: "x" });
      return n;
    });
    await start(world, "x", "again", 1);
    await world.rest();
    expect(await describeInstance(world, "x")).toMatchObject({ status: "COMPLETED", output: "1" });
    expect([world.host("x").db.read("SELECT * FROM outbox"), world.host("x").durableAlarm]).toEqual([[], null]);
    expect(await purge(world, "x")).toEqual({ ok: true });
  });
});

describe("[I18.15] A forced purge of which one call fails while another is on its way", () => {
  it("[I18.15] ends when all of them have, and a copy that comes later removes nothing", async () => {
    const world = makeWorld();
    world.workflow("main", function* (ctx): Code {
      const children = ["k1", "k2"].map((id) => ctx.callChildWorkflow("event", "go", id));
      return yield ctx.whenAll(children);
    });
    await start(world, "p", "main");
    await world.advance(1_500);
    let slow = 1;
    world.chaos = unshaken(() => (slow-- > 0 ? 5_000 : 0));
    world.peerFault = ({ method, to }) => (method === "purge" && to === "k2" ? "unreachable" : undefined);
    let failed: unknown;
    void purgeByForce(world, "p").catch((error) => {
      failed = error.message;
    });
    await world.advance(4_900);
    expect(failed).toBeUndefined();
    await world.advance(200);
    expect([failed, world.host("k1").db.tables()]).toEqual(["'k2' is unreachable", []]);
    const late = world.peerCalls.filter(({ method, to }) => method === "purge" && to === "k1");
    world.peerFault = undefined;
    const terminated = world.post("p", (i) => i.terminate({ recursive: true }));
    await world.advance(1_000);
    const again = world.post("p", (i) => i.start({ instanceId: "p", name: "main", requestId: "again" }));
    await world.advance(1_500);
    expect([await terminated, await again, late.length]).toEqual([{ ok: true }, { ok: true }, 1]);
    for (const { repeat } of late) repeat();
    await world.advance(1_000);
    const found = world.post("k1", (i) => i.describe({ payloads: false }));
    await world.advance(1_000);
    expect((await found)?.status).toBe("RUNNING");
  });
});

describe("[I18.16] A forced purge of what newer code has written", () => {
  it("[I18.16] takes the children of executions before a continue-as-new too", async () => {
    const world = makeWorld();
    world.workflow("main", function* (ctx, n: number): Code {
      if (n === 2) yield ctx.waitForExternalEvent("never");
      ctx.callChildWorkflow("event", "never", "kid");
      yield ctx.createTimer(1);
      ctx.continueAsNew(2);
    });
    await start(world, "a", "main", 1);
    await world.advance(5_000);
    expect(await statusOf(world, "kid")).toBe("RUNNING");
    world.crash("a");
    world.host("a").db.read("UPDATE instance SET schema_version = 99");
    const purged = purgeByForce(world, "a");
    await world.rest();
    expect([await purged, world.host("a").db.tables(), world.host("kid").db.tables()]).toEqual([{ ok: true }, [], []]);
  });
});

describe("[I18.17] An ended instance that is being loaded while its ID is started anew", () => {
  it("[I18.17] whenever the start comes: the new one runs, with its own history", async () => {
    for (let microtasks = 0; microtasks < 40; microtasks++) {
      const world = makeWorld();
      await start(world, "a", "echo", "old");
      await world.rest();
      world.crash("a");
      const startAtMs = world.nowMs + 10_000;
      const both = world.post("a", async (i) => {
        const request = { instanceId: "a", name: "echo", input: '"new"', requestId: "r2", startAtMs };
        const started = i.start(request);
        for (let n = 0; n < microtasks; n++) await undefined;
        await i.update({ updateId: "u", name: "n", timeoutMs: 1 });
        return started;
      });
      await world.advance(60_000);
      expect([microtasks, await both]).toEqual([microtasks, { ok: true }]);
      expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "ExecutionCompleted"]);
      expect(await describeInstance(world, "a")).toMatchObject({ status: "COMPLETED", input: '"new"' });
    }
  });
});

describe("[I18.18] An ended instance that sends an event to its own ID", () => {
  it("[I18.18] lets somebody else start it anew", async () => {
    const world = makeWorld();
    world.workflow("last", function* (ctx): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.sendEvent("x", "hello", 1);
      return 0;
    });
    world.workflow("other", function* (ctx): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.scheduleNewWorkflow("echo", "from other", { instanceId: "x" });
      return 0;
    });
    await start(world, "x", "last");
    await start(world, "o", "other");
    world.chaos = unshaken(() => 50);
    for (const id of ["x", "o"]) void world.post(id, (i) => i.raiseEvent({ name: "go", messageId: `to ${id}` }));
    await world.rest();
    world.chaos = undefined;
    expect(await describeInstance(world, "x")).toMatchObject({ status: "COMPLETED", input: '"from other"' });
  });
});

describe("[I18.19] A detached start that is on its way when its sender reads its outbox again", () => {
  it("[I18.19] is carried out once", async () => {
    const world = makeWorld();
    world.workflow("main", async function* (ctx): AsyncCode {
      ctx.scheduleNewWorkflow("call", { activity: "echo" }, { instanceId: "d" });
      yield ctx.waitForExternalEvent("go");
      await new Promise(() => undefined);
    });
    let slow = 1;
    world.chaos = unshaken(() => (slow-- > 0 ? 60_000 : 10));
    void world.post("i", (i) => i.start({ instanceId: "i", name: "main", requestId: "s" }));
    await world.advance(1_000);
    void world.post("i", (i) => i.raiseEvent({ name: "go", messageId: "m2" }));
    await world.advance(1_000);
    void world.post("i", (i) => i.terminate({ recursive: true }));
    await world.advance(20_000);
    const purged = world.post("d", (i) => i.purge({ recursive: true }));
    await world.advance(1_000);
    expect([await purged, world.activityRuns.length]).toEqual([{ ok: true }, 1]);
    world.crash("d");
    await world.advance(120_000);
    expect([world.activityRuns.length, world.host("d").db.tables()]).toEqual([1, []]);
  });
});

describe("[I18.20] A second copy of a parent's purge of its child that has been answered", () => {
  it("[I18.20] removes nothing, though that purge still goes on elsewhere", async () => {
    const world = makeWorld();
    world.workflow("main", function* (ctx): Code {
      return yield ctx.whenAll(["k1", "k2"].map((id) => ctx.callChildWorkflow("echo", 1, id)));
    });
    world.workflow("next", function* (ctx): Code {
      yield ctx.callChildWorkflow("event", "go", "k1");
    });
    await start(world, "p", "main");
    await world.advance(2_000);
    world.peerFault = ({ method, to }) => (method === "purge" && to === "k2" ? "unreachable" : undefined);
    let calls = 0;
    // That of k2 is slow.
    world.chaos = unshaken(() => (++calls === 2 ? 20_000 : 0));
    void world.post("p", (i) => i.purge({ recursive: true })).catch(() => undefined);
    await world.advance(1_000);
    expect(world.host("k1").db.tables()).toEqual([]);
    const copies = world.peerCalls.filter(({ method, to }) => method === "purge" && to === "k1");
    void world.post("p", (i) => i.start({ instanceId: "p", name: "next", requestId: "again" }));
    await world.advance(1_000);
    void world.post("k1", (i) => i.terminate({ recursive: true }));
    await world.advance(1_000);
    for (const { repeat } of copies) repeat();
    await world.advance(1_000);
    expect([copies.length, world.host("k1").db.hasTable("instance")]).toEqual([1, true]);
  });
});

describe("[I18.21] A heartbeat's details, when a forced purge fails while the activity runs", () => {
  it("[I18.21] are removed with the activity's result", async () => {
    const world = makeWorld();
    world.activity("beats", async (ctx: WorkflowActivityContext) => {
      ctx.heartbeat("half");
      await world.sleep(5_000);
    });
    world.workflow("main", function* (ctx): Code {
      ctx.callChildWorkflow("event", "never", "child");
      yield ctx.callActivity("beats");
      yield ctx.waitForExternalEvent("go");
    });
    await start(world, "i", "main");
    await world.advance(1_000);
    const rows = () => world.host("i").db.read("SELECT task_id, progress FROM recovery");
    expect(rows()).toEqual([{ task_id: 2, progress: '"half"' }]);
    world.peerFault = ({ method }) => (method === "purge" ? "unreachable" : undefined);
    const purged = purgeByForce(world, "i").catch((error: Error) => error);
    await world.advance(60_000);
    expect(await purged).toBeInstanceOf(Error);
    expect(typesOf(world, "i").filter((type) => type.startsWith("Task"))).toEqual(["TaskScheduled", "TaskCompleted"]);
    expect([rows(), world.activityRuns.length]).toEqual([[], 1]);
  });
});

describe("[I18.22] An ended instance with an open activity, of which a purge after a restart has delivered the last message", () => {
  it.each(["free", "busy"])("[I18.22] goes on with the activity: a child that is %s", async (target) => {
    const world = makeWorld();
    world.workflow("main", function* (ctx): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.callActivity("slow", 20_000);
      ctx.callChildWorkflow("event", "never", "kid");
      ctx.callChildWorkflow("event", "never", target);
    });
    await start(world, "busy", "event", "never");
    await start(world, "a", "main");
    await world.advance(1_000);
    world.peerFault = ({ to }) => (to === target ? "unreachable" : undefined);
    await raise(world, "a", "go", 1);
    await world.advance(50);
    world.peerFault = undefined;
    world.crashAll();
    const purged = world.post("a", (i) => i.purge({ recursive: true }));
    await world.advance(100);
    expect(await purged).toMatchObject({ ok: false, code: "NOT_ENDED" });
    await world.advance(60_000);
    expect([typesOf(world, "a").at(-1), world.host("a").armedAtMs]).toEqual(["TaskCompleted", null]);
  });
});

describe("[I18.23] A value that cannot be described, thrown by", () => {
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const values: [string, () => unknown][] = [
    ["a BigInt for a message", () => Object.assign(new Error(), { message: 10n })],
    ["a revoked proxy", revoked],
    ["a stack that throws", () => Object.defineProperty(new Error("m"), "stack", { get: () => JSON.parse("{") })],
  ];
  it.each(values)(
    "[I18.23] a workflow, an activity, a child: it is FAILED, and waits for nobody: %s",
    async (_, make) => {
      const world = makeWorld();
      const fail = () => {
        throw make();
      };
      world.activity("odd", fail);
      world.workflow("odd", fail);
      await start(world, "w", "odd");
      await start(world, "a", "call", { activity: "odd" });
      await start(world, "p", "parent", { name: "odd" });
      await world.advance(1_000);
      for (const id of ["w", "a", "p"]) expect([id, await statusOf(world, id)]).toEqual([id, "FAILED"]);
      expect(world.log.filter(({ msg }) => msg === "turn")).toEqual([]);
    },
  );

  it.each(values)(
    "[I18.23] a condition that was false before: the wait throws, and nothing is tried again: %s",
    async (_, make) => {
      const world = makeWorld();
      world.workflow("main", function* (ctx): Code {
        let isOdd = false;
        ctx.setUpdateHandler("u", () => {
          isOdd = true;
        });
        yield ctx.waitForCondition(() => {
          if (isOdd) throw make();
          return false;
        });
      });
      await start(world, "a", "main");
      await world.advance(1_000);
      const update = { updateId: "u", name: "u", input: undefined, timeoutMs: 60_000 };
      expect(await world.call("a", (i) => i.update(update))).toMatchObject({ ok: true });
      await world.advance(1_000);
      expect([await statusOf(world, "a"), world.log.filter(({ msg }) => msg === "turn")]).toEqual(["FAILED", []]);
    },
  );

  it.each(values)("[I18.23] a validator, a query or a condition: %s", async (_, make) => {
    const world = makeWorld();
    const fail = () => {
      throw make();
    };
    world.workflow("main", function* (ctx): Code {
      ctx.setQueryHandler("q", fail);
      ctx.setUpdateHandler("u", () => 1, { validator: fail });
      let isOdd = false;
      try {
        yield ctx.whenAny([ctx.waitForExternalEvent("go")]);
        isOdd = true;
        yield ctx.waitForCondition(() => isOdd && fail());
      } catch {
        return "caught";
      }
    });
    await start(world, "a", "main");
    await world.advance(1_000);
    const update = world.post("a", (i) => i.update({ updateId: "u", name: "u", timeoutMs: 1_000 }));
    await world.advance(5_000);
    expect(await update).toMatchObject({ ok: false, code: "REJECTED" });
    const query = await world.call("a", (i) => i.query({ name: "q" }));
    expect(query).toMatchObject({ ok: false, code: "FAILED", message: expect.any(String) });
    await raise(world, "a", "go");
    await world.advance(1_000);
    expect([await statusOf(world, "a"), world.log.filter(({ msg }) => msg === "turn")]).toEqual(["COMPLETED", []]);
  });
});

describe("[I18.24] The end of a child in the first turn of a life, while its commit goes to disk", () => {
  it.each(["purge", "start"] as const)("[I18.24] reaches the parent though a %s comes between", async (method) => {
    const world = makeWorld();
    await start(world, "p", "parent", { name: "event", id: "c", input: "go" });
    await world.advance(5_000);
    world.crash("c");
    const raised = world.post("c", (i) => i.raiseEvent({ name: "go", input: "1", messageId: "m" }));
    const again = { instanceId: "c", name: "event", input: '"go"', requestId: "new" };
    const then = world.post(
      "c",
      (i): Promise<unknown> => (method === "purge" ? i.purge({ recursive: true }) : i.start(again)),
    );
    await world.advance(60_000);
    expect([await raised, await then]).toEqual([{ ok: true }, { ok: true }]);
    expect([await statusOf(world, "p"), await statusOf(world, "c")]).toEqual([
      "COMPLETED",
      method === "purge" ? undefined : "RUNNING",
    ]);
  });
});

it("[I18.25] An update is answered when its end is recorded, and not while that is being encrypted", async () => {
  const world = makeWorld();
  const sealed = holdSealingOf(world, "500");
  world.workflow("main", function* (ctx): Code {
    ctx.setUpdateHandler("times", (n: number) => n * 100);
    yield ctx.waitForExternalEvent("never");
  });
  await start(world, "a", "main");
  await world.advance(1_000);
  sealed.hold();
  const answers: unknown[] = [];
  const isRecorded = () =>
    JSON.stringify(world.host("a").db.read("SELECT * FROM instance WHERE seq >= 0")).includes("UpdateCompleted");
  const update = { updateId: "u", name: "times", input: "5", timeoutMs: 60_000 };
  for (let n = 0; n < 2; n++) {
    void world.post("a", (i) => i.update(update)).then((answer) => answers.push([isRecorded(), answer]));
    await world.advance(1_500);
  }
  expect(answers).toEqual([]);
  sealed.open();
  await world.advance(1_000);
  const answer = [true, { ok: true, result: "500" }];
  expect(answers).toEqual([answer, answer]);
});

it("[I18.25] The same when somebody looks between the turn and its encryption: nothing is answered before its time", async () => {
  for (let hops = 0; hops < 40; hops++) {
    const world = makeWorld();
    const sealed = holdSealingOf(world, "500");
    const go = gate();
    // Of the execution before: nobody waits for its end, and whoever watches looks again when it comes.
    world.activity("hop", async () => {
      await go.promise;
      for (let n = 0; n < hops; n++) await undefined;
    });
    world.workflow("main", function* (ctx, generation: number): Code {
      if (generation === 0) {
        ctx.callActivity("hop");
        yield ctx.createTimer(1);
        return ctx.continueAsNew(1, false);
      }
      ctx.setUpdateHandler("times", async (n: number) => {
        await go.promise;
        return n * 100;
      });
      yield ctx.waitForExternalEvent("never");
    });
    await start(world, "a", "main", 0);
    await world.advance(3_000);
    sealed.hold();
    const update = { updateId: "u", name: "times", input: "5", timeoutMs: 60_000 };
    const answer = world.post("a", (i) => i.update(update));
    await world.advance(1_000);
    go.open();
    await world.advance(1_500);
    expect([hops, await Promise.race([answer, "nothing yet"])]).toEqual([hops, "nothing yet"]);
    sealed.open();
    await world.advance(1_000);
    expect([hops, await answer]).toEqual([hops, { ok: true, result: "500" }]);
  }
});

it("[I18.25] An update that has ended is known while a later turn is held up", async () => {
  const world = makeWorld();
  world.workflow("main", async function* (ctx): AsyncCode {
    ctx.setUpdateHandler("times", (n: number) => n * 100);
    yield ctx.waitForExternalEvent("go");
    await world.sleep(120_000);
  });
  const update = { updateId: "u", name: "times", input: "5", timeoutMs: 30_000 };
  await start(world, "a", "main");
  expect(await world.call("a", (i) => i.update(update))).toEqual({ ok: true, result: "500" });
  await raise(world, "a", "go");
  await world.advance(1_000);
  const again = world.post("a", (i) => i.update(update));
  await world.advance(5_000);
  expect(await Promise.race([again, "nothing yet"])).toEqual({ ok: true, result: "500" });
});

it("[I18.25] One that ends the workflow in the first turn of a life is answered with its result", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = new Random(seed);
    const world = makeWorld();
    world.workflow("main", function* (ctx): Code {
      let sum = 0;
      ctx.setUpdateHandler("add", (n: number) => {
        sum += n;
        return sum;
      });
      for (const id of ["b", "c", "d"]) ctx.sendEvent(id, "hello", 1);
      yield ctx.waitForCondition(() => sum > 0);
    });
    world.peerFault = () => "unreachable";
    await start(world, "a", "main");
    await world.advance(100);
    world.crash("a");
    world.peerFault = undefined;
    world.chaos = { ...unshaken(() => random.below(3)), pick: (n) => random.below(n) };
    const answer = world.post("a", (i) => i.update({ updateId: "u", name: "add", input: "5", timeoutMs: 60_000 }));
    await world.advance(70_000);
    expect([seed, await answer]).toEqual([seed, { ok: true, result: "5" }]);
  }
});

it("[I18.27] A history that cannot be read for a while: a query says so, and tries nothing by itself", async () => {
  const world = makeWorld();
  await start(world, "a", "event", "go");
  await world.advance(1_000);
  world.crash("a");
  world.host("a").failRead = (statement) => {
    if (/^SELECT \* FROM instance WHERE seq >= 0 ORDER BY seq$/.test(statement.trim())) throw new Error("disk");
  };
  const asked = world.post("a", (i) => i.query({ name: "q" }));
  await world.advance(1_500);
  expect(await asked).toEqual({ ok: false, code: "BUSY" });
  world.host("a").failRead = undefined;
  await world.advance(60_000);
  expect(await world.call("a", (i) => i.query({ name: "q" }))).toMatchObject({ ok: false, code: "UNKNOWN" });
});

it("[I18.26] A parent's terminate does not reach another instance that has taken the child's ID while it was encrypted", async () => {
  const world = makeWorld();
  const sealed = holdSealingOf(world, '"out"');
  await start(world, "p", "parent", { name: "event", id: "c", input: "go" });
  await world.advance(1_000);
  sealed.hold();
  const page = await world.call("c", (i) => i.history({ from: 0, limit: 1 }));
  const [started] = page?.events ?? [];
  const { parent } = started as { parent: ParentLink };
  const message = { version: 1, type: "Terminate", output: '"out"', parent } as const;
  const delivered = world.post("c", (i) => i.deliver(message));
  await world.advance(100);
  await raise(world, "c", "go", 1);
  await world.advance(1_000);
  expect(await start(world, "c", "event", "go")).toEqual({ ok: true });
  await world.advance(1_000);
  sealed.open();
  await world.advance(1_000);
  expect([await delivered, await statusOf(world, "c")]).toEqual([{ accepted: true }, "RUNNING"]);
});

/** A start, and another message behind it, for the same receiver. */
function* callAndTell(ctx: WorkflowContext): Code {
  ctx.callChildWorkflow("echo", 1, "c");
  ctx.sendEvent("c", "hello");
  yield ctx.waitForExternalEvent("never");
}

function isStart({ method, argument }: PeerCall): boolean {
  return method === "deliver" && (argument as { type: string }).type === "StartChild";
}

it("[I18.30] A start that fails when it is owed no more, because its child has ended, does not hold up the next message", async () => {
  const world = makeWorld();
  world.workflow("caller", callAndTell);
  // The first copy of the start is lost after 300 ms; the second, which comes at once, is carried out.
  const latencies = [300];
  world.chaos = unshaken(() => latencies.shift() ?? 0);
  world.peerFault = (call) => (isStart(call) ? "unreachable" : undefined);
  await start(world, "p", "caller");
  await world.advance(10);
  world.peerCalls.find(isStart)?.repeat();
  await world.advance(100);
  const outbox = () => world.host("p").db.read("SELECT target FROM outbox");
  expect([await statusOf(world, "c"), typesOf(world, "p").at(-1), outbox().length]).toEqual([
    "COMPLETED",
    "ChildWorkflowInstanceCompleted",
    1,
  ]);
  await world.advance(250);
  const told = world.log.filter(({ msg }) => msg === "delivery").map(({ failures }) => failures);
  expect([outbox(), told]).toEqual([[], [0]]);
});

it("[I18.30] The same while the start waits to be tried again: its pause goes with it", async () => {
  const world = makeWorld();
  world.workflow("caller", callAndTell);
  world.peerFault = (call) => (isStart(call) ? "answer lost" : undefined);
  const toParent = gate();
  world.activity("hold", () => toParent.promise);
  world.workflow("echo", function* (ctx): Code {
    yield ctx.callActivity("hold");
  });
  await start(world, "p", "caller");
  await world.advance(100);
  const outbox = () => world.host("p").db.read("SELECT target FROM outbox").length;
  expect([await statusOf(world, "c"), outbox()]).toEqual(["RUNNING", 2]);
  toParent.open();
  await world.advance(100);
  expect([await statusOf(world, "c"), typesOf(world, "p").at(-1), outbox()]).toEqual([
    "COMPLETED",
    "ChildWorkflowInstanceCompleted",
    0,
  ]);
});
