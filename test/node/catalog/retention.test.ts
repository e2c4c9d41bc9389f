// [K33] Ended instances whose time is over are told to go, by the alarm.
import { describe, expect, it } from "vitest";
import type { CatalogEntry } from "../../../src/model/catalog-entry.ts";
import { type RetentionPolicy, retentionOf } from "../../../src/model/retention.ts";
import { entry, idsOf, NOW, page } from "./support.ts";
import { openWorld } from "./world.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;

const ended = (id: string, more: Partial<CatalogEntry> = {}) =>
  entry(id, { createdAtMs: NOW - 10, updatedAtMs: NOW, endedAtMs: NOW, ...more });

/** The alarm rings for so long; when each instance was told to go, in minutes. */
async function follow(world: ReturnType<typeof openWorld>, minutes: number): Promise<Record<string, number>> {
  const told: Record<string, number> = {};
  while (world.alarm.atMs !== undefined && world.alarm.atMs <= NOW + minutes * MINUTE) {
    await world.clock.to(world.alarm.atMs);
    await world.ring();
    for (const { instanceId } of world.expired.splice(0))
      told[instanceId] ??= Math.round((world.clock.nowMs - NOW) / MINUTE);
  }
  return told;
}

describe("[K33] Retention", () => {
  it("[K33.1] what is said of a status counts before what is said of all; CANCELED is as TERMINATED", () => {
    const policy: RetentionPolicy = { anyTerminal: 1, completed: 2, terminated: 0 };
    expect(
      (["COMPLETED", "FAILED", "TERMINATED", "CANCELED"] as const).map((status) => retentionOf(policy, status)),
    ).toEqual([2, 1, 0, 0]);
    expect(retentionOf({ failed: 5 }, "COMPLETED")).toBeUndefined();
  });

  it("[K33.2] each is told to go when its time is over, at most an eighth of the shortest one later", async () => {
    const world = openWorld({ retention: { completed: 8 * HOUR, failed: 80 * HOUR } });
    const all = [
      ended("completed"),
      ended("failed", { status: "FAILED" }),
      ended("terminated", { status: "TERMINATED" }),
      ended("running", { status: "RUNNING", endedAtMs: undefined }),
      ended("own", { status: "TERMINATED", retentionMs: 16 * HOUR }),
      ended("own-longer", { retentionMs: 100 * HOUR }),
    ];
    for (const one of all) {
      world.instances.set(one.instanceId, { type: "leaving" });
      await world.announce(one, 5);
    }
    const told = await follow(world, 120 * 60);
    expect(Object.keys(told).sort()).toEqual(["completed", "failed", "own", "own-longer"]);
    for (const [id, hours] of [
      ["completed", 8],
      ["failed", 80],
      ["own", 16],
      ["own-longer", 100],
    ] as const) {
      expect(told[id], id).toBeGreaterThanOrEqual(hours * 60);
      expect(told[id], id).toBeLessThanOrEqual(hours * 60 + 61);
    }
  });

  it("[K33.3] a say of its own that is shorter than the sweeps are apart is kept to the minute", async () => {
    const world = openWorld();
    const [soon, later] = [ended("soon", { retentionMs: 0 }), ended("later", { retentionMs: 10 * MINUTE })];
    for (const one of [later, soon]) {
      world.instances.set(one.instanceId, { type: "absent" });
      await world.announce(one, 5);
    }
    expect(await follow(world, 60)).toEqual({ soon: 1, later: 10 });
    world.instances.set("stays", { type: "absent" });
    await world.announce(ended("stays"), 1);
    await follow(world, 80);
    expect((world.alarm.atMs ?? 0) - world.clock.nowMs).toBeGreaterThan(5 * HOUR);
  });

  it("[K33.10] and until the next one's time the alarm does not ring for that", async () => {
    const world = openWorld();
    for (const one of [ended("soon", { retentionMs: MINUTE }), ended("later", { retentionMs: 5 * HOUR })]) {
      world.instances.set(one.instanceId, { type: "absent" });
      await world.announce(one, 5);
    }
    expect(await follow(world, 2)).toEqual({ soon: 1 });
    // What has gone is forgotten after an hour; then nothing is left to be done before the other's time.
    await follow(world, 63);
    expect(world.alarm.atMs).toBe(NOW + 5 * HOUR);
  });

  it("[K33.6] so it is where a sweep has many stretches, whichever of them has seen it", async () => {
    const world = openWorld();
    const first = ended("first", { createdAtMs: 5, retentionMs: 10 * MINUTE });
    world.instances.set("first", { type: "absent" });
    const answers = Array.from({ length: 25_000 }, (_, n) => world.shard.announce({ entry: ended(`i${n}`), seq: 1 }));
    await world.announce(first, 1);
    await Promise.all(answers);
    await world.clock.advance(6 * MINUTE);
    world.alarm.atMs = world.clock.nowMs;
    expect(await follow(world, 60)).toEqual({ first: 10 });
  });

  it("[K33.7] of one that ends while the alarm rings, too", async () => {
    const world = openWorld();
    await world.announce(ended("a", { status: "RUNNING", endedAtMs: undefined }), 1);
    await world.clock.advance(24 * HOUR);
    const beganMs = world.clock.nowMs;
    world.instances.set("a", () => {
      const one = ended("b", { createdAtMs: 5, endedAtMs: beganMs, retentionMs: 10 * MINUTE });
      void world.shard.announce({ entry: one, seq: 1 });
      return { type: "present", entry: ended("a"), seq: 1, shard: "0-0" };
    });
    await world.ring();
    expect(world.alarm.atMs).toBe(beganMs + 10 * MINUTE);
  });

  it("[K33.4] it is told which life is meant; the row goes when it has gone, and not before", async () => {
    const world = openWorld({ retention: { anyTerminal: MINUTE } });
    const [gone, busy, anew] = [ended("gone"), ended("busy"), ended("anew")];
    for (const one of [gone, busy, anew]) await world.announce(one, 5);
    const next = ended("anew", { createdAtMs: NOW + 5, status: "RUNNING", endedAtMs: undefined });
    world.instances.set("gone", { type: "absent" });
    world.instances.set("busy", { type: "present", entry: busy, seq: 5, shard: "0-0" });
    world.instances.set("anew", { type: "present", entry: next, seq: 9, shard: "0-0" });
    await world.clock.advance(2 * MINUTE);
    await world.ring();
    expect(world.expired).toEqual(
      ["anew", "busy", "gone"].map((instanceId) => ({ instanceId, createdAtMs: NOW - 10, seq: 5 })),
    );
    expect((await world.shard.list(page())).entries).toEqual([next, busy]);
    expect(world.asked).toEqual([]);
  });

  it("[K33.8] one that cannot go yet is told again with the next sweep, and not every minute", async () => {
    const world = openWorld();
    const busy = ended("busy", { retentionMs: MINUTE });
    world.instances.set("busy", { type: "present", entry: busy, seq: 5, shard: "0-0" });
    await world.announce(busy, 5);
    expect(await follow(world, 10)).toEqual({ busy: 1 });
    expect((world.alarm.atMs ?? 0) - world.clock.nowMs).toBeGreaterThan(5 * HOUR);
  });

  it("[K33.9] one that has itself marked before it goes is not asked again whether it has gone", async () => {
    const world = openWorld({ retention: { anyTerminal: MINUTE } });
    await world.announce(ended("a"), 5);
    world.instances.set("a", async () => {
      await world.shard.leave({ instanceId: "a", createdAtMs: NOW - 10, seq: 6 });
      return { type: "absent" };
    });
    await world.clock.advance(2 * MINUTE);
    await world.ring();
    expect(world.expired.splice(0)).toHaveLength(1);
    expect(await world.announce(ended("a"), 5)).toMatchObject({ code: "STALE", held: { seq: 6, gone: true } });
    expect(await follow(world, 55)).toEqual({});
    expect(world.asked).toEqual([]);
  });

  it("[K33.5] without a policy, and without a say of their own, ended ones stay", async () => {
    const world = openWorld();
    world.instances.set("a", { type: "present", entry: ended("a"), seq: 5, shard: "0-0" });
    await world.announce(ended("a"), 5);
    expect(await follow(world, 365 * 24 * 60)).toEqual({});
    expect(idsOf(await world.shard.list(page()))).toEqual(["a"]);
  });
});
