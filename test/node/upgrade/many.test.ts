// [U4] Bulk jobs, retention, search attributes and watchers of an earlier day are gone on with. For a new version: RECORD=1.
import { describe, expect, it } from "vitest";
import { isJobId } from "../../../src/model/ids.ts";
import { SCHEMA_VERSION } from "../../../src/storage/schema.ts";
import { framesIn } from "../../frames.ts";
import { faultsOf } from "../instance/support.ts";
import type { World } from "../instance/world.ts";
import { record, restore } from "./fixture.ts";
import { HOUR_MS, jobs, manyWorld, passing, play, raise, targets } from "./many.ts";

/** The first version with a catalog. */
const versions = Array.from({ length: SCHEMA_VERSION - 4 }, (_, n) => n + 5);

await record(`many-${SCHEMA_VERSION}`, async () => {
  const world = manyWorld(false);
  await play(world);
  return world;
});

const restored = (version: number): World => restore(manyWorld(), `many-${version}`);

const look = (world: World, id: string) => passing(world, id, (instance) => instance.describe({ payloads: true }));
const statusOf = async (world: World, id: string) => (await look(world, id))?.status;

async function jobEnd(world: World, of: keyof typeof jobs): Promise<[status: string | undefined, progress: unknown]> {
  const found = await look(world, jobs[of]);
  return [found?.status, JSON.parse(found?.customStatus ?? "null")];
}

const listed = (world: World) =>
  Object.fromEntries((world.catalog?.entries() ?? []).map(({ shard, entry }) => [entry.instanceId, { shard, entry }]));

describe("[U4] What came with the catalog is gone on with", () => {
  it.each(versions)("[U4.1] version %i: what the fixture is there for is in it", (version) => {
    const world = restored(version);
    const rows = listed(world);
    for (const id of Object.values(jobs)) expect([id, rows[id]?.shard]).toEqual([id, "jobs"]);
    const progress = (of: keyof typeof jobs) =>
      JSON.parse(
        String(world.host(jobs[of]).db.read("SELECT payload FROM instance WHERE seq = -1")[0]?.payload ?? "null"),
      );
    expect(progress("named")).toMatchObject({ done: 2, failed: 0 });
    expect(progress("done")).toMatchObject({ done: 0, failed: 2 });
    expect(progress("long")).toMatchObject({ done: 0, failed: 280 });
    const types = (of: keyof typeof jobs) =>
      world
        .host(jobs[of])
        .history()
        .map(({ type }) => type);
    expect(types("found")).toContain("TaskFailed");
    expect(types("at work").at(-1)).toBe("TaskScheduled");
    expect(world.host(jobs["at work"]).db.read("SELECT progress FROM recovery")).toEqual([{ progress: "true" }]);
    expect(world.host("kept alone").durableAlarm).not.toBeNull();
    expect(
      world
        .host("watched")
        .sockets.open()
        .map(({ state }) => state.next),
    ).toEqual([1]);
  });

  it.each(versions)(
    "[U4.2] version %i: each job comes to its end, with right figures, and has passed over nobody",
    async (version) => {
      const world = restored(version);
      await world.advance(HOUR_MS);
      const none = { failed: 0, skipped: 0, failures: [] };
      expect(await jobEnd(world, "named")).toEqual(["COMPLETED", { done: 4, ...none }]);
      expect(await jobEnd(world, "found")).toEqual(["COMPLETED", { done: 4, ...none }]);
      expect(await jobEnd(world, "at work")).toEqual(["COMPLETED", { done: 4, ...none }]);
      expect(await jobEnd(world, "done")).toMatchObject(["COMPLETED", { done: 0, failed: 2 }]);
      expect(await jobEnd(world, "long")).toMatchObject(["COMPLETED", { done: 0, failed: 442, skipped: 0 }]);
      expect(await jobEnd(world, "called off")).toEqual(["CANCELED", { done: 2, ...none }]);
      for (const id of targets("named", 4)) expect([id, await statusOf(world, id)]).toEqual([id, "TERMINATED"]);
      for (const id of targets("found", 4)) expect([id, world.host(id).db.tables()]).toEqual([id, []]);
      for (const id of targets("at work", 4)) expect([id, (await look(world, id))?.output]).toEqual([id, "7"]);
      const rest = ["TERMINATED", "TERMINATED", "RUNNING", "RUNNING"];
      expect(await Promise.all(targets("called off", 4).map((id) => statusOf(world, id)))).toEqual(rest);
      for (const id of [...Object.values(jobs), ...targets("at work", 4)])
        expect([id, faultsOf(world, id)]).toEqual([id, []]);
      for (const [id, { shard }] of Object.entries(listed(world)))
        expect([id, shard === "jobs"]).toEqual([id, isJobId(id)]);
    },
  );

  it.each(versions)(
    "[U4.3] version %i: each ended instance is kept as long as it was to be, and no longer",
    async (version) => {
      const world = restored(version);
      const isThere = (id: string) => world.host(id).db.tables().length > 0;
      const at = async (hours: number) => {
        await world.advance(hours * HOUR_MS);
        return ["by its start", "alone", "by the policy", "from its end"].filter((how) => isThere(`kept ${how}`));
      };
      expect(await at(1.9)).toEqual(["by its start", "alone", "by the policy", "from its end"]);
      expect(await at(0.3)).toEqual(["alone", "by the policy", "from its end"]);
      await raise(world, "kept from its end", "go");
      expect(await at(0.9)).toContain("from its end");
      expect(await at(0.3)).toEqual(["alone", "by the policy"]);
      expect(await at(16)).toEqual(["alone", "by the policy"]);
      expect(await at(3.9)).toEqual(["by the policy"]);
      expect(await at(3)).toEqual([]);
      for (const id of ["alone", "by the policy"]) expect(listed(world)[`kept ${id}`]).toBeUndefined();
      // For 30 days.
      expect((await jobEnd(world, "done"))[0]).toBe("COMPLETED");
    },
  );

  it.each(versions)(
    "[U4.4] version %i: search attributes are those of the start and the code, in row and list",
    async (version) => {
      const world = restored(version);
      const due = { customer: "c1", tags: ["a", "b"], round: 2 };
      expect(listed(world).attributes?.entry.searchAttributes).toEqual(due);
      await raise(world, "attributes", "go", undefined, "at last");
      await world.advance(2_000);
      expect(listed(world).attributes?.entry).toMatchObject({ searchAttributes: due, status: "COMPLETED" });
      const found = world.catalog
        ?.entries({ "attr.tags": "a", "attr.round": "2" })
        .map(({ entry }) => entry.instanceId);
      expect(found).toEqual(["attributes"]);
    },
  );

  it.each(versions)(
    "[U4.5] version %i: who has watched is told of what comes next, and of nothing twice",
    async (version) => {
      const world = restored(version);
      const texts: string[] = [];
      const [socket] = world.host("watched").sockets.open();
      if (socket === undefined) throw new Error("nobody watches");
      socket.send = (text) => void texts.push(text);
      await raise(world, "watched", "go", 1);
      await world.advance(1_000);
      const frames = texts.flatMap((text) => framesIn(text));
      expect(frames.filter(({ event }) => event === "history").map(({ data }) => data.type)).toEqual([
        "EventRaised",
        "ExecutionCompleted",
      ]);
      expect(frames.filter(({ id }) => id !== undefined).map(({ id }) => id?.split(".").at(-1))).toEqual(["1", "2"]);
      expect(frames.at(-1)?.event).toBe("end");
    },
  );
});
