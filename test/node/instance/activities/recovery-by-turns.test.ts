// [I18.7] Activities are recovered one at a time, and the database takes no rows.
import { describe, expect, it } from "vitest";
import { makeWorld, start, statusOf } from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";

watchUnhandledRejections();

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
