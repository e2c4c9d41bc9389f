// [I17.3], [I18.6] An alarm that belongs to a former instance, or that the platform has dropped.
import { describe, expect, it } from "vitest";
import { type AsyncCode, endOf, leavingWorld, makeWorld, purge, start } from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";

watchUnhandledRejections();

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
