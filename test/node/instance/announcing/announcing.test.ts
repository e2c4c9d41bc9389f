// [I34] What the catalog is told of an instance, when, and at what cost.
import { describe, expect, it } from "vitest";
import type { CatalogEntry } from "../../../../src/model/catalog-entry.ts";
import { CatalogWorld } from "../catalog-world.ts";
import { makeWorld, raise, start } from "../support.ts";
import { START_MS, type World } from "../world.ts";

function listedWorld(): World & { catalog: CatalogWorld } {
  const world = makeWorld();
  return Object.assign(world, { catalog: new CatalogWorld(world, { shards: 1 }) });
}

async function listed(world: World & { catalog: CatalogWorld }, id = "a"): Promise<Partial<CatalogEntry> | undefined> {
  const found = await world.catalog.entries();
  return found.find(({ entry }) => entry.instanceId === id)?.entry;
}

const calls = (world: World & { catalog: CatalogWorld }) =>
  world.catalog.calls.map(({ from, method }) => `${from} ${method}`);

describe("[I34] Announcements", () => {
  it("[I34.1] an instance that ends in its first burst is one announcement, and no row, alarm or commit more", async () => {
    const world = listedWorld();
    const without = makeWorld();
    await start(without, "a", "echo", 7);
    expect(await start(world, "a", "echo", 7)).toEqual({ ok: true });
    expect(calls(world)).toEqual(["a announce"]);
    expect(await listed(world)).toEqual({
      instanceId: "a",
      createdAtMs: START_MS,
      workflowName: "echo",
      status: "COMPLETED",
      updatedAtMs: START_MS,
      endedAtMs: START_MS,
    });
    const [a, b] = [world.host("a"), without.host("a")];
    expect(a.counters).toEqual(b.counters);
    expect([a.rows("instance"), a.db.tables()]).toEqual([b.rows("instance"), b.db.tables()]);
    await world.advance(60_000);
    expect(calls(world)).toEqual(["a announce"]);
  });

  it("[I34.2] one that goes on is told of at the end of its first burst, and at its end", async () => {
    const world = listedWorld();
    await start(world, "a", "event", "paid");
    expect(await listed(world)).toMatchObject({ status: "RUNNING", waitingFor: "event:paid" });
    await raise(world, "a", "paid", 1);
    await world.advance(5);
    expect(await listed(world)).toMatchObject({ status: "COMPLETED" });
    expect((await listed(world))?.waitingFor).toBeUndefined();
    expect(calls(world)).toEqual(["a announce", "a announce"]);
    await world.rest();
    expect(world.host("a").durableAlarm).toBe(null);
    expect(world.host("a").db.hasTable("telling")).toBe(false);
  });
});
