// [I34] Search attributes of an instance: where they lie, and what they outlast.
import { describe, expect, it } from "vitest";
import type { SearchAttributes } from "../../../src/model/search-attributes.ts";
import {
  type Code,
  describeInstance,
  historyOf,
  makeWorld,
  purge,
  raise,
  start,
  statusOf,
  terminate,
  typesOf,
} from "./support.ts";
import { START_MS, type World } from "./world.ts";

const GIVEN = { customer: "c995", tags: ["a", "b"] };

/** With a workflow that sets, on each event `set`, what the event has, until one has nothing; and one that goes round once. */
function worldWithAttributes(): World {
  const world = makeWorld();
  world.workflow("set", function* (ctx): Code {
    for (;;) {
      const changes = yield ctx.waitForExternalEvent("set");
      if (changes === null) return ctx.getSearchAttributes();
      ctx.setSearchAttributes(changes);
    }
  });
  world.workflow("again", function* (ctx, isFirst: boolean): Code {
    if (!isFirst) return yield ctx.waitForExternalEvent("end");
    ctx.setSearchAttributes({ round: 1 });
    ctx.continueAsNew(false);
  });
  return world;
}

async function attributesOf(world: World, id: string): Promise<SearchAttributes | undefined> {
  return (await describeInstance(world, id))?.searchAttributes;
}

describe("[I34] Search attributes", () => {
  it("[I34.1] those of the start are in the row and the first event; those that are set take their place in the row alone", async () => {
    const world = worldWithAttributes();
    await start(world, "a", "set", undefined, { searchAttributes: GIVEN });
    expect(await attributesOf(world, "a")).toEqual(GIVEN);
    await raise(world, "a", "set", { customer: null, paid: true });
    expect(await attributesOf(world, "a")).toEqual({ tags: ["a", "b"], paid: true });
    expect(historyOf(world, "a")[0]).toMatchObject({ searchAttributes: GIVEN });
    expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "EventRaised"]);
  });

  it("[I34.2] outlast a restart, the end and a late crash", async () => {
    const world = worldWithAttributes();
    await start(world, "a", "set", undefined, { searchAttributes: GIVEN });
    await raise(world, "a", "set", { n: 1 });
    const after = { ...GIVEN, n: 1 };
    world.crash("a");
    expect(await attributesOf(world, "a")).toEqual(after);
    await raise(world, "a", "set", null);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
    world.crash("a");
    expect(await attributesOf(world, "a")).toEqual(after);
    expect((await describeInstance(world, "a"))?.output).toBe(JSON.stringify(after));
  });

  it("[I34.3] are kept over a continue-as-new and a terminate; a new life under the ID has its own", async () => {
    const world = worldWithAttributes();
    await start(world, "a", "again", true, { searchAttributes: GIVEN });
    const after = { ...GIVEN, round: 1 };
    expect(await attributesOf(world, "a")).toEqual(after);
    expect(historyOf(world, "a")[0]).toMatchObject({ generation: 1, searchAttributes: after });
    await terminate(world, "a");
    expect([await statusOf(world, "a"), await attributesOf(world, "a")]).toEqual(["TERMINATED", after]);
    await start(world, "a", "set");
    expect(await attributesOf(world, "a")).toBeUndefined();
    await terminate(world, "a");
    await purge(world, "a");
    expect(await describeInstance(world, "a")).toBeUndefined();
  });

  it("[I34.4] of one that waits for its start they are known before it", async () => {
    const world = worldWithAttributes();
    const startAtMs = START_MS + 60_000;
    await start(world, "a", "set", undefined, { searchAttributes: GIVEN, startAtMs, retentionMs: 5 });
    expect(await describeInstance(world, "a")).toMatchObject({
      status: "PENDING",
      searchAttributes: GIVEN,
      retentionMs: 5,
    });
    world.crash("a");
    await world.advance(60_000);
    expect(await describeInstance(world, "a")).toMatchObject({
      status: "RUNNING",
      searchAttributes: GIVEN,
      retentionMs: 5,
    });
  });

  it("[I34.5] setting what is there already writes nothing", async () => {
    const world = worldWithAttributes();
    await start(world, "a", "set", undefined, { searchAttributes: GIVEN });
    const row = () => world.host("a").db.read("SELECT detail FROM instance WHERE seq = -1");
    const before = row();
    await raise(world, "a", "set", { customer: "c995" });
    expect(row()).toEqual(before);
  });
});
