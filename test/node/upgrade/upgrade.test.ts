// [U] Databases that the code of an earlier schema version has written are gone on with. For a new version: RECORD=1.
import { describe, expect, it } from "vitest";
import { historyTable, SCHEMA_VERSION, SHARING_VERSION } from "../../../src/storage/schema.ts";
import { describeInstance, endOf, faultsOf, purge, raise, terminate, typesOf } from "../instance/support.ts";
import type { World } from "../instance/world.ts";
import { record, restore } from "./fixture.ts";
import { ends, finish, play, sceneWorld } from "./scenes.ts";

const versions = Array.from({ length: SCHEMA_VERSION }, (_, n) => n + 1);

await record(`schema-${SCHEMA_VERSION}`, async () => {
  const world = sceneWorld();
  await play(world);
  return world;
});

const restored = (version: number): World => restore(sceneWorld(), `schema-${version}`);

function versionOf(world: World, id: string): unknown {
  return world.host(id).db.read("SELECT schema_version AS version FROM instance")[0]?.version;
}

describe("[U1] A database of each schema version opens and is gone on with", () => {
  it.each(versions)(
    "[U1.1] version %i: every instance comes to its end, and nothing is left behind",
    async (version) => {
      const world = restored(version);
      for (const id of world.hosts.keys()) expect([id, versionOf(world, id)]).toEqual([id, version]);
      expect([...world.hosts.keys()].sort()).toEqual(
        Object.keys(ends)
          .filter((id) => id !== "rounds:1.0001" || world.hosts.has(id))
          .sort(),
      );
      await finish(world);
      for (const [id, end] of Object.entries(ends)) {
        expect([id, await endOf(world, id)]).toEqual([id, end]);
        expect([id, faultsOf(world, id)]).toEqual([id, []]);
        // One of version 2 to 4 stays what it is, so that the code before can read it again: in 2 and 3 an event in each row.
        expect([id, world.host(id).durableAlarm, versionOf(world, id)]).toEqual([id, null, Math.max(version, 2)]);
        if (version < SHARING_VERSION)
          expect(world.host(id).db.read("SELECT seq FROM history WHERE type = 'Events'")).toEqual([]);
        for (const table of ["inbox", "outbox", "recovery"])
          expect([id, table, world.host(id).db.read(`SELECT * FROM ${table}`)]).toEqual([id, table, []]);
      }
    },
  );

  it.each(versions)("[U1.2] version %i: a purge leaves no table in the whole tree", async (version) => {
    const world = restored(version);
    await finish(world);
    for (const id of ["parent", "rounds", "done"]) expect(await purge(world, id)).toEqual({ ok: true });
    for (const id of ["parent", "child", "rounds", "rounds:0001", "rounds:1.0001", "done"])
      expect([id, world.host(id).db.tables()]).toEqual([id, []]);
  });

  it.each(versions)(
    "[U1.5] version %i: what has ended is rerun from its call, and all is restarted",
    async (version) => {
      const world = restored(version);
      await finish(world);
      for (const id of ["activity", "timer", "long", "done"]) {
        const eventId = id === "activity" || id === "timer" ? 1 : 0;
        const request = { requestId: `rerun ${id}`, sourceInstanceId: id, eventId };
        const again = `${id} again`;
        expect([id, await world.call(again, (instance) => instance.rerun(request))]).toEqual([id, { ok: true }]);
        await raise(world, again, "go", "at last");
        await world.rest();
        expect([id, await endOf(world, again), faultsOf(world, again)]).toEqual([id, ends[id], []]);
      }
      for (const id of ["activity", "event", "parent", "rounds", "suspended", "done"]) {
        const restarted = world.post(id, (instance) => instance.restart({ requestId: `restart ${id}` }));
        await world.advance(60_000);
        expect([id, await restarted]).toEqual([id, { ok: true }]);
        expect([id, versionOf(world, id), faultsOf(world, id)]).toEqual([id, SCHEMA_VERSION, []]);
      }
      await raise(world, "event", "go", "at last");
      expect(await endOf(world, "event")).toEqual(ends.event);
    },
  );

  it.each(versions)("[U1.4] version %i: what has failed is rewound, and a parent with its child", async (version) => {
    const world = restored(version);
    let isMended = false;
    world.activity("fail", () => {
      if (!isMended) throw new Error("broken still");
      return "mended";
    });
    const rewind = (id: string, requestId: string) => world.call(id, (instance) => instance.rewind({ requestId }));
    await terminate(world, "child");
    await world.advance(1_000);
    expect(await rewind("child", "w")).toEqual({ ok: false, code: "WRONG_STATUS", status: "TERMINATED" });
    for (const id of ["failing", "parent"]) expect([id, await rewind(id, "w1")]).toEqual([id, { ok: true }]);
    await world.advance(1_000);
    expect(await endOf(world, "failing")).toEqual(["FAILED", undefined]);
    isMended = true;
    expect(await rewind("failing", "w2")).toEqual({ ok: true });
    world.crashAll();
    await finish(world);
    const mended = { ...ends, failing: ["COMPLETED", "mended"] };
    for (const [id, end] of Object.entries(mended)) {
      expect([id, await endOf(world, id)]).toEqual([id, end]);
      expect([id, faultsOf(world, id), world.host(id).durableAlarm]).toEqual([id, [], null]);
      for (const table of ["inbox", "outbox", "recovery"])
        expect([id, table, world.host(id).db.read(`SELECT * FROM ${table}`)]).toEqual([id, table, []]);
    }
    expect(versionOf(world, "failing")).toBe(Math.max(version, 2));
    expect(typesOf(world, "failing").filter((type) => type === "ExecutionRewound")).toHaveLength(2);
  });

  it.each(versions)(
    "[U1.3] version %i: asking after an ended instance changes none of its rows but the version",
    async (version) => {
      const world = restored(version);
      const rows = () => world.host("done").db.read(`SELECT seq, type, payload FROM ${historyTable(version)}`);
      const before = rows();
      expect((await describeInstance(world, "done"))?.status).toBe("COMPLETED");
      expect(rows()).toEqual(before);
    },
  );

  it.each(versions)(
    "[U1.4] version %i: today's retention holds for what had ended before, once it is asked",
    async (version) => {
      const world = restored(version);
      world.retention = { anyTerminal: 1_000 };
      expect((await describeInstance(world, "done"))?.status).toBe("COMPLETED");
      await world.advance(2);
      expect(world.host("done").db.tables()).toEqual([]);
      await finish(world);
      await world.rest();
      for (const id of ["parent", "child"]) expect([id, world.host(id).db.tables()]).toEqual([id, []]);
    },
  );
});
