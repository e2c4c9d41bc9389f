// [I40] Those who watch an instance are told of each event of its history, once, when it is committed.
import { describe, expect, it } from "vitest";
import {
  type Code,
  gate,
  historyOf,
  makeWorld,
  purgeByForce,
  raise,
  start,
  terminate,
  toyCipher,
  typesOf,
} from "../support.ts";
import type { World } from "../world.ts";
import { gapsOf, Watcher, watch } from "./watcher.ts";

/** Calls one activity after the other, each of which is done outside. */
function walking(world = makeWorld()): World {
  world.workflow("walk", function* (ctx, steps: number): Code {
    for (let n = 0; n < steps; n++) yield ctx.callActivity("slow", 1_000);
    return steps;
  });
  world.workflow("loop", function* (ctx, n: number): Code {
    yield ctx.callActivity("slow", 1_000);
    if (n === 3) return n;
    ctx.continueAsNew(n + 1);
  });
  return world;
}

describe("[I40] Watching", () => {
  it("[I40.1] tells what there is, then each event as it is committed, then the end, and closes", async () => {
    const world = walking();
    await start(world, "a", "walk", 2);
    const watcher = await watch(world, "a");
    expect(watcher.told).toEqual(["ExecutionStarted", "TaskScheduled"]);
    await world.advance(1_000);
    expect(watcher.told.slice(2)).toEqual(["TaskCompleted", "TaskScheduled"]);
    expect(watcher.isOpen).toBe(true);
    await world.advance(1_000);
    expect(watcher.told.slice(4)).toEqual(["TaskCompleted", "ExecutionCompleted", "end"]);
    expect(watcher.isOpen).toBe(false);
    expect(watcher.frames.at(-1)).toEqual({ event: "end", data: { runtimeStatus: "COMPLETED" } });
    expect(watcher.events).toEqual(JSON.parse(JSON.stringify(historyOf(world, "a"))));
    expect(gapsOf(watcher)).toEqual([]);
    expect(world.host("a").sockets.open()).toEqual([]);
  });

  it("[I40.2] an ID is `<executionId>.<position>`; after one comes the next, and nothing before", async () => {
    const world = walking();
    await start(world, "a", "walk", 1);
    await world.advance(1_000);
    const { executionId } = historyOf(world, "a")[0] as { executionId: string };
    const watcher = new Watcher(world, "a");
    await watcher.connect(`${executionId}.1`);
    expect(watcher.frames.map(({ id }) => id)).toEqual([`${executionId}.2`, `${executionId}.3`, undefined]);
    const last = new Watcher(world, "a");
    await last.connect(`${executionId}.3`);
    expect(last.told).toEqual(["end"]);
  });

  it("[I40.3] an event that the execution has not is refused: to begin there would be a gap", async () => {
    const world = walking();
    await start(world, "a", "walk", 1);
    const { executionId } = historyOf(world, "a")[0] as { executionId: string };
    const refused = await new Watcher(world, "a").connect(`${executionId}.2`);
    expect(refused).toEqual({ ok: false, code: "BEYOND_END", length: 2 });
    expect(world.host("a").sockets.open()).toEqual([]);
  });

  it("[I40.4] there is no instance: nothing is opened", async () => {
    const world = makeWorld();
    expect(await new Watcher(world, "a").connect()).toEqual({ ok: false, code: "NOT_FOUND" });
    expect(world.host("a").sockets.open()).toEqual([]);
  });

  it("[I40.5] one that waits for its start has nothing to tell yet, and tells it then", async () => {
    const world = walking();
    await start(world, "a", "walk", 1, { startAtMs: world.nowMs + 5_000 });
    const watcher = await watch(world, "a");
    expect(watcher.told).toEqual([]);
    await world.advance(6_000);
    expect(watcher.told).toEqual(["ExecutionStarted", "TaskScheduled", "TaskCompleted", "ExecutionCompleted", "end"]);
  });

  it("[I40.6] continue-as-new opens another execution, which is read from 0; what nobody read of the one before is gone", async () => {
    const world = walking();
    await start(world, "a", "loop", 1);
    const watcher = await watch(world, "a");
    await world.rest();
    expect(watcher.told).toEqual([
      ...["ExecutionStarted", "TaskScheduled"],
      ...["execution", "ExecutionStarted", "TaskScheduled"],
      ...["execution", "ExecutionStarted", "TaskScheduled", "TaskCompleted", "ExecutionCompleted", "end"],
    ]);
    const opened = watcher.frames.filter(({ event }) => event === "execution").map(({ data }) => data);
    expect(opened.map(({ generation }) => generation)).toEqual([1, 2]);
    expect(opened.at(-1)?.executionId).toBe((historyOf(world, "a")[0] as { executionId: string }).executionId);
    expect(gapsOf(watcher)).toEqual([]);
  });

  it("[I40.7] after an ID of an execution that is over, the one that is there is opened", async () => {
    const world = walking();
    await start(world, "a", "loop", 1);
    const watcher = await watch(world, "a");
    await watcher.leave();
    await world.advance(1_000);
    await watcher.connect();
    expect(watcher.told.slice(2)).toEqual(["execution", "ExecutionStarted", "TaskScheduled"]);
    expect(gapsOf(watcher)).toEqual([]);
  });

  it("[I40.8] a purge ends it with `gone`", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    const watcher = await watch(world, "a");
    void purgeByForce(world, "a");
    await world.settle();
    expect(watcher.told).toEqual(["ExecutionStarted", "gone"]);
    expect(watcher.isOpen).toBe(false);
    expect(await watcher.connect()).toEqual({ ok: false, code: "NOT_FOUND" });
  });

  it("[I40.9] a purge that fails does not, and what comes after is told", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    const watcher = await watch(world, "a");
    world.failWipe = () => new Error("the disk is full");
    const purged = expect(purgeByForce(world, "a")).rejects.toThrow("the disk is full");
    await world.settle();
    await purged;
    await raise(world, "a", "go", 1);
    await world.settle();
    expect(watcher.told).toEqual(["ExecutionStarted", "EventRaised", "ExecutionCompleted", "end"]);
    expect(gapsOf(watcher)).toEqual([]);
  });

  it("[I40.10] another start under the ID opens an execution of the new life for who comes with an ID of the former", async () => {
    const world = makeWorld();
    await start(world, "a", "echo", 1);
    const watcher = await watch(world, "a");
    expect(watcher.told).toEqual(["ExecutionStarted", "ExecutionCompleted", "end"]);
    await start(world, "a", "event", "go");
    await watcher.connect();
    expect(watcher.told.slice(3)).toEqual(["execution", "ExecutionStarted"]);
    expect(watcher.frames[3]?.data).toMatchObject({ generation: 0 });
  });

  it("[I40.11] a pause, a resume and a terminate are events like any other", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    const watcher = await watch(world, "a");
    await world.call("a", (instance) => instance.suspend({ reason: "r" }));
    await world.call("a", (instance) => instance.resume({}));
    await terminate(world, "a");
    await world.settle();
    expect(watcher.told).toEqual([...typesOf(world, "a"), "end"]);
    expect(watcher.frames.at(-1)?.data).toEqual({ runtimeStatus: "TERMINATED" });
  });

  it("[I40.12] nothing is told before it is committed, and what is lost before is not told", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    const watcher = await watch(world, "a");
    let atCommit: string[] | undefined;
    world.onPoint = (point) => {
      if (point !== "commit") return;
      atCommit ??= watcher.told;
    };
    await raise(world, "a", "go", 1);
    await world.settle();
    expect(atCommit).toEqual(["ExecutionStarted"]);
    expect(watcher.told).toEqual(["ExecutionStarted", "EventRaised", "ExecutionCompleted", "end"]);
  });

  it("[I40.13] the object is lost at each point between a commit and what it sends: who connects again has missed nothing, and has nothing twice", async () => {
    let points = 0;
    for (let at = 0; at === 0 || at < points; at++) {
      const world = walking();
      await start(world, "a", "walk", 2);
      const watcher = await watch(world, "a");
      let n = 0;
      world.onPoint = (_point, id) => {
        if (n++ === at) world.crash(id);
      };
      for (let seconds = 0; watcher.told.at(-1) !== "end" && seconds < 200; seconds++) {
        await world.advance(1_000);
        if (!watcher.isOpen && watcher.told.at(-1) !== "end") await watcher.connect();
      }
      points = Math.max(points, n);
      expect(gapsOf(watcher), `crash at ${at}`).toEqual([]);
      expect(watcher.told, `crash at ${at}`).toEqual([...typesOf(world, "a"), "end"]);
    }
    expect(points).toBeGreaterThan(10);
  });

  it("[I40.14] the object goes out of memory and comes back: its sockets are open, and go on where they were", async () => {
    const world = makeWorld();
    world.workflow("sleep", function* (ctx): Code {
      for (let n = 0; n < 3; n++) yield ctx.createTimer(3_600);
    });
    await start(world, "a", "sleep");
    const watcher = await watch(world, "a");
    for (let n = 0; n < 3; n++) {
      await world.evict("a");
      await world.advance(3_600_000);
    }
    await world.settle();
    expect(world.host("a").counters.lives).toBe(4);
    expect(watcher.told).toEqual([...typesOf(world, "a"), "end"]);
    expect(gapsOf(watcher)).toEqual([]);
  });

  it("[I40.15] a slow watcher is sent a window and no more, until it tells that it has passed some on", async () => {
    const world = makeWorld();
    const long = "x".repeat(50_000);
    await start(world, "a", "event", "never");
    for (let n = 0; n < 40; n++) await raise(world, "a", "other", long);
    await terminate(world, "a");
    const slow = await watch(world, "a", { tells: false });
    const fast = await watch(world, "a");
    const sent = () => slow.messages.reduce((sum, message) => sum + message.length, 0);
    expect(slow.events.length).toBeLessThan(10);
    expect(sent()).toBeGreaterThan(256 * 1024);
    expect(sent()).toBeLessThan(512 * 1024);
    expect(fast.told).toEqual([...typesOf(world, "a"), "end"]);
    const before = slow.events.length;
    await slow.tell(100_000);
    expect(slow.events.length).toBeGreaterThan(before);
    for (let told = 100_000; slow.isOpen; ) {
      const length = sent() - told;
      told += length;
      await slow.tell(length);
    }
    expect(slow.frames).toEqual(fast.frames);
    expect(gapsOf(slow)).toEqual([]);
  });

  it("[I40.16] what a watcher sends beside that changes nothing", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    const watcher = await watch(world, "a");
    for (const text of ["", "x", "-1", "NaN", "1e999", "{}"]) await watcher.tell(text);
    await raise(world, "a", "go", 1);
    await world.settle();
    expect(watcher.told.at(-1)).toBe("end");
    expect(gapsOf(watcher)).toEqual([]);
  });

  it("[I40.17] a hundred may watch, and one more when one has left", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    const watchers: Watcher[] = [];
    for (let n = 0; n < 100; n++) watchers.push(await watch(world, "a"));
    const another = new Watcher(world, "a");
    expect(await another.connect()).toEqual({ ok: false, code: "TOO_MANY", most: 100 });
    await watchers[0]?.leave();
    expect(await another.connect()).toMatchObject({ ok: true });
    await raise(world, "a", "go", 1);
    await world.settle();
    for (const { told } of [another, ...watchers.slice(1)]) expect(told.at(-1)).toBe("end");
    expect(watchers[0]?.told).toEqual(["ExecutionStarted"]);
  });

  it("[I40.18] those at one event are told of the next from one reading of the store", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    for (let n = 0; n < 50; n++) await watch(world, "a");
    let reads = 0;
    world.host("a").failRead = (statement) => void (statement.includes("seq BETWEEN") && reads++);
    await raise(world, "a", "go", 1);
    await world.settle();
    // One for the events, one that finds no more.
    expect(reads).toBeLessThanOrEqual(2);
  });

  it("[I40.19] encrypted events are told in the clear, and each once", async () => {
    const world = walking();
    world.cipher = toyCipher("k");
    await start(world, "a", "walk", 3);
    const watcher = await watch(world, "a");
    await world.rest();
    expect(watcher.told.at(-1)).toBe("end");
    expect(watcher.events.find(({ type }) => type === "TaskCompleted")).toMatchObject({ result: '"slept 1000"' });
    expect(gapsOf(watcher)).toEqual([]);
    expect(watcher.events).toHaveLength(8);
  });

  it("[I40.20] one that cannot be read is not opened, and one that is open is closed: nothing is left out", async () => {
    const world = makeWorld();
    world.cipher = toyCipher("k");
    await start(world, "a", "event", "go");
    const watcher = await watch(world, "a");
    await world.evict("a");
    world.cipher = toyCipher("another");
    await raise(world, "a", "go", 1).catch(() => undefined);
    expect(watcher.isOpen).toBe(false);
    expect(world.log.filter(({ msg }) => msg === "watch")).toEqual([]);
    expect(await new Watcher(world, "a").connect()).toMatchObject({ ok: false, code: "UNREADABLE" });
    expect(watcher.told).toEqual(["ExecutionStarted"]);
  });

  it("[I40.21] a storage that fails while watchers are told closes their sockets, and nothing else comes of it", async () => {
    const world = walking();
    await start(world, "a", "walk", 2);
    const watcher = await watch(world, "a");
    world.host("a").failRead = (statement) => {
      if (statement.includes("seq BETWEEN")) throw new Error("disk I/O error");
    };
    await world.advance(1_000);
    expect(watcher.isOpen).toBe(false);
    expect(world.log).toContainEqual(expect.objectContaining({ level: "error", msg: "watch" }));
    world.host("a").failRead = undefined;
    await watcher.connect();
    await world.rest();
    expect(watcher.told).toEqual([...typesOf(world, "a"), "end"]);
  });

  it("[I40.22] code that holds up a turn holds up what it has not committed, and nothing else", async () => {
    const world = makeWorld();
    const held = gate();
    world.workflow("holds", async function* (ctx): AsyncGenerator {
      yield ctx.callActivity("echo", 1);
      await held.promise;
    });
    await start(world, "a", "holds");
    const watcher = await watch(world, "a");
    expect(watcher.told).toEqual(["ExecutionStarted", "TaskScheduled"]);
    held.open();
    await world.settle();
    expect(watcher.told).toEqual([...typesOf(world, "a"), "end"]);
  });

  it("[I40.23] what is committed while another watcher is told, and texts are being decrypted, is told after it", async () => {
    const world = makeWorld();
    const { hold, open } = holdOpening(world);
    await start(world, "a", "event", "go");
    for (let n = 0; n < 10; n++) await raise(world, "a", "other", "x".repeat(50_000));
    const fast = await watch(world, "a");
    const slow = await watch(world, "a", { tells: false });
    expect([fast.events.length, slow.events.length < 11]).toEqual([11, true]);
    hold();
    await slow.tell(1_000_000);
    await raise(world, "a", "go", 1);
    await world.settle();
    expect([fast.told.length, slow.told.length < 11]).toEqual([11, true]);
    open();
    await world.settle();
    for (const watcher of [fast, slow]) {
      expect(watcher.told.slice(11)).toEqual(["EventRaised", "ExecutionCompleted", "end"]);
      expect(gapsOf(watcher)).toEqual([]);
    }
  });

  it("[I40.24] a purge comes while it is found out whether the history can be read: there is nothing to watch", async () => {
    const world = makeWorld();
    const { hold, open } = holdOpening(world);
    await start(world, "a", "event", "go");
    hold();
    const begun = world.watch("a");
    await world.settle();
    const purged = purgeByForce(world, "a");
    await world.settle();
    open();
    await world.settle();
    expect(await begun).toEqual({ ok: false, code: "NOT_FOUND" });
    expect(await purged).toEqual({ ok: true });
    expect(world.host("a").sockets.open()).toEqual([]);
  });

  it("[I40.25] a watcher that makes room while a purge is under way that fails is told the rest", async () => {
    const world = makeWorld();
    await start(world, "a", "parent", { name: "event", input: "never", id: "b" });
    for (let n = 0; n < 10; n++) await raise(world, "a", "other", "x".repeat(50_000));
    const slow = await watch(world, "a", { tells: false });
    const before = slow.events.length;
    world.peerFault = ({ method }) => {
      if (method !== "purge") return undefined;
      void slow.tell(1_000_000);
      return "unreachable";
    };
    const purged = expect(purgeByForce(world, "a")).rejects.toThrow();
    await world.settle();
    await purged;
    expect(slow.events.length).toBeGreaterThan(before);
    expect(slow.events).toHaveLength(historyOf(world, "a").length);
  });
});

/** Encrypts; from `hold` to `open`, no text is decrypted. */
function holdOpening(world: World): { hold(): void; open(): void } {
  const opened = gate();
  let isHeld = false;
  const cipher = toyCipher("k")();
  world.cipher = () => ({
    ...cipher,
    open: async (sealed) => {
      if (isHeld) await opened.promise;
      return cipher.open(sealed);
    },
  });
  return {
    hold: () => {
      isHeld = true;
    },
    open: () => opened.open(),
  };
}
