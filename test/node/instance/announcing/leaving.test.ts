// [I36] The end of a life, and the next one under its ID: what the catalog is told before the wipe, and after it.
import { describe, expect, it } from "vitest";
import {
  type Code,
  describeInstance,
  gate,
  purge,
  purgeByForce,
  raise,
  start,
  statusOf,
  terminate,
  toyCipher,
} from "../support.ts";
import { START_MS } from "../world.ts";
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

const HOUR_MS = 3_600_000;

/** The tables that the object is left with. */
const tablesOf = (world: Listed, id = "a") => world.host(id).db.tables();

/** A start in the place of the one that has ended. */
const again = { instanceId: "a", name: "event", requestId: "r", input: '"x"' };

async function ended(): Promise<Listed> {
  const world = listedWorld();
  await start(world, "a", "echo", 1);
  await world.advance(5);
  told(world);
  return world;
}

describe("[I36] A purge", () => {
  it("[I36.1] marks the row before the wipe, and nothing is left; the shard finds that it has gone", async () => {
    const world = await ended();
    let tablesAtLeave: readonly string[] = [];
    world.onPoint = (point, id) => {
      if (point === "committed" && id === "0-0") tablesAtLeave = tablesOf(world);
    };
    expect(await purge(world, "a")).toEqual({ ok: true });
    world.onPoint = undefined;
    expect(tablesAtLeave).toContain("instance");
    expect(told(world)).toEqual(["a leave"]);
    expect([await entryFor(world), tablesOf(world), owing(world)]).toEqual([undefined, [], nothing]);
    await world.advance(60_000);
    expect(world.catalog.calls.map(({ to, method }) => `${to} ${method}`)).toEqual(["a presence"]);
  });

  it.each(["ended", "running, by force"])("[I36.2] a shard that cannot be reached is told later: %s", async (what) => {
    const world = listedWorld();
    await start(world, "a", what === "ended" ? "echo" : "event", "x");
    await world.advance(5);
    unreachable(world);
    const purged = what === "ended" ? purge(world, "a") : purgeByForce(world, "a");
    await world.advance(1_000);
    expect(await purged).toEqual({ ok: true });
    expect(tablesOf(world)).toEqual(["telling"]);
    expect(owing(world).rows).toBe(1);
    expect(await describeInstance(world, "a")).toBeUndefined();
    expect(await entryFor(world)).toBeDefined();
    world.crashAll();
    await world.advance(120_000);
    expect(owing(world).rows).toBe(1);
    reachable(world);
    await world.rest();
    expect([await entryFor(world), tablesOf(world), owing(world)]).toEqual([undefined, [], nothing]);
  });

  it("[I36.3] the ID may be used meanwhile, and both are told", async () => {
    const world = await ended();
    unreachable(world);
    await purge(world, "a");
    const answer = world.post("a", (instance) =>
      instance.start({ instanceId: "a", name: "event", input: '"x"', requestId: "r" }),
    );
    await world.advance(1_000);
    expect(await answer).toEqual({ ok: true });
    expect(owing(world).rows).toBe(2);
    reachable(world);
    await world.rest();
    expect(await entryFor(world)).toMatchObject({ status: "RUNNING", waitingFor: "event:x" });
    expect([tablesOf(world).includes("telling"), owing(world)]).toEqual([false, nothing]);
  });

  it("[I36.4] children of a purge that is recursive leave too", async () => {
    const world = listedWorld();
    await start(world, "a", "parent", { name: "echo", input: 1, id: "c" });
    await world.rest();
    expect(await listedStatus(world, "c")).toBe("COMPLETED");
    told(world);
    await purge(world, "a");
    await world.rest();
    expect(told(world).toSorted()).toEqual(["a leave", "c leave"]);
    expect(await world.catalog.entries()).toEqual([]);
  });

  it("[I36.5] one that fails is told of again, and so is one that is lost after its mark", async () => {
    const world = await ended();
    world.failWipe = () => new Error("the disk is full");
    await expect(purge(world, "a")).rejects.toThrow("the disk is full");
    world.failWipe = undefined;
    expect(await listedStatus(world)).toBe("COMPLETED");
    await world.advance(10);
    world.onPoint = (point, id) => {
      if (point === "committed" && id === "0-0") world.crash("a");
    };
    const lost = world.post("a", (instance) => instance.purge({ recursive: true }));
    await world.settle();
    await expect(lost).rejects.toThrow("was lost");
    world.onPoint = undefined;
    expect(await listedStatus(world)).toBeUndefined();
    const found = world.post("a", (instance) => instance.describe({ payloads: false }));
    await world.advance(20);
    expect((await found)?.status).toBe("COMPLETED");
    expect(await listedStatus(world)).toBe("COMPLETED");
  });

  it("[I36.6] of a database that cannot be read the row tells which life it is that goes", async () => {
    const world = listedWorld();
    world.cipher = toyCipher("old");
    await start(world, "a", "event", "x");
    await world.advance(1_000);
    expect(await listedStatus(world)).toBe("RUNNING");
    world.crash("a");
    world.cipher = toyCipher("new");
    const purged = purgeByForce(world, "a");
    await world.advance(1_000);
    await purged;
    expect([await entryFor(world), tablesOf(world)]).toEqual([undefined, []]);
  });

  it("[I36.7] an announcement that is late brings nothing back", async () => {
    const world = listedWorld();
    const late: (() => void)[] = [];
    const { shardFor } = world.catalog;
    world.catalog.shardFor = (host, fate, name) => {
      const shard = shardFor.call(world.catalog, host, fate, name);
      return {
        ...shard,
        announce: (announcement) => {
          late.push(() => void shard.announce(announcement).catch(() => undefined));
          return shard.announce(announcement);
        },
      };
    };
    await start(world, "a", "echo", 1);
    await world.advance(5);
    await purge(world, "a");
    for (const again of late) again();
    expect(await entryFor(world)).toBeUndefined();
    await start(world, "a", "event", "x");
    for (const again of late) again();
    expect(await listedStatus(world)).toBe("RUNNING");
  });
});

describe("[I36] While a purge wipes the database", () => {
  it("[I36.22] a run that ends just then sets no alarm for what the catalog was owed before", async () => {
    const world = listedWorld();
    const { promise, open } = gate();
    world.activity("held", () => promise);
    unreachable(world);
    await start(world, "a", "call", { activity: "held", input: 1 });
    await world.advance(1_000);
    expect(owing(world).rows).toBe(1);
    reachable(world);
    const alarms: (number | undefined)[] = [];
    world.onPoint = (point, id) => {
      if (point === "committed" && id === "a" && tablesOf(world).length === 0) alarms.push(owing(world).inMs);
    };
    // Called at the wipe: it ends before the object has read that nothing is left.
    world.failWipe = () => {
      open();
      return undefined;
    };
    const purged = purgeByForce(world, "a");
    await world.advance(5);
    expect(await purged).toEqual({ ok: true });
    expect([alarms, owing(world), tablesOf(world)]).toEqual([[undefined], nothing, []]);
  });
});

describe("[I36] The next life", () => {
  it("[I36.8] takes the former one out of the list", async () => {
    const world = await ended();
    await world.advance(10);
    await start(world, "a", "event", "x");
    expect(await entryFor(world)).toMatchObject({ status: "RUNNING", createdAtMs: world.nowMs - 5 });
    expect(told(world)).toEqual(["a announce"]);
  });

  it("[I36.20] once that is told, neither its row nor its purge names the former one any more", async () => {
    const world = await ended();
    const listing = () => {
      const [row] = world
        .host("a")
        .db.read<{ former: string | null }>(
          "SELECT detail ->> '$.listing.former' AS former FROM instance WHERE seq = -1",
        );
      return row?.former;
    };
    await world.advance(10);
    await start(world, "a", "event", "x", { requestId: "another" });
    expect(listing()).not.toBeNull();
    await world.advance(5);
    await raise(world, "a", "x");
    await world.advance(1_000);
    expect([listing(), await listedStatus(world)]).toEqual([null, "COMPLETED"]);
    // Nothing is written of the next one any more, and it is purged: its row still names the former one, and nobody is told.
    await start(world, "a", "echo", 1, { requestId: "a third" });
    expect([listing() === null, await listedStatus(world)]).toEqual([false, "COMPLETED"]);
    told(world);
    await purge(world, "a");
    expect(told(world)).toEqual(["a leave"]);
  });

  it("[I36.9] where the number of shards has changed, the other shard is told to forget it", async () => {
    const world = await ended();
    world.catalog.config = { shards: 3, former: [1] };
    world.crashAll();
    await world.advance(10);
    const answer = world.post("a", (instance) => instance.start(again));
    await world.advance(100);
    expect(await answer).toEqual({ ok: true });
    await world.rest();
    expect(told(world)).toContain("a forget");
    const [found, ...others] = await world.catalog.entries();
    expect([found?.shard.startsWith("1-"), found?.entry.status, others, owing(world)]).toEqual([
      true,
      "RUNNING",
      [],
      nothing,
    ]);
  });

  it("[I36.10] a life that was never told of does not keep the one before it in the list", async () => {
    const world = await ended();
    await world.advance(10);
    unreachable(world);
    await start(world, "a", "event", "x");
    await terminate(world, "a");
    await world.advance(10);
    await start(world, "a", "event", "y");
    reachable(world);
    await world.rest();
    expect(await entryFor(world)).toMatchObject({ status: "RUNNING", waitingFor: "event:y" });
    expect(owing(world)).toEqual(nothing);
  });

  it("[I36.19] where what is to be told cannot be written, no new one is there either, and the same start again begins it", async () => {
    let failures = 0;
    for (let at = 1, isOver = false; !isOver; at++) {
      const world = await ended();
      world.catalog.config = { shards: 3, former: [1] };
      world.crashAll();
      await world.advance(10);
      let n = 0;
      world.host("a").failWrite = () => {
        if (++n === at) throw new Error("SQLITE_FULL: told to fail");
      };
      const failed = world
        .post("a", (instance) => instance.start(again))
        .then(
          () => false,
          () => true,
        );
      world.onPoint = (point, id) => {
        if (point !== "committed" || id !== "a") return;
        const { db, durableAlarm } = world.host(id);
        const [row] = db.read<{ status: string }>("SELECT type AS status FROM instance WHERE seq = -1");
        if (row?.status === "PENDING") expect([at, durableAlarm]).not.toEqual([at, null]);
      };
      await world.advance(100);
      world.host("a").failWrite = () => undefined;
      if (await failed) failures++;
      isOver = n < at;
      const answer = world.post("a", (instance) => instance.start(again));
      await world.advance(400);
      expect(await answer).toEqual({ ok: true });
      await world.rest();
      const [found, ...others] = await world.catalog.entries();
      expect([at, found?.entry.status, others, owing(world)]).toEqual([at, "RUNNING", [], nothing]);
    }
    expect(failures).toBeGreaterThan(3);
  });
});

describe("[I36] What the catalog asks", () => {
  const presenceOf = (world: Listed, id = "a") => world.call(id, (instance) => instance.catalog.presence());

  it("[I36.11] presence is what it announces, with the number and the shard; absent is who is not there", async () => {
    const world = await ended();
    const presence = await presenceOf(world);
    expect(presence).toEqual({ type: "present", entry: await entryFor(world), seq: expect.any(Number), shard: "0-0" });
    expect(told(world)).toEqual([]);
    world.crash("a");
    expect(await presenceOf(world)).toEqual(presence);
    expect(await presenceOf(world, "nobody")).toEqual({ type: "absent" });
  });

  it("[I36.12] one that waits is asked what for, out of memory too, and nothing is written", async () => {
    const world = listedWorld();
    await start(world, "a", "event", "x");
    await world.advance(5);
    world.crash("a");
    const { commits } = world.host("a").counters;
    expect(await presenceOf(world)).toMatchObject({ entry: { status: "RUNNING", waitingFor: "event:x" } });
    expect(world.host("a").counters.commits).toBe(commits);
  });

  it("[I36.13] expire purges this life at this number, and no other", async () => {
    const world = await ended();
    const present = await presenceOf(world);
    const seq = present.type === "present" ? present.seq : 0;
    const expire = async (createdAtMs: number, at: number) => {
      const answer = world.post("a", (instance) => instance.catalog.expire({ instanceId: "a", createdAtMs, seq: at }));
      await world.advance(100);
      return answer;
    };
    expect(await expire(START_MS, seq - 1)).toEqual(present);
    expect(await expire(START_MS + 1, seq)).toEqual(present);
    expect(await expire(START_MS, seq)).toEqual({ type: "absent" });
    expect([tablesOf(world), await entryFor(world)]).toEqual([[], undefined]);
  });

  it("[I36.14] expire leaves children, who runs, and who has something to deliver", async () => {
    const world = listedWorld();
    world.workflow("tells", function* (ctx): Code {
      ctx.sendEvent("far", "e", 1);
      yield ctx.createTimer(0);
    });
    await start(world, "a", "parent", { name: "event", input: "x", id: "c" });
    await world.advance(5);
    const expire = async (id: string) => {
      const present = await presenceOf(world, id);
      const { seq, entry } = present.type === "present" ? present : { seq: 0, entry: { createdAtMs: 0 } };
      const answer = world.post(id, (instance) =>
        instance.catalog.expire({ instanceId: id, createdAtMs: entry.createdAtMs, seq }),
      );
      await world.advance(2_000);
      return (await answer).type;
    };
    expect(await expire("a")).toBe("present");
    await terminate(world, "a", undefined, false);
    await world.advance(5);
    expect(await expire("a")).toBe("absent");
    expect(await statusOf(world, "c")).toBe("RUNNING");
    world.peerFault = ({ to }) => (to === "far" ? "unreachable" : undefined);
    await start(world, "t", "tells");
    await world.advance(5);
    expect(await statusOf(world, "t")).toBe("COMPLETED");
    expect(await expire("t")).toBe("present");
  });

  it("[I36.21] expire leaves who has an activity open that the end did not wait for, also out of memory", async () => {
    const world = listedWorld();
    world.activity("slow", () => world.sleep(60_000));
    world.workflow("leaves", function* (ctx): Code {
      yield ctx.whenAny([ctx.callActivity("slow"), ctx.createTimer(0)]);
    });
    await start(world, "a", "leaves");
    await world.advance(100);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
    const present = await presenceOf(world);
    world.crash("a");
    const seq = present.type === "present" ? present.seq : 0;
    const answer = world.post("a", (instance) =>
      instance.catalog.expire({ instanceId: "a", createdAtMs: START_MS, seq }),
    );
    await world.advance(300);
    expect((await answer).type).toBe("present");
    expect(tablesOf(world)).toContain("instance");
  });

  it("[I36.15] the retention of the catalog removes it, and needs no alarm of the instance", async () => {
    const world = listedWorld({ shards: 1 }, { completed: HOUR_MS });
    await start(world, "a", "echo", 1);
    expect(owing(world)).toEqual(nothing);
    await world.advance(2 * HOUR_MS);
    expect([tablesOf(world), await entryFor(world)]).toEqual([[], undefined]);
  });

  it("[I36.18] one that is purged before it was told of takes the one before it out of the list", async () => {
    const world = await ended();
    await world.advance(10);
    world.catalog.fault = ({ method }) => (method === "announce" ? "unreachable" : undefined);
    const answer = world.post("a", (instance) => instance.start({ instanceId: "a", name: "event", requestId: "r" }));
    await world.advance(300);
    await answer;
    const purged = purgeByForce(world, "a");
    await world.advance(1_000);
    await purged;
    reachable(world);
    await world.rest();
    expect([await entryFor(world), tablesOf(world)]).toEqual([undefined, []]);
  });

  it("[I36.19] one that has ended before there was a catalog, and is not listed, goes by its own alarm as before", async () => {
    const world = listedWorld({ shards: 1 }, { completed: HOUR_MS });
    const { catalog } = world;
    world.retention = { completed: HOUR_MS };
    Object.assign(world, { catalog: undefined });
    for (const id of ["a", "b"]) await start(world, id, "echo", 1);
    await world.advance(1);
    world.crashAll();
    Object.assign(world, { catalog });
    // Who asks after it has it listed; both let it go, and the row goes with it.
    expect(await statusOf(world, "b")).toBe("COMPLETED");
    expect(await listedStatus(world, "b")).toBe("COMPLETED");
    expect(world.host("a").durableAlarm?.atMs).toBe(START_MS + HOUR_MS);
    await world.advance(HOUR_MS);
    expect([tablesOf(world), tablesOf(world, "b"), await entryFor(world, "b")]).toEqual([[], [], undefined]);
    await world.advance(2 * HOUR_MS);
    expect([world.host("a").durableAlarm, world.host("b").durableAlarm]).toEqual([null, null]);
  });

  it("[I36.16] a shard that is told nothing for a day asks, and corrects what it has", async () => {
    const world = listedWorld();
    await start(world, "a", "event", "x");
    await world.advance(2_000);
    faultOfTellings(world, () => "unreachable");
    await world.call("a", (instance) => instance.suspend({}));
    world.crash("a");
    reachable(world);
    expect(await listedStatus(world)).toBe("RUNNING");
    await world.advance(32 * HOUR_MS);
    expect(await listedStatus(world)).toBe("SUSPENDED");
  });

  it("[I36.17] 0s: one that ends in its first burst leaves no row, nor a mark; of one that was told of the row goes", async () => {
    const world = listedWorld();
    world.retention = { completed: 0 };
    const waitFor = { until: "ended", timeoutMs: 60_000, payloads: true } as const;
    expect(await start(world, "a", "echo", 1, { waitFor })).toMatchObject({ state: { output: "1" } });
    await world.advance(1_000);
    expect([told(world), tablesOf(world), await entryFor(world)]).toEqual([[], [], undefined]);
    await start(world, "b", "event", "x");
    await raise(world, "b", "x");
    await world.advance(1_000);
    expect([told(world), tablesOf(world, "b"), await entryFor(world, "b")]).toEqual([
      ["b announce", "b leave"],
      [],
      undefined,
    ]);
    // In the place of one that is listed, it takes that one out of the list.
    await start(world, "c", "echo", 1, { retentionMs: HOUR_MS });
    expect((await entryFor(world, "c"))?.status).toBe("COMPLETED");
    await start(world, "c", "echo", 2);
    await world.advance(1_000);
    expect([tablesOf(world, "c"), await entryFor(world, "c")]).toEqual([[], undefined]);
  });
});
