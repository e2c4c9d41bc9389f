// [I18.2] Code or keys that cannot read an instance look at it; [I18.5] progress that they cannot open; [I18.27] a history that cannot be read for a while.
import { describe, expect, it } from "vitest";
import type { WorkflowActivityContext } from "../../../../src/engine/activity-context.ts";
import { INSTANCE } from "../../../rows.ts";
import {
  type Code,
  describeInstance,
  makeWorld,
  purgeByForce,
  raise,
  start,
  statusOf,
  toyCipher,
  typesOf,
} from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";
import type { World } from "../world.ts";

watchUnhandledRejections();

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
    const before = db.dump();
    let failures = 0;
    world.host("a").failRead = () => {
      if (failures++ < 2) throw new Error("the disk is slow");
    };
    await world.advance(20_000);
    expect(await raise(world, "a", "other", 2)).toEqual({ ok: false, code: "STALLED" });
    expect([failures > 2, db.dump()]).toEqual([true, before]);
    db.tamper("UPDATE instance SET schema_version = 5");
    await world.rest();
    expect(await statusOf(world, "a")).toBe("COMPLETED");
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
