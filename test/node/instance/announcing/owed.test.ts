// [I35] Shards that cannot be reached, answers that are lost or late, and objects that are: what is owed then, and when it is told.
import { describe, expect, it } from "vitest";
import { describeInstance, endOf, faultsOf, historyOf, makeWorld, raise, start } from "../support.ts";
import { START_MS, type World } from "../world.ts";
import {
  entryFor,
  faultOfTellings,
  type Listed,
  listedStatus,
  listedWorld,
  nothing,
  owing,
  reachable,
  told,
  unreachable,
} from "./support.ts";

const starting = (world: Listed, name: string, input?: unknown) =>
  world.post("a", (instance) =>
    instance.start({ instanceId: "a", name, input: JSON.stringify(input), requestId: "request" }),
  );

const timesOf = (world: World) => historyOf(world, "a").map(({ type, timestampMs }) => [type, timestampMs]);

function messagesIn(world: World, id: string): number {
  const { db } = world.host(id);
  return db.hasTable("outbox") ? db.read("SELECT seq FROM outbox").length : 0;
}

describe("[I35] What is owed", () => {
  it("[I35.1] a shard that refuses: the answer goes, and a row and an alarm stand for it, until it is told", async () => {
    const world = listedWorld();
    unreachable(world);
    expect(await start(world, "a", "echo", 1)).toEqual({ ok: true });
    expect(owing(world)).toEqual({ rows: 1, inMs: 500 });
    await world.advance(10_000);
    expect(owing(world).rows).toBe(1);
    reachable(world);
    await world.rest();
    expect(await listedStatus(world)).toBe("COMPLETED");
    expect(owing(world)).toEqual(nothing);
    expect(world.host("a").db.hasTable("telling")).toBe(false);
  });

  it("[I35.2] a shard that is silent is waited for 250 ms, and no longer; what it answers then counts", async () => {
    const world = listedWorld();
    let isSilent = true;
    const { shardFor } = world.catalog;
    world.catalog.shardFor = (host, fate, name) => {
      const shard = shardFor.call(world.catalog, host, fate, name);
      return {
        ...shard,
        announce: async (announcement) => {
          if (isSilent) await world.sleep(600);
          return shard.announce(announcement);
        },
      };
    };
    const answer = starting(world, "echo", 1);
    let answeredAtMs: number | undefined;
    void answer.then(() => {
      answeredAtMs = world.nowMs;
    });
    await world.advance(400);
    expect(answeredAtMs).toBe(START_MS + 250);
    expect(owing(world).rows).toBe(1);
    isSilent = false;
    await world.rest();
    expect(told(world)).toEqual(["a announce"]);
    expect([await listedStatus(world), owing(world)]).toEqual(["COMPLETED", nothing]);
  });

  it("[I35.13] an answer that never comes is given up after 10 s, and all is told again; when it comes after all, it counts no more", async () => {
    const world = listedWorld();
    const { shardFor } = world.catalog;
    let silent = 1;
    world.catalog.shardFor = (host, fate, name) => {
      const shard = shardFor.call(world.catalog, host, fate, name);
      const announce: typeof shard.announce = async (announcement) => {
        if (silent-- > 0) await world.sleep(60_000);
        return shard.announce(announcement);
      };
      return { ...shard, announce };
    };
    void starting(world, "event", "x");
    await world.advance(9_000);
    expect([await listedStatus(world), owing(world).rows]).toEqual([undefined, 1]);
    await world.advance(4_000);
    expect([await listedStatus(world), owing(world)]).toEqual(["RUNNING", nothing]);
    await raise(world, "a", "x");
    await world.advance(60_000);
    expect([await listedStatus(world), owing(world)]).toEqual(["COMPLETED", nothing]);
  });

  it("[I35.14] a start that could neither be told nor be owed is not acknowledged; sent again, it announces first", async () => {
    const world = listedWorld();
    unreachable(world);
    world.host("a").failWrite = (statement) => {
      if (statement.includes("telling")) throw new Error("SQLITE_FULL");
    };
    for (const _ of [1, 2]) {
      const answer = starting(world, "event", "go");
      const refused = expect(answer).rejects.toThrow("could neither be told of it nor be owed that");
      await world.advance(10);
      await refused;
      expect([owing(world).rows, await entryFor(world)]).toEqual([0, undefined]);
    }
    world.host("a").failWrite = undefined;
    reachable(world);
    world.crash("a");
    const answer = starting(world, "event", "go");
    await world.advance(10);
    expect([await answer, await listedStatus(world)]).toEqual([{ ok: true }, "RUNNING"]);
  });

  it("[I35.15] an end that could neither be told nor be owed is told again after a pause, while the object lives", async () => {
    const world = listedWorld();
    await start(world, "a", "event", "go");
    expect(await listedStatus(world)).toBe("RUNNING");
    unreachable(world);
    world.host("a").failWrite = (statement) => {
      if (statement.includes("telling")) throw new Error("SQLITE_FULL");
    };
    await raise(world, "a", "go");
    await world.advance(10);
    expect([owing(world).rows, await listedStatus(world)]).toEqual([0, "RUNNING"]);
    world.host("a").failWrite = undefined;
    reachable(world);
    await world.advance(2_000);
    expect([await listedStatus(world), owing(world)]).toEqual(["COMPLETED", nothing]);
  });

  it("[I35.16] a child whose parent has heard of its end, and whose object is lost before the catalog has, is told of by its next object, which nobody asks for", async () => {
    const world = listedWorld();
    let silent = true;
    const { shardFor } = world.catalog;
    world.catalog.shardFor = (host, fate, name) => {
      const shard = shardFor.call(world.catalog, host, fate, name);
      const announce: typeof shard.announce = async (announcement) => {
        if (silent && announcement.entry.instanceId === "c") await world.sleep(1_000);
        return shard.announce(announcement);
      };
      return { ...shard, announce };
    };
    void starting(world, "parent", { name: "echo", input: 7, id: "c" });
    await world.advance(20);
    expect([await endOf(world, "a"), messagesIn(world, "c")]).toEqual([["COMPLETED", 7], 1]);
    world.crash("c");
    silent = false;
    await world.rest();
    expect([await listedStatus(world, "c"), messagesIn(world, "c"), owing(world, "c")]).toEqual([
      "COMPLETED",
      0,
      nothing,
    ]);
    expect(faultsOf(world, "a")).toEqual([]);
  });

  it("[I35.17] that costs nothing: neither parent nor child has a row, alarm or commit more than without a catalog, and the parent goes on as soon", async () => {
    const world = listedWorld();
    const without = makeWorld();
    for (const each of [without, world]) {
      void each.call("a", (instance) =>
        instance.start({ instanceId: "a", name: "parent", input: '{"name":"echo","id":"c"}', requestId: "request" }),
      );
      await each.advance(100);
    }
    for (const id of ["a", "c"]) {
      const [listed, unlisted] = [world.host(id), without.host(id)];
      expect([listed.counters, listed.rows("instance"), listed.rows("outbox")]).toEqual([
        unlisted.counters,
        unlisted.rows("instance"),
        unlisted.rows("outbox"),
      ]);
    }
    expect(timesOf(world)).toEqual(timesOf(without));
    expect([await listedStatus(world, "c"), messagesIn(world, "c")]).toEqual(["COMPLETED", 0]);
  });

  it("[I35.18] while it can be neither told nor owed, its message to the parent is sent again, which counts once", async () => {
    const world = listedWorld();
    world.catalog.fault = ({ from }) => (from === "c" ? "unreachable" : undefined);
    world.host("c").failWrite = (statement) => {
      if (statement.includes("telling")) throw new Error("SQLITE_FULL");
    };
    void starting(world, "parent", { name: "echo", input: 7, id: "c" });
    await world.advance(5_000);
    expect([await endOf(world, "a"), messagesIn(world, "c")]).toEqual([["COMPLETED", 7], 1]);
    const before = historyOf(world, "a");
    world.catalog.fault = undefined;
    await world.rest();
    expect([await listedStatus(world, "c"), messagesIn(world, "c"), historyOf(world, "a")]).toEqual([
      "COMPLETED",
      0,
      before,
    ]);
  });

  it("[I35.3] the pauses grow, and an object that is lost meanwhile goes on with them", async () => {
    const world = listedWorld();
    unreachable(world);
    await start(world, "a", "echo", 1);
    await world.advance(200_000);
    const tries = told(world).length;
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(15);
    world.crashAll();
    await world.advance(120_000);
    expect(told(world).length).toBeGreaterThan(0);
    reachable(world);
    await world.rest();
    expect([await listedStatus(world), owing(world)]).toEqual(["COMPLETED", nothing]);
  });

  it("[I35.12] once it is told, the pauses of the next begin anew", async () => {
    const world = listedWorld();
    unreachable(world);
    await start(world, "a", "event", "x");
    const first = owing(world).inMs ?? 0;
    for (let n = 0; n < 5; n++) await world.advance(owing(world).inMs ?? 0);
    expect(owing(world).inMs).toBeGreaterThan(4 * first);
    reachable(world);
    await world.advance(120_000);
    expect(owing(world)).toEqual(nothing);
    unreachable(world);
    await raise(world, "a", "x");
    await world.settle();
    expect(owing(world)).toEqual({ rows: 1, inMs: first });
  });

  it("[I35.4] an instance that goes on meanwhile is told of as it is then", async () => {
    const world = listedWorld();
    unreachable(world);
    await start(world, "a", "event", "x");
    expect(owing(world).rows).toBe(1);
    await raise(world, "a", "x", 5);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 5]);
    reachable(world);
    await world.rest();
    expect([await listedStatus(world), owing(world)]).toEqual(["COMPLETED", nothing]);
  });

  it("[I35.5] the end is owed too; a change in between is not, and is told when it can be", async () => {
    const world = listedWorld();
    await start(world, "a", "event", "x");
    await world.advance(2_000);
    unreachable(world);
    await world.call("a", (instance) => instance.suspend({}));
    expect(owing(world)).toEqual(nothing);
    reachable(world);
    await world.advance(2_000);
    expect(await listedStatus(world)).toBe("SUSPENDED");
    await world.call("a", (instance) => instance.resume({}));
    await world.advance(2_000);
    unreachable(world);
    await raise(world, "a", "x", 1);
    expect(owing(world).rows).toBe(1);
    reachable(world);
    await world.rest();
    expect([await listedStatus(world), owing(world)]).toEqual(["COMPLETED", nothing]);
  });

  it.each(["answer lost", "twice", "twice, late"] as const)(
    "[I35.6] announcements of which the call meets with: %s",
    async (fault) => {
      const world = listedWorld();
      let left = 2;
      faultOfTellings(world, () => (left-- > 0 ? fault : undefined));
      const answer = starting(world, "event", "x");
      await world.advance(500);
      expect(await answer).toEqual({ ok: true });
      await raise(world, "a", "x", 1);
      await world.rest();
      expect([await listedStatus(world), owing(world)]).toEqual(["COMPLETED", nothing]);
    },
  );

  it("[I35.7] a shard that knows something newer: its number counts from then on", async () => {
    const world = listedWorld();
    world.host("a").skewMs = 3_600_000;
    await start(world, "a", "event", "x");
    world.crash("a");
    world.host("a").skewMs = 0;
    await world.advance(5);
    told(world);
    await raise(world, "a", "x", 1);
    await world.rest();
    expect(await listedStatus(world)).toBe("COMPLETED");
    expect(told(world).length).toBeLessThanOrEqual(3);
  });

  it("[I35.8] an ended one whose object is loaded anew announces once before its first answer, and the shard writes nothing", async () => {
    const world = listedWorld();
    await start(world, "a", "echo", 1);
    await world.advance(5);
    told(world);
    const rows = world.catalog.host("0-0").rows("entry");
    world.crash("a");
    await describeInstance(world, "a");
    await describeInstance(world, "a");
    await world.advance(5);
    expect(told(world)).toEqual(["a announce"]);
    expect(world.catalog.host("0-0").rows("entry")).toBe(rows);
  });

  it("[I35.9] one that the shard has lost is back with the first question, ended or not; what it waits for with the next turn", async () => {
    const world = listedWorld();
    await start(world, "a", "echo", 1);
    await world.advance(5);
    await start(world, "b", "event", "x");
    await world.advance(5);
    world.crashAll();
    world.catalog.hosts.clear();
    await describeInstance(world, "a");
    await describeInstance(world, "b");
    expect([await listedStatus(world), await listedStatus(world, "b")]).toEqual(["COMPLETED", "RUNNING"]);
    await raise(world, "b", "other");
    expect(await entryFor(world, "b")).toMatchObject({ waitingFor: "event:x" });
  });

  it("[I35.10] a start that comes again announces before it is answered", async () => {
    const world = listedWorld();
    world.onPoint = (point, id) => {
      if (point === "committed" && id === "a") world.crash("a");
    };
    const lost = starting(world, "event", "x");
    await world.settle();
    await expect(lost).rejects.toThrow("was lost");
    world.onPoint = undefined;
    expect(await listedStatus(world)).toBeUndefined();
    const again = starting(world, "event", "x");
    await world.settle();
    expect(await again).toEqual({ ok: true });
    expect(await listedStatus(world)).toBe("RUNNING");
  });

  it("[I35.11] databases of the code before, which knows of no number, go on and are told of", async () => {
    const world = listedWorld();
    const { catalog } = world;
    Object.assign(world, { catalog: undefined });
    await start(world, "a", "event", "x");
    await start(world, "b", "echo", 1);
    world.crashAll();
    Object.assign(world, { catalog });
    await describeInstance(world, "b");
    await world.advance(5);
    await raise(world, "a", "x", 1);
    await world.rest();
    expect([await listedStatus(world), await listedStatus(world, "b")]).toEqual(["COMPLETED", "COMPLETED"]);
    const [row] = world
      .host("a")
      .db.read<{ shard: string }>("SELECT detail ->> '$.listing.shard' AS shard FROM instance WHERE seq = -1");
    expect(row?.shard).toBe("0-0");
  });
});
