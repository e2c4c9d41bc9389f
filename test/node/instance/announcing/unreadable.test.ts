// [I51] What the catalog is told of an instance that cannot be read, or is stalled, when its object is loaded: by its alarm, by whoever asks, by a shard.
import { describe, expect, it } from "vitest";
import type { CatalogEntry } from "../../../../src/model/catalog-entry.ts";
import type { Cipher } from "../../../../src/storage/vault.ts";
import { type Code, start, statusOf, toyCipher } from "../support.ts";
import { START_MS } from "../world.ts";
import { entryFor, type Listed, listedStatus, listedWorld, owing, reachable, told, unreachable } from "./support.ts";

/** The keys of a deployment, from here on. */
function deploy(world: Listed, cipher: (() => Cipher) | undefined): void {
  world.crashAll();
  world.cipher = cipher;
}

function tamper(world: Listed, statement: string): void {
  world.crash("a");
  world.host("a").db.tamper(statement);
  world.host("a").db.commit();
}

const MINUTE_MS = 60_000;

/** It waits for a minute, then for an event; its texts are encrypted. */
async function waiting(): Promise<Listed> {
  const world = listedWorld();
  world.cipher = toyCipher("k");
  world.workflow("waits", function* (ctx): Code {
    yield ctx.createTimer(60);
    return yield ctx.waitForExternalEvent("go");
  });
  await start(world, "a", "waits", "x", { searchAttributes: { customer: "c" }, retentionMs: 1_000_000 });
  await world.advance(2_000);
  told(world);
  return world;
}

const unread: Partial<CatalogEntry> = {
  status: "STALLED",
  workflowName: "waits",
  createdAtMs: START_MS,
  failure: { errorType: "UnreadableError", message: expect.any(String) },
  searchAttributes: { customer: "c" },
  retentionMs: 1_000_000,
};

describe("[I51] Without its keys", () => {
  it("[I51.1] an object that its alarm loads tells that it cannot be read, with all that its row tells; nothing is written beside", async () => {
    const world = await waiting();
    deploy(world, undefined);
    const before = JSON.stringify(world.host("a").db.dump());
    await world.advance(MINUTE_MS);
    expect(await entryFor(world)).toMatchObject(unread);
    expect((await entryFor(world))?.waitingFor).toBeUndefined();
    expect(JSON.stringify(world.host("a").db.dump())).toBe(before);
    expect(told(world)).toEqual(["a announce"]);
  });

  it("[I51.2] once they are back, its alarm finds out, and the list is as it was", async () => {
    const world = await waiting();
    deploy(world, undefined);
    await world.advance(MINUTE_MS);
    deploy(world, toyCipher("k"));
    await world.advance(2 * world.limits.stallRetryMaxMs);
    const entry = await entryFor(world);
    expect(entry).toMatchObject({ status: "RUNNING", waitingFor: "event:go" });
    expect(entry?.failure).toBeUndefined();
  });

  it("[I51.3] whoever asks has the list told, of one that has ended too, and the description says the same", async () => {
    const world = listedWorld();
    world.cipher = toyCipher("k");
    await start(world, "a", "echo", 1);
    await world.advance(2_000);
    deploy(world, undefined);
    expect(await statusOf(world, "a")).toBe("STALLED");
    const entry = await entryFor(world);
    const described = await world.call("a", (instance) => instance.describe({ payloads: true }));
    expect(entry).toMatchObject({ status: "STALLED", workflowName: "echo" });
    expect(entry?.endedAtMs).toBeUndefined();
    expect(described).toMatchObject({
      name: entry?.workflowName,
      status: entry?.status,
      createdAtMs: entry?.createdAtMs,
      lastUpdatedAtMs: entry?.updatedAtMs,
      failure: entry?.failure,
    });
    deploy(world, toyCipher("k"));
    expect(await statusOf(world, "a")).toBe("COMPLETED");
    expect(await listedStatus(world)).toBe("COMPLETED");
  });

  it("[I51.4] a shard that asks is told the same", async () => {
    const world = await waiting();
    deploy(world, undefined);
    const presence = await world.call("a", (instance) => instance.catalog.presence());
    expect(presence).toMatchObject({ type: "present", entry: unread, shard: "0-0" });
    const { seq } = presence.type === "present" ? presence : { seq: 0 };
    const life = { instanceId: "a", createdAtMs: START_MS, seq };
    expect(await world.call("a", (instance) => instance.catalog.expire(life))).toMatchObject({ type: "present" });
  });

  it("[I51.5] where the shard cannot be reached it is not owed, and told again as long as the object is there", async () => {
    const world = await waiting();
    deploy(world, undefined);
    unreachable(world);
    await world.advance(MINUTE_MS);
    expect(await listedStatus(world)).toBe("RUNNING");
    expect(owing(world).rows).toBe(0);
    reachable(world);
    await world.advance(MINUTE_MS);
    expect(await listedStatus(world)).toBe("STALLED");
  });

  it("[I51.6] a purge by force takes it from the list", async () => {
    const world = await waiting();
    deploy(world, undefined);
    await world.advance(MINUTE_MS);
    const purged = world.post("a", (instance) => instance.purge({ recursive: true, force: true }));
    await world.advance(2_000);
    expect([await purged, await entryFor(world)]).toEqual([{ ok: true }, undefined]);
  });
});

describe("[I51] Of newer code", () => {
  it.each([
    ["tables", "UPDATE instance SET schema_version = 99", "SchemaTooNewError"],
    ["an event", "UPDATE instance SET version = 99 WHERE seq >= 0", "UnknownEventError"],
  ])("[I51.7] %s: the same, and nothing is written beside", async (_, statement, errorType) => {
    const world = await waiting();
    tamper(world, statement);
    const before = JSON.stringify(world.host("a").db.dump());
    await world.advance(MINUTE_MS);
    expect(await entryFor(world)).toMatchObject({ ...unread, failure: { errorType } });
    expect(JSON.stringify(world.host("a").db.dump())).toBe(before);
  });

  it("[I51.8] a row that says nothing that this code knows is not told of, and the shard leaves what it has", async () => {
    const world = await waiting();
    tamper(world, "UPDATE instance SET schema_version = 99, detail = '[' WHERE seq = -1");
    await world.advance(MINUTE_MS);
    expect(await statusOf(world, "a")).toBe("STALLED");
    expect([await listedStatus(world), told(world)]).toEqual(["RUNNING", []]);
    await expect(world.call("a", (instance) => instance.catalog.presence())).rejects.toThrow();
  });
});

it("[I51.9] One that a deploy has stalled is told of when its alarm loads it, and when a shard asks", async () => {
  const world = await waiting();
  const other = function* (ctx: Parameters<Parameters<Listed["workflow"]>[1]>[0]): Code {
    yield ctx.callActivity("other");
  };
  world.workflow("waits", other);
  world.crash("a");
  await world.advance(MINUTE_MS);
  expect(await entryFor(world)).toMatchObject({ status: "STALLED", failure: { errorType: "NON_DETERMINISM" } });
  expect(told(world)).toEqual(["a announce"]);
  const asked = await waiting();
  asked.workflow("waits", other);
  asked.crash("a");
  expect(await asked.call("a", (instance) => instance.catalog.presence())).toMatchObject({
    entry: { status: "STALLED" },
  });
});
