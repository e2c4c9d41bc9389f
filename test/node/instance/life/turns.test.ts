// [I8] Turns: one at a time. [I17.2] A database that is full meanwhile. [I18.17] A start beside the loading of the instance before.
// [I19.8] A storage that fails beside a turn.
import { describe, expect, it } from "vitest";
import {
  type AsyncCode,
  type Code,
  describeInstance,
  endOf,
  faultsOf,
  gate,
  historyOf,
  makeWorld,
  purge,
  raise,
  resume,
  start,
  statusOf,
  suspend,
  terminate,
  typesOf,
} from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";

watchUnhandledRejections();

describe("[I8] Turns: one at a time", () => {
  it("[I8.1] what arrives while the workflow's own code keeps a turn waiting goes to the inbox, and to the next turn", async () => {
    const world = makeWorld();
    const code = gate();
    world.workflow("waits", async function* (ctx): AsyncCode {
      const first = yield ctx.waitForExternalEvent("go");
      await code.promise;
      return [first, yield ctx.waitForExternalEvent("go"), yield ctx.waitForExternalEvent("go")];
    });
    await start(world, "a", "waits");
    await raise(world, "a", "go", 1);
    for (const n of [2, 3]) expect(await raise(world, "a", "go", n)).toEqual({ ok: true });
    expect(world.host("a").db.read("SELECT payload FROM inbox ORDER BY seq")).toEqual(
      [1, 2, 3].map((n) => ({ payload: `${n}` })),
    );
    expect(typesOf(world, "a")).toEqual(["ExecutionStarted"]);
    code.open();
    await world.settle();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [1, 2, 3]]);
    expect(world.host("a").db.read("SELECT * FROM inbox")).toEqual([]);
    expect(faultsOf(world, "a")).toEqual([]);
  });

  it("[I8.2] what arrived during such a turn survives a crash in it", async () => {
    const world = makeWorld();
    let code = gate();
    world.workflow("waits", async function* (ctx): AsyncCode {
      const first = yield ctx.waitForExternalEvent("go");
      await code.promise;
      return [first, yield ctx.waitForExternalEvent("go")];
    });
    await start(world, "a", "waits");
    await raise(world, "a", "go", 1);
    await raise(world, "a", "go", 2);
    world.crash("a");
    const before = code;
    code = gate();
    before.open();
    code.open();
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", [1, 2]]);
  });

  it("[I8.3] the workflow's code is never entered twice at a time, whatever arrives", async () => {
    const world = makeWorld();
    let inside = 0;
    let overlaps = 0;
    const tick = async () => {
      if (++inside > 1) overlaps++;
      await world.sleep(7);
      inside--;
    };
    world.workflow("busy", async function* (ctx): AsyncCode {
      const tasks = [1, 2, 3, 4].map((n) => ctx.callActivity("slow", n * 3));
      tasks.push(ctx.createTimer(0.01), ctx.callChildWorkflow("echo", 1), ctx.waitForExternalEvent("go"));
      const open = new Set(tasks);
      while (open.size > 0) {
        await tick();
        open.delete(yield ctx.whenAny([...open]));
      }
      await tick();
      return tasks.length;
    });
    await start(world, "a", "busy");
    for (let i = 0; i < 6; i++) {
      await world.advance(3);
      await suspend(world, "a");
      await resume(world, "a");
      if (i === 3) await raise(world, "a", "go");
    }
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 7]);
    expect(overlaps).toBe(0);
    expect(faultsOf(world, "a")).toEqual([]);
  });

  it("[I8.4] terminate while the code keeps a turn waiting: it ends right after that turn", async () => {
    const world = makeWorld();
    const code = gate();
    world.workflow("waits", async function* (ctx): AsyncCode {
      await code.promise;
      yield ctx.callActivity("slow", 1_000);
    });
    await start(world, "a", "waits");
    await terminate(world, "a", '"out"');
    code.open();
    await world.settle();
    expect(await endOf(world, "a")).toEqual(["TERMINATED", "out"]);
    await world.rest();
    expect(typesOf(world, "a").filter((type) => type === "TaskCompleted")).toEqual([]);
  });

  it.each(["while it lives", "after a crash"])(
    "[I8.6] terminate, while the code holds up its turn for ever: %s",
    async (when) => {
      const world = makeWorld();
      world.workflow("stuck", async function* (ctx): AsyncCode {
        yield ctx.callActivity("echo", 1);
        await new Promise(() => undefined);
      });
      await start(world, "a", "stuck");
      await terminate(world, "a", '"out"');
      if (when === "after a crash") world.crash("a");
      await world.rest();
      expect(await endOf(world, "a")).toEqual(["TERMINATED", "out"]);
      expect(typesOf(world, "a")).toEqual([
        "ExecutionStarted",
        "TaskScheduled",
        "ExecutionTerminated",
        "ExecutionCompleted",
      ]);
      expect(world.host("a").alarm).toBeNull();
      expect(await purge(world, "a")).toEqual({ ok: true });
    },
  );

  it("[I8.5] whether the execution in memory is kept or dropped between two turns makes no difference", async () => {
    const histories = [false, true].map(async (drops) => {
      const world = makeWorld();
      world.workflow("mixed", function* (ctx): Code {
        const a = yield ctx.waitForExternalEvent("go");
        const [b, c] = yield ctx.whenAll([ctx.callActivity("echo", a), ctx.callChildWorkflow("echo", a + 1)]);
        yield ctx.createTimer(1);
        ctx.setCustomStatus(`${a}${b}${c}`);
        return [a, b, c, yield ctx.waitForExternalEvent("go"), ctx.getCurrentUtcDateTime()];
      });
      await start(world, "a", "mixed");
      if (drops) world.crash("a");
      await raise(world, "a", "go", 1, "first");
      if (drops) world.crash("a");
      await world.advance(2_000);
      if (drops) world.crash("a");
      await raise(world, "a", "go", 2, "second");
      expect(await statusOf(world, "a")).toBe("COMPLETED");
      return historyOf(world, "a");
    });
    expect(await histories[0]).toEqual(await histories[1]);
  });
});

describe("[I17.2] A database that is full while the other tables are made", () => {
  it.each(Array.from({ length: 8 }, (_, pages) => pages))(
    "[I17.2] room for %i pages: refused or taken, and all goes on when there is room",
    async (pages) => {
      const world = makeWorld();
      world.workflow("two", function* (ctx): Code {
        return [yield ctx.waitForExternalEvent("go"), yield ctx.waitForExternalEvent("go")];
      });
      await start(world, "a", "two");
      const { db } = world.host("a");
      const [count] = db.read<{ page_count: number }>("PRAGMA page_count");
      db.read(`PRAGMA max_page_count = ${Number(count?.page_count) + pages}`);
      await raise(world, "a", "go", 1).catch(() => undefined);
      db.read("PRAGMA max_page_count = 1000000");
      await raise(world, "a", "go", 2);
      world.crash("a");
      await raise(world, "a", "go", 3);
      await world.advance(120_000);
      expect((await endOf(world, "a"))[0]).toBe("COMPLETED");
    },
  );
});

describe("[I18.17] An ended instance that is being loaded while its ID is started anew", () => {
  it("[I18.17] whenever the start comes: the new one runs, with its own history", async () => {
    for (let microtasks = 0; microtasks < 40; microtasks++) {
      const world = makeWorld();
      await start(world, "a", "echo", "old");
      await world.rest();
      world.crash("a");
      const startAtMs = world.nowMs + 10_000;
      const both = world.post("a", async (i) => {
        const request = { instanceId: "a", name: "echo", input: '"new"', requestId: "r2", startAtMs };
        const started = i.start(request);
        for (let n = 0; n < microtasks; n++) await undefined;
        await i.update({ updateId: "u", name: "n", timeoutMs: 1 });
        return started;
      });
      await world.advance(60_000);
      expect([microtasks, await both]).toEqual([microtasks, { ok: true }]);
      expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "ExecutionCompleted"]);
      expect(await describeInstance(world, "a")).toMatchObject({ status: "COMPLETED", input: '"new"' });
    }
  });
});

it("[I19.8] A turn that goes on after the storage has failed beside it is not taken again from what was read before", async () => {
  const world = makeWorld({ isolateAfterRecoveries: 0 });
  world.workflow("main", async function* (ctx): AsyncCode {
    const slow = [ctx.callActivity("slow", 20_000), ctx.callActivity("slow", 20_000)];
    const go = yield ctx.waitForExternalEvent("go");
    await world.sleep(60_000);
    const next = yield ctx.waitForExternalEvent("next");
    return [go, next, yield ctx.whenAll(slow)];
  });
  await start(world, "a", "main");
  await world.advance(10);
  world.crash("a");
  expect(await raise(world, "a", "go", 1)).toEqual({ ok: true });
  let failures = 0;
  world.host("a").failWrite = (statement) => {
    if (statement.includes("INTO recovery") && failures++ === 0) throw new Error("disk");
  };
  await world.advance(25_000);
  expect([failures > 0, await raise(world, "a", "next", 2)]).toEqual([true, { ok: true }]);
  await world.advance(600_000);
  expect(await endOf(world, "a")).toEqual(["COMPLETED", [1, 2, ["slept 20000", "slept 20000"]]]);
  expect(typesOf(world, "a").filter((type) => type === "EventRaised")).toHaveLength(2);
  world.crash("a");
  expect((await describeInstance(world, "a"))?.status).toBe("COMPLETED");
});

describe("[I8.7] After a turn that the storage did not take", () => {
  async function failed(limits = {}) {
    const world = makeWorld(limits);
    world.workflow("main", function* (ctx): Code {
      const first = yield ctx.waitForExternalEvent("go");
      yield ctx.callActivity("echo", first);
      return yield ctx.waitForExternalEvent("again");
    });
    await start(world, "a", "main");
    let failures = 1;
    world.host("a").failWrite = (statement) => {
      if (statement.includes("DELETE FROM inbox") && failures-- > 0) throw new Error("disk");
    };
    await raise(world, "a", "go", 1);
    expect([failures, typesOf(world, "a")]).toEqual([0, ["ExecutionStarted"]]);
    return world;
  }

  it("[I8.7] the next one is on disk before its activities run", async () => {
    const world = await failed();
    const points: unknown[] = [];
    world.onPoint = (point, id) => {
      if (id === "a" && (point === "activity" || point === "committed")) points.push(point);
    };
    await world.advance(10_000);
    expect(points.slice(0, 3)).toEqual(["committed", "activity", "committed"]);
  });

  it("[I8.7] the queues are read again once", async () => {
    const world = await failed();
    await world.advance(10_000);
    const reads: string[] = [];
    world.host("a").failRead = (statement) => void reads.push(statement);
    await raise(world, "a", "again", 2);
    expect(reads).toEqual([]);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 2]);
  });
});
