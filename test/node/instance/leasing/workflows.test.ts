// Workflows that are limited across instances.
import { describe, expect, it } from "vitest";
import type { Limit } from "../../../../src/model/limit.ts";
import { CatalogWorld } from "../catalog-world.ts";
import { LimiterWorld } from "../limiter-world.ts";
import {
  type Code,
  endOf,
  historyOf,
  makeWorld,
  purge,
  purgeByForce,
  raise,
  resume,
  start,
  statusOf,
  suspend,
  terminate,
  toyCipher,
} from "../support.ts";
import type { World } from "../world.ts";

const SOON = 10;

/** A world whose workflow `import` is limited and waits for the event `go`. */
function limitedWorld(limit: Partial<Limit> = { concurrency: 1 }): { world: World; limiters: LimiterWorld } {
  const world = makeWorld();
  const limiters = new LimiterWorld(world).declare({ name: "imports", kind: "workflow", target: "import", ...limit });
  world.limiters = limiters;
  world.workflow("import", function* (ctx): Code {
    return yield ctx.waitForExternalEvent("go");
  });
  return { world, limiters };
}

const startAll = async (world: World, ...ids: string[]) => {
  for (const id of ids) await start(world, id, "import", id);
  await world.advance(SOON);
};
const go = async (world: World, id: string) => {
  await raise(world, id, "go", id);
  await world.advance(SOON);
};
const statuses = (world: World, ...ids: string[]) => Promise.all(ids.map((id) => statusOf(world, id)));

describe("[I42] Limited workflows", () => {
  it("[I42.1] the first turn waits for the lease, which goes back with the end", async () => {
    const { world, limiters } = limitedWorld();
    await startAll(world, "a", "b", "c");
    expect(await statuses(world, "a", "b", "c")).toEqual(["RUNNING", "PENDING", "PENDING"]);
    expect(limiters.state("imports")).toEqual({ held: ["a"], waiting: ["b", "c"] });
    await go(world, "a");
    expect(await statuses(world, "a", "b", "c")).toEqual(["COMPLETED", "RUNNING", "PENDING"]);
    await go(world, "b");
    await go(world, "c");
    await world.rest();
    expect([await endOf(world, "c"), limiters.state("imports")]).toEqual([
      ["COMPLETED", "c"],
      { held: [], waiting: [] },
    ]);
  });

  it("[I42.2] what is raised meanwhile is kept, and taken with the first turn", async () => {
    const { world } = limitedWorld();
    await startAll(world, "a", "b");
    await go(world, "b");
    expect(await statuses(world, "b")).toEqual(["PENDING"]);
    await go(world, "a");
    expect(await endOf(world, "b")).toEqual(["COMPLETED", "b"]);
  });

  it("[I42.3] it is held while the workflow sleeps, memory or not", async () => {
    const { world, limiters } = limitedWorld();
    await startAll(world, "a", "b");
    for (let n = 0; n < 30; n++) {
      await world.evict("a");
      await world.advance(10_000);
    }
    expect(limiters.state("imports")).toEqual({ held: ["a"], waiting: ["b"] });
    await go(world, "a");
    expect(await statuses(world, "a", "b")).toEqual(["COMPLETED", "RUNNING"]);
  });

  it("[I42.4] over a continue-as-new it stays", async () => {
    const { world, limiters } = limitedWorld();
    world.workflow("import", function* (ctx, rounds: number): Code {
      yield ctx.waitForExternalEvent("go");
      if (rounds > 1) ctx.continueAsNew(rounds - 1);
      return "done";
    });
    await start(world, "a", "import", 2);
    await world.advance(SOON);
    await startAll(world, "b");
    await go(world, "a");
    world.crash("a");
    await world.advance(5_000);
    expect(limiters.state("imports")).toEqual({ held: ["a"], waiting: ["b"] });
    await go(world, "a");
    expect(await statuses(world, "a", "b")).toEqual(["COMPLETED", "RUNNING"]);
  });

  it("[I42.5] a workflow's lease covers its children under the same limit, and theirs", async () => {
    const { world, limiters } = limitedWorld();
    world.workflow("between", function* (ctx, depth: number): Code {
      return yield ctx.callChildWorkflow("import", depth);
    });
    world.workflow("import", function* (ctx, depth: number): Code {
      if (depth === 0) return "deep";
      return yield ctx.callChildWorkflow("between", depth - 1);
    });
    await start(world, "a", "import", 3);
    await world.advance(SOON);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "deep"]);
    expect(new Set(limiters.calls.map(({ from }) => from))).toEqual(new Set(["a"]));
  });

  it.each([
    ["terminated", (world: World) => terminate(world, "b"), "TERMINATED"],
    ["canceled", (world: World) => world.call("b", (instance) => instance.cancel({})), "CANCELED"],
    ["purged by force", (world: World) => purgeByForce(world, "b"), undefined],
  ])("[I42.6] one that waits and is %s ends at once, and leaves the queue", async (_, end, status) => {
    const { world, limiters } = limitedWorld();
    await startAll(world, "a", "b", "c");
    void end(world);
    await world.advance(SOON);
    expect(await statuses(world, "a", "b", "c")).toEqual(["RUNNING", status, "PENDING"]);
    expect(limiters.state("imports")).toEqual({ held: ["a"], waiting: ["c"] });
  });

  it("[I42.7] one that waits and is paused is SUSPENDED and in no queue; resumed, it comes to the end of it", async () => {
    const { world, limiters } = limitedWorld();
    await startAll(world, "a", "b", "c");
    await suspend(world, "b");
    await world.advance(SOON);
    expect([await statusOf(world, "b"), limiters.state("imports").waiting]).toEqual(["SUSPENDED", ["c"]]);
    world.crash("b");
    await world.advance(10_000);
    expect([await statusOf(world, "b"), limiters.state("imports").waiting]).toEqual(["SUSPENDED", ["c"]]);
    await resume(world, "b");
    await world.advance(SOON);
    expect([await statusOf(world, "b"), limiters.state("imports").waiting]).toEqual(["PENDING", ["c", "b"]]);
    for (const id of ["a", "c", "b"]) await go(world, id);
    expect(await statuses(world, "a", "b", "c")).toEqual(["COMPLETED", "COMPLETED", "COMPLETED"]);
  });

  it("[I42.8] one that runs and is paused keeps its lease", async () => {
    const { world, limiters } = limitedWorld();
    await startAll(world, "a", "b");
    await suspend(world, "a");
    await world.evict("a");
    await world.advance(300_000);
    expect(limiters.state("imports")).toEqual({ held: ["a"], waiting: ["b"] });
  });

  it("[I42.22] one that runs and is paused can be resumed, and paused again, while an object that was loaded anew waits for its lease", async () => {
    const { world, limiters } = limitedWorld();
    await startAll(world, "a");
    await suspend(world, "a");
    await world.advance(SOON);
    await world.evict("a");
    limiters.fault = () => "unreachable";
    const seen: unknown[][] = [];
    for (const change of [resume, resume, suspend, suspend, resume]) {
      await change(world, "a");
      seen.push(await statuses(world, "a"));
    }
    expect(seen.flat()).toEqual(["RUNNING", "RUNNING", "SUSPENDED", "SUSPENDED", "RUNNING"]);
    limiters.fault = () => undefined;
    await go(world, "a");
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "a"]);
    const changes = historyOf(world, "a").filter(({ type }) => /Suspended|Resumed/.test(type));
    expect(changes.map(({ type }) => type.replace("Execution", ""))).toEqual([
      ...["Suspended", "Resumed", "Suspended", "Resumed"],
    ]);
  });

  it("[I42.9] a scheduled start asks when its time has come", async () => {
    const { world, limiters } = limitedWorld();
    await startAll(world, "a");
    await start(world, "later", "import", 1, { startAtMs: world.nowMs + 60_000 });
    await startAll(world, "b");
    expect(limiters.state("imports").waiting).toEqual(["b"]);
    await world.advance(60_000);
    expect(limiters.state("imports").waiting).toEqual(["b", "later"]);
    for (const id of ["a", "b", "later"]) await go(world, id);
    expect(await statusOf(world, "later")).toBe("COMPLETED");
  });

  it("[I42.10] one that is rewound waits for another lease before it goes on", async () => {
    const { world, limiters } = limitedWorld();
    let isBroken = true;
    world.activity("flaky", () => {
      if (isBroken) throw new Error("broken");
      return "mended";
    });
    world.workflow("import", function* (ctx, input: string): Code {
      if (input === "b") return yield ctx.waitForExternalEvent("go");
      return yield ctx.callActivity("flaky");
    });
    await startAll(world, "a", "b");
    expect(await statuses(world, "a", "b")).toEqual(["FAILED", "RUNNING"]);
    isBroken = false;
    await world.call("a", (instance) => instance.rewind({ requestId: "r" }));
    await world.advance(SOON);
    expect([await statusOf(world, "a"), limiters.state("imports")]).toEqual([
      "RUNNING",
      { held: ["b"], waiting: ["a"] },
    ]);
    await suspend(world, "a");
    expect(await statusOf(world, "a")).toBe("SUSPENDED");
    await resume(world, "a");
    await go(world, "b");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "mended"]);
    expect(limiters.state("imports")).toEqual({ held: [], waiting: [] });
  });

  it("[I42.11] one that is restarted or used again waits as any other", async () => {
    const { world, limiters } = limitedWorld();
    await startAll(world, "a", "b", "c");
    const restarted = world.post("a", (instance) => instance.restart({ requestId: "r" }));
    await world.advance(1_000);
    expect(await restarted).toEqual({ ok: true });
    expect(limiters.state("imports")).toEqual({ held: ["b"], waiting: ["c", "a"] });
  });

  it("[I42.12] a lease that was lost: no turn is taken until it is there again, and it comes before those that have not begun", async () => {
    const { world, limiters } = limitedWorld();
    await startAll(world, "a", "b", "c");
    limiters.fault = ({ from }) => (from === "a" ? "unreachable" : undefined);
    await world.advance(61_000);
    expect(await statuses(world, "a", "b", "c")).toEqual(["RUNNING", "RUNNING", "PENDING"]);
    await raise(world, "a", "go", 1);
    expect(await statuses(world, "a")).toEqual(["RUNNING"]);
    limiters.fault = undefined;
    await world.advance(61_000);
    expect(limiters.state("imports")).toEqual({ held: ["b"], waiting: ["a", "c"] });
    await go(world, "b");
    expect(await statuses(world, "a", "b", "c")).toEqual(["COMPLETED", "COMPLETED", "RUNNING"]);
    expect(world.log.filter(({ text }) => String(text).includes("was lost"))).toHaveLength(1);
  });

  it("[I42.13] an instance that is lost while it waits is where it was in the queue", async () => {
    const { world, limiters } = limitedWorld();
    await startAll(world, "a", "b", "c");
    world.crash("b");
    limiters.lose("imports");
    await world.advance(10_000);
    expect(limiters.state("imports")).toEqual({ held: ["a"], waiting: ["b", "c"] });
    await go(world, "a");
    expect(await statuses(world, "b", "c")).toEqual(["RUNNING", "PENDING"]);
  });

  it("[I42.14] a grant that comes late, or twice, to one that has ended is not wanted, and comes back", async () => {
    const { world, limiters } = limitedWorld();
    await startAll(world, "a", "b", "c");
    limiters.fault = ({ method, to }) => (method === "leaseGranted" && to === "b" ? "twice, late" : undefined);
    await go(world, "a");
    await go(world, "b");
    await world.advance(SOON);
    expect(limiters.state("imports")).toEqual({ held: ["c"], waiting: [] });
    const granted = { leases: [{ lease: "run:1:0", seq: 1, untilMs: world.nowMs + 1 }] };
    expect(await world.call("b", (instance) => instance.leaseGranted(granted))).toEqual([false]);
    expect(await world.call("nobody", (instance) => instance.leaseGranted(granted))).toEqual([false]);
  });

  it("[I42.15] keys are read from the input, encrypted or not; with keys for payloads it leaves the instance as a hash", async () => {
    const { world, limiters } = limitedWorld({ concurrency: 1, key: (input) => (input as { tenant: string }).tenant });
    const keys = () =>
      limiters
        .host("imports")
        .db.read<{ key: string }>("SELECT key FROM lease")
        .map(({ key }) => key);
    await start(world, "open", "import", { tenant: "secret-tenant" });
    await world.advance(SOON);
    expect(keys()).toEqual(["secret-tenant"]);
    await go(world, "open");
    world.cipher = toyCipher("k");
    await start(world, "sealed", "import", { tenant: "secret-tenant" });
    await world.advance(1_000);
    expect(keys()).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    world.crash("sealed");
    await world.advance(10_000);
    expect(limiters.state("imports").held).toEqual(["sealed"]);
  });

  it("[I42.16] an ended instance has no alarm and asks for nothing, loaded or not", async () => {
    const { world, limiters } = limitedWorld();
    await startAll(world, "a");
    await go(world, "a");
    await world.rest();
    const calls = limiters.calls.length;
    world.crash("a");
    await statusOf(world, "a");
    await world.advance(600_000);
    expect([world.host("a").armedAtMs, limiters.calls.length - calls]).toEqual([null, 0]);
    await purge(world, "a");
    expect(world.host("a").db.tables()).toEqual([]);
  });

  it("[I42.17] the row says what covers a child, and nothing where nothing is limited", async () => {
    const { world } = limitedWorld();
    world.workflow("import", function* (ctx): Code {
      return yield ctx.callChildWorkflow("echo", 1, "child");
    });
    await startAll(world, "a");
    const detail = (id: string) => {
      const [row] = world.host(id).db.read<{ detail: string }>("SELECT detail FROM instance WHERE seq = -1");
      return JSON.parse(row?.detail ?? "{}") as Record<string, unknown>;
    };
    expect([detail("child").coveredBy, "coveredBy" in detail("a")]).toEqual([["imports"], false]);
    expect(historyOf(world, "a").at(-1)?.type).toBe("ExecutionCompleted");
  });

  it("[I42.18] what falls due while a workflow waits for its lease rings no alarm: it is taken when it has it", async () => {
    const { world, limiters } = limitedWorld();
    world.workflow("import", function* (ctx, input: string): Code {
      if (input !== "a") return yield ctx.waitForExternalEvent("go");
      yield ctx.createTimer(30);
      return "fired";
    });
    await startAll(world, "a", "b");
    limiters.fault = ({ from }) => (from === "a" ? "unreachable" : undefined);
    world.crash("a");
    await world.advance(70_000);
    limiters.fault = undefined;
    await world.advance(60_000);
    expect(limiters.state("imports")).toEqual({ held: ["b"], waiting: ["a"] });
    const { rings } = { ...world.host("a").counters };
    await world.advance(600_000);
    expect(world.host("a").counters.rings - rings).toBeLessThanOrEqual(3);
    await go(world, "b");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "fired"]);
  });

  it("[I42.19] where the storage fails as its key is read, it is tried again: not with another key, and nothing waits for an alarm alone", async () => {
    const { world, limiters } = limitedWorld({ concurrencyPerKey: 1, key: (input) => input });
    let failures = 2;
    world.onPoint = (point) => {
      if (point !== "write") return;
      world.host("a").failRead = () => {
        if (failures === 0) return;
        failures--;
        throw new Error("SQLITE_IOERR");
      };
    };
    expect(await start(world, "a", "import", "of a")).toEqual({ ok: true });
    expect([limiters.calls, world.host("a").durableAlarm]).toEqual([[], expect.anything()]);
    await world.advance(5_000);
    expect([failures, await statusOf(world, "a")]).toEqual([0, "RUNNING"]);
    expect(limiters.host("imports").db.read("SELECT key FROM lease")).toEqual([{ key: "of a" }]);
    await go(world, "a");
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "a"]);
  });

  it("[I42.19] while the limiter cannot be reached, who asks after an instance is answered all the same", async () => {
    const { world, limiters } = limitedWorld();
    limiters.fault = () => "unreachable";
    let status: string | undefined;
    void start(world, "a", "import");
    void world
      .post("a", (instance) => instance.describe({ payloads: false }))
      .then((found) => {
        status = found?.status;
      });
    await world.advance(SOON);
    expect(status).toBe("PENDING");
  });

  it("[I42.20] what covers a child is told once, however deep it lies", async () => {
    const { world } = limitedWorld();
    world.workflow("between", function* (ctx, depth: number): Code {
      return yield ctx.callChildWorkflow("import", depth, `import-${depth}`);
    });
    world.workflow("import", function* (ctx, depth: number): Code {
      if (depth === 0) return yield ctx.waitForExternalEvent("go");
      return yield ctx.callChildWorkflow("between", depth - 1);
    });
    await start(world, "a", "import", 3);
    await world.advance(SOON);
    const [row] = world.host("import-0").db.read<{ detail: string }>("SELECT detail FROM instance WHERE seq = -1");
    expect(JSON.parse(row?.detail ?? "{}")).toMatchObject({ coveredBy: ["imports"] });
  });

  it("[I42.21] as long as the limiter has not answered an object that was loaded anew, the list shows what it has shown", async () => {
    const { world } = limitedWorld();
    const catalog = new CatalogWorld(world, { shards: 1, former: [] });
    world.catalog = catalog;
    const waits = () => catalog.entries().map(({ entry }) => [entry.instanceId, entry.waitingFor]);
    const shown = [
      ["b", "limit:imports"],
      ["a", "event:go"],
    ];
    await startAll(world, "a", "b");
    await world.advance(2_000);
    expect(waits()).toEqual(shown);
    catalog.calls.length = 0;
    for (let n = 0; n < 2; n++) {
      for (const id of ["a", "b"]) await world.evict(id);
      expect(await statusOf(world, "b")).toBe("PENDING");
      for (let ms = 0; ms < 20_000; ms += 100) {
        await world.advance(100);
        expect(waits()).toEqual(shown);
      }
    }
    // The alarm of its lease has loaded `a` twice, which tells of itself once for that.
    expect(catalog.calls.filter(({ from, method }) => from === "a" && method === "announce")).toHaveLength(2);
  });
});
