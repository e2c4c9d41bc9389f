// Activities that are limited across instances.
import { describe, expect, it } from "vitest";
import type { Limit } from "../../../../src/model/limit.ts";
import { LimiterWorld } from "../limiter-world.ts";
import {
  type Code,
  endOf,
  gate,
  historyOf,
  makeWorld,
  purgeByForce,
  resume,
  start,
  statusOf,
  suspend,
  terminate,
} from "../support.ts";
import type { World } from "../world.ts";

/** A limiter writes together what comes together, and one who is given something asks for nothing. */
const SOON = 10;

interface Limited {
  readonly world: World;
  readonly limiters: LimiterWorld;
  /** Runs that have begun and not ended. */
  readonly running: Set<string>;
  /** Lets one end. */
  end(id: string): Promise<void>;
  most(): number;
}

/** A world whose activity `charge` is limited and runs until it is told to end. */
function limitedWorld(limit: Partial<Limit> = { concurrency: 1 }): Limited {
  const world = makeWorld();
  const limiters = new LimiterWorld(world).declare({ name: "cards", kind: "activity", target: "charge", ...limit });
  world.limiters = limiters;
  const running = new Set<string>();
  const ends = new Map<string, () => void>();
  let most = 0;
  world.activity("charge", async (ctx, input) => {
    const id = ctx.getWorkflowInstanceId();
    const { promise, open } = gate();
    running.add(id);
    most = Math.max(most, running.size);
    ends.set(id, open);
    await promise;
    running.delete(id);
    return input;
  });
  world.workflow("pay", function* (ctx, input): Code {
    return yield ctx.callActivity("charge", input);
  });
  const end = async (id: string) => {
    ends.get(id)?.();
    await world.advance(SOON);
  };
  return { world, limiters, running, end, most: () => most };
}

const startAll = async (world: World, ...ids: string[]) => {
  for (const id of ids) await start(world, id, "pay", id);
  await world.advance(SOON);
};

describe("[I41] Limited activities", () => {
  it("[I41.1] one runs at a time; the next begins when that has ended, and all come to their end", async () => {
    const { world, limiters, running, end, most } = limitedWorld();
    await startAll(world, "a", "b", "c");
    expect([...running]).toEqual(["a"]);
    expect(limiters.state("cards")).toEqual({ held: ["a"], waiting: ["b", "c"] });
    await end("a");
    expect([...running]).toEqual(["b"]);
    await end("b");
    await end("c");
    expect(await endOf(world, "c")).toEqual(["COMPLETED", "c"]);
    await world.rest();
    expect([most(), limiters.state("cards")]).toEqual([1, { held: [], waiting: [] }]);
  });

  it("[I41.2] what an activity costs that begins at once: a request to ask and one to give back, a row each, and nothing else", async () => {
    const { world, limiters, end } = limitedWorld();
    await startAll(world, "before");
    await end("before");
    const host = limiters.host("cards");
    const before = { calls: limiters.calls.length, rows: host.rows("lease"), alarms: host.counters.setAlarm };
    await startAll(world, "a");
    await end("a");
    expect(limiters.calls.length - before.calls).toBe(2);
    expect(host.rows("lease") - before.rows).toBe(2);
    expect(host.counters.setAlarm - before.alarms).toBe(0);
  });

  it("[I41.3] the lease is renewed every 20 s while the activity runs", async () => {
    const { world, limiters, running, end } = limitedWorld();
    await startAll(world, "a", "b");
    await world.advance(600_000);
    expect([...running]).toEqual(["a"]);
    const renewals = limiters.calls.filter(({ from, method }) => from === "a" && method === "lease").length - 1;
    expect(renewals).toBeGreaterThanOrEqual(29);
    expect(renewals).toBeLessThanOrEqual(31);
    await end("a");
    expect([...running]).toEqual(["b"]);
  });

  it("[I41.4] who waits is not kept in memory, and its object wakes every five minutes at most", async () => {
    const { world, running, end } = limitedWorld();
    await startAll(world, "a", "b");
    await world.evict("b");
    const { rings } = { ...world.host("b").counters };
    await world.advance(3_600_000);
    expect(world.host("b").counters.rings - rings).toBeLessThanOrEqual(13);
    await world.evict("b");
    await end("a");
    expect([...running]).toEqual(["b"]);
    await end("b");
    expect(await endOf(world, "b")).toEqual(["COMPLETED", "b"]);
  });

  it("[I41.5] an object that is lost while its activity runs comes back to the same lease; the run is counted as a recovery", async () => {
    const { world, limiters, running, end, most } = limitedWorld();
    await startAll(world, "a", "b");
    world.crash("a");
    running.delete("a");
    await world.advance(5_000);
    expect([[...running], limiters.state("cards")]).toEqual([["a"], { held: ["a"], waiting: ["b"] }]);
    expect(world.host("a").db.read("SELECT count FROM recovery")).toEqual([{ count: 1 }]);
    await end("a");
    await end("b");
    expect([await statusOf(world, "a"), await statusOf(world, "b"), most()]).toEqual(["COMPLETED", "COMPLETED", 1]);
  });

  it("[I41.6] one that only waited is no recovery, however often its object is lost", async () => {
    const { world, end } = limitedWorld();
    await startAll(world, "a", "b");
    for (let n = 0; n < 12; n++) {
      world.crash("b");
      await world.advance(400_000);
    }
    expect(world.host("b").db.read("SELECT count FROM recovery")).toEqual([]);
    await end("a");
    await world.advance(1_000);
    await end("b");
    expect(await statusOf(world, "b")).toBe("COMPLETED");
  });

  it("[I41.7] a limiter that is lost forgets nobody: leases, queue and order are what they were", async () => {
    const { world, limiters, running, end } = limitedWorld();
    await startAll(world, "a", "b", "c");
    limiters.lose("cards");
    expect(limiters.state("cards")).toEqual({ held: ["a"], waiting: ["b", "c"] });
    await end("a");
    expect([...running]).toEqual(["b"]);
    limiters.lose("cards");
    await end("b");
    expect([...running]).toEqual(["c"]);
  });

  it("[I41.8] a grant that is lost with its limiter is told once more", async () => {
    const { world, limiters, running, end } = limitedWorld();
    await startAll(world, "a", "b");
    limiters.fault = ({ method }) => (method === "leaseGranted" ? "unreachable" : undefined);
    await end("a");
    expect([[...running], limiters.state("cards").held]).toEqual([[], ["b"]]);
    limiters.lose("cards");
    limiters.fault = undefined;
    await world.advance(61_000);
    expect([...running]).toEqual(["b"]);
  });

  it("[I41.9] a grant whose instance does not answer comes back after a minute, and the next begins", async () => {
    const { world, limiters, running, end } = limitedWorld();
    await startAll(world, "a", "b", "c");
    limiters.fault = ({ to }) => (to === "b" ? "unreachable" : undefined);
    await end("a");
    await world.advance(59_000);
    expect([...running]).toEqual([]);
    await world.advance(2_000);
    expect([...running]).toEqual(["c"]);
    limiters.fault = undefined;
    await end("c");
    await world.advance(300_000);
    expect([...running]).toEqual(["b"]);
  });

  it("[I41.10] the lease of an instance that is gone comes back after a minute", async () => {
    const { world, limiters, running, end } = limitedWorld();
    await startAll(world, "a", "b");
    limiters.fault = ({ from }) => (from === "a" ? "unreachable" : undefined);
    await end("a");
    await world.advance(59_000);
    expect([...running]).toEqual([]);
    await world.advance(2_000);
    expect([...running]).toEqual(["b"]);
  });

  it("[I41.11] while the limiter cannot be reached, what is limited waits and warns; it begins when it can be", async () => {
    const { world, limiters, running } = limitedWorld();
    limiters.fault = () => "unreachable";
    await startAll(world, "a");
    await world.advance(10_000);
    expect([...running]).toEqual([]);
    expect(world.log.filter(({ msg }) => msg === "limit")[0]).toEqual({
      level: "warn",
      msg: "limit",
      instanceId: "a",
      limit: "cards",
      text: "its limiter did not answer: what is limited waits",
    });
    limiters.fault = undefined;
    await world.advance(60_000);
    expect([...running]).toEqual(["a"]);
  });

  it("[I41.12] without the binding, what is limited waits and warns; everything else runs", async () => {
    const { world, running } = limitedWorld();
    world.hasLimiterBinding = false;
    await startAll(world, "a");
    await start(world, "free", "echo", 1);
    await world.advance(10_000);
    expect([[...running], await statusOf(world, "free")]).toEqual([[], "COMPLETED"]);
    expect(world.log[0]).toMatchObject({ text: "the binding WORKFLOW_LIMITER is missing: what is limited waits" });
    world.hasLimiterBinding = true;
    world.crash("a");
    await world.advance(61_000);
    expect([...running]).toEqual(["a"]);
  });

  it.each([
    ["terminated", (world: World, id: string) => terminate(world, id)],
    ["purged by force", (world: World, id: string) => purgeByForce(world, id)],
  ])("[I41.13] one that waits and is %s leaves the queue", async (_, end) => {
    const { world, limiters } = limitedWorld();
    await startAll(world, "a", "b", "c");
    void end(world, "b");
    await world.advance(SOON);
    expect(limiters.state("cards")).toEqual({ held: ["a"], waiting: ["c"] });
  });

  it("[I41.14] one that waits and is canceled leaves the queue: the call fails in the place of being run", async () => {
    const { world, limiters } = limitedWorld();
    await startAll(world, "a", "b", "c");
    await world.call("b", (instance) => instance.cancel({}));
    await world.advance(SOON);
    expect(await statusOf(world, "b")).toBe("CANCELED");
    expect(limiters.state("cards")).toEqual({ held: ["a"], waiting: ["c"] });
    expect(historyOf(world, "b").filter(({ type }) => type === "TaskFailed")).toHaveLength(1);
    await world.advance(1);
    expect(world.host("b").armedAtMs).toBeNull();
  });

  it("[I41.15] one that waits and is paused leaves the queue, and comes to its end when it is resumed", async () => {
    const { world, limiters, running, end } = limitedWorld();
    await startAll(world, "a", "b", "c");
    await suspend(world, "b");
    await world.advance(SOON);
    expect(limiters.state("cards")).toEqual({ held: ["a"], waiting: ["c"] });
    await resume(world, "b");
    await world.advance(SOON);
    expect(limiters.state("cards")).toEqual({ held: ["a"], waiting: ["c", "b"] });
    await end("a");
    await end("c");
    expect([...running]).toEqual(["b"]);
  });

  it("[I41.16] a call that has waited for as long as it may take in all fails, and is not run", async () => {
    const { world, running } = limitedWorld();
    world.workflow("hurry", function* (ctx): Code {
      return yield ctx.callActivity("charge", 1, { totalTimeout: 30 });
    });
    await startAll(world, "a");
    await start(world, "b", "hurry");
    await world.advance(29_000);
    expect(await statusOf(world, "b")).toBe("RUNNING");
    await world.advance(1_001);
    expect([await statusOf(world, "b"), [...running]]).toEqual(["FAILED", ["a"]]);
  });

  it("[I41.17] the time of an attempt begins when it does: waiting for the limit takes none of it", async () => {
    const { world, end } = limitedWorld();
    world.workflow("timed", function* (ctx): Code {
      return yield ctx.callActivity("charge", 1, { timeout: 30 });
    });
    await startAll(world, "a");
    await start(world, "b", "timed");
    await world.advance(120_000);
    await end("a");
    await world.advance(20_000);
    await end("b");
    expect(await statusOf(world, "b")).toBe("COMPLETED");
  });

  it("[I41.18] keys are queues: one tenant's thousand do not keep another's one waiting", async () => {
    const { world, running, end } = limitedWorld({ concurrency: 1, key: (input) => String(input).slice(0, 1) });
    await startAll(world, ...Array.from({ length: 20 }, (_, n) => `a${n}`), "b0");
    await end("a0");
    expect([...running]).toEqual(["b0"]);
  });

  it("[I41.19] a key function that throws is told of, and its input is limited with the empty key", async () => {
    const { world, limiters, running } = limitedWorld({
      concurrency: 1,
      key: () => {
        throw new TypeError("no tenant");
      },
    });
    await startAll(world, "a", "b");
    expect([[...running], limiters.state("cards").waiting]).toEqual([["a"], ["b"]]);
    expect(world.log[0]).toMatchObject({ level: "warn", limit: "cards", errorType: "TypeError", message: "no tenant" });
  });

  it("[I41.20] many calls of one instance are asked for in one request", async () => {
    const { world, limiters, running } = limitedWorld({ concurrency: 5 });
    world.workflow("many", function* (ctx): Code {
      return yield ctx.whenAll(Array.from({ length: 20 }, (_, n) => ctx.callActivity("charge", n)));
    });
    await start(world, "a", "many");
    await world.advance(SOON);
    expect(limiters.calls).toHaveLength(1);
    expect([running.size, limiters.state("cards").waiting.length]).toEqual([1, 15]);
  });

  it("[I41.21] after a continue-as-new nothing of the former execution waits", async () => {
    const { world, limiters } = limitedWorld();
    world.workflow("again", function* (ctx, round: number): Code {
      if (round > 0) return "done";
      ctx.callActivity("charge", 1);
      yield ctx.createTimer(1);
      ctx.continueAsNew(1);
    });
    await startAll(world, "a");
    await start(world, "b", "again", 0);
    await world.advance(SOON);
    expect(limiters.state("cards").waiting).toEqual(["b"]);
    await world.advance(2_000);
    expect([await statusOf(world, "b"), limiters.state("cards").waiting]).toEqual(["COMPLETED", []]);
  });

  it("[I41.22] with no limit of that name nothing is asked", async () => {
    const { world, limiters } = limitedWorld();
    await start(world, "x", "call", { activity: "echo", input: 1 });
    expect([await statusOf(world, "x"), limiters.calls]).toEqual(["COMPLETED", []]);
  });

  it("[I41.23] the detail tells the position, and the list what is waited for", async () => {
    const { world } = limitedWorld({ concurrency: 1, key: (input) => String(input).slice(0, 1) });
    await startAll(world, "a0", "a1", "a2", "b0");
    const detail = async (id: string) =>
      (await world.call(id, (instance) => instance.describe({ payloads: false, detail: true })))?.detail?.limits;
    const waits = { limit: "cards", taskId: 1, activity: "charge", sinceMs: expect.any(Number) };
    expect(await detail("a0")).toEqual([]);
    expect(await detail("a1")).toEqual([{ ...waits, key: "a", position: 1, ahead: 1 }]);
    expect(await detail("a2")).toEqual([{ ...waits, key: "a", position: 2, ahead: 2 }]);
    expect(await detail("b0")).toEqual([{ ...waits, key: "b", position: 1, ahead: 0 }]);
  });

  it("[I43.23] a branch waits for the limit as long as its own call does, and not while that runs", async () => {
    const { world, running, end } = limitedWorld();
    world.workflow("shop", function* (ctx): Code {
      function* part(): Code {
        yield ctx.callActivity("charge");
      }
      return yield ctx.whenAll([part(), part()]);
    });
    await start(world, "x", "shop");
    await world.advance(SOON);
    const waits = async () => {
      const told = await world.call("x", (instance) => instance.describe({ payloads: false, detail: true }));
      return told?.detail?.branches?.map(({ waitingFor }) => waitingFor);
    };
    expect([[...running], await waits()]).toEqual([["x"], ["activity:charge", "limit:cards"]]);
    await end("x");
    expect([[...running], await waits()]).toEqual([["x"], ["activity:charge"]]);
  });

  it("[I41.26] a workflow that waits for another activity waits for that, and not for the limit of one that it has called before", async () => {
    const { world, running } = limitedWorld();
    world.activity("free", () => new Promise(() => {}));
    world.workflow("both", function* (ctx, first): Code {
      const charge = ctx.callActivity("charge");
      yield first === "free" ? ctx.callActivity("free") : charge;
    });
    await startAll(world, "a");
    await start(world, "x", "both", "free");
    await start(world, "y", "both", "charge");
    await world.advance(SOON);
    const waits = async (id: string) =>
      (await world.call(id, (instance) => instance.describe({ payloads: false, detail: true })))?.detail?.waitingFor;
    expect([[...running], await waits("x"), await waits("y")]).toEqual([["a"], "activity:free", "limit:cards"]);
  });

  it("[I41.24] a grant that nobody wants comes back at once, and the next begins", async () => {
    const { world, limiters, running, end } = limitedWorld();
    await startAll(world, "a", "b", "c");
    limiters.fault = ({ from, method }) => (from === "b" && method === "lease" ? "unreachable" : undefined);
    void terminate(world, "b");
    await world.advance(SOON);
    expect(limiters.state("cards").waiting).toEqual(["b", "c"]);
    await end("a");
    expect([[...running], limiters.state("cards")]).toEqual([["c"], { held: ["c"], waiting: [] }]);
  });

  it("[I41.25] a limiter whose alarm the platform has dropped sets it again when it is asked: a lease that is over comes back", async () => {
    const { world, limiters, running } = limitedWorld();
    await startAll(world, "a", "b");
    limiters.fault = ({ from }) => (from === "a" ? "unreachable" : undefined);
    const host = limiters.host("cards");
    host.alarm = host.durableAlarm = null;
    limiters.lose("cards");
    await world.call("b", (instance) => instance.describe({ payloads: false, detail: true }));
    await world.advance(62_000);
    expect([...running]).toEqual(["a", "b"]);
  });
});
