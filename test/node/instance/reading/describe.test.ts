// [I3] Whoever describes an instance or waits for it; [I17.1] what GET tells of an ended one stays the same.
import { describe, expect, it } from "vitest";
import { describeInstance, endOf, gate, leavingWorld, makeWorld, start } from "../support.ts";
import { START_MS } from "../world.ts";

describe("[I3] Reading", () => {
  it("[I3.1] describe reads what was accepted before it, and writes nothing", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    const rows = [...world.host("a").db.counters.rows];
    for (let i = 0; i < 3; i++) await describeInstance(world, "a");
    world.crash("a");
    await describeInstance(world, "a");
    expect([...world.host("a").db.counters.rows]).toEqual(rows);
    const found = await world.call("a", async (instance) => {
      const raised = instance.raiseEvent({ name: "go", input: "7", messageId: "m" });
      const described = instance.describe({ payloads: true });
      await raised;
      return described;
    });
    expect(found).toMatchObject({ status: "COMPLETED", output: "7" });
  });

  it("[I3.2] describe does not wait for the workflow's own code for longer than the watchdog", async () => {
    const world = makeWorld();
    const code = gate();
    world.workflow("waits", () => code.promise);
    await start(world, "a", "waits");
    const answer = world.post("a", (instance) => instance.describe({ payloads: false }));
    await world.advance(world.limits.watchdogMs);
    expect(await answer).toMatchObject({ status: "PENDING", input: undefined });
  });

  it("[I3.3] waitFor started: answers when the first turn is done, or with PENDING when its time is up", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go", { startAtMs: START_MS + 10_000 });
    const wait = (timeoutMs: number) =>
      world.post("a", (instance) => instance.waitFor("started", { timeoutMs, payloads: false }));
    const short = wait(5_000);
    const long = wait(60_000);
    const answered: string[] = [];
    void short.then((found) => answered.push(`short ${found?.status} ${world.nowMs - START_MS}`));
    void long.then((found) => answered.push(`long ${found?.status} ${world.nowMs - START_MS}`));
    await world.advance(20_000);
    expect(answered).toEqual(["short PENDING 5000", "long RUNNING 10000"]);
    const now = world.call("a", (instance) => instance.waitFor("started", { timeoutMs: 1, payloads: false }));
    expect(await now).toMatchObject({ status: "RUNNING" });
  });

  it("[I3.4] waitFor ended: answers at the end, or when its time is up", async () => {
    const world = makeWorld();
    await start(world, "a", "timer", 10);
    const wait = (timeoutMs: number) =>
      world.post("a", (instance) => instance.waitFor("ended", { timeoutMs, payloads: true }));
    const answers = Promise.all([wait(5_000), wait(60_000), wait(0)]);
    await world.advance(20_000);
    expect((await answers).map((found) => [found?.status, found?.output])).toEqual([
      ["RUNNING", undefined],
      ["COMPLETED", '"fired"'],
      ["RUNNING", undefined],
    ]);
  });

  it("[I3.5] those who wait for an instance that is purged get no instance", async () => {
    const world = makeWorld();
    await start(world, "a", "echo", 1);
    const read = await world.call("a", async (instance) => {
      const purging = instance.purge({ recursive: true });
      const described = instance.describe({ payloads: true });
      return [await purging, await described];
    });
    expect(read[0]).toEqual({ ok: true });
    expect(await describeInstance(world, "a")).toBeUndefined();
  });

  it("[I3.6] what was accepted just before a crash is read right after it", async () => {
    const world = makeWorld();
    const code = gate();
    world.workflow("waits", async () => {
      await code.promise;
      return "done";
    });
    await start(world, "a", "waits");
    await world.settle();
    world.crash("a");
    code.open();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "done"]);
  });
});

describe("[I17.1] What GET tells of an ended instance stays the same, whatever loads its history again", () => {
  it("[I17.1] an update that comes too late, after a restart", async () => {
    const world = makeWorld();
    await start(world, "a", "echo", { hello: 1 });
    await world.rest();
    const before = await describeInstance(world, "a");
    expect(before?.input).toBe('{"hello":1}');
    world.crash("a");
    const late = { updateId: "u", name: "n", timeoutMs: 0 };
    expect(await world.call("a", (i) => i.update(late))).toEqual({ ok: false, code: "ENDED" });
    expect(await describeInstance(world, "a")).toEqual(before);
  });

  it("[I17.1] an activity that outlived the workflow, run again after a crash", async () => {
    const world = leavingWorld(60_000);
    await start(world, "a", "leaves", { hello: 1 });
    await world.advance(5_000);
    const before = await describeInstance(world, "a");
    world.crash("a");
    await world.advance(10_000);
    expect(await describeInstance(world, "a")).toEqual(before);
  });
});
