// [I19] What cannot be read is left as it is, whichever way one comes upon it.
import { describe, expect, it } from "vitest";
import type { WorkflowActivityContext } from "../../../../src/engine/activity-context.ts";
import type { Cipher } from "../../../../src/storage/vault.ts";
import { type Code, endOf, gate, makeWorld, purge, raise, start, statusOf, toyCipher } from "../support.ts";
import type { World } from "../world.ts";

/** The keys of a deployment, from here on. */
function deploy(world: World, cipher: (() => Cipher) | undefined): void {
  world.crashAll();
  world.cipher = cipher;
}

function tamper(world: World, id: string, statement: string): void {
  world.host(id).db.tamper(statement);
  world.host(id).db.commit();
}

const outboxOf = (world: World, id: string) => world.host(id).db.read("SELECT target FROM outbox");
const inboxOf = (world: World, id: string) => world.host(id).db.read("SELECT type FROM inbox");

/** A child that has ended and could not tell its parent; of its history, a row in the middle is of newer code. */
async function endedChild(): Promise<World> {
  const world = makeWorld();
  world.workflow("child", function* (ctx): Code {
    yield ctx.waitForExternalEvent("go");
    yield ctx.waitForExternalEvent("again");
    return 1;
  });
  await start(world, "p", "parent", { name: "child", id: "c" });
  await world.advance(1_000);
  await raise(world, "c", "go");
  await world.advance(1_000);
  world.peerFault = ({ to }) => (to === "p" ? "unreachable" : undefined);
  await raise(world, "c", "again");
  await world.advance(100);
  tamper(world, "c", "UPDATE instance SET version = 2 WHERE seq = 1");
  world.crash("c");
  return world;
}

async function expectParentToHear(world: World): Promise<void> {
  expect(outboxOf(world, "c")).toEqual([{ target: "p" }]);
  world.peerFault = undefined;
  tamper(world, "c", "UPDATE instance SET version = 1 WHERE seq = 1");
  world.crash("c");
  await statusOf(world, "c");
  await world.advance(60_000);
  expect(await endOf(world, "p")).toEqual(["COMPLETED", 1]);
}

describe("[I19.1] An ended instance with a message to its parent, of whose history a part cannot be read", () => {
  it("[I19.1] is not replaced by a start, though its alarm has found out already", async () => {
    const world = await endedChild();
    await world.advance(5_000);
    expect(await statusOf(world, "c")).toBe("STALLED");
    expect(await start(world, "c", "child")).toEqual({ ok: false, code: "UNREADABLE" });
    await expectParentToHear(world);
  });

  it("[I19.1] nor by a child of another parent", async () => {
    const world = await endedChild();
    await world.advance(5_000);
    await start(world, "other", "parent", { name: "child", id: "c" });
    await world.advance(60_000);
    expect(await statusOf(world, "other")).toBe("RUNNING");
    await expectParentToHear(world);
  });

  it("[I19.1] and not purged, when its alarm finds out while the purge waits for the message", async () => {
    const world = await endedChild();
    const purged = world.post("c", (i) => i.purge({ recursive: true }));
    await world.advance(5_000);
    expect(await purged).toEqual({ ok: false, code: "STALLED" });
    await expectParentToHear(world);
  });
});

it("[I19.2] An ended child whose output cannot be read is not removed by its parent's purge, unless by force", async () => {
  const world = makeWorld();
  await start(world, "p", "parent", { name: "echo", input: 1, id: "c" });
  await world.advance(1_000);
  tamper(world, "c", "UPDATE instance SET version = 2 WHERE seq > 0");
  world.crashAll();
  await expect(purge(world, "p")).rejects.toThrow("purged by force only");
  expect([await statusOf(world, "p"), world.host("c").db.hasTable("instance")]).toEqual(["COMPLETED", true]);
  const purged = world.post("p", (i) => i.purge({ recursive: true, force: true }));
  await world.rest();
  expect([await purged, world.host("c").db.tables()]).toEqual([{ ok: true }, []]);
});

it("[I19.3] Whoever asks after an instance with a message to deliver that cannot be read leaves its alarm alone", async () => {
  const world = makeWorld();
  world.workflow("main", function* (ctx): Code {
    const child = ctx.callChildWorkflow("echo", 1, "kid");
    yield ctx.waitForExternalEvent("go");
    yield ctx.createTimer(600);
    return yield child;
  });
  world.peerFault = () => "unreachable";
  await start(world, "a", "main");
  await world.advance(1_000);
  await raise(world, "a", "go");
  await world.advance(300_000);
  tamper(world, "a", "UPDATE instance SET version = 2 WHERE seq = (SELECT max(seq) FROM instance)");
  world.crashAll();
  const before = world.host("a").armedAtMs;
  expect(before).toBeTypeOf("number");
  expect(await statusOf(world, "a")).toBe("STALLED");
  expect(world.host("a").armedAtMs).toBe(before);
});

it("[I19.4] The progress of an activity that cannot be read stands against what is written as any text does", async () => {
  const world = makeWorld();
  world.activity("beat", async (ctx: WorkflowActivityContext) => {
    ctx.heartbeat("at work");
    await world.sleep(3_600_000);
  });
  world.workflow("main", function* (ctx): Code {
    ctx.callActivity("beat");
    return yield ctx.waitForExternalEvent("go");
  });
  deploy(world, toyCipher("k1"));
  await start(world, "a", "main");
  await world.advance(5_000);
  const sealed = world
    .host("a")
    .db.read("SELECT payload AS text FROM instance UNION ALL SELECT progress FROM recovery");
  expect(sealed.filter(({ text }) => text !== null && String(text).includes("enc:k1"))).toHaveLength(1);
  deploy(world, toyCipher("x1"));
  expect(await raise(world, "a", "go", 1)).toEqual({ ok: false, code: "STALLED" });
  expect(inboxOf(world, "a")).toEqual([]);
  deploy(world, toyCipher("k1"));
  expect(await raise(world, "a", "go", 2)).toEqual({ ok: true });
  await world.advance(1_000);
  expect(await endOf(world, "a")).toEqual(["COMPLETED", 2]);
});

it("[I19.5] What an earlier instance's look could not read says nothing about the next one under its ID", async () => {
  const world = makeWorld();
  deploy(world, toyCipher("k1"));
  await start(world, "a", "event", "go");
  await world.advance(1_000);
  const held = gate();
  let isHeld = false;
  deploy(world, () => {
    const cipher = toyCipher("x1")();
    const open = async (sealed: string) => {
      if (isHeld) await held.promise;
      return cipher.open(sealed);
    };
    return { ...cipher, open };
  });
  expect(await statusOf(world, "a")).toBe("STALLED");
  isHeld = true;
  await world.advance(3_700_000);
  const purged = world.post("a", (i) => i.purge({ recursive: true, force: true }));
  await world.advance(1_000);
  expect(await purged).toEqual({ ok: true });
  isHeld = false;
  expect(await start(world, "a", "event", "go")).toEqual({ ok: true });
  await world.advance(1_000);
  held.open();
  await world.advance(1_000);
  expect(await statusOf(world, "a")).toBe("RUNNING");
  await raise(world, "a", "go", 2);
  await world.advance(1_000);
  expect(await endOf(world, "a")).toEqual(["COMPLETED", 2]);
});

describe("[I19.6] A history that cannot be read, with a message in the outbox that can", () => {
  /** The history is written with `k1`, and the end of the child that is called with `k2`; that ID is taken. */
  async function refusedChild(ends: boolean): Promise<World> {
    const world = makeWorld();
    world.workflow("main", function* (ctx): Code {
      yield ctx.waitForExternalEvent("go");
      yield ctx.waitForExternalEvent("again");
      const child = ctx.callChildWorkflow("event", undefined, "busy");
      if (ends) return "done";
      try {
        yield child;
      } catch (error) {
        return (error as Error).message;
      }
    });
    await start(world, "busy", "event", "never");
    await start(world, "a", "main");
    await world.advance(100);
    deploy(world, toyCipher("k1"));
    await raise(world, "a", "go", 1);
    await world.advance(1_000);
    world.peerFault = () => "unreachable";
    deploy(world, toyCipher("k2", "k1"));
    await raise(world, "a", "again", 2);
    await world.advance(1_000);
    expect(outboxOf(world, "a")).toEqual([{ target: "busy" }]);
    world.peerFault = undefined;
    return world;
  }

  it.each([
    ["running", false, "an active workflow with ID 'busy' already exists"],
    ["ended", true, "done"],
  ] as const)("[I19.6] the answer to it is not written beside: %s", async (_, ends, output) => {
    const world = await refusedChild(ends);
    deploy(world, toyCipher("x1", "k2"));
    await statusOf(world, "a");
    await world.advance(120_000);
    expect([await statusOf(world, "a"), inboxOf(world, "a")]).toEqual(["STALLED", []]);
    deploy(world, toyCipher("k1", "k2"));
    await statusOf(world, "a");
    await world.advance(3_700_000);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", expect.stringContaining(output)]);
  });

  it("[I19.6] nor while another look at the history takes long", async () => {
    const world = await refusedChild(false);
    let isSlow = false;
    deploy(world, () => {
      const cipher = toyCipher("x1", "k2")();
      const open = async (sealed: string) => {
        if (isSlow && sealed.startsWith("k1")) await world.sleep(600_000);
        return cipher.open(sealed);
      };
      return { ...cipher, open };
    });
    expect(await statusOf(world, "a")).toBe("STALLED");
    isSlow = true;
    await world.advance(5_000_000);
    expect(inboxOf(world, "a")).toEqual([]);
    deploy(world, toyCipher("k1", "k2"));
    await statusOf(world, "a");
    await world.advance(3_700_000);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", expect.stringContaining("already exists")]);
  });
});

it("[I19.7] A query of an ended instance that cannot be read is answered STALLED", async () => {
  const world = makeWorld();
  world.workflow("asked", function* (ctx): Code {
    ctx.setQueryHandler("q", () => 1);
    yield ctx.waitForExternalEvent("go");
  });
  await start(world, "a", "asked");
  await raise(world, "a", "go");
  await world.advance(1_000);
  expect(await world.call("a", (i) => i.query({ name: "q" }))).toEqual({ ok: true, result: "1" });
  tamper(world, "a", "UPDATE instance SET version = 2 WHERE seq = 1");
  world.crash("a");
  expect(await world.call("a", (i) => i.query({ name: "q" }))).toEqual({ ok: false, code: "STALLED" });
});

it("[I19.9] A detached start whose ID is that of an ended instance that cannot be read is delivered when it can", async () => {
  const world = makeWorld();
  world.workflow("main", function* (ctx): Code {
    yield ctx.waitForExternalEvent("go");
    ctx.scheduleNewWorkflow("event", "never", { instanceId: "c" });
  });
  await start(world, "c", "event", "x");
  await world.advance(1_000);
  await raise(world, "c", "x", 1);
  await start(world, "a", "main");
  await world.advance(1_000);
  tamper(world, "c", "UPDATE instance SET version = 2 WHERE seq > 0");
  world.crashAll();
  await raise(world, "a", "go");
  await world.advance(5_000);
  expect(outboxOf(world, "a")).toEqual([{ target: "c" }]);
  tamper(world, "c", "UPDATE instance SET version = 1");
  world.crashAll();
  await statusOf(world, "a");
  await world.advance(120_000);
  expect([outboxOf(world, "a"), await statusOf(world, "c")]).toEqual([[], "RUNNING"]);
});

it.each(["query", "update"] as const)("[I19.10] A %s leaves the alarm of a timer alone", async (method) => {
  const world = makeWorld();
  world.workflow("main", function* (ctx): Code {
    yield ctx.waitForExternalEvent("go");
    yield ctx.createTimer(600);
  });
  deploy(world, toyCipher("k0"));
  await start(world, "a", "main");
  await world.advance(1_000);
  deploy(world, toyCipher("k1", "k0"));
  await raise(world, "a", "go", 1);
  await world.advance(60_000);
  // As slow as a cipher that works in another thread.
  deploy(world, () => {
    const cipher = toyCipher("x1", "k0")();
    const open = async (sealed: string) => {
      await world.sleep(1);
      return cipher.open(sealed);
    };
    return { ...cipher, open };
  });
  const before = world.host("a").armedAtMs;
  const update = { updateId: "u", name: "q", timeoutMs: 0 };
  const answer = world.post(
    "a",
    (i): Promise<unknown> => (method === "query" ? i.query({ name: "q" }) : i.update(update)),
  );
  await world.advance(10_000);
  expect([await answer, world.host("a").armedAtMs]).toEqual([{ ok: false, code: "STALLED" }, before]);
});

it("[I19.11] A parent's purge by force removes a child that has found out that it cannot be read", async () => {
  const world = makeWorld();
  await start(world, "p", "parent", { name: "event", input: "never", id: "c" });
  await world.advance(1_000);
  await raise(world, "c", "other", 1);
  await world.advance(1_000);
  tamper(world, "c", "UPDATE instance SET version = 2 WHERE seq > 0");
  world.crashAll();
  expect(await raise(world, "c", "other", 2)).toEqual({ ok: false, code: "STALLED" });
  const purged = world.post("p", (i) => i.purge({ recursive: true, force: true }));
  await world.rest();
  expect([await purged, world.host("c").db.tables(), world.host("p").db.tables()]).toEqual([{ ok: true }, [], []]);
});
