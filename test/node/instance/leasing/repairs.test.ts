// What else may befall an instance that waits for a lease or holds one: its lease goes back, or stays, as is right.
import { describe, expect, it } from "vitest";
import { LimiterWorld } from "../limiter-world.ts";
import {
  type Code,
  endOf,
  gate,
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
} from "../support.ts";
import type { World } from "../world.ts";

const SOON = 10;
const MINUTE = 60_000;

/** `import` is limited and waits for `go`; `pay` calls `charge`, which is limited and runs until it is told to end. One of each at a time. */
class Limited {
  readonly world: World = makeWorld();
  readonly limiters = new LimiterWorld(this.world)
    .declare({ name: "imports", kind: "workflow", target: "import", concurrency: 1 })
    .declare({ name: "cards", kind: "activity", target: "charge", concurrency: 1 });
  /** Instances whose run of `charge` has begun and not ended. */
  readonly running = new Set<string>();
  #rewinds = 0;
  readonly #ends = new Map<string, (failure?: Error) => void>();

  constructor() {
    const { world } = this;
    world.limiters = this.limiters;
    world.workflow("import", function* (ctx): Code {
      return yield ctx.waitForExternalEvent("go");
    });
    world.activity("charge", async (ctx, input) => {
      const id = ctx.getWorkflowInstanceId();
      const { promise, open } = gate<Error | undefined>();
      this.running.add(id);
      this.#ends.set(id, open);
      const failure = await promise;
      this.running.delete(id);
      if (failure !== undefined) throw failure;
      return input;
    });
    world.workflow("pay", function* (ctx, input): Code {
      return yield ctx.callActivity("charge", input);
    });
  }

  async start(name: string, ...ids: string[]): Promise<this> {
    for (const id of ids) await start(this.world, id, name, id);
    await this.world.advance(SOON);
    return this;
  }

  async end(id: string, failure?: Error): Promise<void> {
    this.#ends.get(id)?.(failure);
    await this.world.advance(SOON);
  }

  async go(id: string): Promise<void> {
    await raise(this.world, id, "go", id);
    await this.world.advance(SOON);
  }

  statuses(...ids: string[]): Promise<(string | undefined)[]> {
    return Promise.all(ids.map((id) => statusOf(this.world, id)));
  }

  get imports() {
    return this.limiters.state("imports");
  }

  get cards() {
    return this.limiters.state("cards");
  }

  restart(id: string) {
    return this.world.post(id, (instance) => instance.restart({ requestId: `restart ${id}` }));
  }

  rewind(id: string) {
    return this.world.call(id, (instance) => instance.rewind({ requestId: `rewind ${id} ${++this.#rewinds}` }));
  }

  rerun(sourceInstanceId: string, id: string, eventId = 0) {
    return this.world.post(id, (instance) => instance.rerun({ requestId: `rerun ${id}`, sourceInstanceId, eventId }));
  }

  /** All that is open ends; what holds and what waits after it, which is nothing. */
  async rest(...ids: string[]): Promise<void> {
    for (let round = 0; round < ids.length; round++) {
      for (const id of this.imports.held) await this.go(id);
      for (const id of this.cards.held) await this.end(id);
    }
    await this.world.rest();
    expect([this.imports, this.cards]).toEqual([
      { held: [], waiting: [] },
      { held: [], waiting: [] },
    ]);
    for (const id of ids) expect(this.world.host(id).armedAtMs, id).toBeNull();
  }
}

describe("[I54] A limited workflow", () => {
  it("[I54.1] that holds a lease and is terminated gives it back at once", async () => {
    const of = await new Limited().start("import", "a", "b");
    await terminate(of.world, "a");
    await of.world.advance(SOON);
    expect([await of.statuses("a", "b"), of.imports]).toEqual([
      ["TERMINATED", "RUNNING"],
      { held: ["b"], waiting: [] },
    ]);
    await of.rest("a", "b");
  });

  it("[I54.2] that holds one and is purged by force gives it back; its ID is free, and waits as any other", async () => {
    const of = await new Limited().start("import", "a", "b", "c");
    void purgeByForce(of.world, "a");
    await of.world.advance(SOON);
    expect([await of.statuses("a", "b", "c"), of.imports]).toEqual([
      [undefined, "RUNNING", "PENDING"],
      { held: ["b"], waiting: ["c"] },
    ]);
    await of.start("import", "a");
    expect(of.imports).toEqual({ held: ["b"], waiting: ["c", "a"] });
    await of.rest("a", "b", "c");
  });

  it("[I54.3] that waits and is restarted goes to the end of the queue, and is there once", async () => {
    const of = await new Limited().start("import", "a", "b", "c");
    const restarted = of.restart("b");
    await of.world.advance(1_000);
    expect(await restarted).toEqual({ ok: true });
    expect([await of.statuses("b"), of.imports]).toEqual([["PENDING"], { held: ["a"], waiting: ["c", "b"] }]);
    await of.rest("a", "b", "c");
    expect(await of.statuses("a", "b", "c")).toEqual(["COMPLETED", "COMPLETED", "COMPLETED"]);
  });

  it("[I54.4] that is rerun: the other instance waits as any other does, and the source, which has ended, has no part in it", async () => {
    const of = await new Limited().start("import", "a");
    await of.go("a");
    await of.start("import", "b", "c");
    const rerun = of.rerun("a", "again");
    await of.world.advance(1_000);
    expect(await rerun).toEqual({ ok: true });
    expect(of.imports).toEqual({ held: ["b"], waiting: ["c", "again"] });
    await of.rest("a", "b", "c", "again");
    expect(await endOf(of.world, "again")).toEqual(["COMPLETED", "again"]);
  });

  it.each(["holds one", "waits"])(
    "[I54.5] that %s and is put on another version keeps its lease, or its place",
    async (what) => {
      const of = new Limited();
      const code = function* (ctx: { waitForExternalEvent(name: string): unknown }): Generator {
        return yield ctx.waitForExternalEvent("go");
      } as never;
      for (const version of ["1", "2"])
        of.world.versions.push({ name: "import", version, code, latest: version === "1" });
      await of.start("import", "a", "b", "c");
      const id = what === "waits" ? "b" : "a";
      const before = of.imports;
      const changed = await of.world.call(id, (instance) => instance.changeVersion({ requestId: "v", version: "2" }));
      await of.world.advance(1_000);
      expect(of.imports).toEqual(before);
      if (what === "holds one") expect(changed).toEqual({ ok: true });
      await of.rest("a", "b", "c");
      expect(await of.statuses("a", "b", "c")).toEqual(["COMPLETED", "COMPLETED", "COMPLETED"]);
    },
  );

  it("[I54.6] that is rewound twice asks for another lease each time", async () => {
    const of = new Limited();
    let fails = 2;
    of.world.activity("flaky", () => {
      if (fails-- > 0) throw new Error("broken");
      return "mended";
    });
    of.world.workflow("import", function* (ctx): Code {
      return yield ctx.callActivity("flaky");
    });
    await of.start("import", "a");
    for (const status of ["FAILED", "COMPLETED"]) {
      expect(await of.rewind("a")).toEqual({ ok: true });
      await of.world.advance(SOON);
      expect([await of.statuses("a"), of.imports]).toEqual([[status], { held: [], waiting: [] }]);
    }
    // The first, and one for each rewind: each was asked for and given back.
    const told = of.limiters.calls.filter(({ from, method }) => from === "a" && method === "lease");
    expect(told.length).toBe(6);
    await of.rest("a");
  });

  it("[I54.9] that is rewound has begun before: it comes in front of those that have not, under a lease of its own", async () => {
    const of = new Limited();
    let isBroken = true;
    of.world.activity("flaky", () => {
      if (isBroken) throw new Error("broken");
    });
    of.world.workflow("import", function* (ctx, input: unknown): Code {
      if (input === "a") return yield ctx.callActivity("flaky");
      return yield ctx.waitForExternalEvent("go");
    });
    await of.start("import", "a", "b", "c");
    isBroken = false;
    expect([await of.statuses("a"), await of.rewind("a")]).toEqual([["FAILED"], { ok: true }]);
    await of.world.advance(SOON);
    expect(of.imports).toEqual({ held: ["b"], waiting: ["a", "c"] });
    const leases = of.limiters.host("imports").db.read<{ lease: string }>("SELECT lease FROM lease ORDER BY instance");
    expect(leases.map(({ lease }) => lease.split(":").at(-1))).toEqual(["1", "0", "0"]);
    await of.rest("a", "b", "c");
  });

  it("[I54.7] whose retention is over is gone, and so is its lease", async () => {
    const of = new Limited();
    of.world.retention = { anyTerminal: 0 };
    await of.start("import", "a", "b");
    await of.go("a");
    await of.world.advance(1_000);
    expect([await of.statuses("a", "b"), of.imports]).toEqual([[undefined, "RUNNING"], { held: ["b"], waiting: [] }]);
  });

  it("[I54.8] that continues as new while it is paused keeps its lease, and takes no turn", async () => {
    const of = new Limited();
    of.world.workflow("import", function* (ctx, round: unknown): Code {
      yield ctx.waitForExternalEvent("go");
      if (typeof round === "string") ctx.continueAsNew(1);
      return "done";
    });
    await of.start("import", "a", "b");
    await suspend(of.world, "a");
    await of.go("a");
    await of.world.evict("a");
    await of.world.advance(5 * MINUTE);
    expect([await of.statuses("a", "b"), of.imports]).toEqual([
      ["SUSPENDED", "PENDING"],
      { held: ["a"], waiting: ["b"] },
    ]);
    await resume(of.world, "a");
    await of.world.advance(SOON);
    expect(of.imports).toEqual({ held: ["a"], waiting: ["b"] });
    await of.go("a");
    expect(await of.statuses("a", "b")).toEqual(["COMPLETED", "RUNNING"]);
    await of.rest("a", "b");
  });
});

describe("[I55] A limited activity", () => {
  it("[I55.1] that runs keeps its lease when its workflow is terminated, for nobody can stop it, and gives it back with its end; until then the ended instance has an alarm for that alone", async () => {
    const of = await new Limited().start("pay", "a", "b");
    await terminate(of.world, "a");
    await of.world.advance(5 * MINUTE);
    expect([[...of.running], of.cards, await of.statuses("a", "b")]).toEqual([
      ["a"],
      { held: ["a"], waiting: ["b"] },
      ["TERMINATED", "RUNNING"],
    ]);
    expect(of.world.host("a").armedAtMs).toBeGreaterThan(of.world.nowMs);
    await of.end("a");
    expect([[...of.running], of.cards]).toEqual([["b"], { held: ["b"], waiting: [] }]);
    await of.rest("a", "b");
  });

  it("[I55.2] that runs when its instance is purged by force: nothing of the instance is left, and its lease is over within a minute", async () => {
    const of = await new Limited().start("pay", "a", "b");
    void purgeByForce(of.world, "a");
    await of.world.advance(SOON);
    expect([await of.statuses("a"), of.world.host("a").db.tables()]).toEqual([[undefined], []]);
    await of.world.advance(MINUTE + 1_000);
    expect(of.cards).toEqual({ held: ["b"], waiting: [] });
    await of.end("a");
    await of.rest("a", "b");
  });

  it("[I55.3] that runs while its workflow is paused keeps its lease, and gives it back with its end", async () => {
    const of = await new Limited().start("pay", "a", "b");
    await suspend(of.world, "a");
    await of.world.advance(5 * MINUTE);
    expect(of.cards).toEqual({ held: ["a"], waiting: ["b"] });
    await of.end("a");
    expect([await of.statuses("a"), of.cards]).toEqual([["SUSPENDED"], { held: ["b"], waiting: [] }]);
    await resume(of.world, "a");
    await of.rest("a", "b");
    expect(await of.statuses("a", "b")).toEqual(["COMPLETED", "COMPLETED"]);
  });

  it("[I55.4] that has failed and is rewound asks anew, at the end of the queue", async () => {
    const of = await new Limited().start("pay", "a", "b", "c");
    await of.end("a", new RangeError("declined"));
    expect([await of.statuses("a"), of.cards]).toEqual([["FAILED"], { held: ["b"], waiting: ["c"] }]);
    expect(await of.rewind("a")).toEqual({ ok: true });
    await of.world.advance(SOON);
    expect([await of.statuses("a"), of.cards]).toEqual([["RUNNING"], { held: ["b"], waiting: ["c", "a"] }]);
    await of.rest("a", "b", "c");
    expect(await of.statuses("a", "b", "c")).toEqual(["COMPLETED", "COMPLETED", "COMPLETED"]);
  });

  it.each(["waits", "runs"])(
    "[I55.5] that %s when its instance is restarted: nothing of the run before is in the queue",
    async (what) => {
      const of = await new Limited().start("pay", "a", "b", "c");
      const id = what === "waits" ? "b" : "a";
      const restarted = of.restart(id);
      await of.world.advance(1_000);
      if (what === "runs") await of.end("a");
      await of.world.advance(1_000);
      expect(await restarted).toEqual({ ok: true });
      expect(of.cards).toEqual(
        what === "waits" ? { held: ["a"], waiting: ["c", "b"] } : { held: ["b"], waiting: ["c", "a"] },
      );
      await of.rest("a", "b", "c");
      expect(await of.statuses("a", "b", "c")).toEqual(["COMPLETED", "COMPLETED", "COMPLETED"]);
    },
  );

  it("[I55.6] that is run again in a rerun waits as any other; the source, which has ended, holds nothing", async () => {
    const of = await new Limited().start("pay", "a");
    await of.end("a");
    await of.start("pay", "b");
    const scheduled = historyOf(of.world, "a").find((event) => event.type === "TaskScheduled");
    const rerun = of.rerun("a", "again", scheduled?.type === "TaskScheduled" ? scheduled.id : 0);
    await of.world.advance(1_000);
    expect(await rerun).toEqual({ ok: true });
    expect(of.cards).toEqual({ held: ["b"], waiting: ["again"] });
    await of.rest("a", "b", "again");
    expect(await of.statuses("again")).toEqual(["COMPLETED"]);
  });

  it("[I55.7] that waits when its instance is put on another version keeps its place, and runs once", async () => {
    const of = new Limited();
    const code = function* (ctx: { callActivity(name: string, input: unknown): unknown }, input: unknown): Generator {
      return yield ctx.callActivity("charge", input);
    } as never;
    for (const version of ["1", "2"]) of.world.versions.push({ name: "pay", version, code, latest: version === "1" });
    await of.start("pay", "a", "b", "c");
    expect(await of.world.call("b", (instance) => instance.changeVersion({ requestId: "v", version: "2" }))).toEqual({
      ok: true,
    });
    await of.world.advance(1_000);
    expect(of.cards).toEqual({ held: ["a"], waiting: ["b", "c"] });
    await of.rest("a", "b", "c");
    expect(await of.statuses("a", "b", "c")).toEqual(["COMPLETED", "COMPLETED", "COMPLETED"]);
  });

  it("[I55.8] that runs when its workflow continues as new is not wanted any more, and gives its lease back with its end", async () => {
    const of = new Limited();
    of.world.workflow("pay", function* (ctx, round: unknown): Code {
      if (round === 1) return "done";
      ctx.callActivity("charge", 1);
      yield ctx.createTimer(5);
      ctx.continueAsNew(1);
    });
    await of.start("pay", "a");
    await of.world.advance(2 * MINUTE);
    expect([await of.statuses("a"), of.cards]).toEqual([["COMPLETED"], { held: ["a"], waiting: [] }]);
    await of.end("a");
    expect(of.cards).toEqual({ held: [], waiting: [] });
    await of.rest("a");
  });

  it("[I55.9] whose retention is over while a run still holds a lease is gone when that has ended, or before: nothing is held for ever", async () => {
    const of = new Limited();
    of.world.retention = { anyTerminal: 0 };
    await of.start("pay", "a", "b");
    await terminate(of.world, "a");
    await of.world.advance(2 * MINUTE);
    await of.end("a");
    await of.world.advance(2 * MINUTE);
    expect([await of.statuses("a"), of.cards]).toEqual([[undefined], { held: ["b"], waiting: [] }]);
    await of.end("b");
    await of.world.advance(2 * MINUTE);
    expect(of.cards).toEqual({ held: [], waiting: [] });
    await purge(of.world, "b");
  });
});
